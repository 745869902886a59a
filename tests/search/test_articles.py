"""Which articles are meant, and what a shopper says that they are."""

from __future__ import annotations

import pytest

from thatlook.core.errors import SettingsError
from thatlook.core.records import Article, Box
from thatlook.search.articles import corrected_categories
from thatlook.search.request import Correction, SearchRequest

WORN = [
    Article("topwear", Box(0, 0, 10, 10), 0.9),
    Article("outerwear", Box(0, 0, 30, 30), 0.9),
    Article("bag", Box(0, 0, 5, 5), 0.9),
    Article("bag", Box(5, 5, 9, 9), 0.9),
]


def after(*texts, primary=None):
    corrections = tuple(map(Correction.of, texts))
    asked = SearchRequest(corrections=corrections, primary=primary)
    return corrected_categories(WORN, asked), asked.corrected()


@pytest.mark.parametrize(
    ("texts", "primary", "categories", "then"),
    [
        ([], None, ["topwear", "outerwear", "bag", "bag"], None),
        (["dress"], None, ["topwear", "dress", "bag", "bag"], None),  # the coat is the largest
        (["dress"], "topwear", ["dress", "outerwear", "bag", "bag"], "dress"),
        (["topwear=dress"], "topwear", ["dress", "outerwear", "bag", "bag"], "dress"),
        (["bag=headwear"], None, ["topwear", "outerwear", "headwear", "headwear"], None),
        (["3=headwear"], "topwear", ["topwear", "outerwear", "bag", "headwear"], "topwear"),
        # Each is by what was found: two may change places.
        (["topwear=outerwear", "1=topwear"], None, ["outerwear", "topwear", "bag", "bag"], None),
    ],
)
def test_corrections(texts, primary, categories, then):
    found, request = after(*texts, primary=primary)
    assert found == categories
    assert (request.primary, request.corrections) == (then, ())


@pytest.mark.parametrize("text", ["dress=topwear", "4=topwear"])
def test_what_was_not_found_cannot_be_corrected(text):
    found = "0=topwear, 1=outerwear, 2=bag, 3=bag"
    with pytest.raises(SettingsError, match=f"was found to be corrected; found: {found}"):
        after(text)
    with pytest.raises(SettingsError, match="no article was found to be corrected; found: nothing"):
        corrected_categories([], SearchRequest(corrections=(Correction("bag"),)))


@pytest.mark.parametrize("text", ["", "shoes", "=bag", "shoes=bag", "bag=", "-1=bag", "bag=other"])
def test_impossible_corrections(text):
    with pytest.raises(SettingsError):
        Correction.of(text)
