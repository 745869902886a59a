"""What can be wrong with boxes, each case by hand; corners written for center and size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import labels, picture
from thatlook.data.boxes import check, reading_of
from thatlook.data.notes import Notes
from thatlook.data.reading import read
from thatlook.data.records import Annotation, Dataset, LabelledPhoto


def photo_of(*notes, size=(100, 100), split="train", name="a.jpg"):
    return LabelledPhoto(Path("/data") / name, size, notes, split)


def findings(*photos, form="yolo"):
    notes = Notes()
    check(Dataset(Path("/data"), form, photos, {"bag": "bag"}), notes)
    return {found.code: found for found in notes.findings()}


def bag(*box):
    return Annotation("bag", box, "bag")


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((10, 10, 50, 50), set()),
        ((0, 0, 100, 100), set()),
        ((-2, -2, 102, 102), set()),
        ((-3, 0, 50, 50), {"outside"}),
        ((10, 10, 50, 102.5), {"outside"}),
        ((200, 200, 300, 300), {"outside"}),
        ((50, 10, 50, 50), {"empty"}),
        ((50, 10, 40, 50), {"empty"}),
        ((10, 10, 13, 50), {"tiny"}),
        ((10, 10, 14, 50), set()),
        ((98, 10, 103, 50), {"outside"}),
    ],
)
def test_single_boxes(box, expected):
    found = findings(photo_of(bag(*box)))
    assert set(found) == expected
    for code, one in found.items():
        assert one.severity == ("warning" if code == "tiny" else "error")
        assert one.photos == (Path("/data/a.jpg"),)


def test_repeated_boxes():
    one, other = bag(10, 10, 50, 50), bag(10, 10, 50, 50.04)
    found = findings(photo_of(one, other, bag(10, 10, 50, 51)), photo_of(one))
    assert (found["repeated"].count, found["repeated"].severity) == (1, "warning")
    shirt = Annotation("topwear", (10, 10, 50, 50), "shirt")
    assert findings(photo_of(one, shirt)) == {}


def test_places_are_told_in_words():
    found = findings(photo_of(bag(-30, 0, 50, 50), name="train/a.jpg"))
    assert found["outside"].examples == ("train/a.jpg: bag -30.0 0.0 50.0 50.0",)


def read_twice(*numbers, size=(100, 100)):
    """A box whose four numbers are read as center and size, and as corners."""
    x, y, w, h = numbers
    return Annotation("bag", (x - w / 2, y - h / 2, x + w / 2, y + h / 2), "bag", numbers)


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([(20, 20, 80, 80)], "corners"),  # as center and size it starts at -20
        ([(80, 80, 20, 20)], "format"),  # as corners it is reversed
        ([(40, 40, 60, 60)], ""),  # both fit
        ([(90, 90, 50, 50)], ""),  # neither fits
        ([(20, 20, 80, 80), (40, 40, 60, 60)], "corners"),
        ([(20, 20, 80, 80), (80, 80, 20, 20)], ""),
    ],
)
def test_the_verdict_on_a_photo(rows, verdict):
    assert reading_of(photo_of(*(read_twice(*row) for row in rows))).verdict == verdict


def test_the_overlap_of_both_readings_by_hand():
    # as center and size (-20, -20, 60, 60), as corners (20, 20, 80, 80): 40 x 40 shared
    reading = reading_of(photo_of(read_twice(20, 20, 80, 80)))
    assert reading.overlap == pytest.approx(1600 / (80 * 80 + 60 * 60 - 1600))


def test_boxes_that_are_corners_anyway_have_one_reading():
    assert reading_of(photo_of(bag(1, 2, 3, 4))) is None
    assert reading_of(photo_of()) is None


def corners_dataset(folder, wrong, right):
    """`wrong` label files written as corners, `right` as center and size."""
    (folder / "data.yaml").write_text("train: train/images\nnames: [bag]\n")
    random = np.random.default_rng(0)
    for number in range(wrong + right):
        picture(folder / f"train/images/{number:03}.png", number, (32, 32))
        x, y = random.uniform(0.1, 0.4, 2)
        w, h = random.uniform(0.4, 0.5, 2)
        values = (x, y, x + w, y + h) if number < wrong else (x + w / 2, y + h / 2, w, h)
        row = " ".join(f"{value:.4f}" for value in values)
        labels(folder / f"train/labels/{number:03}.txt", f"0 {row}")
    return read(folder)


def test_210_of_240_written_as_corners(tmp_path):
    dataset = corners_dataset(tmp_path, 210, 30)
    notes = Notes()
    check(dataset, notes)
    found = notes.findings()[0]
    assert (found.code, found.severity) == ("corners", "error")
    assert 180 < found.count <= 210  # a few fit under both readings
    explained = f"of 240 photos, {found.count} fit the frame only when the four numbers are read as"
    assert "photos of train have their boxes written as corners" in found.message
    assert explained in found.message
    assert "write (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0" in found.message
    assert {path.name for path in found.photos} <= {f"{number:03}.png" for number in range(210)}


def test_right_files_with_a_few_wrong_ones_are_not_all_wrong(tmp_path):
    notes = Notes()
    check(corners_dataset(tmp_path, 10, 40), notes)
    codes = {found.code: found.count for found in notes.findings()}
    assert "corners" not in codes
    assert codes["outside"] > 5


def test_each_split_is_judged_alone():
    right = [photo_of(read_twice(80, 80, 20, 20), name=f"{n}.jpg") for n in range(5)]
    wrong = [photo_of(read_twice(20, 20, 80, 80), split="val", name=f"v{n}.jpg") for n in range(2)]
    found = findings(*right, *wrong)
    assert found["corners"].count == 2
    assert "photos of val have" in found["corners"].message
    assert "of 2 photos, 2 fit" in found["corners"].message


def test_coco_boxes_written_as_corners():
    wrong = Annotation("bag", (60, 60, 150, 150), "bag", (60, 60, 90, 90))
    found = findings(photo_of(wrong, split=""), form="coco")
    assert "photos have their boxes written as corners" in found["corners"].message
    assert "only when they are read as corner and size" in found["corners"].message
    assert "write x0, y0, x1 - x0, y1 - y0" in found["corners"].message
