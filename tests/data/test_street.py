"""The street photos' own form."""

from __future__ import annotations

import json

import pytest

from tests.data.conftest import picture
from thatlook.core.errors import DataError
from thatlook.data.reading import read


def write(tmp_path, *rows):
    for seed, row in enumerate(rows):
        picture(tmp_path / "images" / row["file"], seed, (100, 80))
    (tmp_path / "street.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return tmp_path


SUIT = {
    "file": "a.png",
    "width": 100,
    "height": 80,
    "gender": "male",
    "tags": ["suit"],
    "articles": [
        {"category": "suit", "box": [10, 10, 50, 70]},
        {"category": "bag", "box": [60, 10, 90.5, 40]},
    ],
}
TAGGED = {"file": "b.png", "width": 100, "height": 80, "tags": ["dress"]}


def test_boxes_suits_and_photos_without_labels(tmp_path):
    folder = write(tmp_path, SUIT, TAGGED)
    (folder / "masks").mkdir()
    (folder / "masks/a.png").write_bytes(b"")
    suit, tagged = read(folder).photos
    assert suit.extras == {
        "gender": "male",
        "tags": ["suit"],
        "suit": True,
        "mask": folder / "masks/a.png",
    }
    assert [(a.category, a.name, a.box) for a in suit.annotations] == [
        ("other", "suit", (10, 10, 50, 70)),
        ("bag", "bag", (60, 10, 90.5, 40)),
    ]
    assert (tagged.labelled, tagged.annotations, tagged.split) == (False, (), "")
    assert tagged.extras == {"tags": ["dress"], "suit": False}


def test_a_suit_can_be_outerwear_and_splits_come_from_outside(tmp_path):
    found = read(write(tmp_path, SUIT), {"suit": "outerwear"}, lambda name: "val")
    assert found.photos[0].annotations[0].category == "outerwear"
    assert found.photos[0].split == "val"
    assert found.findings == ()


def test_a_folder_that_holds_it(tmp_path):
    write(tmp_path / "street", SUIT)
    assert read(tmp_path).root == tmp_path / "street"


def test_what_is_broken_is_told(tmp_path):
    broken = {**SUIT, "articles": [{"category": "hat", "box": [0, 0, 1, 1]}, {"category": "bag"}]}
    found = {one.code: one for one in read(write(tmp_path, {**broken, "width": 99})).findings}
    assert found["unknown_class"].examples == ("street.jsonl:1: hat",)
    assert found["malformed"].count == 1
    assert found["size"].examples == ("a.png: 100 x 80, not 99 x 80",)


@pytest.mark.parametrize("text", ["{", "[1]", '{"name": "a"}'])
def test_lines_that_are_no_photos(tmp_path, text):
    (tmp_path / "street.jsonl").write_text(text)
    with pytest.raises(DataError, match="expected"):
        read(tmp_path)


@pytest.mark.data
def test_the_real_ones(data):
    found = read(data)
    assert len(found.photos) == 1812
    assert sum(photo.labelled for photo in found.photos) == 871
    assert sum(photo.extras["suit"] for photo in found.photos) == 76
    assert {one.code for one in found.findings} == {"unmatched_class"}
