"""A result as a table of pandas."""

from __future__ import annotations

import sys

import pytest

from tests.render.test_board import entry_of
from thatlook.core.errors import MissingExtraError


def test_one_row_per_match():
    pytest.importorskip("pandas", reason="needs the extra pandas")
    table = entry_of().result.to_pandas()
    assert table.to_dict("records") == [
        {
            "photo": "a.jpg",
            "article": 0,
            "category": "topwear",
            "role": "primary",
            "place": 1,
            "score": 0.73,
            "nearness": "very close",
            "id": "1",
            "title": "Shirt",
            "brand": "",
            "color": "",
            "price": 9.9,
            "currency": "EUR",
            "link": "",
            "reasons": "same color: navy blue",
        }
    ]


def test_a_refused_result_is_a_table_without_rows():
    pytest.importorskip("pandas", reason="needs the extra pandas")
    table = entry_of(reason="no person was found").result.to_pandas()
    assert len(table) == 0
    assert list(table.columns)[:3] == ["photo", "article", "category"]


def test_without_pandas_its_pip_line_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'thatlook\[pandas\]'"):
        entry_of().result.to_pandas()
