"""Which detection is which label, against cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluate.detection.labelled import found, photo
from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.evaluate.detection.matching import (
    above_thresholds,
    confusion,
    match_boxes,
    precision_recall,
)

TOPWEAR, DRESS, BAG, PERSON = (
    DETECTOR_CLASSES.index(name) for name in ("topwear", "dress", "bag", "person")
)
NOTHING = len(DETECTOR_CLASSES)


BOX, NEAR, FAR = [0, 0, 100, 100], [0, 0, 100, 80], [200, 200, 300, 300]


def test_the_own_category_comes_before_a_better_score_of_another():
    match = match_boxes(photo((TOPWEAR, BOX)), found((DRESS, 0.9, BOX), (TOPWEAR, 0.5, NEAR)))
    assert match.pairs == ((0, 1),)
    assert (match.false_negatives, match.false_positives) == ((), (0,))


def test_without_the_own_category_another_at_the_place_is_a_mistake():
    one, seen = photo((TOPWEAR, BOX), (BAG, FAR)), found((DRESS, 0.9, NEAR), (BAG, 0.4, BOX))
    match = match_boxes(one, seen)
    assert match.pairs == ((0, 0),)
    assert (match.false_negatives, match.false_positives) == ((1,), (1,))
    # A dress for a topwear, one bag not found, another found where none is.
    assert match.errors(one, seen) == 3


def test_one_label_takes_one_detection_the_best():
    match = match_boxes(photo((BAG, BOX)), found((BAG, 0.5, BOX), (BAG, 0.9, NEAR)))
    assert match.pairs == ((0, 1),)
    assert match.false_positives == (0,)


def test_an_overlap_below_one_half_is_none():
    # 100 x 49 of 100 x 100.
    match = match_boxes(photo((BAG, BOX)), found((BAG, 0.9, [0, 0, 100, 49])))
    assert match == match_boxes(photo((BAG, BOX)), found((BAG, 0.9, FAR)))
    assert (match.false_negatives, match.false_positives) == ((0,), (0,))


def test_counts_and_what_they_say():
    photos = [photo((TOPWEAR, BOX), (BAG, FAR)), photo((BAG, BOX))]
    seen = [found((DRESS, 0.9, BOX), (BAG, 0.8, FAR)), found((TOPWEAR, 0.7, FAR))]
    pairs = zip(photos, seen, strict=True)
    counts = confusion(photos, seen, [match_boxes(p, s) for p, s in pairs])
    wanted = np.zeros((NOTHING + 1, NOTHING + 1), int)
    wanted[TOPWEAR, DRESS] = wanted[BAG, BAG] = wanted[BAG, NOTHING] = 1
    wanted[NOTHING, TOPWEAR] = 1
    np.testing.assert_array_equal(counts, wanted)
    told = precision_recall(counts)
    assert told["bag"] == (1.0, 0.5)
    assert told["topwear"] == (0.0, 0.0)
    assert told["dress"] == pytest.approx((0.0, np.nan), nan_ok=True)


def test_each_class_has_its_own_threshold():
    least = np.full(NOTHING, 0.5)
    least[PERSON] = 0.2
    kept = above_thresholds(found((BAG, 0.4, BOX), (BAG, 0.5, NEAR), (PERSON, 0.3, FAR)), least)
    assert kept[1].tolist() == [0.5, 0.3]
    assert kept[0].tolist() == [NEAR, FAR]


def test_no_label_and_no_detection_match_nothing():
    assert match_boxes(photo(), found()).pairs == ()
    assert match_boxes(photo(), found((BAG, 0.9, BOX))).false_positives == (0,)
