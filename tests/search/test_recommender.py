"""From vectors to matches over a real catalog of products placed by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from thatlook.core.errors import SettingsError, UnknownProductError
from thatlook.core.records import Article, Box, Gate, Keypoint, Look, Person, Price, Product
from thatlook.search.index import Filters
from thatlook.search.ranking import Calibration, Curve, NearnessScale, Traits
from thatlook.search.recommender import Recommender, traits_of
from thatlook.search.request import Boost, SearchRequest, Unwanted
from thatlook.search.stored import Stored
from thatlook.store.catalog import Catalog, Row

DIM = 8


def at(degrees: float, axis: int = 1) -> np.ndarray:
    """A unit vector turned by so much from the first axis towards another one."""
    vector = np.zeros(DIM, np.float32)
    vector[0], vector[axis] = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return vector


def product(product_id, gender="female", category="topwear", **fields):
    return Product(product_id, fields.pop("title", product_id), category, gender, **fields)


ROWS = [
    Row(product=product("near", color="Navy Blue", product_type="Tops > T-Shirts"), vector=at(10)),
    Row(product=product("middle", "unisex", color="red", brand="Acme"), vector=at(20, 2)),
    Row(product=product("far", price=Price(Decimal(5))), vector=at(60, 3)),
    Row(product=product("his", "male"), vector=at(1)),
    Row(product=product("shoe", category="footwear"), vector=at(0)),
    Row(product=product("copy"), vector=at(10.1)),
    Row(product=product("g1", item_group_id="g", color="red"), vector=at(40, 4)),
    Row(product=product("g2", item_group_id="g", color="blue"), vector=at(50, 5)),
]


@pytest.fixture
def recommender(tmp_path):
    with Catalog.open(tmp_path / "c", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(ROWS)
        yield Recommender(catalog, Calibration(Curve(8, 0.5)))


def look_of(gender="female", *articles):
    points = (Keypoint(1, 1, 0.9),) * 17
    person = Person(Box(0, 0, 50, 100), 0.9, points, Gate(True, True), "front", 0.9, gender, 0.95)
    articles = articles or (article("topwear", at(0)),)
    return Look("a.jpg", 50, 100, person, articles)


def article(category, vector, area=100.0, **attributes):
    return Article(category, Box(0, 0, area, 1), 0.9, attributes, vector)


def ids(found):
    return [match.product.id for match in found[0].matches]


def test_the_most_alike_come_first_of_the_right_category_and_gender(recommender):
    found = recommender.for_look(look_of(), SearchRequest())
    assert ids(found) == ["near", "middle", "g1", "far"]
    assert (found[0].role, found[0].article, found[0].eligible) == ("primary", 0, 6)
    scores = [match.score for match in found[0].matches]
    assert scores[0] == pytest.approx(1 / (1 + math.exp(-8 * (math.cos(math.radians(10)) - 0.5))))
    assert scores == sorted(scores, reverse=True)


def test_what_is_as_like_as_it_means_anything_comes_by_id(tmp_path):
    rows = [("c", 10.0), ("a", 10.0001), ("d", 9.9), ("b", 10.00005)]
    with Catalog.open(tmp_path / "c", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(
            Row(product=product(name), vector=at(degrees, axis))
            for axis, (name, degrees) in enumerate(rows, start=1)
        )
        recommender = Recommender(catalog, Calibration(Curve(8, 0.5)))
        found = recommender.for_look(look_of(), SearchRequest(diversity=0))
    assert ids(found) == ["d", "a", "b", "c"]
    scores = [match.score for match in found[0].matches]
    assert scores[0] > scores[1] == scores[2] == scores[3]


def test_what_has_the_words_said_comes_first_however_far(recommender):
    found = recommender.for_look(look_of(), SearchRequest(worded=frozenset({"far", "shoe"})))
    assert ids(found) == ["far", "near", "middle", "g1"]
    assert found[0].matches[0].score < found[0].matches[1].score  # it stays the likeness
    found = recommender.for_look(look_of(), SearchRequest(k=1, worded=frozenset({"far"})))
    assert ids(found) == ["far"]


def test_what_costs_less_comes_earlier_where_that_is_wished(tmp_path):
    prices = {"a": 90, "b": 10, "c": 50}
    rows = [
        Row(product=product(name, price=Price(Decimal(amount))), vector=at(10 + axis, axis))
        for axis, (name, amount) in enumerate(prices.items(), start=1)
    ]
    with Catalog.open(tmp_path / "c", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(rows)
        recommender = Recommender(catalog, Calibration(Curve(8, 0.5)))
        plain = recommender.for_look(look_of(), SearchRequest(diversity=0))
        cheap = recommender.for_look(look_of(), SearchRequest(diversity=0, cheap=True))
    assert (ids(plain), ids(cheap)) == (["a", "b", "c"], ["b", "c", "a"])


WORN = Curve(8, 0.5, {"same type": 0.2, "other type": -0.2, "other color": -0.1})
SHIRTS = [
    Row(product=product("alike", product_type="Tops", color="red"), vector=at(10)),
    Row(product=product("shirt", product_type="Shirts", color="blue"), vector=at(25, 2)),
    Row(product=product("red", product_type="Shirts", color="red"), vector=at(30, 3)),
    Row(product=product("unknown"), vector=at(20, 4)),
]


def test_what_agrees_of_a_worn_article_moves_order_and_score(tmp_path):
    # Cosines .985 .906 .866 .940; moves -.3 +.2 +.1 0 (navy is like blue, no move of its own).
    expected = {"shirt": 1.106, "red": 0.966, "unknown": 0.94, "alike": 0.685}
    worn = article("topwear", at(0), type="shirts", color="navy blue")
    with Catalog.open(tmp_path / "c", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(SHIRTS)
        recommender = Recommender(catalog, Calibration(Curve(8, 0.5), worn=WORN))
        (found,) = recommender.for_look(look_of("female", worn), SearchRequest(diversity=0))
        alone = replace(look_of("female", worn), person=None)
        (paper,) = recommender.for_look(alone, SearchRequest(diversity=0))
    assert [match.product.id for match in found.matches] == list(expected)
    scores = [1 / (1 + math.exp(-8 * (worth - 0.5))) for worth in expected.values()]
    assert [match.score for match in found.matches] == pytest.approx(scores, abs=1e-3)
    assert [match.product.id for match in paper.matches] == ["alike", "unknown", "shirt", "red"]


def test_the_very_picture_asked_with_is_sure_and_first(tmp_path):
    parts = {"look": slice(0, 2), "type": slice(2, 8)}
    other = np.zeros(DIM, np.float32)
    other[[0, 2]] = 0.6, 0.8  # the same picture; the shop calls it another type
    near = np.zeros(DIM, np.float32)
    near[[0, 1]] = math.cos(0.1), math.sin(0.1)  # a look 5.7 degrees away: 0.995
    with Catalog.open(tmp_path / "c", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert([Row(product=product("own"), vector=other)])
        catalog.upsert([Row(product=product("near"), vector=near)])
        recommender = Recommender(catalog, Calibration(Curve(8, 0.9)), parts=parts)
        found = recommender.for_look(look_of("female", article("topwear", at(0))), SearchRequest())
    assert ids(found) == ["own", "near"]
    scores = [match.score for match in found[0].matches]
    assert scores[0] == pytest.approx(0.99, abs=1e-4)
    assert scores[1] == pytest.approx(1 / (1 + math.exp(-8 * (math.cos(0.1) - 0.9))), abs=1e-4)


def test_the_same_picture_comes_once_and_variants_under_their_best(recommender):
    found = recommender.for_look(look_of(), SearchRequest())
    assert "copy" not in ids(found)
    assert [v.id for v in found[0].matches[2].variants] == ["g2"]


@pytest.mark.parametrize(
    ("gender", "asked", "first"),
    [
        ("male", SearchRequest(), "his"),
        ("female", SearchRequest(gender="male"), "his"),
        ("unknown", SearchRequest(), "his"),
        ("female", SearchRequest(gender="any"), "his"),
        ("male", SearchRequest(gender="female"), "near"),
    ],
)
def test_gender_of_the_person_or_of_the_wish(recommender, gender, asked, first):
    assert ids(recommender.for_look(look_of(gender), asked))[0] == first


def test_k_come_wherever_k_exist(recommender):
    assert len(ids(recommender.for_look(look_of(), SearchRequest(k=3)))) == 3
    assert ids(recommender.for_look(look_of(), SearchRequest(k=1))) == ["near"]


def test_filters_act_before_the_search(recommender):
    found = recommender.for_look(look_of(), SearchRequest(k=1, filters=Filters(max_price=9)))
    assert ids(found) == ["far"]
    assert found[0].eligible == 1
    assert ids(
        recommender.for_look(look_of(), SearchRequest(filters=Filters(brands={"acme"})))
    ) == ["middle"]


def test_reasons_are_true_to_the_product(recommender):
    look = look_of("female", article("topwear", at(0), type="tshirt", color="navy blue"))
    best = recommender.for_look(look, SearchRequest())[0].matches[0]
    assert best.reasons == ("same type: t-shirts", "same color: navy blue", "overall likeness 0.98")


def test_reasons_give_the_numbers_of_the_vectors_parts(tmp_path, recommender):
    with Catalog.open(tmp_path / "parts", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(ROWS)
        parts = {"type": slice(0, 1), "color": slice(1, DIM)}
        told = Recommender(catalog, Calibration(Curve(8, 0.5)), parts=parts)
        best = told.for_look(look_of(), SearchRequest())[0].matches[0]
        assert best.reasons[-1] == "overall likeness 0.98: type 1.00, color 0.00"


def test_primary_is_the_one_asked_for_else_the_most_prominent(recommender):
    look = look_of("female", article("footwear", at(0), 50), article("topwear", at(0), 100))
    roles = {r.category: r.role for r in recommender.for_look(look, SearchRequest())}
    assert roles == {"topwear": "primary", "footwear": "secondary"}
    asked = recommender.for_look(look, SearchRequest(primary="footwear"))
    assert [(r.category, r.role) for r in asked] == [
        ("footwear", "primary"),
        ("topwear", "secondary"),
    ]
    only = recommender.for_look(look, SearchRequest(categories=frozenset({"footwear"})))
    assert [(r.article, r.category, r.role) for r in only] == [(0, "footwear", "primary")]


def test_likes_move_up_and_dislikes_go(recommender):
    # middle has .940 - .3 and far .5; liked, far has .5 + .3, middle .640 + .3 * .470.
    boosts = (Boost("brand", "acme", -0.3),)
    plain = recommender.for_look(look_of(), SearchRequest(boosts=boosts))
    liked = SearchRequest(boosts=boosts, liked=frozenset({"far"}))
    assert ids(plain) == ["near", "g1", "middle", "far"]
    assert ids(recommender.for_look(look_of(), liked)) == ["near", "g1", "far", "middle"]
    disliked = recommender.for_look(look_of(), SearchRequest(disliked=frozenset({"near"})))
    assert ids(disliked) == ["copy", "middle", "g1", "far"]
    with pytest.raises(UnknownProductError):
        recommender.for_look(look_of(), SearchRequest(liked=frozenset({"nobody"})))


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """A thousand products in clusters, as a shop's are, and how they are asked for."""
    rng = np.random.default_rng(11)
    centers = rng.normal(size=(40, DIM))
    vectors = centers[rng.integers(0, 40, 1000)] + 0.3 * rng.normal(size=(1000, DIM))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    rows = [Row(product=product(f"p{n}"), vector=vector) for n, vector in enumerate(vectors)]
    with Catalog.open(tmp_path_factory.mktemp("crowd"), model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(rows)
        yield Recommender(catalog, Calibration(Curve(8, 0.5))), vectors[::25]


@pytest.mark.parametrize("diversity", [0.0, 0.2, 0.6])
@pytest.mark.parametrize("kind", ["liked", "disliked"])
def test_one_click_keeps_seven_of_the_other_nine_and_every_score(crowd, kind, diversity):
    recommender, queries = crowd
    moved = 0
    for number, vector in enumerate(queries):
        look = look_of("female", article("topwear", vector))
        (plain,) = recommender.for_look(look, SearchRequest(diversity=diversity))
        scores = {match.product.id: match.score for match in plain.matches}
        clicked = plain.matches[number % 10].product.id
        asked = SearchRequest(diversity=diversity, **{kind: frozenset({clicked})})
        (found,) = recommender.for_look(look, asked)
        after = [match.product.id for match in found.matches]
        assert len(after) == 10
        assert len(set(after) & set(scores) - {clicked}) >= 7
        assert (clicked in after) == (kind == "liked")
        for match in found.matches:
            assert match.score == scores.get(match.product.id, match.score)
        moved += after != [name for name in scores if name != clicked or kind == "liked"][:10]
    assert moved > len(queries) / 2  # a click is not idle


def test_the_same_in_another_color(recommender):
    assert ids(recommender.for_look(look_of(), SearchRequest(in_color="red"))) == ["middle", "g1"]


def test_below_the_least_score_nothing_is_shown(recommender):
    (found,) = recommender.for_look(look_of(), SearchRequest(min_score=0.95))
    assert [m.product.id for m in found.matches] == ["near", "middle"]
    (nothing,) = recommender.for_look(look_of(), SearchRequest(min_score=1.0))
    assert nothing.matches == ()
    assert nothing.eligible == 6


def test_what_is_out_of_stock_is_left_out_unless_it_is_asked_for(tmp_path):
    stock = {"near": "out_of_stock", "middle": "preorder", "copy": "in_stock"}
    with Catalog.open(tmp_path / "c", model_key="fake:1", dim=DIM) as catalog:
        for row in ROWS:
            known = replace(row.product, availability=stock.get(row.product.id, ""))
            catalog.upsert([replace(row, product=known)])

        def found(*, in_stock, **filters):
            made = Recommender(catalog, Calibration(Curve(8, 0.5)), in_stock=in_stock)
            asked = SearchRequest(filters=Filters(**filters))
            similar = [match.product.id for match in made.similar("far", asked)]
            (own,) = made.for_look(look_of(), asked)
            return [match.product.id for match in own.matches], similar, own

        shown, similar, own = found(in_stock=True)
        assert shown == ["copy", "middle", "g1", "far"]
        assert similar == ["copy", "middle", "g1"]
        assert (own.eligible, own.to_dict()["searched"]["filters"]) == (
            5,
            {"in_stock": True, "age": "adult"},
        )
        shown, similar, own = found(in_stock=False)
        assert shown == ["near", "middle", "g1", "far"]
        assert similar == ["near", "middle", "g1"]
        assert (own.eligible, own.to_dict()["searched"]["filters"]) == (6, {"age": "adult"})
        shown, similar, own = found(in_stock=True, availability={"out of stock"})
        assert (shown, similar, own.eligible) == (["near"], ["near"], 1)


@pytest.fixture
def aged(tmp_path):
    """Of each age group some, and a catalog of them."""
    groups = {"near": "kids", "far": "toddler", "middle": "adult"}
    with Catalog.open(tmp_path / "c", model_key="fake:1", dim=DIM) as catalog:
        for row in ROWS:
            known = replace(row.product, age_group=groups.get(row.product.id, ""))
            catalog.upsert([replace(row, product=known)])
        yield Recommender(catalog, Calibration(Curve(8, 0.5)))


@pytest.mark.parametrize(
    ("asked", "searched", "shown"),
    [
        ({}, "adult", ["copy", "middle", "g1"]),
        ({"age": "auto"}, "adult", ["copy", "middle", "g1"]),
        ({"age": "adult"}, "adult", ["copy", "middle", "g1"]),
        ({"age": "child"}, "child", ["near", "far"]),
        ({"age": "any"}, None, ["near", "middle", "g1", "far"]),
        ({"filters": Filters(age="child")}, "child", ["near", "far"]),
        ({"filters": Filters(age="child"), "age": "adult"}, "adult", ["copy", "middle", "g1"]),
    ],
)
def test_grown_ups_see_grown_ups_products_unless_asked(aged, asked, searched, shown):
    (found,) = aged.for_look(look_of(), SearchRequest(**asked))
    assert [match.product.id for match in found.matches] == shown
    assert found.to_dict()["searched"]["filters"].get("age") == searched


@pytest.mark.parametrize(
    ("product_id", "asked", "shown"),
    [
        ("near", {}, ["far"]),
        ("near", {"age": "adult"}, ["copy", "middle", "g1"]),
        ("near", {"age": "any"}, ["copy", "middle", "g1", "far"]),
        ("near", {"filters": Filters(age="adult")}, ["copy", "middle", "g1"]),
        ("copy", {}, ["middle", "g1"]),
        ("copy", {"age": "child"}, ["near", "far"]),
        ("middle", {}, ["copy", "g1", "his"]),
    ],
)
def test_similar_products_are_for_the_products_own_age(aged, product_id, asked, shown):
    found = aged.similar(product_id, SearchRequest(**asked))
    assert sorted(match.product.id for match in found) == sorted(shown)


def test_an_age_that_cannot_be_asked_for():
    with pytest.raises(SettingsError, match="age must be one of auto, adult, child, any"):
        SearchRequest(age="kids")


def test_what_is_shown_is_called_by_how_near_it_is(tmp_path):
    # Cosines .985, .940, .766 and .5: scores .980, .972, .894 and .5.
    with Catalog.open(tmp_path / "c", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(ROWS)
        scale = NearnessScale(very_close=0.975, similar=0.9)
        named = Recommender(catalog, Calibration(Curve(8, 0.5)), scale)
        (found,) = named.for_look(look_of(), SearchRequest())
        words = [match.nearness for match in found.matches]
        similar = [match.nearness for match in named.similar("near", SearchRequest())]
    assert words == ["very close", "similar", "same idea", "same idea"]
    assert (found.message, "neighbours" in found.searched) == (None, False)
    assert similar[0] == "very close"


def test_why_a_row_is_empty_is_said_with_what_was_searched(recommender):
    filters = Filters(max_price=9)
    (found,) = recommender.for_look(look_of(), SearchRequest(filters=filters, min_score=0.9))
    assert found.matches == ()
    assert found.best_score == pytest.approx(0.5)  # 60 degrees: a similarity of 0.5
    assert found.message == "nothing good found: the best of 1 products has a score of 0.50"
    assert found.to_dict()["searched"] == {
        "category": "topwear",
        "genders": ["female", "unisex"],
        "filters": {"max_price": 9.0, "age": "adult"},
    }
    (shown,) = recommender.for_look(look_of(), SearchRequest(filters=filters))
    assert [m.product.id for m in shown.matches] == ["far"]
    (empty,) = recommender.for_look(look_of("female", article("bag", at(0))), SearchRequest())
    assert (empty.best_score, empty.eligible) == (None, 0)
    assert empty.message == "nothing found: 0 products fit what was searched"


WARDROBE = [
    Row(product=product("dress", category="dress"), vector=at(70)),
    Row(product=product("top"), vector=at(40, 2)),
    Row(product=product("faint top"), vector=at(60, 3)),
    Row(product=product("skirt", category="bottomwear", product_type="Skirts"), vector=at(30, 4)),
    Row(product=product("Denim skirts", category="bottomwear"), vector=at(35, 5)),
    Row(product=product("jeans", category="bottomwear", product_type="Jeans"), vector=at(1)),
    Row(product=product("shoe", category="footwear"), vector=at(0)),
]


@pytest.fixture
def wardrobe(tmp_path):
    # Scores of cosines .34 .77 .5 .87 .82 1: .218 .894 .5 .949 .928 .982.
    with Catalog.open(tmp_path / "w", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(WARDROBE)
        yield catalog


def worn_dress(catalog, similar, **asked):
    recommender = Recommender(catalog, Calibration(Curve(8, 0.5)), NearnessScale(0.99, similar))
    (found,) = recommender.for_look(
        look_of("female", article("dress", at(0))), SearchRequest(**asked)
    )
    return found


def test_where_nothing_is_similar_neighbours_are_searched_too(wardrobe):
    found = worn_dress(wardrobe, 0.6)
    # Of tops those that are similar, of bottoms the skirts; no trousers, however alike.
    assert [match.product.id for match in found.matches] == [
        "skirt",
        "Denim skirts",
        "top",
        "dress",
    ]
    assert [match.nearness for match in found.matches] == ["similar"] * 3 + ["same idea"]
    assert found.message == "nothing similar in dress: bottomwear and topwear searched too"
    assert found.to_dict()["searched"]["neighbours"] == ["bottomwear", "topwear"]
    assert (found.eligible, found.best_score) == (1, pytest.approx(0.2203, abs=1e-3))


def test_neighbours_take_a_third_of_the_places_at_most(wardrobe):
    ids = [match.product.id for match in worn_dress(wardrobe, 0.6, k=3).matches]
    assert ids == ["skirt", "dress"]
    assert [m.product.id for m in worn_dress(wardrobe, 0.6, k=1).matches] == ["dress"]


def test_neighbours_that_are_not_similar_are_left_out(wardrobe):
    found = worn_dress(wardrobe, 0.93)
    assert [match.product.id for match in found.matches] == ["skirt", "dress"]


def test_where_something_is_similar_neighbours_are_left_alone(wardrobe):
    found = worn_dress(wardrobe, 0.2)
    assert [match.product.id for match in found.matches] == ["dress"]
    assert (found.message, "neighbours" in found.searched) == (None, False)
    assert [match.product.id for match in worn_dress(wardrobe, 0.0).matches] == ["dress"]


def test_where_the_category_is_empty_neighbours_are_shown_whatever_they_score(wardrobe):
    found = worn_dress(wardrobe, 0.99, filters=Filters(exclude_ids={"dress"}))
    ids = [match.product.id for match in found.matches]
    assert ids == ["skirt", "Denim skirts", "top", "faint top"]
    assert (found.eligible, found.best_score) == (0, None)
    assert found.message == "no dress fits what was searched: these are bottomwear and topwear"


def test_diversity_decides_what_is_shown_and_likeness_its_order(tmp_path):
    # Cosines to the query .999 .993 .990: the second is like the first, the third another way.
    rows = [("first", at(2)), ("second", at(7)), ("third", at(8, 2)), ("far", at(40, 3))]
    with Catalog.open(tmp_path / "c", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(Row(product=product(name), vector=vector) for name, vector in rows)
        recommender = Recommender(catalog, Calibration(Curve(8, 0.5)))

        def shown(k, diversity):
            return ids(recommender.for_look(look_of(), SearchRequest(k=k, diversity=diversity)))

        assert shown(2, 0.0) == ["first", "second"]
        # .4 * .990 - .6 * .990 is more than .4 * .993 - .6 * .996; "far" is clearly worse.
        assert shown(2, 0.6) == ["first", "third"]
        assert shown(2, 1.0) == ["first", "third"]
        assert shown(4, 0.6) == ["first", "second", "third", "far"]


def test_similar_leaves_the_product_out_and_keeps_to_its_gender(recommender):
    matches = recommender.similar("near", SearchRequest())
    assert [m.product.id for m in matches] == ["copy", "middle", "g1", "far"]
    with pytest.raises(UnknownProductError):
        recommender.similar("nobody", SearchRequest())


def test_nothing_is_found_in_an_empty_category(recommender):
    (found,) = recommender.for_look(look_of("female", article("bag", at(0))), SearchRequest())
    assert (found.matches, found.eligible) == ((), 0)


@pytest.mark.parametrize(
    "given",
    [
        {"k": 0},
        {"gender": "girl"},
        {"policy": "strict"},
        {"primary": "shoes"},
        {"categories": frozenset({"shoes"})},
        {"box": Box(0, 0, 1, 1)},
        {"box_category": "bag"},
        {"diversity": 1.1},
        {"min_score": -1},
        {"k": "5"},
        {"k": 2.5},
        {"liked": "near"},
        {"categories": "topwear"},
    ],
)
def test_impossible_wishes(given):
    with pytest.raises(SettingsError):
        SearchRequest(**given)


def test_boosts_move_products_but_not_their_scores(recommender):
    plain = recommender.for_look(look_of(), SearchRequest())
    up = recommender.for_look(look_of(), SearchRequest(boosts=(Boost("brand", "ACME", 0.1),)))
    assert ids(up) == ["middle", "near", "g1", "far"]
    assert up[0].matches[0].score == plain[0].matches[1].score
    down = recommender.for_look(look_of(), SearchRequest(boosts=(Boost("color", "navy blue", -1),)))
    assert ids(down)[-1] == "near"


def test_what_is_not_wanted_is_left_out_and_others_take_its_place(tmp_path):
    rows = [
        Row(product=product(f"p{n:03}", color="Navy Blue", title="Shirt"), vector=at(n / 2))
        for n in range(150)
    ]
    rows.append(Row(product=product("red", color="Red", title="Pocket"), vector=at(76)))
    seen = {"color": ["green", 0.9]}
    rows.append(Row(product=product("green", title="Plain"), vector=at(85), attributes=seen))
    with Catalog.open(tmp_path / "many", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(rows)
        recommender = Recommender(catalog, Calibration(Curve(8, 0.5)))

        def found(*colors, things=()):
            asked = SearchRequest(k=2, unwanted=Unwanted(frozenset(colors), things))
            return ids(recommender.for_look(look_of(), asked))

        assert found("blue") == ["red", "green"]
        assert found("blue", things=((("pocket",), ("pockets",)),)) == ["green"]
        assert found("blue", "green") == ["red"]
        assert found("blue", "green", "red") == []


def test_what_is_boosted_is_found_among_the_nearest_two_hundred(tmp_path):
    rows = [Row(product=product(f"p{n:03}"), vector=at(n / 2)) for n in range(150)]
    rows.append(Row(product=product("liked", brand="acme"), vector=at(76)))
    with Catalog.open(tmp_path / "many", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(rows)
        asked = SearchRequest(k=1, boosts=(Boost("brand", "acme", 1.0),))
        found = Recommender(catalog, Calibration(Curve(8, 0.5))).for_look(look_of(), asked)
    assert ids(found) == ["liked"]


@pytest.mark.parametrize("given", [("title", "x", 0.1), ("brand", "x", 1.5)])
def test_impossible_boosts(given):
    with pytest.raises(SettingsError):
        Boost(*given)


LINES = bytes([0, 255, 0, 255])


@pytest.fixture
def styles(tmp_path):
    """One shirt in navy and red; a title that two blue products have, and a green one."""
    rows = [
        ("navy", "Acme Men Oxford Navy Shirt", "navy", at(10)),
        ("red", "Acme Men Oxford Red Shirt", "red", at(20, 2)),
        ("vague1", "Acme Men Printed Shirt", "blue", at(30, 3)),
        ("vague2", "Acme Men Printed Blue Shirt", "Blue", at(40, 4)),
        ("vague3", "Acme Men Printed Green Shirt", "green", at(45, 5)),
    ]
    with Catalog.open(tmp_path / "s", model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(
            Row(
                product=product(name, title=title, color=color),
                vector=vector,
                outline=LINES,
                attributes={"type": ["shirt", 0.9]},
            )
            for name, title, color, vector in rows
        )
        yield Recommender(catalog, Calibration(Curve(8, 0.5)))


def test_a_style_found_in_another_color_is_a_variant(styles):
    (found,) = styles.for_look(look_of(), SearchRequest())
    assert [m.product.id for m in found.matches] == ["navy", "vague1", "vague2", "vague3"]
    assert [v.id for v in found.matches[0].variants] == ["red"]


def test_a_title_that_two_products_of_one_color_have_names_no_style(styles):
    # Only one of the two blue ones is among the candidates: the catalog knows the other.
    request = SearchRequest(filters=Filters(exclude_ids=frozenset({"vague2"})))
    (found,) = styles.for_look(look_of(), request)
    assert [m.product.id for m in found.matches] == ["navy", "vague1", "vague3"]


def test_only_the_products_shown_are_read(recommender, monkeypatch):
    catalog, read = recommender._catalog, []
    products = catalog.products
    monkeypatch.setattr(
        catalog, "products", lambda ids, moment: read.append(list(ids)) or products(ids, moment)
    )
    monkeypatch.setattr(catalog, "stored_many", None)
    (found,) = recommender.for_look(look_of(), SearchRequest(k=3, diversity=0))
    assert ids([found]) == ["near", "middle", "g1"]
    assert read == [["near", "middle", "g1", "g2"]]  # g2 is the variant of g1
    (found,) = recommender.for_look(look_of(), SearchRequest(k=3, diversity=0, min_score=0.95))
    assert read[1:] == [ids([found])] == [["near", "middle"]]


def test_what_is_compared_are_the_feeds_words_else_what_was_read():
    read = {"type": ["shirt", 0.9], "color": "Red", "pattern": ["Striped", 0.7]}
    shown = {"status": "active", "sequence": 1, "changed_at": "", "row_hash": ""}
    plain = Stored(product=product("a"), attributes=read, **shown)
    assert traits_of(plain) == Traits("shirt", "red", "striped")
    told = product("a", product_type="Tops > Polos", color="Navy", pattern="Checked")
    words = Stored(product=told, attributes=read, **shown)
    assert traits_of(words) == Traits("Tops > Polos", "navy", "checked")
    assert traits_of(Stored(product=product("a"), **shown)) == Traits("", "", "")


@pytest.mark.parametrize("step", ["candidates", "products"])
def test_a_product_removed_under_a_search_costs_itself_alone(recommender, monkeypatch, step):
    catalog = recommender._catalog
    read, removed = getattr(catalog, step), []

    def slow(*arguments):
        if not removed:
            removed.append(catalog.remove(["middle"]))
        return read(*arguments)

    monkeypatch.setattr(catalog, step, slow)
    (found,) = recommender.for_look(look_of(), SearchRequest())
    assert ids([found]) == ["near", "g1", "far"]
    assert removed == [["middle"]]


def test_an_unknown_product_that_was_asked_for_is_told(recommender):
    with pytest.raises(UnknownProductError, match="nobody"):
        recommender.similar("nobody", SearchRequest())
