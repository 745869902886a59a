"""What an index is asked and what it answers: plain data, so that a cluster can be asked too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.ages import AGES, is_childs
from thatlook.core.checks import check_type, set_of_texts
from thatlook.core.errors import SettingsError
from thatlook.core.records import Vector, normal_id
from thatlook.core.taxonomy import PRODUCT_CATEGORIES, PRODUCT_GENDERS

Vectors = NDArray[np.float32]
"""Row vectors, float32, shape (n, dim)."""

Moment = tuple[int, str]
"""What a catalog was at some time: the number of its last change, and the mark of its commit."""

MAX_ID_BYTES: Final = 255
"""The longest product id, in UTF-8 bytes: ids are kept in columns of fixed width."""


def genders_for(gender: str | None) -> frozenset[str] | None:
    """The product genders to search for a person or a request of this gender.

    "female" and "male" also get "unisex"; "unisex" only itself; None, "any" and "unknown"
    search everything (None). Raises SettingsError for another word.
    """
    if gender in {None, "any", "unknown"}:
        return None
    if gender not in PRODUCT_GENDERS:
        known = ", ".join((*PRODUCT_GENDERS, "any", "unknown"))
        raise SettingsError(f"gender must be one of {known}, not {gender!r}")
    return frozenset({str(gender), "unisex"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a product must satisfy besides its category and gender; every part given must hold.

    Prices compare the current price (the sale price where there is one) as a plain number,
    both ends included; with `currency` only prices in it pass. A product without a price
    fails every price filter. Words compare without case: a brand or availability must equal
    one of those given ("in stock" is "in_stock"); a color matches when one of the product's
    colors (separated by "/" or ",") holds all words of one of those given, so "blue" finds
    "navy blue". `in_stock` leaves out what is said to be out of stock. `age` is
    "adult", "child" or "any": whose products they are by their age group; one of none is a
    grown-up's. `include_ids` (None: all) and `exclude_ids` are product ids, in any spelling.
    """

    min_price: float | None = None
    max_price: float | None = None
    currency: str = ""
    brands: frozenset[str] = frozenset()
    colors: frozenset[str] = frozenset()
    availability: frozenset[str] = frozenset()
    in_stock: bool = False
    age: str = "any"
    include_ids: frozenset[str] | None = None
    exclude_ids: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("brands", "colors", "availability", "include_ids", "exclude_ids"):
            value = getattr(self, name)
            if value is not None or name != "include_ids":
                words = set_of_texts(name, value)
                words = frozenset(map(normal_id, words)) if name.endswith("_ids") else words
                object.__setattr__(self, name, words)
        for name in ("min_price", "max_price"):
            value = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, Decimal):
                check_type(name, value, float)
            if not math.isfinite(value) or value < 0:
                raise SettingsError(f"{name} must be a finite number of 0 or more, not {value}")
            object.__setattr__(self, name, float(value))
        if self.age not in AGES:
            raise SettingsError(f"age must be one of {', '.join(AGES)}, not {self.age!r}")

    def fits_age(self, age_group: str) -> bool:
        """Whether products of this age group pass."""
        return self.age == "any" or is_childs(age_group) == (self.age == "child")

    @property
    def empty(self) -> bool:
        """Whether everything passes."""
        return all(getattr(self, entry.name) == entry.default for entry in fields(self))

    def to_dict(self) -> dict[str, Any]:
        """The parts that were given, as JSON data (sets as sorted lists)."""
        given = {e.name: getattr(self, e.name) for e in fields(self)}
        shown = {e.name for e in fields(self) if given[e.name] != e.default}
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in given.items()
            if name in shown
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The `k` most similar products of a category (None: of all) and of these genders.

    `genders` names the partitions searched exactly (None: all three): see `genders_for`.
    """

    category: str | None = None
    genders: frozenset[str] | None = None
    k: int = 10
    filters: Filters = field(default_factory=Filters)

    def __post_init__(self) -> None:
        if self.category is not None and self.category not in PRODUCT_CATEGORIES:
            known = ", ".join(PRODUCT_CATEGORIES)
            raise SettingsError(f"category must be one of {known}, not {self.category!r}")
        if self.genders is not None:
            object.__setattr__(self, "genders", frozenset(self.genders))
            unknown = sorted(self.genders - set(PRODUCT_GENDERS))
            if unknown:
                known = ", ".join(PRODUCT_GENDERS)
                raise SettingsError(f"genders must be among {known}, not {unknown[0]!r}")
        if self.k < 1:
            raise SettingsError(f"k must be 1 or more, not {self.k}")

    def partitions(self) -> tuple[tuple[str, str], ...]:
        """The (category, gender) pairs searched, in the taxonomy's order."""
        categories = PRODUCT_CATEGORIES if self.category is None else (self.category,)
        genders = PRODUCT_GENDERS if self.genders is None else self.genders
        return tuple((c, g) for c in categories for g in PRODUCT_GENDERS if g in genders)


@dataclass(frozen=True, slots=True)
class Hit:
    """A product found.

    `similarity` is the inner product of unit vectors, -1..1 but for rounding (about 1e-6).
    """

    product_id: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Answers:
    """Per query vector its hits, best first and ties by id.

    `eligible` is the number of products in the partitions searched that pass the filters: the
    same for every vector of a query. Fewer than `k` hits come only when fewer are eligible.
    `moment` is when the hits were compared; None where whoever answers does not tell.
    """

    hits: tuple[tuple[Hit, ...], ...]
    eligible: int
    moment: Moment | None = field(default=None, compare=False)

    def __len__(self) -> int:
        return len(self.hits)

    def __getitem__(self, index: int) -> tuple[Hit, ...]:
        return self.hits[index]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Entry:
    """A product as an index sees it. `price` is its current price; None where it has none."""

    id: str
    category: str
    gender: str
    vector: Vector
    price: float | None = None
    currency: str = ""
    brand: str = ""
    color: str = ""
    availability: str = ""
    age_group: str = ""


def checked_vectors(vectors: Any, dim: int) -> Vectors:
    """`vectors` as C-contiguous float32 (n, dim); one vector (dim,) becomes (1, dim).

    Raises SettingsError for another shape or for numbers that are not finite.
    """
    array = np.ascontiguousarray(vectors, dtype=np.float32)
    if array.ndim == 1:
        array = array[None, :]
    if array.ndim != 2 or array.shape[1] != dim:
        raise SettingsError(f"query vectors need the shape (n, {dim}), not {array.shape}")
    if not np.isfinite(array).all():
        raise SettingsError("query vectors need finite numbers")
    return array


def similarities(rows: Vectors, query: Vector) -> NDArray[np.float32]:
    """The inner product of each row (m, dim) with `query` (dim,), float32 (m,).

    The one definition of similarity: summed in double precision row by row, then rounded, so
    that equal vectors get equal values wherever they are stored and ties are real ties.
    """
    products = rows.astype(np.float64) * query.astype(np.float64)
    return np.asarray(products.sum(axis=1), dtype=np.float32)


def ranked(ids: Sequence[str], values: Sequence[float], k: int) -> tuple[Hit, ...]:
    """The best `k` as hits, best first, ties by id."""
    keys = [(-value, product_id) for value, product_id in zip(values, ids, strict=True)]
    order = sorted(range(len(keys)), key=keys.__getitem__)[:k]
    return tuple(Hit(ids[i], float(values[i])) for i in order)
