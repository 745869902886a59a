"""What a shopper's text asks for."""

from __future__ import annotations

import pytest

from thatlook.search.request import Unwanted
from thatlook.search.words.shelf import Lines
from thatlook.search.words.understanding import MAX_TEXT, understand

SHOP = Lines(
    {"grey": 9, "slim": 9, "jersey": 9, "nike": 50, "pocket": 9, "leather": 9, "stiletto": 2},
    {("nike",): "Nike", ("red", "tape"): "Red Tape"},
    frozenset({"42", "xl"}),
    priced=True,
)
NO_PRICES = Lines({}, {}, frozenset(), priced=False)


def keys(text, shop=SHOP, **more):
    return [chip.key for chip in understand(text, shop, **more).chips]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("navy dress", ["color:navy blue", "type:dress", "category:dress"]),
        ("dress for men", ["type:dress", "category:dress", "gender:male"]),
        ("shirt with jeans", ["type:shirt", "category:topwear"]),
        ("denim jacket", ["type:jacket", "category:outerwear"]),
        ("rotes Kleid", ["color:red", "type:dress", "category:dress"]),
        ("nike shoes", ["brand:Nike", "category:footwear"]),
        ("red tape shoes", ["brand:Red Tape", "category:footwear"]),
        ("girls shoes", ["age:child", "gender:female", "category:footwear"]),
        ("womn shoes", ["spelling:women", "gender:female", "category:footwear"]),
        ("not black", ["not:black"]),
        ("unisex watch", ["type:watch", "category:other"]),
        ("something nice", []),
        ("", []),
    ],
)
def test_chips(text, told):
    assert keys(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("under 50", ["max_price:50"]),
        ("unter 49,90 €", ["max_price:49.90"]),
        ("moins de $20", ["max_price:20"]),
        ("more than 30 euro", ["min_price:30"]),
        ("between 20 and 50", ["min_price:20", "max_price:50"]),
        ("size 42", ["size:42"]),
        ("Größe XL", ["size:xl"]),
        ("size 43", []),  # the shop has none
        ("overunder 50", []),
    ],
)
def test_prices_and_sizes(text, told):
    assert keys(text) == told


def test_prices_and_sizes_are_not_understood_where_the_shop_has_none():
    assert keys("under 50 size 42", NO_PRICES) == []


def test_what_was_taken_off_is_looked_for_as_words():
    understood = understand("red shoes under 50", SHOP, frozenset({"color:red", "max_price:50"}))
    assert [chip.key for chip in understood.chips] == ["category:footwear"]
    assert understood.wishes == ()
    assert [group.wordings[0] for group in understood.groups] == [("red",), ("shoe",), ("50",)]
    assert keys("gry shoes", off=frozenset({"spelling:grey"})) == ["category:footwear"]


def test_what_must_not_be():
    understood = understand("shirt without pocket not black", SHOP)
    assert understood.unwanted == Unwanted(frozenset({"black"}), ((("pocket",),),))
    assert understood.plain == ("shirt",)
    again = understand("shirt without pocket", SHOP, frozenset({"not:pocket"}))
    assert not again.unwanted


def test_only_words_that_say_more_than_a_wish_order_by_words():
    understood = understand("red stilettos", SHOP)
    assert [group.wordings[0] for group in understood.telling] == [("stiletto",)]
    named = understand("red stilettos slim", SHOP)  # a name goes before another word for heels
    assert [group.wordings[0] for group in named.telling] == [("slim",)]
    assert [(wish.kind, wish.name) for wish in understood.wishes] == [
        ("color", "red"),
        ("type", "heels"),
    ]
    assert ("escarpin",) in understood.groups[1].wordings


def test_a_category_word_that_says_more_is_looked_for():
    assert [g.wordings for g in understand("jersey", SHOP).telling] == [(("jersey",),)]
    assert understand("shoes", SHOP).telling == ()


def test_endless_texts_are_cut():
    understood = understand("red " * 1000, SHOP)
    assert sum(map(len, understood.plain)) <= MAX_TEXT
