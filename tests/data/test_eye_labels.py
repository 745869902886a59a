"""Street photos by what an eye saw."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import picture
from thatlook.core.errors import DataError
from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.data.eye_labels import eye_photos, with_eye_labels
from thatlook.data.scenes import PERSON, Scene

DRESS, SKIRT, SHOES, BAG, HAT = (
    DETECTOR_CLASSES.index(name) for name in ("dress", "bottomwear", "footwear", "bag", "headwear")
)


def scene(name):
    boxes = np.array([[10, 20, 30, 40], [0, 0, 50, 90]], np.float32)
    known = np.ones(len(DETECTOR_CLASSES), bool)
    mask = Path("mask.png")
    return Scene(Path(name), "street", "val", boxes, np.array([DRESS, PERSON]), known, mask)


def article(category, box, *, wrong=False):
    return {"category": category, "box": box, "box_wrong": wrong}


def test_categories_boxes_and_what_is_not_known(tmp_path):
    row = {
        "file": "a.jpg",
        "articles": [
            article("bottomwear", [10, 20, 30, 41]),
            article("footwear", [1, 2, 3, 4], wrong=True),
        ],
        "unboxed": [{"category": "bag"}],
    }
    path = tmp_path / "eye.jsonl"
    other = {"file": "c.jpg", "articles": [article("headwear", [1, 2, 3, 4])], "unboxed": []}
    path.write_text(f"{json.dumps(row)}\n{json.dumps(other)}\n")
    (found,) = with_eye_labels([scene("a.jpg"), scene("b.jpg")], path)
    assert found.labels.tolist() == [SKIRT, PERSON]
    assert found.boxes.tolist() == [[10, 20, 30, 41], [0, 0, 50, 90]]
    # No dress, coat or scarf was labelled anywhere: whoever looked may not have looked for them.
    assert np.flatnonzero(found.known).tolist() == [SKIRT, HAT, PERSON]
    assert found.mask is None  # it is of the old categories


def test_a_file_that_is_none(tmp_path):
    (tmp_path / "eye.jsonl").write_text("no json\n")
    with pytest.raises(DataError, match=r"eye\.jsonl"):
        with_eye_labels([scene("a.jpg")], tmp_path / "eye.jsonl")


@pytest.mark.parametrize(
    "row",
    [
        {"articles": [], "unboxed": []},
        {"file": "a.jpg", "articles": [], "unboxed": [{"category": "belt"}]},
        {"file": "a.jpg", "articles": [article("bag", [1, 2, 3])], "unboxed": []},
    ],
)
def test_a_row_that_is_none(tmp_path, row):
    path = tmp_path / "eye.jsonl"
    path.write_text("\n" + json.dumps(row) + "\n")
    with pytest.raises(DataError, match=r"eye\.jsonl:2: expected file, articles"):
        with_eye_labels([scene("a.jpg")], path)


def person_row(name, *articles, notes=("full",), **changed):
    person = {"gender": "male", "view": "side", "skin": "dark", "notes": list(notes)}
    row = {"file": name, "size": [60, 90], "person": person, "articles": list(articles)}
    return {**row, "unboxed": [], **changed}


def photos_of(tmp_path, *rows):
    (tmp_path / "eye.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return eye_photos(tmp_path, tmp_path / "eye.jsonl")


def test_photos_by_their_eye_labels_alone(tmp_path):
    picture(tmp_path / "a.png", 1, (60, 90))
    articles = [
        {**article("bag", [1, 2, 3, 4]), "drawn": True},
        {**article("bag", [1, 2, 3, 5]), "drawn": False},
        article("dress", [1, 2, 9, 9]),
        {**article("headwear", [1, 1, 2, 2], wrong=True), "drawn": True},
    ]
    row = person_row("a.png", *articles, unboxed=[{"category": "footwear"}])
    found = photos_of(tmp_path, row, person_row("b.png", notes=("full", "odd")))
    (photo,) = found.photos
    assert found.scenes == [photo.scene]
    assert (photo.scene.gender, photo.scene.view, photo.skin) == ("male", "side", "dark")
    assert (photo.notes, photo.drawn, found.odd) == ({"full"}, 1, 1)
    assert photo.scene.labels.tolist() == [BAG, BAG, DRESS]
    assert np.flatnonzero(photo.scene.known).tolist() == sorted([BAG, DRESS])
    assert found.drawn_share == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            [person_row("b.png"), person_row("a.png")],
            r"1 of 2 photos of eye\.jsonl are missing, first b\.png; labels/README\.md of the",
        ),
        ([person_row("a.png", size=[90, 60])], r"a\.png: \(60, 90\), but \(90, 60\) was read"),
        ([person_row("a.png", notes=("odd",))], "no photo without the note odd"),
        ([person_row("a.png", person={"gender": "male"})], r"eye\.jsonl:1: expected .*'view'"),
        ([person_row("a.png"), {**person_row("a.png"), "size": [60]}], r"eye\.jsonl:2: expected"),
        ([person_row("a.png", person={**person_row("")["person"], "gender": "man"})], "man, side"),
    ],
)
def test_photos_that_cannot_be_measured(tmp_path, rows, told):
    picture(tmp_path / "a.png", 1, (60, 90))
    with pytest.raises(DataError, match=told):
        photos_of(tmp_path, *rows)


@pytest.mark.data
def test_the_real_ones(data):
    from thatlook.data.scenes import street_scenes

    street = [s for s in street_scenes(data / "street") if s.kind == "street"]
    found = with_eye_labels(street, data / "street" / "eye_labels.jsonl")
    val = [s for s in found if s.split == "val"]
    assert (len(street), len(found), len(val)) == (793, 659, 111)
    assert sum((s.labels == DRESS).sum() for s in found) < sum(
        (s.labels == DRESS).sum() for s in street
    )
