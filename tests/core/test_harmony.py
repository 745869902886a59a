"""Which colors go together by the wheel."""

from __future__ import annotations

import pytest

from thatlook.core.harmony import WORTH, relation


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("red", "maroon", "shades"),
        ("Navy", "blue", "shades"),
        ("black", "red", "neutral"),
        ("yellow", "beige", "neutral"),
        ("navy blue", "orange", "neutral"),
        ("red", "orange", "neighbours"),
        ("red", "teal", "opposites"),
        ("red", "purple", ""),
        ("red", "", ""),
        ("red", "no color", ""),
    ],
)
def test_the_relation_of_two_colors_is_the_same_both_ways(one, other, expected):
    assert relation(one, other) == expected == relation(other, one)
    assert (WORTH[relation(one, other)] > 0) is bool(expected)
