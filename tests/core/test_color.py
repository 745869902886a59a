"""Color names: CIELAB against published values, names by eye."""

import numpy as np
import pytest

from thatlook.core.color import ANCHORS, RELATED, SYNONYMS, is_vivid, lab, name_of, related, shares


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [  # sRGB primaries under D65, as tabulated by Lindbloom
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((119, 119, 119), (50.03, 0.0, 0.0)),
    ],
)
def test_lab(rgb, expected):
    np.testing.assert_allclose(lab(np.array(rgb, np.uint8)), expected, atol=0.02)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((10, 10, 12), "black"),
        ((255, 255, 255), "white"),
        ((200, 20, 30), "red"),
        ((20, 25, 70), "navy blue"),
        ((120, 120, 122), "grey"),
        ((90, 60, 40), "brown"),
        ((250, 220, 50), "yellow"),
        ((85, 45, 125), "purple"),
        ((90, 92, 50), "olive"),
        ((210, 195, 165), "beige"),
    ],
)
def test_names(rgb, name):
    assert name_of(np.full((3, 3, 3), rgb, np.uint8)) == name


def test_every_anchor_has_its_own_name():
    for name, anchors in ANCHORS.items():
        for rgb in anchors:
            assert name_of(np.array([[rgb]], np.uint8)) == name


def test_shares_count_by_weight_and_by_how_telling_a_pixel_is():
    pixels = np.array([[(10, 10, 10), (250, 250, 250), (200, 20, 30)]], np.uint8)
    # black and red (chroma over 50) count twice: 2, 1, 2 of 5
    found = shares(pixels, np.array([[1, 1, 1]], np.uint8))
    assert found == pytest.approx({"black": 0.4, "red": 0.4, "white": 0.2})
    assert list(found) == ["black", "red", "white"]
    assert next(iter(shares(pixels, np.array([[1, 3, 1]], np.uint8)))) == "white"


def test_nothing_counts():
    assert shares(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.uint8)) == {}
    assert name_of(np.zeros((0, 3), np.uint8)) is None


def test_clear_colors():
    grey = {"charcoal", "grey", "silver", "white", "cream", "beige", "olive", "light blue"}
    assert {name for name in ANCHORS if not is_vivid(name)} == grey


def test_related_is_symmetric_and_not_transitive():
    assert related("navy blue", "blue")
    assert related("blue", "navy blue")
    assert related("red", "red")
    assert not related("navy blue", "black")
    assert related("Burgundy", "red")
    assert set(SYNONYMS.values()) <= set(ANCHORS)
    assert not set(SYNONYMS) & set(ANCHORS)
    assert {name for group in RELATED for name in group} <= set(ANCHORS)
