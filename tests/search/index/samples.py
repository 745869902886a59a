"""Small random products for the tests of the index and the catalog."""

from __future__ import annotations

import numpy as np

from thatlook.search.index import Entry, Filters, Query

DIM = 8
BRANDS = ("", "Acme", "acme", "Boss")
COLORS = ("", "navy blue", "Red", "black/white", "light-blue")
STOCK = ("", "in_stock", "out_of_stock", "sold_out")
AGE_GROUPS = ("", "adult", "kids", "Toddler", "all ages")
CURRENCIES = ("EUR", "USD")
CATEGORIES = ("topwear", "dress")
GENDERS = ("female", "male", "unisex")


def unit(values) -> np.ndarray:
    vector = np.asarray(values, np.float64)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def random_vector(rng: np.random.Generator, dim: int = DIM) -> np.ndarray:
    """Mostly few distinct directions, so that ties and near-ties are common."""
    if rng.random() < 0.5:
        return unit(rng.integers(-1, 2, dim) + 1e-9 * np.eye(dim)[0])
    return unit(rng.standard_normal(dim))


def random_entry(rng: np.random.Generator, product_id: str, dim: int = DIM) -> Entry:
    return Entry(
        id=product_id,
        category=str(rng.choice(CATEGORIES)),
        gender=str(rng.choice(GENDERS)),
        vector=random_vector(rng, dim),
        price=None if rng.random() < 0.2 else float(rng.integers(0, 8)),
        currency=str(rng.choice(CURRENCIES)),
        brand=str(rng.choice(BRANDS)),
        color=str(rng.choice(COLORS)),
        availability=str(rng.choice(STOCK)),
        age_group=str(rng.choice(AGE_GROUPS)),
    )


def random_query(rng: np.random.Generator, ids: list[str]) -> Query:
    def maybe(value, otherwise=None):
        return value if rng.random() < 0.3 else otherwise

    some = frozenset(str(i) for i in rng.choice(ids, rng.integers(0, 6))) if ids else frozenset()
    filters = Filters(
        min_price=maybe(float(rng.integers(0, 5))),
        max_price=maybe(float(rng.integers(2, 8))),
        currency=maybe("usd", ""),
        brands=maybe(frozenset({"ACME"}), frozenset()),
        colors=maybe(frozenset({str(rng.choice(["blue", "white", "red"]))}), frozenset()),
        availability=maybe(frozenset({"in stock"}), frozenset()),
        in_stock=maybe(True, False),
        age=maybe(str(rng.choice(["adult", "child"])), "any"),
        include_ids=maybe(some),
        exclude_ids=maybe(some, frozenset()),
    )
    genders = maybe(frozenset({"female", "unisex"}))
    category = maybe(None, str(rng.choice(CATEGORIES)))
    return Query(category=category, genders=genders, k=int(rng.integers(1, 12)), filters=filters)
