"""Whole outfits: what makes one, and what is never broken."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from tests.search.completing.conftest import row_of
from thatlook.core.errors import SettingsError
from thatlook.search.completing import CompletionRequest, given_product
from thatlook.search.completing.outfits import OutfitFinder
from thatlook.search.index import Filters

COLORS = ("red", "blue", "white")


def asked(completer, ids=(), gender="female", **request):
    finder = OutfitFinder(completer.catalog, completer)
    given = [given_product(one) for one in completer.catalog.stored_many(list(ids))]
    return finder.outfits(given, gender, CompletionRequest(**request))


def ids(found):
    return [[match.product.id for match in offer.matches] for offer in found.outfits]


SHOP = (
    row_of("shirt", "topwear", "red", "10"),
    row_of("red jeans", "bottomwear", "red", "30"),
    row_of("blue jeans", "bottomwear", "blue", "20", look=1),
    row_of("red boots", "footwear", "red", "40"),
    row_of("blue boots", "footwear", "blue", "15", look=1),
    row_of("bag", "bag", "red", "5"),
)


def test_an_outfit_is_made_whole_and_the_best_comes_first(shop):
    found = asked(shop(*SHOP), ["shirt"], k=2)
    assert ids(found) == [["red jeans", "red boots"], ["blue jeans", "blue boots"]]
    assert [offer.total for offer in found.outfits] == [Decimal(70), Decimal(35)]
    assert found.outfits[0].score > found.outfits[1].score
    assert found.message is None


def test_a_bag_comes_where_it_is_asked_for_and_a_dress_stands_alone(shop):
    completer = shop(*SHOP, row_of("dress", "dress", "red", "50"))
    assert ids(asked(completer, ["shirt"], k=1, categories=("bag",))) == [
        ["red jeans", "red boots", "bag"]
    ]
    assert ids(asked(completer, ["dress"], k=1)) == [["red boots"]]
    whole = {tuple(one) for one in ids(asked(completer, k=9))}
    assert ("dress", "red boots") in whole
    assert ("shirt", "red jeans", "red boots") in whole


def test_within_a_budget_the_best_that_can_be_paid(shop):
    completer = shop(*SHOP)
    assert ids(asked(completer, ["shirt"], k=1, budget=60)) == [["red jeans", "blue boots"]]
    assert ids(asked(completer, ["shirt"], k=1, budget=35)) == [["blue jeans", "blue boots"]]
    found = asked(completer, ["shirt"], budget=34)
    assert found.outfits == ()
    assert found.message == "the cheapest outfit costs 35 (20 EUR, 15 EUR), more than 34"


def test_why_nothing_is_possible(shop):
    completer = shop(*SHOP[:3], row_of("free", "footwear", "red"))
    assert asked(completer, ["shirt"], gender="male").message == (
        "no bottomwear fits: 0 products pass the filters"
    )
    assert asked(completer, ["shirt"], budget=99).message == (
        "no footwear that passes the filters has a price up to 99.0"
    )


def test_an_outfit_of_a_season_is_of_it_and_the_cheapest_too(shop):
    fall = {"extra": {"season": "Fall"}}
    assert ids(asked(shop(*SHOP[:4]), ["shirt"], k=1, season="winter")) == [
        ["red jeans", "red boots"]
    ]
    completer = shop(*SHOP[:3], *SHOP[4:5], row_of("cheap", "footwear", "red", "1", **fall))
    assert ids(asked(completer, ["shirt"], k=1, budget=35, season="summer")) == [
        ["blue jeans", "blue boots"]
    ]
    assert asked(completer, ["shirt"], budget=34, season="summer").message == (
        "the cheapest outfit costs 35 (20 EUR, 15 EUR), more than 34"
    )
    late = shop(*SHOP[:3], row_of("late", "footwear", "red", "1", **fall))
    assert asked(late, ["shirt"], season="summer").message == (
        "no footwear fits: 1 products pass the filters, none for summer"
    )
    assert asked(late, ["shirt"], budget=99, season="summer").message == (
        "no footwear that passes the filters and suits summer has a price up to 99.0"
    )


def test_the_rules_hold_between_the_pieces_of_an_outfit(shop):
    completer = shop(
        row_of("jeans", "bottomwear", "red", usage="formal"),
        row_of("a shirt", "topwear", "red", usage="formal"),
        row_of("runners", "footwear", "red", usage="sports"),
        row_of("boots", "footwear", "white", usage="formal", look=1),
    )
    # Red shoes are worth 1 more to each of two others, and lose as much for the occasion; half
    # the pattern of each is the same.
    (first, *_) = ids(asked(completer, k=1))
    assert set(first) == {"jeans", "a shirt", "boots"}


def test_a_budget_needs_one_currency(shop):
    completer = shop(*SHOP, row_of("dollars", "footwear", "red", "1", currency="USD", look=1))
    with pytest.raises(SettingsError, match="the prices are in EUR, USD; name one"):
        asked(completer, ["shirt"], budget=99)
    euros = asked(completer, ["shirt"], k=1, budget=99, filters=Filters(currency="EUR"))
    assert ids(euros) == [["red jeans", "red boots"]]


def test_budget_stock_and_filters_hold_in_a_thousand_requests(shop):
    rng = np.random.default_rng(0)
    rows = []
    for number in range(240):
        category = ("topwear", "bottomwear", "footwear", "bag", "dress")[number % 5]
        price = None if rng.random() < 0.1 else f"{rng.gamma(2, 20):.2f}"
        drawn = {
            "gender": ("female", "male", "unisex")[rng.integers(3)],
            "pattern": ("solid", "striped")[rng.integers(2)],
            "availability": "out of stock" if rng.random() < 0.3 else "in stock",
            "brand": ("acme", "other")[rng.integers(2)],
        }
        rows.append(row_of(f"p{number:03}", category, COLORS[rng.integers(3)], price, **drawn))
    # Vectors of their own, so that nothing counts as the same picture.
    rows = [replace(row, vector=turned(row.vector, rng)) for row in rows]
    completer = shop(*rows, in_stock=True)
    products = {row.product.id: row.product for row in rows}
    possible = 0
    for _ in range(1000):
        gender = ("female", "male")[rng.integers(2)]
        worn = [f"p{rng.integers(240):03}"] if rng.random() < 0.7 else []
        budget = float(np.round(rng.gamma(2, 15), 2))
        brands = frozenset({"acme"}) if rng.random() < 0.3 else frozenset()
        more = ("bag",) if rng.random() < 0.5 else ()
        found = asked(
            completer, worn, gender, k=1, budget=budget, categories=more,
            filters=Filters(brands=brands),
        )  # fmt: skip
        assert bool(found.outfits) is not bool(found.message)
        cheapest = cheapest_outfit(products, worn, gender, brands, more)
        assert bool(found.outfits) is (cheapest is not None and cheapest <= Decimal(str(budget)))
        possible += bool(found.outfits)
        for offer in found.outfits:
            bought = [products[match.product.id] for match in offer.matches]
            cost = sum(product.price.amount for product in bought)
            assert cost == offer.total
            assert cost <= Decimal(str(budget))
            assert all(product.in_stock for product in bought)
            assert all(product.gender in {gender, "unisex"} for product in bought)
            assert all(not brands or product.brand in brands for product in bought)
            worn_too = [products[name].category for name in worn]
            kinds = sorted([*worn_too, *(product.category for product in bought)])
            assert len(set(kinds)) == len(kinds)
            assert {"footwear"} < set(kinds)
            assert ("dress" in kinds) is not ("topwear" in kinds)
            assert ("topwear" in kinds) is ("bottomwear" in kinds)
    assert 300 < possible < 900


def turned(vector, rng):
    """The vector with the look's part turned at random; nothing that is compared changes."""
    angle = rng.uniform(0, 2 * np.pi)
    found = vector.copy()
    found[:2] = 0.5 * np.cos(angle), 0.5 * np.sin(angle)
    return found


def cheapest_outfit(products, worn, gender, brands, more):
    """What the cheapest outfit costs, counted plainly; None where there is none."""
    kinds = {products[name].category for name in worn}
    bodies = [{"topwear", "bottomwear"}, {"dress"}]
    if "dress" in kinds:
        bodies = [{"dress"}]
    elif kinds & {"topwear", "bottomwear"}:
        bodies = [{"topwear", "bottomwear"}]
    totals = []
    for body in bodies:
        low = [
            min((p.price.amount for p in products.values()
                 if p.category == kind and p.price and p.in_stock and p.id not in worn
                 and p.gender in {gender, "unisex"} and (not brands or p.brand in brands)),
                default=None)
            for kind in {*body, "footwear", *more} - kinds
        ]  # fmt: skip
        if None not in low:
            totals.append(sum(low, Decimal(0)))
    return min(totals, default=None)
