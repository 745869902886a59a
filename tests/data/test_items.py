"""Items of people's flat-lay photos and of worn articles: what is known of each."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES, PERSON_CLASS, tag_words
from thatlook.data.items import HEADS, flatlay_items, street_items, worn_type
from thatlook.data.scenes import Scene
from thatlook.data.splits import split_of

LABELS = """image,label,kids,sender_id
a.jpg,T-Shirt,False,1
b.jpg,Pants,False,2
c.jpg,Dress,True,1
d.jpg,Not sure,False,3
gone.jpg,Shirt,False,1
"""


def test_flatlay_photos_are_whole_and_stay_with_their_sender(tmp_path):
    (tmp_path / "images").mkdir()
    for name in "abcd":
        Image.new("RGB", (40, 30)).save(tmp_path / "images" / f"{name}.jpg")
    (tmp_path / "labels.csv").write_text(LABELS)
    found = {item.id: item for item in flatlay_items(tmp_path)}
    # One label says nothing of a category; one photo is not there.
    assert sorted(found) == ["a", "b", "c"]
    told = {key: dict(zip(HEADS, item.labels, strict=True)) for key, item in found.items()}
    assert (told["a"]["type"], told["a"]["category"]) == ("tshirts", "topwear")
    assert (told["b"]["type"], told["b"]["category"]) == ("", "bottomwear")
    assert (told["c"]["type"], told["c"]["category"]) == ("dresses", "dress")
    assert {key: item.part for key, item in found.items()} == {
        "a": "topwear/flatlay",
        "b": "bottomwear/flatlay",
        "c": "dress/flatlay",
    }
    assert found["a"].crops == ((tmp_path / "images" / "a.jpg", (0, 0, 40, 30)),)
    assert found["a"].split == found["c"].split == split_of("sender 1")
    assert {item.kind for item in found.values()} == {"flatlay"}


def test_flatlay_labels_must_be_there(tmp_path):
    (tmp_path / "labels.csv").write_text("image,label\na.jpg,Shirt\n")
    with pytest.raises(DataError, match="sender_id"):
        flatlay_items(tmp_path)


def scene(tags):
    names = [*CATEGORIES, PERSON_CLASS]
    worn = ("bottomwear", "footwear", "bag", PERSON_CLASS)
    boxes = np.array([[0, 0, 50, 100]] * len(worn), np.float32)
    boxes[2] = [0, 0, 20, 20]  # too small to be an item
    labels = np.array([names.index(name) for name in worn])
    known = np.ones(len(DETECTOR_CLASSES), bool)
    return Scene(
        Path("street/7.jpg"), "street", "train", boxes, labels, known, None, tags, "female"
    )


@pytest.mark.parametrize(
    ("tags", "types"),
    [
        ("jeans heels bag", ["jeans", "heels"]),
        ("jeans shorts heels", ["", "heels"]),  # either of them
        ("skirt boots", ["skirts", ""]),  # the shop has no such type
        ("", ["", ""]),
    ],
)
def test_a_tag_that_alone_speaks_of_a_category_is_the_worn_articles_type(tags, types):
    found = street_items([scene(tags)], ["jeans", "shorts", "skirts", "heels", "flats"])
    assert [item.labels[HEADS.index("category")] for item in found] == ["bottomwear", "footwear"]
    assert [item.labels[HEADS.index("type")] for item in found] == types
    assert [item.part for item in found] == ["bottomwear/female", "footwear/female"]


WORN_TYPES = {
    "jeans": "jeans", "pants": "trousers", "shorts": "shorts", "skirt": "skirts",
    "t-shirt": "tshirts", "shirt": "shirts", "blouse": "tops", "top": "tops",
    "sweater": "sweaters", "jumper": "sweaters", "sweatshirt": "sweatshirts",
    "hoodie": "sweatshirts", "jacket": "jackets", "dress": "dresses", "heels": "heels",
    "pumps": "heels", "wedges": "heels", "flats": "flats", "sandals": "sandals",
    "sneakers": "casual shoes", "loafers": "casual shoes", "sunglasses": "sunglasses",
    "purse": "handbags", "scarf": "scarves", "tie": "ties",
}  # fmt: skip


@pytest.mark.data
@pytest.mark.parametrize("shop", ["catalog", "catalog_small"])
def test_the_types_of_all_tags_in_the_real_shops(data, shop):
    with (data / shop / "styles.csv").open(encoding="utf-8", newline="") as file:
        types = {row["articleType"].lower() for row in csv.DictReader(file)}
    for tags in tag_words().values():
        assert {tag: worn_type(tag, types) for tag in tags} == {
            tag: WORN_TYPES.get(tag, "") for tag in tags
        }


def test_a_tag_that_names_a_type_needs_no_entry():
    assert worn_type("belt", ["belts", "watches"]) == "belts"
    assert worn_type("belt", ["belt", "belts"]) == ""
    assert worn_type("belt", []) == ""
