"""What is right of a product shown for a worn article."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thatlook.core.errors import DataError
from thatlook.core.records import Box, Match, Product
from thatlook.core.taxonomy import type_leaf
from thatlook.data.worn import Worn, read_worn
from thatlook.evaluate.street import judged
from thatlook.evaluate.street.judged import (
    Shop,
    Verdict,
    accepted_types,
    contradicts,
    judge,
)

LABELS = Path(__file__).resolve().parents[3] / "labels"


def worn(kind="tops", *colors, pattern="solid"):
    return Worn("topwear", kind, colors or ("navy blue",), pattern, Box(0, 0, 10, 10))


def product(kind="Tops", color="Blue", gender="female", age="adult", pattern="", number=0):
    return Product(
        id=f"{kind}{number}",
        title="x",
        image_link="x.jpg",
        category="topwear",
        gender=gender,
        product_type=kind,
        color=color,
        pattern=pattern,
        age_group=age,
    )


@pytest.mark.parametrize(
    ("article", "shown", "verdict"),
    [
        (worn(), product(), Verdict(type=True, color=True, pattern=False, child=False)),
        (worn(), product("Tunics"), Verdict(type=True, color=True, pattern=False, child=False)),
        (worn(), product("Shirts"), Verdict(type=False, color=True, pattern=False, child=False)),
        (
            worn("tops", "black", "white"),
            product(color="Red/Off White", age="kids"),
            Verdict(type=True, color=True, pattern=False, child=True),
        ),
        (
            worn("tops", "black", pattern="striped"),
            product(color="Navy Blue", pattern="Stripes"),
            Verdict(type=True, color=False, pattern=True, child=False),
        ),
        (worn(), product(color=""), Verdict(type=True, color=False, pattern=False, child=False)),
        (worn("belts"), product(), Verdict(type=False, color=True, pattern=False, child=False)),
    ],
)
def test_verdicts(article, shown, verdict):
    assert judge(article, shown) == verdict


def test_the_last_part_of_a_type():
    assert type_leaf("Women > Tops > T-Shirts ") == "t-shirts"


def test_a_type_is_asked_for_where_six_are_sold_to_that_person():
    women = [product(number=n) for n in range(5)]
    men = [product(gender="male", number=n) for n in range(5, 10)]
    child = product(age="kids", number=10)
    unisex = product("Kurtis", gender="unisex", number=11)
    assert not Shop([*women, *men, child]).sells(worn(), "female")
    assert Shop([*women, unisex]).sells(worn(), "female")
    assert Shop([*women, *men]).sells(worn(), "unclear")
    assert not Shop([*women, *men]).sells(worn("boots"), "unclear")


def match(*reasons):
    return Match(0.5, product(), reasons)


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([["other type: shirts"], ["same type: tops", "same color: red"]], True),
        ([["same type: tops", "other color: red"], ["same color: red", "same type: tops"]], True),
        ([["same type: tops", "same color: red"], ["other type: shirts"]], False),
        ([["other type: shirts"], ["same type: tops", "similar color: red"]], False),
        ([["overall likeness 0.50"], ["same type: tops", "same color: red"]], False),
        ([], False),
    ],
)
def test_an_order_that_contradicts_its_reasons(rows, wrong):
    assert contradicts([match(*row) for row in rows]) is wrong


THEMSELVES = (
    "tshirts", "shirts", "sweaters", "sweatshirts", "jackets", "dresses", "jeans",
    "trousers", "skirts", "capris", "boots", "heels", "formal shoes", "flip flops",
    "handbags", "backpacks", "caps", "sunglasses", "glasses", "ties",
)  # fmt: skip


@pytest.mark.parametrize("name", [*THEMSELVES, "belts"])
def test_a_type_accepts_itself_by_default(name):
    assert accepted_types(name) == {name}


def test_what_else_is_accepted():
    assert accepted_types("flats") == {"flats", "sandals"}
    assert accepted_types("cardigans") == {"sweaters", "shrug"}
    assert accepted_types("beanies") == {"caps"}


def test_every_type_of_the_labels_is_known():
    table = json.loads(Path(judged.__file__).with_name("accepted_types.json").read_text())
    assert all(types and types != [name] for name, types in table.items())
    assert (len(table), len(THEMSELVES)) == (20, 20)
    for name in ("street_labelled", "street_tagged", "foreign"):
        for photo in read_worn(LABELS / f"{name}.jsonl"):
            assert all(a.type in {*table, *THEMSELVES} for a in photo.articles)


def test_worn_articles_of_a_file(tmp_path):
    article = {
        "category": "bag",
        "type": "clutches",
        "colors": ["red", "gold"],
        "pattern": "solid",
        "box": [1, 2, 3, 4],
        "box_wrong": False,
        "unsure": False,
    }
    row = {
        "file": "a.jpg",
        "person": {"gender": "male"},
        "articles": [article, article | {"unsure": True}, article | {"box_wrong": True}],
    }
    path = tmp_path / "eye.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps(row | {"file": "b.jpg"}) + "\n")
    (found,) = read_worn(path, lambda name: name == "b.jpg")
    assert (found.file, found.gender) == ("b.jpg", "male")
    assert found.articles == (Worn("bag", "clutches", ("red", "gold"), "solid", Box(1, 2, 3, 4)),)
    path.write_text(json.dumps(row | {"articles": [article | {"category": "belt"}]}) + "\n")
    with pytest.raises(DataError, match=r"eye\.jsonl:1: expected file, person .*belt"):
        list(read_worn(path))


def test_a_catalog_without_product_types_is_told():
    shop = Shop([product("", number=k) for k in range(9)])
    assert not shop.sells(worn(), "female")
    told = shop.nothing_asked(3)
    assert told.startswith("none of 3 worn articles is asked for: the catalog has fewer than 6")
    assert "0 of its 9 products have a product type" in told
    assert "--map product_type=COLUMN" in told
