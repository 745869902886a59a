"""What shoppers can choose among, against a table counted by hand."""

from __future__ import annotations

from decimal import Decimal

from tests.store.catalog.conftest import row_of
from thatlook.core.records import Price
from thatlook.store.catalog import offered
from thatlook.store.catalog.offered import Count, PriceRange


def price(amount, currency="EUR"):
    return Price(Decimal(amount), currency)


def filled(catalog):
    catalog.upsert(
        [
            row_of(1, brand="Acme", color="red", price=price("20"), age_group="kids"),
            row_of(2, brand="Acme", color="blue", price=price("30"), sale_price=price("5")),
            row_of(3, brand="Bolt", color="blue", price=price("9", "USD"), gender="male"),
            row_of(4, color="blue", availability="in_stock"),
            row_of(5, brand="Gone", price=price("1000")),
        ]
    )
    catalog.remove(["p5"])


def test_values_are_counted_of_products_that_can_be_found(catalog):
    filled(catalog)
    found = catalog.offered()
    assert found.brands == (Count("Acme", 2), Count("Bolt", 1))
    assert found.colors == (Count("blue", 3), Count("red", 1))
    assert found.genders == (Count("female", 3), Count("male", 1))
    assert found.availability == (Count("in_stock", 1),)
    assert found.age_groups == (Count("kids", 1),)
    assert found.prices == (PriceRange("EUR", 5, 20, 2), PriceRange("USD", 9, 9, 1))
    assert found.all_brands


def test_seasons_are_counted_however_the_feed_says_them(catalog):
    cells = ["Fall", "FW24", "Autumn", "S/S 24", "All season", "Beach", ""]
    rows = [row_of(n, extra={"season": cell}) for n, cell in enumerate(cells)]
    catalog.upsert([*rows, row_of(8, extra={"usage": "Fall"}), row_of(9, title="Winter coat")])
    told = [(one.value, one.count) for one in catalog.offered().seasons]
    assert told == [("spring", 1), ("summer", 1), ("autumn", 3), ("winter", 1)]


def test_seasons_are_counted_beyond_what_is_told_of_other_values(catalog, monkeypatch):
    monkeypatch.setattr(offered, "MOST_VALUES", 1)
    catalog.upsert([row_of(n, extra={"season": f"Winter {n}"}) for n in range(5)])
    assert catalog.offered().seasons == (Count("winter", 5),)


def test_what_is_too_much_is_left_out_and_that_is_told(catalog, monkeypatch):
    filled(catalog)
    monkeypatch.setattr(offered, "MOST_VALUES", 1)
    found = catalog.offered()
    assert found.brands == (Count("Acme", 2),)
    assert not found.all_brands


def test_an_empty_catalog_offers_nothing(catalog):
    found = catalog.offered()
    assert (found.brands, found.seasons, found.prices, found.all_brands) == ((), (), (), True)
