"""The article stage through a fake network: thresholds, suppression, boxes back in the photo."""

from __future__ import annotations

import numpy as np
import pytest

from thatlook.records import Box
from thatlook.stages.article import ArticleStage, iou_matrix, select, suppressed
from thatlook.taxonomy import DETECTOR_CLASSES

SHAPE = {"area": 98304, "max_side": 512, "multiple": 32}


def candidates(*rows):
    """boxes (A, 4) and scores (A, 10) of rows (label, score, box)."""
    boxes = np.array([box for _, _, box in rows], np.float32)
    scores = np.zeros((len(rows), len(DETECTOR_CLASSES)), np.float32)
    for place, (label, score, _) in enumerate(rows):
        scores[place, DETECTOR_CLASSES.index(label)] = score
    return boxes, scores


def test_iou_matrix_by_hand():
    one = np.array([[0, 0, 2, 2], [0, 0, 0, 0]], np.float32)
    other = np.array([[1, 1, 3, 3], [0, 0, 2, 2], [5, 5, 6, 6]], np.float32)
    np.testing.assert_allclose(iou_matrix(one, other), [[1 / 7, 1, 0], [0, 0, 0]])


def slow_suppressed(boxes, labels, iou):
    kept = []
    for place in range(len(boxes)):
        mine = Box(*map(float, boxes[place]))
        if all(
            labels[other] != labels[place] or mine.iou(Box(*map(float, boxes[other]))) <= iou
            for other in kept
        ):
            kept.append(place)
    return kept


@pytest.mark.parametrize("seed", range(5))
def test_suppression_equals_the_slow_one(seed):
    random = np.random.default_rng(seed)
    corner = random.integers(0, 20, (60, 2))
    boxes = np.concatenate([corner, corner + random.integers(1, 15, (60, 2))], axis=1)
    labels = random.integers(0, 3, 60)
    found = suppressed(boxes.astype(np.float32), labels, 0.4)
    assert found.tolist() == slow_suppressed(boxes, labels, 0.4)


def test_select_orders_by_score_and_keeps_other_labels():
    boxes, scores = candidates(
        ("bag", 0.5, (0, 0, 10, 10)),
        ("bag", 0.9, (1, 0, 11, 10)),
        ("dress", 0.7, (0, 0, 10, 10)),
        ("dress", 0.1, (50, 50, 60, 60)),
    )
    kept, values, labels = select(boxes, scores, np.full(10, 0.3), 0.5)
    assert [DETECTOR_CLASSES[label] for label in labels] == ["bag", "dress"]
    np.testing.assert_allclose(values, [0.9, 0.7])
    np.testing.assert_allclose(kept, boxes[[1, 2]])


def test_nothing_found():
    boxes, scores = candidates(("bag", 0.1, (0, 0, 10, 10)))
    kept, values, labels = select(boxes, scores, np.full(10, 0.3), 0.5)
    assert kept.shape == (0, 4)
    assert len(values) == len(labels) == 0


def test_run_gives_boxes_of_the_photo_and_masks(fake_session):
    boxes, scores = candidates(
        ("topwear", 0.8, (64, 96, 128, 192)), ("person", 0.9, (-20, 0, 256, 384))
    )
    masks = np.zeros((9, 96, 64), np.float32)
    masks[0, 24:36, 16:32] = 1.0  # the upper half of the topwear box

    def answer(_):
        return {"boxes": boxes[None], "scores": scores[None], "masks": masks[None]}

    session = fake_session(answer, input=SHAPE)
    stage = ArticleStage(session, 0.35, 0.35, 0.6)
    person, topwear = stage.run(np.zeros((768, 512, 3), np.uint8))

    assert session.asked[0]["image"].shape == (1, 3, 384, 256)
    assert session.asked[0]["image"].min() == pytest.approx(-1.0)
    assert (person.label, person.mask) == ("person", None)
    assert person.box == Box(0, 0, 512, 768)  # clipped
    assert topwear.box == Box(128, 192, 256, 384)  # scaled by 2
    assert topwear.score == pytest.approx(0.8)
    assert topwear.mask is not None
    upper, lower = np.split(topwear.mask.values, 2)
    assert (upper == 255).mean() > 0.9
    assert (lower == 0).mean() > 0.9


def test_boxes_wholly_outside_are_dropped(fake_session):
    boxes, scores = candidates(("bag", 0.9, (300, 10, 320, 20)), ("bag", 0.8, (9, 9, 9, 20)))
    masks = np.zeros((1, 9, 96, 64), np.float32)
    session = fake_session(
        lambda _: {"boxes": boxes[None], "scores": scores[None], "masks": masks}, input=SHAPE
    )
    assert ArticleStage(session, 0.35, 0.35, 0.6).run(np.zeros((384, 256, 3), np.uint8)) == []
