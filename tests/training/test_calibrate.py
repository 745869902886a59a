"""The curve from similarity to score recovers what made the data, and says what it promises."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

from thatlook.core.errors import DataError
from thatlook.data.items import Item
from thatlook.training.calibrate import (
    Pairs,
    check_both_kinds,
    curves_of,
    figures_of,
    fitted,
    is_good,
    score,
)


def drawn(slope, middle, count, seed=0):
    rng = np.random.default_rng(seed)
    similarity = rng.uniform(-0.2, 1.0, count)
    return similarity, rng.random(count) < 1 / (1 + np.exp(-slope * (similarity - middle)))


def test_the_curve_that_made_the_data_is_found():
    curve = fitted(*drawn(9.0, 0.6, 60_000))
    assert curve["slope"] == pytest.approx(9.0, rel=0.05)
    assert curve["middle"] == pytest.approx(0.6, abs=0.01)
    np.testing.assert_allclose(score(np.array([curve["middle"]]), curve), [0.5])


def test_categories_with_few_pairs_use_the_default():
    similarity, good = drawn(9.0, 0.6, 8_000)
    category = np.array(["dress"] * 7_800 + ["bag"] * 200)
    pairs = Pairs(similarity, good, category, np.arange(8_000) % 2 == 0)
    curves = curves_of(pairs)
    assert set(curves) == {"default", "dress"}
    found = figures_of(pairs, curves)
    assert found["pairs"] == 4_000
    assert found["score_ece"] < 0.03
    assert found["good_above_half"] > 0.8


def item(key, kind, color):
    return Item(key, "topwear/male", "val", (), (kind, color, "", "", "topwear"))


@pytest.mark.parametrize(
    ("other", "good"),
    [
        (item("1", "x", "y"), True),
        (item("2", "shirts", "blue"), True),
        (item("2", "shirts", "navy blue"), True),
        (item("2", "shirts", "red"), False),
        (item("2", "tshirts", "blue"), False),
        (item("2", "shirts", ""), False),
    ],
)
def test_a_good_match(other, good):
    assert is_good(item("1", "shirts", "blue"), other) is good


def test_without_a_color_only_the_product_itself_is_good():
    assert not is_good(item("1", "shirts", ""), item("2", "shirts", ""))


def test_too_few_products_kept_apart_are_told():
    one = Pairs(np.ones(4), np.array([True, False] * 2), np.array(["bag"] * 4), np.arange(4) < 2)
    check_both_kinds(one, 4)
    with pytest.raises(DataError, match="0 products are kept apart from training, too few"):
        check_both_kinds(Pairs(*(np.zeros(0, bool) for _ in range(4))), 0)
    alike = Pairs(one.similarity, np.array([True, True, True, False]), one.category, one.held)
    with pytest.raises(DataError, match="both halves of them need neighbours that match"):
        check_both_kinds(alike, 4)
