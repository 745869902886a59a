"""A product to scenes: which, in what order, and what else is worn there."""

from __future__ import annotations

import math

import numpy as np
import pytest

from thatlook.core.errors import UnknownProductError
from thatlook.core.records import Article, Box, Product
from thatlook.search.ranking import Calibration, Curve, NearnessScale
from thatlook.search.recommender import Recommender
from thatlook.search.styling import Scene, Styler
from thatlook.store.catalog import Catalog, Row
from thatlook.store.scenes import SceneShelf

DIM = 4
SLOPE, MIDDLE = 10.0, 0.5


def at(cosine: float, other: int = 1) -> np.ndarray:
    """A unit vector of this cosine to the first axis."""
    vector = np.zeros(DIM, np.float32)
    vector[0], vector[other] = cosine, math.sqrt(1 - cosine**2)
    return vector


def score_of(worth: float) -> float:
    return 1 / (1 + math.exp(-SLOPE * (worth - MIDDLE)))


DRESS = Product("dress", "Eva", "dress", "female", color="red", product_type="gowns")
PRODUCTS = [
    Row(product=DRESS, vector=at(1.0)),
    Row(product=Product("shoe", "Shoe", "footwear", "female"), vector=at(0.0, 2)),
    Row(product=Product("his shoe", "Shoe", "footwear", "male"), vector=at(0.0, 2)),
    Row(product=Product("far shoe", "Shoe", "footwear", "unisex"), vector=at(0.0, 3)),
    Row(product=Product("girl", "Girl", "dress", "female", age_group="kids"), vector=at(1.0)),
    Row(product=Product("thing", "Mug", "other"), vector=at(1.0)),
]


def scene_rows(name, cosine, gender="female", color="blue", extra_dress=None):
    """A dress at a cosine from the product's, and shoes."""
    worn = [("dress", at(cosine), color), ("footwear", at(0.0, 2), "")]
    if extra_dress is not None:
        worn.append(("dress", at(extra_dress), color))
    told = {"width": "100", "height": "200", "articles": str(len(worn))}
    for place, (category, vector, shade) in enumerate(worn):
        yield Row(
            product=Product(
                f"{name}/{place}", "", category, gender, item_group_id=name, extra=told
            ),
            vector=vector,
            box=Box(10, 10 + 50 * place, 60, 50 + 50 * place),
            attributes={"type": "gowns", "color": shade},
            article_score=0.9,
            found=True,
            image=f"/photos/{name}.jpg",
        )


@pytest.fixture
def styler(tmp_path):
    catalog = Catalog.open(tmp_path / "c", model_key="net", dim=DIM)
    catalog.upsert(PRODUCTS)
    shelf = SceneShelf.open(tmp_path / "c", "net", DIM)
    shelf.rows.upsert(
        [
            *scene_rows("near", 0.8),
            *scene_rows("red", 0.75, color="red"),
            *scene_rows("twice", 0.3, extra_dress=0.6),
            *scene_rows("his", 0.9, gender="male"),
            *scene_rows("anybody", 0.5, gender="unisex"),
            *scene_rows("far", 0.1),
        ]
    )
    curve = Curve(SLOPE, MIDDLE, {"same color": 0.1})
    calibration = Calibration(Curve(), {}, curve)
    scale = NearnessScale(0.8, 0.4)
    recommender = Recommender(catalog, calibration, scale)
    yield Styler(catalog, shelf, recommender, calibration, scale)
    shelf.close()
    catalog.close()


def test_the_most_alike_first_each_once_and_none_that_is_not_similar(styler):
    found = styler.styled("dress", 10)
    assert [one.scene.id for one in found.scenes] == ["red", "near", "twice", "anybody"]
    assert found.indexed == 6
    assert found.message is None
    worths = [0.75 + 0.1, 0.8, 0.6, 0.5]
    assert [one.score for one in found.scenes] == pytest.approx([score_of(w) for w in worths], 1e-3)
    assert [one.nearness for one in found.scenes] == ["very close"] * 2 + ["similar"] * 2
    assert [one.article for one in found.scenes] == [0, 0, 2, 0]
    assert "same color: red" in found.scenes[0].reasons


def test_how_many_and_from_which_score_on(styler):
    assert [one.scene.id for one in styler.styled("dress", 2).scenes] == ["red", "near"]
    everything = styler.styled("dress", 10, min_score=0.0)
    assert [one.scene.id for one in everything.scenes][-1] == "far"
    assert "his" not in {one.scene.id for one in everything.scenes}


def test_what_else_is_worn_there_is_for_the_one_who_wears_it(styler):
    found = styler.styled("dress", 10, others=2).scenes
    worn = {one.scene.id: one.worn_with for one in found}
    (shoes,) = worn["near"]
    assert (shoes.article, shoes.category, shoes.role) == (1, "footwear", "secondary")
    assert [match.product.id for match in shoes.matches] == ["shoe", "far shoe"]
    assert [one.article for one in worn["twice"]] == [0, 1]
    anybody = [match.product.id for match in worn["anybody"][0].matches]
    assert anybody == ["his shoe", "far shoe"]  # of one picture the first: hers is the same
    assert styler.styled("dress", 1, others=0).scenes[0].worn_with == ()


def test_what_has_no_scenes(styler):
    child = styler.styled("girl", 5)
    assert child.scenes == ()
    assert child.message == "people in scenes are taken for grown-ups: a child's product has none"
    thing = styler.styled("thing", 5)
    assert thing.message == "nothing like it is worn in the 6 scenes"
    with pytest.raises(UnknownProductError):
        styler.styled("nobody", 5)


def test_the_json(styler):
    told = styler.styled("dress", 1).to_dict()
    (scene,) = told["scenes"]
    assert {key: scene[key] for key in ("id", "photo", "width", "height", "article")} == {
        "id": "red",
        "photo": "/photos/red.jpg",
        "width": 100,
        "height": 200,
        "article": 0,
    }
    assert scene["articles"][0]["box"] == [10, 10, 60, 50]
    assert scene["worn_with"][0]["article"] == 1
    assert (told["product"]["id"], told["indexed"]) == ("dress", 6)


def test_a_scene_as_a_look():
    article = Article("dress", Box(0, 0, 1, 1), 0.5)
    look = Scene("a", "a.jpg", 10, 20, "male", (article,)).look
    assert (look.photo, look.width, look.height, look.person) == ("a.jpg", 10, 20, None)
