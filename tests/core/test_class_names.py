"""Foreign class names to our categories."""

from __future__ import annotations

import pytest

from thatlook.core.class_names import class_map, class_of
from thatlook.core.errors import SettingsError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("short sleeve top", "topwear"),
        ("Long_sleeve_outwear", "outerwear"),
        ("vest dress", "dress"),
        ("sling-dress", "dress"),
        ("Trousers", "bottomwear"),
        ("SHOES", "footwear"),
        ("hand-bag", "bag"),
        ("person", "person"),
        ("Pedestrians", "person"),
        ("umbrella", "other"),
        ("class_3", "other"),
    ],
)
def test_names(name, expected):
    assert class_of(name) == expected


def test_what_is_said_beats_what_the_name_tells():
    table = class_map(["vest", "tie", "luggage"], {"vest": "outerwear", "luggage": "bag"})
    assert table == {"vest": "outerwear", "tie": "neckwear", "luggage": "bag"}
    assert class_map(["vest"], {"vest": "other"}) == {"vest": "other"}


@pytest.mark.parametrize(
    ("explicit", "message"),
    [
        ({"Vest": "topwear"}, "no class is called 'Vest'; there are vest"),
        ({"vest": "waistcoat"}, "must become one of topwear, .*, other, not 'waistcoat'"),
    ],
)
def test_impossible_maps(explicit, message):
    with pytest.raises(SettingsError, match=message):
        class_map(["vest"], explicit)
