from __future__ import annotations

import numpy as np
import pytest

from tests.evaluate.detection.labelled import found, photo
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.evaluate.detection.metrics import MIN_SCORE, average_precision, found_in, mask_overlap
from thatlook.vision.models.registry import shipped
from thatlook.vision.stages.article import ArticleStage

TOPWEAR, BAG = CATEGORIES.index("topwear"), CATEGORIES.index("bag")

pytest.importorskip("pycocotools")


def test_a_perfect_answer_has_precision_one():
    truth = [photo((TOPWEAR, [10, 10, 60, 90]))]
    out = average_precision(truth, [found((TOPWEAR, 0.9, [10, 10, 60, 90]))])
    assert out["ap50"] == pytest.approx(1)
    assert out["ap"] == pytest.approx(1)
    assert out["ap50_topwear"] == pytest.approx(1)
    assert np.isnan(out["ap50_bag"])


def test_a_box_of_overlap_six_tenths_counts_at_three_of_ten_thresholds():
    # 100 x 60 against 100 x 100: IoU 0.6, right at .50, .55 and .60.
    truth = [photo((BAG, [0, 0, 100, 100]))]
    out = average_precision(truth, [found((BAG, 0.9, [0, 0, 100, 60]))])
    assert out["ap50_bag"] == pytest.approx(1)
    assert out["ap"] == pytest.approx(0.3)


def test_a_wrong_box_before_the_right_one_halves_precision():
    truth = [photo((BAG, [0, 0, 100, 100]))]
    out = average_precision(
        truth, [found((BAG, 0.9, [200, 200, 300, 300]), (BAG, 0.8, [0, 0, 100, 100]))]
    )
    assert out["ap50_bag"] == pytest.approx(0.5)


def test_a_missed_one_of_two_leaves_half_of_the_recalls():
    truth = [photo((BAG, [0, 0, 100, 100]), (BAG, [200, 0, 300, 100]))]
    out = average_precision(truth, [found((BAG, 0.9, [0, 0, 100, 100]))])
    # COCO reads precision at 101 recalls; 0 to 0.50 are 51 of them.
    assert out["ap50_bag"] == pytest.approx(51 / 101)


def test_mask_overlap_inside_the_box():
    masks = np.zeros((len(CATEGORIES), 10, 10), np.float32)
    masks[BAG, 0:4, 0:4] = 0.9
    truth = np.zeros((10, 10), np.uint8)
    truth[2:6, 0:4] = BAG + 1
    truth[5, 0:4] = 255
    # Wanted rows 2..4, found rows 0..3 inside a box from row 2: 8 shared of 12.
    got = mask_overlap(masks, truth, np.array([[0, 2, 4, 6]], np.float32), np.array([BAG]))
    assert got == {"bag": pytest.approx(8 / 12)}


class Fake:
    """A network that sees three things of one class, whatever it is shown."""

    spec = shipped("article")

    def run(self, inputs):
        height, width = inputs["image"].shape[2:]
        boxes = np.array([[[0, 0, 64, 96], [1, 0, 64, 96], [0, 0, 9, 9]]], np.float32)
        scores = np.zeros((1, 3, len(DETECTOR_CLASSES)), np.float32)
        scores[..., TOPWEAR] = 0.9, 0.8, 0.01
        masks = np.zeros((1, len(CATEGORIES), height // 4, width // 4), np.float32)
        return {"boxes": boxes, "scores": scores, "masks": masks}


def test_detections_come_back_in_photo_pixels():
    # 768 x 1024 has four times the network's area: one canvas pixel is two of the photo.
    stage = ArticleStage.of(Fake(), Settings())
    boxes, scores, labels = found_in(stage, np.zeros((1024, 768, 3), np.uint8), MIN_SCORE)
    np.testing.assert_allclose(boxes, [[0, 0, 128, 192]], atol=1)
    assert scores.tolist() == [pytest.approx(0.9)]
    assert labels.tolist() == [TOPWEAR]


def test_what_counts_as_found_is_what_the_settings_say():
    image = np.zeros((1024, 768, 3), np.uint8)
    for threshold, count in ((0.9, 1), (0.91, 0)):
        stage = ArticleStage.of(Fake(), Settings(article_threshold=threshold))
        assert len(found_in(stage, image)[0]) == count
        assert stage.thresholds[TOPWEAR] == pytest.approx(threshold)
        assert stage.thresholds[-1] == pytest.approx(Settings().person_threshold)
