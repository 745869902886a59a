"""The whole audit: on clean data, on data with every fault, as text, JSON, picture, command."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageColor

from tests.data.conftest import labels, picture
from thatlook.cli import main
from thatlook.core.errors import DataError
from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.data.audit import audit
from thatlook.data.boxes import check
from thatlook.data.notes import Notes
from thatlook.data.reading import read
from thatlook.data.sheet import contact_sheet
from thatlook.data.table import table
from thatlook.render.photo import color_of


def codes(found):
    return {one.code: one for one in found.findings}


def test_what_is_counted(roboflow):
    found = audit(read(roboflow))
    assert found.counts == {
        "photos": 4,
        "labelled": 3,
        "boxes": 4,
        "kept": 3,
        "photos_train": 2,
        "photos_val": 1,
        "photos_test": 1,
    }
    assert found.balance["topwear"] == {"train": 1, "val": 1, "test": 0}
    assert found.balance["bag"] == {"train": 1, "val": 0, "test": 0}
    assert found.balance["other"] == {"train": 1, "val": 0, "test": 0}
    assert list(found.balance) == [*DETECTOR_CLASSES, "other"]
    assert set(codes(found)) == {"unmatched_class", "no_label", "rare", "absent"}
    assert codes(found)["rare"].count == 9
    assert codes(found)["absent"].examples == ("topwear in test", "bag in val", "bag in test")
    assert found.errors == ()
    found.require()


def test_a_photo_in_two_splits_is_a_leak(roboflow):
    shutil.copy(roboflow / "train/images/a.png", roboflow / "valid/images/copy.png")
    Image.open(roboflow / "train/images/deep/b.jpg").save(roboflow / "test/images/near.png")
    shutil.copy(roboflow / "test/images/d.png", roboflow / "test/images/e.png")
    found = codes(audit(read(roboflow)))
    leak = found["duplicate_across"]
    assert (leak.severity, leak.examples) == ("error", ("train/a.png = val/copy.png",))
    near = found["near_duplicate_across"]
    assert (near.severity, near.examples) == ("warning", ("train/b.jpg = test/near.png",))
    assert found["duplicate"].examples == ("test/d.png = test/e.png",)
    assert found["duplicate"].severity == "warning"


def test_damaged_photos_and_empty_labels(roboflow):
    path = roboflow / "train/images/deep/b.jpg"
    path.write_bytes(path.read_bytes()[:-300])
    labels(roboflow / "valid/labels/c.txt")
    found = codes(audit(read(roboflow)))
    assert found["damaged"].severity == "error"
    assert found["damaged"].examples[0].startswith("b.jpg: damaged or cut off")
    assert found["no_box"].examples == ("c.png",)
    assert found["no_box"].severity == "warning"


def test_data_without_a_photo(tmp_path):
    (tmp_path / "data.yaml").write_text("train: train\nnames: [hat, dog]")
    (tmp_path / "train").mkdir()
    found = audit(read(tmp_path))
    assert {one.code for one in found.errors} == {"empty_split", "no_photos"}
    assert "photos 0" in table(found)


def test_nothing_but_foreign_classes_is_an_error(tmp_path):
    (tmp_path / "data.yaml").write_text("train: train\nnames: [cat, dog]")
    picture(tmp_path / "train/a.png", 1)
    labels(tmp_path / "train/a.txt", "0 0.5 0.5 0.5 0.5")
    found = audit(read(tmp_path))
    assert [one.code for one in found.errors] == ["unmatched_class"]
    assert found.errors[0].examples == ("cat (1 boxes)", "dog (0 boxes)")
    with pytest.raises(DataError, match="labels have errors: 2 class names are none"):
        found.require()
    found.require(ignore=True)
    mapped = audit(read(tmp_path, {"cat": "bag", "dog": "other"}))
    assert mapped.errors == ()


def test_the_table(roboflow):
    labels(roboflow / "train/labels/a.txt", "0 0.5 0.5 1.2 0.4")
    lines = table(audit(read(roboflow))).splitlines()
    assert lines[0] == f"label audit of {roboflow.resolve()} (yolo)"
    assert lines[1] == "photos 4, of them labelled 3"
    assert lines[4].split() == ["category", "train", "val", "test", "all"]
    assert lines[5].split() == ["topwear", "1", "1", "0", "2"]
    first = next(line for line in lines if line.startswith("ERROR"))
    assert first.split()[:3] == ["ERROR", "outside", "1"]
    assert first.split()[3:7] == ["boxes", "reach", "more", "than"]
    assert lines[-1] == "kinds of errors: 1, of warnings: 4"
    assert max(map(len, lines[1:])) <= 100


def test_the_contact_sheet(roboflow, tmp_path):
    labels(roboflow / "train/labels/a.txt", "0 0.1 0.1 0.6 0.6", "1 0.5 0.5 -0.2 0.2")
    dataset = read(roboflow)
    found = audit(dataset)
    assert "corners" not in codes(found)  # one box of the photo is reversed under both readings
    path = tmp_path / "sheet.png"
    assert contact_sheet(dataset, found, path) == 3
    assert not (tmp_path / "sheet.png.part").exists()
    sheet = np.asarray(Image.open(path).convert("RGB"))
    assert sheet.shape == (6 + 390 + 30 + 6, 5 * 266 + 6, 3)
    for category in ("topwear", "bag", "other"):
        assert (sheet == ImageColor.getrgb(color_of(category))).all(axis=2).any(), category
    assert not (sheet == ImageColor.getrgb(color_of("dress"))).all(axis=2).any()
    assert contact_sheet(dataset, found, path, count=2, columns=1) == 2
    assert np.asarray(Image.open(path)).shape[:2] == (2 * 426 + 6, 272)


def test_the_sheet_leaves_out_what_cannot_be_decoded(roboflow, tmp_path):
    dataset = read(roboflow)
    found = audit(dataset)
    (roboflow / "valid/images/c.png").write_bytes(b"gone bad")
    assert contact_sheet(dataset, found, tmp_path / "sheet.png") == 2


def run(*arguments):
    return main(["evaluate", "article", *map(str, arguments)])


def test_the_command(roboflow, tmp_path, capsys):
    options = ("--sheet", tmp_path / "s.png", "--audit-json", tmp_path / "a.json")
    assert run("--audit", roboflow, "--map-class", "umbrella=other", *options) == 0
    out, err = capsys.readouterr()
    assert out.startswith("label audit of")
    assert "3 photos drawn" in err
    written = json.loads((tmp_path / "a.json").read_text())
    assert written["ok"] is True
    assert written["counts"]["photos"] == 4
    assert {one["code"] for one in written["findings"]} == {"no_label", "rare", "absent"}
    assert set(written["findings"][0]) == {"code", "severity", "message", "count", "examples"}

    labels(roboflow / "train/labels/a.txt", "0 0.5 0.5 3 3")
    assert run("--audit", roboflow) == 1
    capsys.readouterr()
    assert run("--audit", roboflow, "--map-class", "umbrella") == 2
    assert "expected NAME=CATEGORY, not 'umbrella'" in capsys.readouterr().err


TWICE = {"0183.jpg", "0730.jpg", "0403.jpg", "1074.jpg", "1666.jpg"}
"""Two pairs of nearly the same street photos, and one that only resembles the second."""


@pytest.mark.data
def test_street_labels_are_without_errors(data):
    street = read(data)
    few = tuple(p for p in street.photos if p.path.name in TWICE or p.path.name < "0040")
    found = audit(replace(street, photos=few))
    assert found.errors == ()
    assert codes(found)["near_duplicate"].examples == ("0183.jpg = 0730.jpg", "0403.jpg = 1074.jpg")
    notes = Notes()
    check(street, notes)
    assert notes.findings() == ()
