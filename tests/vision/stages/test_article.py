"""The article stage through a fake network: thresholds, suppression, boxes back in the photo."""

from __future__ import annotations

import math

import numpy as np
import pytest

from thatlook.core.errors import ModelError
from thatlook.core.records import Box
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.vision.stages.article import ArticleStage, iou_matrix, select

SHAPE = {"area": 98304, "max_side": 512, "multiple": 32}


def candidates(*rows):
    """boxes (A, 4) and scores (A, 10) of rows (label, score, box)."""
    boxes = np.array([box for _, _, box in rows], np.float32)
    scores = np.zeros((len(rows), len(DETECTOR_CLASSES)), np.float32)
    for index, (label, score, _) in enumerate(rows):
        scores[index, DETECTOR_CLASSES.index(label)] = score
    return boxes, scores


def test_iou_matrix_by_hand():
    one = np.array([[0, 0, 2, 2], [0, 0, 0, 0]], np.float32)
    other = np.array([[1, 1, 3, 3], [0, 0, 2, 2], [5, 5, 6, 6]], np.float32)
    np.testing.assert_allclose(iou_matrix(one, other), [[1 / 7, 1, 0], [0, 0, 0]])


def slow_select(boxes, scores, threshold, iou):
    """Boxes, scores and labels candidate by candidate, as the papers describe them."""
    given = [
        [float(score), Box(*map(float, box)), label]
        for box, row in zip(boxes, scores, strict=True)
        for label, score in enumerate(row)
        if score >= 0.02
    ]
    open_ones = [[score, index] for index, (score, _, _) in enumerate(given) if score >= threshold]
    found = []
    while open_ones:
        best = max(open_ones, key=lambda entry: entry[0])
        open_ones.remove(best)
        _, mine, label = given[best[1]]
        about = [g for g in given if g[2] == label and (mine.iou(g[1]) >= 0.7 or g[1] is mine)]
        total = sum(score for score, _, _ in about)
        corners = zip(*((b.x0, b.y0, b.x1, b.y1) for _, b, _ in about), strict=True)
        weights = [score / total for score, _, _ in about]
        index = [sum(w * v for w, v in zip(weights, row, strict=True)) for row in corners]
        found.append((index, best[0], label))
        for entry in open_ones:
            _, other, its = given[entry[1]]
            shared = mine.iou(other) if its == label else 0.0
            entry[0] *= math.exp(-(max(shared - 0.3, 0) ** 2) / 0.1) if shared <= iou else 0.0
        open_ones = [entry for entry in open_ones if entry[0] >= threshold]
    return found


@pytest.mark.parametrize("seed", range(8))
def test_selection_equals_the_slow_one(seed):
    random = np.random.default_rng(seed)
    corner = random.integers(0, 20, (60, 2))
    boxes = np.concatenate([corner, corner + random.integers(1, 15, (60, 2))], axis=1)
    scores = random.permutation(np.linspace(0, 1, 180)).reshape(60, 3).astype(np.float32) ** 2
    kept, values, labels = select(boxes.astype(np.float32), scores, np.full(3, 0.2), 0.6)
    wanted = slow_select(boxes, scores, 0.2, 0.6)
    assert len(wanted) > 20
    np.testing.assert_allclose(kept, [box for box, _, _ in wanted], rtol=1e-5)
    np.testing.assert_allclose(values, [score for _, score, _ in wanted], rtol=1e-5)
    assert labels.tolist() == [label for _, _, label in wanted]


