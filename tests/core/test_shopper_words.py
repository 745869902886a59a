"""What shoppers' words mean, in three languages."""

from __future__ import annotations

import pytest

from thatlook.core import shopper_words as said
from thatlook.core.shopper_words import Meaning, is_color, meaning_at, type_of
from thatlook.core.taxonomy import PRODUCT_CATEGORIES, category_of
from thatlook.core.tokens import tokens


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("navy", "color", "navy blue"),
        ("dunkelblaues", "color", "navy blue"),
        ("noires", "color", "black"),
        ("rotes", "color", "red"),
        ("trainers", "type", "sneakers"),
        ("Turnschuhe", "type", "sneakers"),
        ("sac à dos", "type", "backpack"),
        ("Handtaschen", "type", "handbag"),
        ("running shoes", "type", "sports shoes"),
        ("polka dots", "pattern", "dotted"),
        ("kariertes", "pattern", "checked"),
        ("chaussures", "category", "footwear"),
        ("lipstick", "category", "other"),
        ("Damen", "gender", "female"),
        ("garçon", "child", "male"),
        ("ohne", "not", "not"),
        ("en cuir", "other", "leather"),
    ],
)
def test_meanings(text, kind, name):
    words = tokens(text)
    assert meaning_at(words, 0) == (Meaning(kind, name), len(words))


def test_what_means_nothing():
    assert meaning_at(("zzz",), 0) is None


@pytest.mark.parametrize("name", said._data()["types"])
def test_types_are_of_the_category_that_the_taxonomy_gives_their_english_words(name):
    entry = said._data()["types"][name]
    assert entry["category"] in PRODUCT_CATEGORIES
    others = {text for text in entry["en"] if category_of(text) not in (entry["category"], "other")}
    assert others <= EXCEPTIONS
    assert said.near_types(name) <= set(said._data()["types"])


EXCEPTIONS = {"slip on"}
"""Words that the taxonomy takes for another category when they stand alone."""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Shoes > Casual Shoes", "sneakers"),
        ("Dress Shirts", "shirt"),
        ("Shirt Dress", "dress"),
        ("Schwarzer Rock", "skirt"),
        ("Free Gifts", ""),
        ("", ""),
    ],
)
def test_types_of_shops_texts(text, name):
    assert type_of(text) == name


@pytest.mark.parametrize(
    ("text", "name", "right"),
    [
        ("Navy Blue", "navy blue", True),
        ("Navy Blue", "blue", True),
        ("White/Schwarz", "black", True),
        ("light, bleu marine", "navy blue", True),
        ("Blue", "navy blue", False),
        ("", "red", False),
    ],
)
def test_colors_of_shops_texts(text, name, right):
    assert is_color(text, name) is right


def test_words_of_phrases_tell_less_than_words_that_stand_alone():
    told = said.vocabulary()
    assert (told["husband"], told["meinen"]) == (1, 0)
    assert (told["red"], told["heel"], told["women"], told["lie"], told["mit"]) == (3, 3, 2, 1, 0)
