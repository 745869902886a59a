"""Labels made by eye in place of others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.data.product_boxes import FILE, read_product_boxes
from thatlook.data.scenes import NO_MASK, PERSON, Scene
from thatlook.training.looked_at import looked_at
from thatlook.training.scenes import named_alone

TOPWEAR, OUTERWEAR, BAG, HAT = (
    DETECTOR_CLASSES.index(name) for name in ("topwear", "outerwear", "bag", "headwear")
)
JUDGED = ("bag", "headwear", "footwear")
ALL = np.ones(len(DETECTOR_CLASSES), bool)


def scene(name, kind, split="train", *, known=ALL, mask=None):
    boxes = np.array([[0, 0, 50, 90]], np.float32)
    person = np.array([PERSON])
    if kind == "tagged":
        boxes, person, known = boxes[:0], person[:0], ~ALL
    return Scene(Path(name), kind, split, boxes, person, known, mask)


def eye(name, *articles, unboxed=()):
    rows = [{"category": c, "box": box, "box_wrong": False} for c, box in articles]
    unseen = [{"category": c} for c in unboxed]
    return json.dumps({"file": name, "articles": rows, "unboxed": unseen}) + "\n"


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "street").mkdir()
    labels = tmp_path / "labels"
    labels.mkdir()
    top, shoes = ("topwear", [1, 2, 3, 4]), ("footwear", [5, 6, 7, 8])
    (tmp_path / "street" / "eye_labels.jsonl").write_text(eye("a.jpg", top, unboxed=["bag"]))
    (labels / "street_labelled.jsonl").write_text(eye("b.jpg", shoes))
    (labels / "street_tagged.jsonl").write_text(eye("c.jpg", top) + eye("d.jpg", top))
    box = {"box": [1, 1, 9, 9], "category": "topwear", "box_wrong": False}
    rows = [
        {"photo": "10", "person": "full", "seen": ["topwear", "bottomwear"], "boxes": [box]},
        {"photo": "11", "person": "several", "seen": [], "boxes": []},
        {"photo": "12", "person": "none", "seen": ["topwear"], "boxes": [box]},
        {"photo": "13", "person": "full", "seen": [], "boxes": []},
    ]
    # A network found one of each of these, and somebody saw that there is none.
    rows[3]["boxes"] = [box | {"category": None, "proposed": name} for name in JUDGED]
    rows[0]["boxes"].append(box | {"category": None})
    rows[0]["boxes"].append(box | {"category": "footwear", "box_wrong": True})
    (labels / FILE).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path, labels


def test_who_teaches_and_what_is_known(folders):
    data, labels = folders
    mask = Path("a.png")
    scenes = [
        scene("x.jpg", "model"),
        scene("a.jpg", "street", mask=mask),
        scene("b.jpg", "street", "val"),
        scene("c.jpg", "tagged"),
        scene("d.jpg", "tagged", "val"),
        scene("e.jpg", "tagged"),
        scene("f.jpg", "street"),
        scene("10.jpg", "model"),
        scene("11.jpg", "model"),
        scene("12.jpg", "model"),
        scene("p.jpg", "product"),
    ]
    found = {s.path.stem: s for s in looked_at(scenes, data, labels)}
    # d would be judged by a network's own boxes; nobody looked at f; 11 shows several people.
    assert set(found) == {"x", "a", "b", "c", "e", "10", "12", "p"}
    assert [DETECTOR_CLASSES[i] for i in np.flatnonzero(found["x"].known)] == ["bag", "headwear"]
    assert len(found["x"].boxes) == 0
    assert found["a"].labels.tolist() == [TOPWEAR, PERSON]
    assert found["a"].mask == mask
    assert np.flatnonzero(found["a"].known).tolist() == [TOPWEAR, PERSON]
    assert (found["c"].kind, found["e"].kind) == ("street", "tagged")
    assert found["c"].labels.tolist() == [TOPWEAR]
    assert np.flatnonzero(found["c"].known).tolist() == [TOPWEAR]
    assert found["10"].labels.tolist() == [PERSON, TOPWEAR]
    judged = [TOPWEAR, BAG, HAT, PERSON]
    assert np.flatnonzero(found["10"].known).tolist() == judged  # trousers and shoes: seen, no box
    assert found["12"].labels.tolist() == [TOPWEAR]


def test_rows_that_are_none(tmp_path):
    (tmp_path / FILE).write_text(
        '{"photo": "1", "person": "full", "seen": ["belt"], "boxes": []}\n'
    )
    with pytest.raises(DataError, match=r"product_boxes\.jsonl:1: expected photo, person"):
        read_product_boxes(tmp_path)


def test_pixels_of_what_no_label_names_are_unclear():
    mask = np.array([[0, TOPWEAR + 1, OUTERWEAR + 1, NO_MASK]], np.uint8)
    shown = named_alone(mask, np.array([PERSON, OUTERWEAR]))
    assert shown.tolist() == [[0, NO_MASK, OUTERWEAR + 1, NO_MASK]]
