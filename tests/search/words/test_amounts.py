"""Prices and sizes in a shopper's text."""

from __future__ import annotations

import pytest

from thatlook.search.words.amounts import read_numbers
from thatlook.search.words.shelf import Lines

SHOP = Lines(
    {"air": 9, "max": 9}, {("nike",): "Nike"}, frozenset({"42", "xl", "s", "8.5"}), priced=True
)
NO_MAX = Lines({}, {}, frozenset(), priced=True)


def read(text, shop=SHOP):
    rest, chips = read_numbers(text, shop, frozenset())
    return " ".join(rest.split()), [chip.key for chip in chips]


@pytest.mark.parametrize(
    ("text", "rest", "told"),
    [
        ("under 1,000", "", ["max_price:1000"]),
        ("unter 1.000 €", "", ["max_price:1000"]),
        ("unter 1.000,50 €", "", ["max_price:1000.50"]),
        ("under 1,000.50", "", ["max_price:1000.50"]),
        ("moins de 1\u202f000 €", "", ["max_price:1000"]),
        ("under 49.9", "", ["max_price:49.9"]),
        ("shoes under rs 1000", "shoes", ["max_price:1000"]),
        ("shoes under Rs. 1000", "shoes", ["max_price:1000"]),
        ("shoes under ₹1000", "shoes", ["max_price:1000"]),
        ("shoes < 50", "shoes", ["max_price:50"]),
        ("shoes >50 €", "shoes", ["min_price:50"]),
        ("from 20 to 50", "", ["min_price:20", "max_price:50"]),
        ("von 20 bis 50", "", ["min_price:20", "max_price:50"]),
        ("de 20 à 50", "", ["min_price:20", "max_price:50"]),
        ("between 50 and 20", "", ["min_price:20", "max_price:50"]),
        ("20-50 €", "", ["min_price:20", "max_price:50"]),
        ("$20 to $50", "", ["min_price:20", "max_price:50"]),
        ("20-50", "20-50", []),  # no word of money
        ("LP201-C2 50 €", "LP201-C2 50 €", []),
    ],
)
def test_prices_as_shoppers_write_them(text, rest, told):
    assert read(text) == (rest, told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nike air max 90", []),
        ("air max 90 under 100", ["max_price:100"]),
        ("nike max 90", ["max_price:90"]),  # a brand, then a price
        ("shoes max 90", ["max_price:90"]),
        ("max 90", ["max_price:90"]),
        ("air max 90 €", ["max_price:90"]),
        ("max 50% polyester", []),
        ("under 1e9", []),
        ("under 50mm", []),
        ("over 50 years old", []),
    ],
)
def test_numbers_that_are_no_price(text, told):
    assert read(text)[1] == told


def test_max_is_no_name_where_the_shop_has_no_such_products():
    assert read("air max 90", NO_MAX)[1] == ["max_price:90"]


def test_the_age_of_whom_a_thing_is_for_is_no_price():
    assert read("dress for women over 50") == ("dress for women", [])
    assert read("for women over 50 €") == ("for women", ["min_price:50"])


@pytest.mark.parametrize(
    ("text", "rest", "told"),
    [
        ("sneakers gr. 42", "sneakers", ["size:42"]),
        ("sneakers eu 42", "sneakers", ["size:42"]),
        ("size eu 42", "", ["size:42"]),
        ("size 8.5 shoes", "shoes", ["size:8.5"]),
        ("Größe 8,5", "", ["size:8.5"]),
        ("size 42.5", "", ["no_size:size 42.5"]),  # not 42
        ("size small", "", ["size:s"]),
        ("size extra large", "", ["size:xl"]),
        ("size medium", "", ["no_size:size medium"]),
        ("plus size dress", "plus size dress", []),
    ],
)
def test_sizes(text, rest, told):
    assert read(text) == (rest, told)


def test_half_of_a_range_is_taken_off():
    off = frozenset({"min_price:20"})
    rest, chips = read_numbers("from 20 to 50", SHOP, off)
    assert (rest.strip(), [chip.key for chip in chips]) == ("", ["max_price:50"])
    off |= {"max_price:50"}
    assert read_numbers("from 20 to 50", SHOP, off) == ("from 20 to 50", [])
