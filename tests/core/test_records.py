"""Records: geometry by hand, validation, and the JSON of the contract."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from thatlook.core.errors import (
    FetchError,
    MissingExtraError,
    PhotoError,
    SettingsError,
    UnknownProductError,
)
from thatlook.core.records import (
    Article,
    Box,
    Described,
    Gate,
    Keypoint,
    Look,
    Mask,
    Match,
    Person,
    Price,
    Product,
    Recommendation,
    Result,
)
from thatlook.data.records import LabelledPhoto

POINTS = tuple(Keypoint(float(i), 2.0 * i, 0.5) for i in range(17))


def person(**changes) -> Person:
    given = {
        "box": Box(1, 2, 3, 4),
        "score": 0.98,
        "keypoints": POINTS,
        "gate": Gate(True, True),
        "view": "front",
        "view_score": 0.97,
        "gender": "female",
        "gender_score": 0.95,
    }
    return Person(**{**given, **changes})


@pytest.mark.parametrize(
    ("availability", "there"),
    [
        ("", True),
        ("in_stock", True),
        ("preorder", True),
        ("backorder", True),
        ("out_of_stock", False),
        ("Out of Stock", False),
        ("out-of-stock", False),
        ("sold out", False),
        ("https://schema.org/outofstock", False),
        ("http://schema.org/SoldOut/", False),
        ("Discontinued", False),
        ("https://schema.org/InStock", True),
    ],
)
def test_what_is_out_of_stock(availability, there):
    assert Product(id="1", availability=availability).in_stock is there


def test_box_geometry():
    box = Box(10, 20, 30, 60)
    assert (box.width, box.height, box.area, box.center) == (20, 40, 800, (20, 40))
    assert box.scaled(0.5) == Box(15, 30, 25, 50)
    assert box.clipped(25, 50) == Box(10, 20, 25, 50)
    assert box.clipped(10, 100) is None


def test_iou():
    # two 2 x 2 squares that share a 1 x 1 corner: 1 / (4 + 4 - 1)
    assert Box(0, 0, 2, 2).iou(Box(1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert Box(0, 0, 2, 2).iou(Box(2, 0, 4, 2)) == 0
    assert Box(0, 0, 2, 2).iou(Box(0, 0, 2, 2)) == 1


@pytest.mark.parametrize(
    "corners", [(1, 0, 1, 2), (0, 3, 1, 2), (0, 0, float("nan"), 1), (0, 0, float("inf"), 1)]
)
def test_impossible_boxes(corners):
    with pytest.raises(SettingsError):
        Box(*corners)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Keypoint(0, 0, 1.2),
        lambda: person(keypoints=POINTS[:5]),
        lambda: person(view="top"),
        lambda: person(gender="other"),
        lambda: person(score=float("nan")),
        lambda: Article("hat", Box(0, 0, 1, 1), 0.5),
        lambda: Product("", "x"),
        lambda: Product("1", category="shoes"),
        lambda: Product("1", gender="Men"),
        lambda: Match(-0.1, Product("1")),
        lambda: Recommendation(0, "dress", "main", ()),
        lambda: Price(Decimal(-1)),
        lambda: Price(Decimal("NaN")),
    ],
)
def test_impossible_records(make):
    with pytest.raises(SettingsError):
        make()


def test_records_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Box(0, 0, 1, 1).x0 = 5
    with pytest.raises(TypeError):
        Product("1", extra={"a": "b"}).extra["a"] = "c"


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_records_can_be_sent_and_copied(again):
    product = Product("1", price=Price(Decimal("1.50")), extra={"season": "Fall"})
    assert again(product) == product
    with pytest.raises(TypeError):
        again(product).extra["season"] = "Spring"

    article = Article("bag", Box(1, 2, 3, 4), 0.5, {"color": "red"}, np.ones(2, np.float32))
    look = Look("a.jpg", 8, 9, person(), (article,), {"decode": 4.0})
    best = Recommendation(0, "bag", "primary", (Match(0.5, product, variants=(product,)),))
    result = Result(look, True, None, (best,), {"search": 1.0})
    assert again(result).to_dict() == result.to_dict()
    np.testing.assert_array_equal(again(result).look.articles[0].vector, [1, 1])
    described = again(
        Described(np.ones(2, np.float32), Box(0, 0, 1, 1), {"a": ("b", 1.0)}, 0, False)
    )
    assert described.attributes == {"a": ("b", 1.0)}


def test_records_hash_by_their_values():
    shirt, same = (
        Product("1", extra={"a": "b", "c": "d"}),
        Product("1", extra={"c": "d", "a": "b"}),
    )
    assert hash(shirt) == hash(same)
    assert {shirt, same, Product("1", extra={"a": "b"})} == {shirt, Product("1", extra={"a": "b"})}
    assert len({Match(0.5, shirt), Match(0.5, same)}) == 1
    photos = {LabelledPhoto(Path("a.jpg"), (1, 2), (), extras={"style": kind}) for kind in "aba"}
    assert len(photos) == 2


def test_a_look_at_another_size():
    mask = Mask(Box(10, 20, 30, 50), np.ones((2, 2), np.uint8))
    shirt = Article("topwear", Box(10, 20, 30, 40), 0.9, {"color": "red"}, mask=mask)
    small = Look("a.jpg", 100, 200, person(), (shirt, Article("bag", Box(0, 0, 1, 1), 0.5)))
    large = small.at_size(400, 600)
    assert (large.width, large.height, large.photo) == (400, 600, "a.jpg")
    assert large.person == person(
        box=Box(4, 6, 12, 12), keypoints=tuple(Keypoint(4.0 * i, 6.0 * i, 0.5) for i in range(17))
    )
    assert [article.box for article in large.articles] == [Box(40, 60, 120, 120), Box(0, 0, 4, 3)]
    assert [article.mask and article.mask.box for article in large.articles] == [
        Box(40, 60, 120, 150),
        None,
    ]
    assert large.articles[0].attributes == {"color": "red"}
    assert small.at_size(100, 200) is small
    assert Look("a.jpg", 1, 1, None, ()).at_size(2, 2).person is None


def test_a_look_keeps_its_own_times():
    times = {"decode": 4.0}
    look = Look("a.jpg", 1, 1, None, (), times)
    times["search"] = 1.0
    assert look.timing_ms == {"decode": 4.0}
    assert repr(look.timing_ms) == "ReadOnly({'decode': 4.0})"


@pytest.mark.parametrize(
    "error",
    [
        PhotoError("empty", "the file is empty", "a.jpg"),
        UnknownProductError("7"),
        FetchError("no", 404),
        MissingExtraError("thatlook serve", "serve"),
    ],
)
def test_errors_can_be_sent(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_product_dict_names_the_contract_fields_and_keeps_unknown_ones():
    product = Product(
        "7",
        "Shirt",
        "topwear",
        "male",
        price=Price(Decimal("10.50"), "EUR"),
        sale_price=Price(Decimal(8), "EUR"),
        additional_image_link=("b.jpg",),
        extra={"season": "Fall"},
    )
    assert product.to_dict() == {
        "id": "7",
        "title": "Shirt",
        "category": "topwear",
        "gender": "male",
        "brand": "",
        "color": "",
        "price": "10.50 EUR",
        "link": "",
        "image_link": "",
        "additional_image_link": ["b.jpg"],
        "sale_price": "8 EUR",
        "extra": {"season": "Fall"},
    }
    assert product.current_price == Price(Decimal(8), "EUR")
    assert Product("8").to_dict()["price"] is None


def test_result_dict_is_the_contract():
    article = Article(
        "topwear", Box(1, 2, 3, 4.04), 0.91234, {"type": "shirt"}, np.ones(2, np.float32)
    )
    look = Look("a.jpg", 800, 1200, person(), (article,), {"decode": 4.123})
    match = Match(0.83, Product("1"), ("same color: navy blue",), nearness="very close")
    result = Result(
        look, True, None, (Recommendation(0, "topwear", "primary", (match,)),), {"x": 1.0}
    )
    shown = result.to_dict()
    assert list(shown) == ["look", "accepted", "reason", "recommendations", "timing_ms"]
    assert shown["look"]["person"] == {
        "box": [1, 2, 3, 4],
        "score": 0.98,
        "keypoints": [[float(i), 2.0 * i, 0.5] for i in range(17)],
        "full_shot": True,
        "view": "front",
        "view_score": 0.97,
        "gender": "female",
        "gender_score": 0.95,
    }
    assert shown["look"]["articles"] == [
        {
            "category": "topwear",
            "box": [1, 2, 3, 4.0],
            "score": 0.9123,
            "attributes": {"type": "shirt"},
        }
    ]
    assert shown["look"]["timing_ms"] == {"decode": 4.12}
    (found,) = shown["recommendations"][0]["matches"]
    assert list(found) == ["score", "nearness", "product", "reasons", "variants"]
    assert found["reasons"] == ["same color: navy blue"]
    assert (found["score"], found["nearness"]) == (0.83, "very close")
    with pytest.raises(SettingsError, match="nearness must be one of"):
        Match(0.83, Product("1"), nearness="near")
    assert Look("b.jpg", 1, 1, None, ()).to_dict()["person"] is None


def test_gate():
    assert Gate(True, True).passed
    assert not Gate(True, False, ("x",)).passed
    assert not Gate(False, True, ("x",)).passed
