from __future__ import annotations

import pytest

from thatlook.core.errors import SettingsError
from thatlook.core.records import normal_id
from thatlook.core.records.values import path_of
from thatlook.search.request import SearchRequest


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"filters": {}}, "filters must be Filters, not {}"),
        ({"liked": 5}, "liked must be a set of texts, not 5"),
        ({"liked": [5]}, r"liked must be a set of texts, not \[5\]"),
        ({"categories": "dress"}, "categories must be a set of texts, not the text 'dress'"),
    ],
)
def test_wrong_arguments_are_named(given, told):
    with pytest.raises(SettingsError, match=told):
        SearchRequest(**given)


def test_what_is_no_path_and_no_id():
    with pytest.raises(SettingsError, match="feed must be a path, not None"):
        path_of("feed", None)
    for none in ("", "a\0b", "\ud800", b"feed.csv"):
        with pytest.raises(SettingsError, match="feed must be a path, not "):
            path_of("feed", none)
    assert path_of("feed", "caf\u00e9\udcff.csv").name == "caf\u00e9\udcff.csv"  # as Linux has it
    with pytest.raises(SettingsError, match="an id must be a text, not None"):
        normal_id(None)
