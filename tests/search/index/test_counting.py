"""What passes, counted from columns, beside counting product by product."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from tests.store.catalog.conftest import DIM, row_of
from thatlook.core.records import Price
from thatlook.search.index import Filters, Query
from thatlook.search.index.counting import Counted
from thatlook.search.index.exact import passes
from thatlook.search.index.query import Entry
from thatlook.store.catalog import Catalog

COLORS = ("red", "navy blue/white", "Red", "", "blue")
BRANDS = ("Acme", "", "acme", "Other")


@pytest.fixture
def catalog(tmp_path):
    with Catalog.open(tmp_path / "c", "net", DIM) as opened:
        opened.upsert(rows(range(60)))
        opened.search(np.eye(1, DIM, dtype=np.float32), Query())  # what comes now is in the tail
        opened.upsert(rows(range(50, 70), color="green"))
        opened.remove(["p3", "p52"])
        opened.mark_left(["p4"])
        yield opened


def rows(numbers, color=None):
    for n in numbers:
        yield row_of(
            n,
            category=("dress", "bag", "footwear")[n % 3],
            gender=("female", "male", "unisex")[n % 2],
            color=COLORS[n % 5] if color is None else color,
            brand=BRANDS[n % 4],
            price=Price(Decimal(n), "EUR") if n % 7 else None,
        )


QUERIES = (
    Query(),
    Query(category="dress"),
    Query(genders=frozenset({"male"})),
    Query(filters=Filters(min_price=20, max_price=45)),
    Query(category="bag", filters=Filters(brands={"acme"}, colors={"blue"})),
    Query(filters=Filters(exclude_ids={"p1", "p2"})),
    Query(filters=Filters(include_ids={"p1", "p51", "p60", "nobody", "p3"})),
    Query(filters=Filters(colors={"no such color"})),
)


def plain(counted):
    values = {name: dict(found) for name, found in counted.values.items()}
    return counted.total, values, sorted(counted.prices)


@pytest.mark.parametrize("query", QUERIES)
def test_as_product_by_product(catalog, query):
    entries = [
        entry
        for stored in catalog.all_stored()
        if stored.status == "active"
        for entry in [entry_of(stored)]
        if query.category in (None, entry.category)
        and (query.genders is None or entry.gender in query.genders)
        and passes(entry, query.filters)
    ]
    found = plain(catalog.counted(query))
    assert found == plain(Counted.of(entries))
    assert found[0] == catalog.search(np.eye(1, DIM, dtype=np.float32), query).eligible


def entry_of(stored):
    product, price = stored.product, stored.product.current_price
    return Entry(
        id=product.id,
        category=product.category,
        gender=product.gender,
        vector=stored.vector,
        price=None if price is None else float(price.amount),
        brand=product.brand,
        color=product.color or "navy blue",  # what the network read, where the feed is mute
    )


def test_by_hand_and_added():
    def entry(id_, **more):
        return Entry(id=id_, category="bag", gender="male", vector=np.zeros(2, np.float32), **more)

    one = Counted.of([entry("a", color="Red/Blue", brand="A", price=5.0), entry("b")])
    two = Counted.of([entry("c", color="red", price=1.0)])
    assert plain(one) == (
        2,
        {"category": {"bag": 2}, "color": {"red": 1, "blue": 1}, "brand": {"A": 1}},
        [5.0],
    )
    assert plain(one + two) == (
        3,
        {"category": {"bag": 3}, "color": {"red": 2, "blue": 1}, "brand": {"A": 1}},
        [1.0, 5.0],
    )
