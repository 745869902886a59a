"""One's own YOLO export as the article stage: small networks of its layouts, real Session."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vision.stages.graphs import UNCHANGED, detector, entry
from thatlook.core.errors import ModelError
from thatlook.core.image import fit_square
from thatlook.core.records import Box
from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session
from thatlook.vision.stages.article import ArticleStage
from thatlook.vision.stages.yolo import YoloReader

SIDE = 64
CLASSES = ["person", "tshirt", "Long_sleeve_top", "umbrella", "hand luggage"]
PHOTO = np.full((128, 64, 3), 255, np.uint8)
"""White, 64 wide and 128 high: on the canvas 32 x 64 at x = 16."""

# middle x, middle y, width, height on the canvas; objectness; the five classes' probabilities
ROWS = np.array(
    [
        [32, 32, 32, 64, 0.9, 1.0, 0.0, 0.0, 0.0, 0.0],
        [32, 20, 16, 20, 0.8, 0.0, 0.5, 0.9, 0.0, 0.0],
        [32, 20, 16, 22, 0.8, 0.0, 0.6, 0.1, 0.0, 0.0],
        [24, 40, 8, 8, 1.0, 0.0, 0.0, 0.0, 0.9, 0.0],
        [42, 44, 4, 8, 1.0, 0.0, 0.0, 0.0, 0.0, 0.7],
        [32, 50, 8, 8, 0.1, 0.0, 1.0, 0.0, 0.0, 0.0],
    ]
)


def answer_of(form):
    if form == "yolov5":
        return ROWS[None]
    merged = np.concatenate([ROWS[:, :4], ROWS[:, 5:] * ROWS[:, 4:5]], axis=1)
    return merged.T[None]


def entry_of(tmp_path, form, answer=None, **changes):
    path = detector(tmp_path / "own.onnx", answer_of(form) if answer is None else answer, SIDE)
    content = {
        "task": "article",
        "format": form,
        "input": {"name": "images", "size": SIDE, **UNCHANGED},
        "outputs": {"output0": {}},
        "classes": CLASSES,
        "categories": {"hand luggage": "bag"},
        **changes,
    }
    return entry(path, **content)


def stage_of(tmp_path, form, **changes):
    session = Session(resolve("article", str(entry_of(tmp_path, form, **changes))), threads=1)
    return ArticleStage(session, 0.35, 0.35, 0.6)


@pytest.mark.parametrize("form", ["yolov5", "yolov8"])
def test_boxes_of_the_photo(tmp_path, form):
    found = stage_of(tmp_path, form).run(PHOTO)
    assert [one.label for one in found] == ["person", "topwear", "bag"]
    assert [one.score for one in found] == pytest.approx([0.9, 0.72, 0.7])
    # a photo pixel is half a canvas pixel, and the photo starts at x = 16
    assert found[0].box == Box(0, 0, 64, 128)
    # two rows about one top, 0.8 * 0.9 and 0.8 * 0.6, from 20 to 60 and from 18 to 62
    top = found[1].box
    assert (top.x0, top.y0, top.x1, top.y1) == pytest.approx((16, 19.2, 48, 60.8))
    assert found[2].box == Box(48, 80, 56, 96)
    assert all(one.mask is None for one in found)


@pytest.mark.parametrize("form", ["yolov5", "yolov8"])
def test_black_goes_in_as_zero(tmp_path, form):
    black = np.zeros((64, 64, 3), np.uint8)
    assert stage_of(tmp_path, form).run(black) == []  # fills the canvas: no padding to see
    white = np.full((64, 64, 3), 255, np.uint8)
    assert len(stage_of(tmp_path, form).run(white)) == 3


def test_a_lower_least_shows_weaker_candidates(tmp_path):
    found = stage_of(tmp_path, "yolov8").run(PHOTO, 0.05)
    assert [one.label for one in found] == ["person", "topwear", "bag", "topwear"]
    assert found[3].score == pytest.approx(0.1)


def slow_read(rows, labels):
    """Boxes and scores by loops over candidates and classes."""
    boxes, scores = [], np.zeros((len(rows), len(DETECTOR_CLASSES)))
    for index, (x, y, w, h, objectness, *classes) in enumerate(rows):
        boxes.append((x - w / 2, y - h / 2, x + w / 2, y + h / 2))
        for label, value in zip(labels, classes, strict=True):
            if label is not None:
                column = DETECTOR_CLASSES.index(label)
                scores[index, column] = max(scores[index, column], value * objectness)
    return np.array(boxes), scores


@pytest.mark.parametrize("seed", range(3))
def test_reading_equals_the_slow_one(tmp_path, seed):
    random = np.random.default_rng(seed)
    rows = random.uniform(0, 1, (200, 10)) * ([SIDE] * 4 + [1] * 6)
    labels = ["person", "topwear", "topwear", None, "bag"]
    boxes, scores = slow_read(rows, labels)
    merged = np.concatenate([rows[:, :4], rows[:, 5:] * rows[:, 4:5]], axis=1).T
    for form, raw in (("yolov5", rows), ("yolov8", merged)):
        reader = YoloReader.of(resolve("article", str(entry_of(tmp_path, form))))
        found_boxes, found_scores, masks = reader.read({"output0": raw})
        np.testing.assert_allclose(found_boxes, boxes, atol=1e-9)
        np.testing.assert_allclose(found_scores, scores, atol=1e-6)
        assert masks is None


def test_the_square():
    wide = fit_square(np.full((10, 40, 3), 7, np.uint8), 20, 114)
    assert wide.canvas.shape == (20, 20, 3)
    assert (wide.canvas[7:12] == 7).all()  # 20 x 5 with 7 rows above it
    assert (wide.canvas[:7] == 114).all()
    assert (wide.canvas[12:] == 114).all()
    assert (wide.sx, wide.sy, wide.dx, wide.dy) == (0.5, 0.5, 0, 7)
    corners = np.array([0.0, 7.0, 20.0, 12.0])
    assert wide.to_image(corners).tolist() == [0, 0, 40, 10]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": CLASSES[:4], "categories": {}}, r"gives \(1, candidates, 9\).*\(1, 6, 10\)"),
        ({"format": "yolov8"}, r"gives \(1, 9, candidates\), this network \(1, 6, 10\)"),
    ],
)
def test_another_shape_is_refused(tmp_path, changes, message):
    stage = stage_of(tmp_path, "yolov5", **changes)
    with pytest.raises(ModelError, match=message):
        stage.run(PHOTO)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": []}, "needs classes"),
        ({"classes": {"0": "bag"}}, "needs classes"),
        ({"categories": ["bag"]}, "may have categories"),
        ({"classes": ["umbrella", "dog"], "categories": {}}, "none of the classes umbrella, dog"),
        ({"categories": {"hats": "headwear"}}, "no class is called 'hats'"),
        ({"categories": {"umbrella": "parasol"}}, "must become one of"),
        ({"input": {"name": "images", "size": SIDE}}, "input.mean must be .* it is missing"),
        ({"input": UNCHANGED}, "input.size must be a whole number .* it is missing"),
        ({"input": {**UNCHANGED, "size": "640"}}, "input.size must be .* it is '640'"),
        ({"input": {**UNCHANGED, "size": SIDE, "name": 3}}, "input.name must be"),
        ({"outputs": {"a": {}, "b": {}}}, "expected one output"),
        ({"format": "yolov3"}, "format must be one of thatlook, yolov5, yolov8"),
    ],
)
def test_incomplete_entries_are_refused(tmp_path, changes, message):
    with pytest.raises(ModelError, match=message):
        stage_of(tmp_path, "yolov8", **changes)
