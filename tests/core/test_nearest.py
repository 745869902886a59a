"""What was meant by a misspelt name."""

from __future__ import annotations

import pytest

from thatlook.core.nearest import choice_meant, did_you_mean
from thatlook.core.taxonomy import CATEGORIES


def test_the_nearest_come_first_in_their_own_spelling():
    known = ["Red", "Rust", "Reed", "Navy"]
    assert did_you_mean("REDD", known) == "did you mean Red or Reed?"
    assert did_you_mean("REDD", known, count=1) == "did you mean Red?"
    assert did_you_mean("qqq", known) == ""
    assert did_you_mean("NAVI", known, prefix="X_") == "did you mean X_Navy?"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("women", "female"),
        ("Women's", "female"),
        ("Herren", "male"),
        ("femal", "female"),
        ("shoe", ""),  # a category, which is none of these
        ("women and men", ""),
    ],
)
def test_shops_words_for_a_gender_are_known(word, meant):
    told = f"did you mean {meant}?" if meant else ""
    assert choice_meant(word, ("auto", "female", "male", "any")) == told


def test_shops_words_for_a_category_are_known():
    assert choice_meant("shoe", CATEGORIES) == "did you mean footwear?"
    assert choice_meant("T-Shirts", CATEGORIES) == "did you mean topwear?"
    assert choice_meant("watch", CATEGORIES) == ""
    assert choice_meant("watch", (*CATEGORIES, "other")) == "did you mean other?"
