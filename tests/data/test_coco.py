"""COCO files: boxes, key points, polygons, where photos lie, what is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.data.conftest import coco_content, picture
from thatlook.core.errors import DataError
from thatlook.data.coco import split_in
from thatlook.data.reading import read


def test_boxes_key_points_and_outlines(coco):
    found = read(coco)
    first, second = found.photos
    assert found.classes == {"Handbag": "bag", "person": "person"}
    assert (first.path, first.size, first.split) == (coco / "train/a.png", (100, 80), "train")
    bag, person = first.annotations
    assert (bag.category, bag.name, bag.box) == ("bag", "Handbag", (10, 20, 40, 60))
    assert bag.as_corners == (10, 20, 30, 40)
    assert bag.outline == ((10, 20), (40, 20), (40, 60))
    assert bag.keypoints == ()
    assert person.box == (0, 0, 100, 80)
    assert person.keypoints[0] == (0, 1, 2)
    assert person.keypoints[16] == (16, 17, 2)
    assert (second.annotations, second.labelled) == ((), True)
    assert [(one.code, one.severity) for one in found.findings] == [("crowd", "warning")]


def test_the_official_layout(tmp_path):
    for split, seed in (("train", 1), ("val", 3)):
        picture(tmp_path / f"{split}2017/a.png", seed, (100, 80))
        picture(tmp_path / f"{split}2017/b.png", seed + 1, (100, 80))
        place = tmp_path / f"annotations/instances_{split}2017.json"
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(coco_content()))
    (tmp_path / "annotations/captions_val2017.json").write_text("{}")
    found = read(tmp_path)
    assert [photo.split for photo in found.photos] == ["train", "train", "val", "val"]
    assert found.root == tmp_path


def test_what_is_broken_is_told(coco):
    content = coco_content()
    content["images"][1]["file_name"] = "gone.png"
    content["images"][0] |= {"width": 80, "height": 100}
    content["annotations"] += [
        {"id": 4, "image_id": 7, "category_id": 6, "bbox": [1, 2, 3, 4]},
        {"id": 5, "image_id": 7, "category_id": 5, "bbox": [1, 2, 3]},
        {"id": 6, "image_id": 99, "category_id": 5, "bbox": [1, 2, 3, 4]},
    ]
    path = coco / "train/_annotations.coco.json"
    path.write_text(json.dumps(content))
    found = {one.code: one for one in read(path).findings}
    assert found["unreadable"].examples == ("gone.png: no such file",)
    assert found["size"].examples == ("a.png: 100 x 80, not 80 x 100",)
    assert found["unknown_class"].examples == ("a.png: annotation 4",)
    assert found["malformed"].examples == ("a.png: annotation 5",)
    assert found["no_photo"].examples == ("image_id 99: 1",)


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("a/train/_annotations.coco.json", "train"),
        ("a/valid/_annotations.coco.json", "val"),
        ("a/annotations/instances_val2017.json", "val"),
        ("a/annotations/person_keypoints_test.json", "test"),
        ("a/latest/trainers.json", ""),
    ],
)
def test_splits(path, split):
    assert split_in(Path(path)) == split


@pytest.mark.parametrize(
    "text",
    ["[", "[]", '{"images": [], "annotations": []}', '{"images": [{"id": 1}]}'],
)
def test_files_that_are_not_coco(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match="COCO"):
        read(tmp_path / "x.json")


def test_ids_that_are_there_twice_are_told_and_the_first_counts(coco):
    content = coco_content()
    content["images"].append({"id": 7, "file_name": "b.png", "width": 100, "height": 80})
    content["categories"].append({"id": 5, "name": "Hat"})
    path = coco / "train/_annotations.coco.json"
    path.write_text(json.dumps(content))
    found = read(path)
    assert [(photo.path.name, len(photo.annotations)) for photo in found.photos] == [
        ("a.png", 2),
        ("b.png", 0),
    ]
    assert found.photos[0].annotations[0].name == "Handbag"
    told = {one.code: (one.severity, one.examples) for one in found.findings}
    assert told["repeated_id"] == ("error", ("7: a.png and b.png",))
    assert told["repeated_class"] == ("error", ("5: Handbag and Hat",))


def test_photos_that_lie_elsewhere_say_where_they_were_looked_for(coco):
    path = coco / "lists/labels.json"
    path.parent.mkdir()
    path.write_text(json.dumps(coco_content()))
    (found,) = [one for one in read(path).findings if one.code == "unreadable"]
    assert found.count == 2
    assert "looked for beside labels.json, in images/" in found.message
