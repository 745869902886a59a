"""Which colors go together by the wheel."""

from __future__ import annotations

import pytest

from thatlook.core.harmony import WORTH, clashes, relation


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


@pytest.mark.parametrize(
    ("one", "others", "expected"),
    [
        ("purple", ["red"], True),
        ("purple", ["black", "red"], True),
        ("purple", ["black"], False),
        ("red", ["purple", "maroon"], False),  # near to one of them
        ("red", ["teal"], False),
        ("purple", ["", "no color"], False),
        ("no color", ["red"], False),
        ("red", [], False),
    ],
)
def test_a_color_clashes_with_what_it_has_no_relation_to(one, others, expected):
    assert clashes(one, others) is expected
