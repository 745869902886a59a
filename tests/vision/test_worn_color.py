"""The color of worn articles: pixels' features, the correction, and its place in the entry."""

from __future__ import annotations

import numpy as np
import pytest

from thatlook.core.color import ANCHORS, lab
from thatlook.core.errors import ModelError
from thatlook.vision.models.registry import ModelSpec, shipped
from thatlook.vision.worn_color import FEATURES, WornColor, pixel_features

RED, WHITE = (190, 25, 35), (250, 250, 250)
LABELS = ("black", "red", "white")


def painted(*rows):
    return np.array([[color] * 4 for color in rows], np.uint8)


def told(features):
    return dict(zip(FEATURES, features, strict=True))


def test_one_color_is_its_share_and_its_place_in_lab():
    found = told(pixel_features(painted(RED, RED), np.full((2, 4), 255, np.uint8)))
    red = lab(np.array(RED, np.uint8)) / 30
    assert found["red"] == 1
    assert sum(found[name] for name in ANCHORS) == 1
    for statistic in ("mean", "median"):
        values = [found[f"{statistic} {axis}"] for axis in "Lab"]
        np.testing.assert_allclose(values, red)
    assert [found[f"deviation {axis}"] for axis in "Lab"] == pytest.approx([0, 0, 0])
    assert [found[f"quantile {share} L"] for share in (0.1, 0.5, 0.9)] == pytest.approx(
        [red[0]] * 3
    )


def test_what_lies_outside_the_mask_says_nothing():
    weights = np.array([[255] * 4, [0] * 4], np.uint8)
    inside = pixel_features(painted(RED, WHITE), weights)
    np.testing.assert_allclose(inside, pixel_features(painted(RED), weights[:1]))


def test_two_colors_have_the_roots_of_their_shares_and_a_deviation():
    found = told(pixel_features(painted(RED, WHITE), np.full((2, 4), 200, np.uint8)))
    # Vivid pixels count twice: two thirds and one third.
    assert found["red"] == pytest.approx((2 / 3) ** 0.5)
    assert found["white"] == pytest.approx((1 / 3) ** 0.5)
    red, white = (lab(np.array(color, np.uint8)) / 30 for color in (RED, WHITE))
    assert found["deviation L"] == pytest.approx(abs(red[0] - white[0]) / 2)
    assert found["mean a"] == pytest.approx((red[1] + white[1]) / 2)


def test_weights_below_the_half_all_count():
    faint = np.full((2, 4), 40, np.uint8)
    found = told(pixel_features(painted(RED, WHITE), faint))
    assert found["deviation L"] > 0.5


def correction(scale=0.5, bias=(0.0, 0.0, 0.0), **weights):
    rows = np.zeros((len(FEATURES), 3))
    for name, row in weights.items():
        rows[FEATURES.index(name)] = row
    return WornColor(scale, rows, np.array(bias))


def test_probabilities_worked_by_hand():
    head = {"black": 0.64, "red": 0.16, "white": 0.2}
    cloth = painted(RED), np.full((1, 4), 255, np.uint8)
    # Roots .8, .4 and sqrt .2; the red pixels are worth a factor of 4.
    found = correction(red=(0, np.log(4), 0)).probabilities(head, *cloth)
    parts = np.array([0.8, 1.6, 0.2**0.5])
    assert list(found) == list(LABELS)
    np.testing.assert_allclose(list(found.values()), parts / parts.sum())


def spec_of(value):
    own = shipped("embedding")
    return ModelSpec(
        id="mine", task="embedding", path=own.path, sha256="0" * 64, license="MIT",
        input={}, outputs={"color": {"classes": 3}}, labels={"color": LABELS},
        details={} if value is None else {"worn_color": value},
    )  # fmt: skip


def test_an_entry_keeps_a_correction():
    made = correction(0.75, (0.1, -2, 3e-5), red=(1, 2, 3), white=(-0.12345, 0, 0))
    read = WornColor.of(spec_of(made.to_entry()))
    assert read.scale == 0.75
    np.testing.assert_allclose(read.bias, [0.1, -2, 3e-5])
    np.testing.assert_allclose(read.weights, made.weights, rtol=1e-3)
    assert WornColor.of(spec_of(None)) is None


@pytest.mark.parametrize("how", ["no scale", "two numbers", "a word", "no feature", "a list"])
def test_an_entry_with_a_correction_that_cannot_be_is_named(how):
    entry = correction().to_entry()
    if how == "no scale":
        del entry["scale"]
    if how == "two numbers":
        entry["bias"] = "0 1"
    if how == "a word":
        entry["weights"]["red"] = "0 1 much"
    if how == "no feature":
        del entry["weights"]["median a"]
    with pytest.raises(ModelError, match="worn_color must be scale, bias, and weights of black"):
        WornColor.of(spec_of([entry] if how == "a list" else entry))


def test_the_shipped_network_has_one():
    found = WornColor.of(shipped("embedding"))
    labels = len(shipped("embedding").labels["color"])
    assert found.weights.shape == (len(FEATURES), labels)
