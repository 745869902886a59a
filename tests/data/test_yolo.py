"""YOLO folders of both layouts, row by row."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.conftest import labels, picture
from thatlook.core.errors import DataError, MissingExtraError
from thatlook.data import layout
from thatlook.data.reading import read
from thatlook.data.yolo import annotation_of


def by_name(dataset):
    return {photo.path.name: photo for photo in dataset.photos}


def codes(dataset):
    return {found.code: found for found in dataset.findings}


def test_the_roboflow_layout(roboflow):
    found = read(roboflow)
    photos = by_name(found)
    assert found.format == "yolo"
    assert found.classes == {"tshirt": "topwear", "handbag": "bag", "umbrella": "other"}
    assert {name: photo.split for name, photo in photos.items()} == {
        "a.png": "train",
        "b.jpg": "train",
        "c.png": "val",
        "d.png": "test",
    }
    assert found.splits == ("train", "val", "test")
    shirt, bag = photos["a.png"].annotations
    assert photos["a.png"].size == (200, 100)
    assert shirt.category == "topwear"
    assert shirt.box == pytest.approx((80, 30, 120, 70))  # middle 100, 50; 40 x 40
    assert shirt.as_corners == pytest.approx((100, 50, 40, 40))
    assert bag.box == pytest.approx((10, 85, 30, 95))
    (umbrella,) = photos["b.jpg"].annotations
    assert umbrella.box == pytest.approx((10, 10, 30, 50))
    assert np.array(umbrella.outline) == pytest.approx(np.array([[10, 10], [30, 10], [30, 50]]))
    assert umbrella.as_corners is None
    assert photos["b.jpg"].kept == ()
    assert [photo.labelled for photo in found.photos] == [True, True, True, False]
    assert set(codes(found)) == {"unmatched_class"}
    assert codes(found)["unmatched_class"].examples == ("umbrella (1 boxes)",)


def test_the_ultralytics_layout(tmp_path):
    (tmp_path / "fashion.yaml").write_text(
        "path: data\ntrain: images/train\nval: [images/val, more.txt]\ntest:\n"
        "names:\n  0: dress\n  1: person\n"
    )
    picture(tmp_path / "data/images/train/a.png", 1)
    labels(tmp_path / "data/labels/train/a.txt", "1 0.5 0.5 0.5 0.5")
    picture(tmp_path / "data/images/val/b.png", 2)
    labels(tmp_path / "data/labels/val/b.txt")
    picture(tmp_path / "data/images/else/c.png", 3)
    (tmp_path / "data/more.txt").write_text("./images/else/c.png\n")
    found = read(tmp_path)
    assert [(p.path.name, p.split, p.labelled) for p in found.photos] == [
        ("a.png", "train", True),
        ("b.png", "val", True),
        ("c.png", "val", False),
    ]
    assert found.photos[0].annotations[0].category == "person"
    assert found.findings == ()


def test_customary_folders_where_the_file_names_none(tmp_path):
    (tmp_path / "data.yaml").write_text("names: [dress]")
    picture(tmp_path / "train/images/a.png", 1)
    picture(tmp_path / "valid/images/b.png", 2)
    picture(tmp_path / "images/test/c.png", 3)
    assert [p.split for p in read(tmp_path / "data.yaml").photos] == ["train", "val", "test"]


NAMES, CLASSES = ("dress",), {"dress": "dress"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("0 0.5 0.5 0.5", "malformed"),
        ("0 0.5 0.5 0.5 0.5 0.9", "malformed"),
        ("0 a b c d", "malformed"),
        ("0 nan 0.5 0.5 0.5", "malformed"),
        ("1 0.5 0.5 0.5 0.5", "unknown_class"),
        ("-1 0.5 0.5 0.5 0.5", "unknown_class"),
        ("0.5 0.5 0.5 0.5 0.5", "unknown_class"),
        ("0 50 50 20 20", "pixels"),
    ],
)
def test_bad_rows(row, expected):
    assert annotation_of(row.split(), (100, 100), NAMES, CLASSES) == expected


def test_bad_rows_are_told_with_their_place(roboflow):
    labels(roboflow / "train/labels/a.txt", "0 0.5 0.5 0.2 0.4", "0 0.5", "7 0.5 0.5 0.1 0.1")
    found = codes(read(roboflow, {"umbrella": "other"}))
    assert found["malformed"].examples == ("train/labels/a.txt:2",)
    assert found["unknown_class"].examples == ("train/labels/a.txt:3",)
    assert {one.severity for one in found.values()} == {"error"}
    assert len(by_name(read(roboflow))["a.png"].annotations) == 1


def test_what_is_missing_is_told(roboflow):
    labels(roboflow / "valid/labels/ghost.txt", "0 0.5 0.5 0.2 0.4")
    labels(roboflow / "valid/labels/classes.txt", "tshirt")
    (roboflow / "train/images/e.jpg").write_text("no photo")
    (roboflow / "test/images/d.png").unlink()
    text = (roboflow / "data.yaml").read_text().replace("nc: 3", "nc: 4")
    (roboflow / "data.yaml").write_text(text.replace("../valid", "../validation"))
    found = codes(read(roboflow))
    assert found["missing_split"].examples == ("val: ../validation/images",)
    assert found["missing_split"].severity == "error"
    assert found["empty_split"].examples == ("test: ../test/images",)
    assert found["empty_split"].severity == "warning"  # many never measure on it
    assert found["unreadable"].examples[0].startswith("train/images/e.jpg: not a photo in a known")
    assert "4 classes, 3 names" in found["class_count"].message
    (roboflow / "data.yaml").write_text(text)
    assert codes(read(roboflow))["no_photo"].examples == ("valid/labels/ghost.txt",)


def test_boxes_are_of_the_upright_photo(tmp_path):
    (tmp_path / "data.yaml").write_text("train: train/images\nnames: [dress]")
    path = picture(tmp_path / "train/images/a.jpg", 1, (200, 100))
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.open(path).save(path, exif=turned)
    labels(tmp_path / "train/labels/a.txt", "0 0.5 0.5 1 1")
    (photo,) = read(tmp_path).photos
    assert photo.size == (100, 200)
    assert photo.annotations[0].box == (0, 0, 100, 200)


def test_label_of():
    assert layout.label_of(Path("/images/x/images/a/b.jpg")) == Path("/images/x/labels/a/b.txt")
    assert layout.label_of(Path("/photos/b.jpg")) == Path("/photos/b.txt")
    assert layout.label_of(Path("/photos/images.jpg")) == Path("/photos/images.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: [", "expected a YAML file"),
        ("- a", "expected names, train and val"),
        ("train: images", "names must list"),
        ("names: {1: a}", "names must list"),
        ("names: [a]", "expected train, val or test"),
    ],
)
def test_files_that_describe_nothing(tmp_path, text, message):
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(DataError, match=message):
        read(tmp_path)


def test_folders_without_a_data_set(tmp_path):
    with pytest.raises(DataError, match="no labelled data set"):
        read(tmp_path)
    with pytest.raises(DataError, match="expected a folder, a COCO file or"):
        read(tmp_path / "none")


def test_without_a_yaml_parser_the_extra_is_named(roboflow, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'thatlook\[eval\]'"):
        read(roboflow)
