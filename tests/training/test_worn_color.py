"""The color of worn articles is fitted to what an eye read."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

from PIL import Image

from thatlook.core.errors import DataError
from thatlook.core.settings import Settings
from thatlook.data.splits import split_of
from thatlook.training.worn_color import (
    ReadColor,
    fit_color,
    measure_color,
    read_colors,
    street_photos,
    worn_color,
)
from thatlook.vision.models.registry import resolve, shipped
from thatlook.vision.worn_color import FEATURES, WornColor

RED = FEATURES.index("red")


def read(head, right, near=None, **pixels):
    values = np.zeros(len(FEATURES))
    for name, value in pixels.items():
        values[FEATURES.index(name)] = value
    right = np.array(right, bool)
    return ReadColor("train", np.array(head), values, right, right if near is None else near)


def drawn(count):
    """The head is right in two of three; red pixels say which of two colors it is."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        is_red = bool(rng.integers(2))
        head = [0.7, 0.2, 0.1] if (rng.random() < 2 / 3) != is_red else [0.2, 0.7, 0.1]
        red = 0.8 if is_red else 0.1
        yield read(head, [not is_red, is_red, False], red=red + rng.normal(0, 0.05))


def test_pixels_that_tell_the_color_correct_the_head():
    articles = list(drawn(400))
    found = measure_color(articles, fit_color(articles))
    assert found["head"] == pytest.approx(2 / 3, abs=0.06)
    assert found["corrected"] > 0.99
    assert found["articles"] == 400


def test_a_head_that_is_right_stays_right_where_pixels_say_nothing():
    rng = np.random.default_rng(1)
    articles = [
        read(
            [0.8 if k == n else 0.1 for n in range(3)], [k == n for n in range(3)], red=rng.random()
        )
        for k in rng.integers(0, 3, 300)
    ]
    assert measure_color(articles, fit_color(articles))["corrected"] == 1


def test_shades_count_when_it_is_measured():
    near = np.array([True, True, False])
    articles = [
        read([0.6, 0.3, 0.1], [False, True, False], near),
        read([0.1, 0.3, 0.6], [False, True, False], near),
    ]
    nothing = WornColor(1.0, np.zeros((len(FEATURES), 3)), np.zeros(3))
    assert measure_color(articles, nothing) == {"articles": 2, "head": 0.5, "corrected": 0.5}


def test_without_a_val_side_nothing_is_measured():
    assert measure_color([], WornColor(1.0, np.zeros((len(FEATURES), 3)), np.zeros(3))) == {
        "articles": 0
    }


def test_nothing_to_fit():
    with pytest.raises(DataError, match="no worn article has a color"):
        fit_color([read([0.5, 0.5, 0], [False] * 3)])


@pytest.fixture
def folder(tmp_path):
    """Photos of one square each, with labels made by eye, and labels/ beside them."""
    images = tmp_path / "data" / "street" / "images"
    images.mkdir(parents=True)
    (tmp_path / "labels").mkdir()
    rows = []
    for number in range(12):
        color = ("red", "white")[number % 2]
        image = Image.new("RGB", (120, 160), (90, 120, 90))
        image.paste({"red": (190, 25, 35), "white": (250, 250, 250)}[color], (20, 40, 100, 130))
        image.save(images / f"{number}.png")
        article = {
            "category": "topwear", "type": "tshirts", "colors": [color], "pattern": "solid",
            "box": [20, 40, 100, 130], "box_wrong": False, "unsure": False,
        }  # fmt: skip
        person = {"gender": "female", "view": "front", "skin": "light"}
        rows.append({"file": f"{number}.png", "person": person, "articles": [article]})
    whole, part = tmp_path / "data" / "street" / "eye_labels.jsonl", tmp_path / "labels"
    whole.write_text("".join(json.dumps(row) + "\n" for row in rows[:8]))
    (part / "street_labelled.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows[8:]))
    (part / "street_tagged.jsonl").write_text("")
    return tmp_path


def test_articles_are_read_from_all_files_of_labels(folder):
    photos = street_photos(folder / "data", folder / "labels")
    found = list(read_colors(photos, folder / "data" / "street" / "images", Settings()))
    names = resolve("embedding").names("color")
    assert len(found) == 12
    assert [a.split for a in found] == [split_of(f"{n}.png") for n in range(12)]
    assert [names[int(a.right.argmax())] for a in found[:2]] == ["red", "white"]
    assert found[0].pixels[RED] > 0.7
    assert found[1].pixels[RED] < 0.3
    assert found[0].near[names.index("maroon")]
    assert not found[0].right[names.index("maroon")]


def test_the_entry_gets_the_correction_and_keeps_the_rest(folder):
    own = shipped("embedding")
    shutil.copy(own.path, folder / own.path.name)
    entry = folder / "embedding.json"
    shutil.copy(own.path.with_suffix(".json"), entry)
    before = json.loads(entry.read_text())
    figures = worn_color(folder / "data", folder / "labels", entry, threads=1)
    after = json.loads(entry.read_text())
    assert after.pop("worn_color") != before.pop("worn_color")
    assert after == before
    assert figures["corrected"] == 1
    assert figures["articles"] == sum(split_of(f"{n}.png") != "train" for n in range(12))
