from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from thatlook.core.errors import SettingsError
from thatlook.core.records import normal_id
from thatlook.core.records.values import path_of
from thatlook.search.completing.request import CompletionRequest
from thatlook.search.index import Filters
from thatlook.search.request import SearchRequest


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"filters": {}}, "filters must be Filters, not {}"),
        ({"liked": 5}, "liked must be a set of texts, not 5"),
        ({"liked": [5]}, r"liked must be a set of texts, not \[5\]"),
        ({"categories": "dress"}, "categories must be a set of texts, not the text 'dress'"),
        ({"k": True}, "k must be a whole number, not True"),
        ({"k": 1.5}, "k must be a whole number, not 1.5"),
        ({"diversity": "0.2"}, "diversity must be a number, not '0.2'"),
        ({"min_score": float("nan")}, "min_score must be within 0..1, not nan"),
        ({"text_weight": Decimal("NaN")}, "text_weight must be a number, not Decimal"),
        ({"text": None}, "text must be a text, not None"),
        ({"worded": None}, "worded must be a set of texts, not None"),
        ({"boosts": "brand"}, "boosts must be a list, not the text 'brand'"),
        ({"boosts": [1]}, r"boosts must be a list, not \[1\]"),
        ({"corrections": 5}, "corrections must be a list, not 5"),
        ({"unwanted": {}}, "unwanted must be Unwanted, not {}"),
        ({"box": (1, 2, 3, 4), "box_category": "dress"}, "box must be Box, not"),
    ],
)
def test_wrong_arguments_are_named(given, told):
    with pytest.raises(SettingsError, match=told):
        SearchRequest(**given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"brands": 5}, "brands must be a set of texts, not 5"),
        ({"colors": "red"}, "colors must be a set of texts, not the text 'red'"),
        ({"max_price": "80"}, "max_price must be a number, not '80'"),
        ({"min_price": True}, "min_price must be a number, not True"),
        ({"min_price": Decimal("NaN")}, "min_price must be a finite number"),
    ],
)
def test_wrong_filters_are_named(given, told):
    with pytest.raises(SettingsError, match=told):
        Filters(**given)


def test_numbers_of_other_kinds_are_numbers():
    request = SearchRequest(k=np.int64(3), diversity=np.float32(0.5), min_score=0)
    assert (request.k, request.diversity, request.min_score) == (3, 0.5, 0)
    assert Filters(max_price=Decimal("19.90")).max_price == 19.9


def test_what_is_no_path_and_no_id():
    with pytest.raises(SettingsError, match="feed must be a path, not None"):
        path_of("feed", None)
    for none in ("", "a\0b", "\ud800", b"feed.csv", "x" * 5000, "x" * 300):
        with pytest.raises(SettingsError, match="feed must be a path, not "):
            path_of("feed", none)
    assert path_of("feed", "caf\u00e9\udcff.csv").name == "caf\u00e9\udcff.csv"  # as Linux has it
    with pytest.raises(SettingsError, match="an id must be a text, not None"):
        normal_id(None)


def test_what_was_meant_is_told_before_the_choices():
    with pytest.raises(SettingsError, match=r"^did you mean female\? gender must be one of auto, "):
        SearchRequest(gender="women")
    with pytest.raises(
        SettingsError, match=r"^did you mean footwear\? category must be one of top"
    ):
        CompletionRequest(categories=("shoe",))
