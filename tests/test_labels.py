"""The label files that the repository has: what their README says of them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.data.eye_labels import with_eye_labels
from thatlook.data.product_boxes import read_product_boxes
from thatlook.data.scenes import Scene

LABELS = Path(__file__).parent.parent / "labels"


def rows(name):
    return [json.loads(line) for line in (LABELS / name).read_text().splitlines()]


def inside(box, size):
    x0, y0, x1, y1 = box
    return 0 <= x0 < x1 <= size[0] + 0.5 and 0 <= y0 < y1 <= size[1] + 0.5


@pytest.mark.parametrize(
    ("name", "photos", "articles", "dropped"),
    [
        ("street_labelled.jsonl", 144, 654, 15),
        ("street_tagged.jsonl", 939, 4314, 650),
        ("foreign.jsonl", 290, 681, 249),
    ],
)
def test_photos_of_dressed_people(name, photos, articles, dropped):
    found = rows(name)
    assert len({row["file"] for row in found}) == len(found) == photos
    assert sum(len(row["articles"]) + len(row["unboxed"]) for row in found) == articles
    assert sum(len(row["dropped"]) for row in found) == dropped
    for row in found:
        assert row["person"].keys() >= {"gender", "view", "skin"}
        assert all(a["category"] in CATEGORIES for a in row["articles"] + row["unboxed"])
        assert all(inside(a["box"], row["size"]) for a in row["articles"] + row["dropped"])


def test_judged_pairs():
    found = rows("street_pairs.jsonl")
    products = [product for row in found for product in row["products"]]
    assert (len(found), len(products)) == (278, 1668)
    assert all(row["category"] in CATEGORIES and len(row["products"]) == 6 for row in found)
    assert {k: sum(p[k] for p in products) for k in ("type", "color", "pattern", "accept")} == {
        "type": 856, "color": 819, "pattern": 1072, "accept": 293,
    }  # fmt: skip


def test_the_reader_of_eye_labels_reads_them():
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    known = np.ones(len(DETECTOR_CLASSES), bool)
    names = [row["file"] for row in rows("street_tagged.jsonl")]
    scenes = [Scene(Path(name), "street", "train", *none, known) for name in names]
    found = with_eye_labels(scenes, LABELS / "street_tagged.jsonl")
    assert (len(found), sum(len(scene.labels) for scene in found)) == (939, 4302)


def test_two_readers_of_product_photos():
    second = {row["photo"]: row for row in rows("product_boxes.jsonl")}
    boxes = [box for row in second.values() for box in row["boxes"]]
    nothing = Counter(box["proposed"] for box in boxes if box["category"] is None)
    assert (len(second), len(boxes), nothing.total()) == (972, 4465, 2408)
    assert (nothing["bag"], nothing["headwear"]) == (1422, 590)
    assert all(inside(box["box"], row["size"]) for row in second.values() for box in row["boxes"])
    with (LABELS / "product_models.csv").open(newline="") as file:
        first = list(csv.DictReader(file))
    decisions = [
        (name, column == "seen", name in second[row["photo"]]["seen"])
        for row in first
        for column in ("seen", "absent")
        for name in row[column].split()
    ]
    differ = [name for name, one, other in decisions if one != other]
    assert (len(decisions), differ) == (5553, ["topwear"] * 4)


def test_readers_of_product_photos_looked_for_every_category():
    found = read_product_boxes(LABELS)
    assert frozenset().union(*(row.named for row in found.values())) == set(CATEGORIES)
