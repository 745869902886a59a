"""Photos worth labelling: what makes one worth it, and that no two alike are taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.evaluate.detection.test_matching import BAG, BOX, DRESS, FAR, TOPWEAR, found, photo
from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.evaluate.detection.suggest import (
    Candidate,
    checked,
    counts_of,
    disagreement,
    doubt,
    f1,
    select_diverse,
    worth,
)

LEAST = np.full(len(DETECTOR_CLASSES), 0.4)


def candidate(seen, tags=None):
    return Candidate(Path("a"), seen, np.ones(1), tags)


def test_doubt_is_one_at_the_threshold_and_none_at_the_ends():
    assert doubt(found((BAG, 0.4, BOX)), LEAST) == pytest.approx(1)
    assert doubt(found((BAG, 1.0, BOX)), LEAST) == pytest.approx(0)
    # 0.2 of 0.4 below, 0.3 of 0.6 beyond.
    assert doubt(found((BAG, 0.2, BOX), (BAG, 0.7, FAR)), LEAST) == pytest.approx(1.0)
    assert doubt(found(), LEAST) == 0


def test_disagreement_sums_what_is_named_and_missing_and_what_is_found_and_unnamed():
    seen = found((BAG, 0.9, BOX), (BAG, 0.3, FAR), (TOPWEAR, 0.2, BOX))
    tags = frozenset({"bag", "dress"})
    # bag 1 - 0.9, dress 1 - 0, topwear 0.2
    assert disagreement(seen, tags) == pytest.approx(1.3)


def test_worth_ranks_photos_and_counts_tags_where_there_are_some():
    sure = candidate(found((DRESS, 0.99, BOX)))
    unsure = candidate(found((DRESS, 0.4, BOX)))
    wrong = candidate(found((DRESS, 0.99, BOX)), frozenset({"bag"}))
    right = candidate(found((DRESS, 0.99, BOX)), frozenset({"dress"}))
    # Doubts: three equal ones share places 0, 1, 2 of 0..3; disagreement: wrong 1, right 0.
    got = worth([sure, unsure, wrong, right], LEAST)
    np.testing.assert_allclose(got, [1 / 3, 1.0, (1 / 3 + 1) / 2, (1 / 3) / 2])


def test_of_two_photos_alike_one_is_taken():
    vectors = np.array([[1.0, 0], [1.0, 0], [0, 1.0]])
    assert select_diverse(np.array([0.9, 0.8, 0.1]), vectors, 2) == [0, 2]
    assert select_diverse(np.array([0.9, 0.8, 0.1]), vectors, 5) == [0, 2, 1]


def test_the_check_compares_with_random_draws():
    assert counts_of(photo((BAG, BOX), (TOPWEAR, FAR)), found((BAG, 0.9, BOX))).tolist() == [
        1,
        2,
        1,
    ]
    assert f1(np.array([1, 2, 1])) == pytest.approx(2 / 3)
    # Half of the photos are all right, half all wrong: a random draw has an F1 near one half.
    counts = np.array([[1, 1, 1]] * 50 + [[0, 1, 1]] * 50)
    told = checked(counts, list(range(50, 80)))
    assert told["f1_suggested"] == 0
    assert told["f1_random"] == pytest.approx(0.5, abs=0.02)
    assert 0.3 < told["f1_random_p5"] < 0.45