def test_overlap_costs_score_and_the_place_is_the_mean_of_who_agrees():
    boxes, scores = candidates(
        ("dress", 0.8, (0, 0, 10, 10)),
        ("dress", 0.2, (0, 0, 10, 8)),  # overlaps by 0.8, below the threshold: it votes
        ("dress", 0.7, (0, 5, 10, 15)),  # by a third: 0.7 exp(-(1 / 30)^2 / 0.1)
        ("dress", 0.6, (0, 3, 10, 13)),  # by 0.538, and the one before by 0.667: nothing is left
    )
    kept, values, _ = select(boxes, scores, np.full(10, 0.3), 0.6)
    np.testing.assert_allclose(values, [0.8, 0.7 * math.exp(-1 / 90)], rtol=1e-5)
    np.testing.assert_allclose(kept, [[0, 0, 10, 9.6], [0, 5, 10, 15]], rtol=1e-5)


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
    # The two bags overlap by 9 / 11: they are one, at the mean weighted 0.9 to 0.5.
    np.testing.assert_allclose(kept, [[9 / 14, 0, 149 / 14, 10], [0, 0, 10, 10]], rtol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_are_left_out(value):
    boxes, scores = candidates(
        ("bag", 0.6, (0, 0, value, 10)),
        ("bag", value, (0, 0, 10, 9)),
        ("bag", 0.5, (0, 0, 10, 10)),
    )
    kept, values, _ = select(boxes, scores, np.full(10, 0.3), 0.6)
    np.testing.assert_allclose(kept, [[0, 0, 10, 10]], rtol=1e-6)
    np.testing.assert_allclose(values, [0.5])


def test_no_more_than_the_limit_and_the_best_of_all_classes():
    rows = [("bag", 0.5 + 0.01 * i, (20 * i, 0, 20 * i + 10, 10)) for i in range(8)]
    rows += [("dress", 0.555, (0, 0, 10, 10))]
    boxes, scores = candidates(*rows)
    _, values, labels = select(boxes, scores, np.full(10, 0.01), 0.6, limit=3)
    np.testing.assert_allclose(values, [0.57, 0.56, 0.555], rtol=1e-5)
    assert [DETECTOR_CLASSES[label] for label in labels] == ["bag", "bag", "dress"]


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
    own, empty = stage.masks(
        np.zeros((768, 512, 3), np.uint8), [("topwear", topwear.box), ("bag", topwear.box)]
    )
    np.testing.assert_array_equal(own.values, topwear.mask.values)
    assert not empty.values.any()


@pytest.mark.parametrize(
    ("entry", "setting", "found"),
    [
        ({}, 0.0, {"bag"}),  # 0.4 of both
        ({"thresholds": {"topwear": 0.3}}, 0.0, {"bag", "topwear"}),
        ({"thresholds": {"topwear": 0.3, "bag": 0.5}}, 0.0, {"topwear"}),
        ({"thresholds": {"topwear": 0.3, "bag": 0.5}}, 0.42, {"bag"}),  # the user's word counts
        ({"thresholds": {"topwear": 0.9}}, 0.2, {"bag", "topwear"}),
    ],
)
def test_from_which_score_on_an_article_counts(fake_session, entry, setting, found):
    boxes, scores = candidates(("topwear", 0.35, (9, 9, 90, 99)), ("bag", 0.45, (150, 9, 180, 60)))
    masks = np.zeros((1, 9, 96, 64), np.float32)
    answer = {"boxes": boxes[None], "scores": scores[None], "masks": masks}
    session = fake_session(lambda _: answer, input=SHAPE, **entry)
    stage = ArticleStage.of(session, Settings(article_threshold=setting))
    assert {d.label for d in stage.run(np.zeros((384, 256, 3), np.uint8))} == found
    assert stage.counts("topwear", 0.35) == ("topwear" in found)


@pytest.mark.parametrize("value", [{"tops": 0.3}, {"bag": 0}, {"bag": 1.2}, {"bag": "a"}, [0.3]])
def test_thresholds_of_an_entry_that_cannot_be(fake_session, value):
    with pytest.raises(ModelError, match="thresholds"):
        ArticleStage.of(fake_session(lambda _: {}, input=SHAPE, thresholds=value), Settings())


def test_boxes_wholly_outside_are_dropped(fake_session):
    boxes, scores = candidates(("bag", 0.9, (300, 10, 320, 20)), ("bag", 0.8, (9, 9, 9, 20)))
    masks = np.zeros((1, 9, 96, 64), np.float32)
    session = fake_session(
        lambda _: {"boxes": boxes[None], "scores": scores[None], "masks": masks}, input=SHAPE
    )
    assert ArticleStage(session, 0.35, 0.35, 0.6).run(np.zeros((384, 256, 3), np.uint8)) == []
