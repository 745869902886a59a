"""From what is given to products, over a catalog placed by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.search.completing.conftest import LENGTHS, row_of, vector
from thatlook.core.errors import CatalogError, SettingsError
from thatlook.core.records import Article, Box
from thatlook.search.completing import (
    CompletionRequest,
    given_article,
    given_product,
)
from thatlook.search.completing.completer import missing
from thatlook.search.completing.why import Together
from thatlook.search.index import Filters
from thatlook.store.catalog import Catalog


def given(completer, *ids):
    return [given_product(one) for one in completer.catalog.stored_many(ids)]


def found(completer, ids, gender="female", **asked):
    answer = completer.complete(given(completer, *ids), gender, CompletionRequest(**asked))
    return {one.category: [match.product.id for match in one.matches] for one in answer.completions}


SHIRT = row_of("shirt", "topwear", "red")
SHOP = (
    SHIRT,
    row_of("red jeans", "bottomwear", "red"),
    row_of("blue jeans", "bottomwear", "blue", look=1),
    row_of("his", "bottomwear", "red", gender="male"),
    row_of("red boots", "footwear", "red", "30"),
    row_of("striped boots", "footwear", "red", "20", pattern="striped", look=1),
    row_of("blue boots", "footwear", "blue", "10", availability="out of stock"),
)


def test_what_is_wanted_comes_first_in_every_missing_category(shop):
    answer = found(shop(*SHOP), ["shirt"], diversity=0)
    assert answer["bottomwear"] == ["red jeans", "blue jeans"]
    # Shoes are also wanted of the shirt's pattern.
    assert answer["footwear"] == ["red boots", "striped boots", "blue boots"]
    assert set(answer) == {
        "outerwear", "bottomwear", "footwear", "bag", "headwear", "eyewear", "neckwear",
    }  # fmt: skip


def test_values_add_up_over_what_is_given_and_become_scores(shop):
    completer = shop(*SHOP)
    request = CompletionRequest(categories=("footwear",), diversity=0)
    worn = given(completer, "shirt", "blue jeans")
    (one,) = completer.complete(worn, "female", request).completions
    scores = {match.product.id: match.score for match in one.matches}
    # Red and solid: color 1 of the shirt, pattern 0.5 of both, all by the root of two pieces.
    values = {"red boots": 2 / math.sqrt(2), "striped boots": 1 / math.sqrt(2)}
    for name, value in values.items():
        assert scores[name] == pytest.approx(1 / (1 + math.exp(-2 * (value - 0.5))), abs=1e-5)
    assert scores["blue boots"] == pytest.approx(scores["red boots"], abs=1e-5)


def test_why_is_told_in_words_most_telling_first(shop):
    completer = shop(*SHOP, row_of("casual", "footwear", "red", usage="casual", look=1))
    worn = [given_article(Article(
        "bottomwear", Box(0, 0, 9, 9), 0.9,
        {"type": "jeans", "color": "red", "usage": "casual"}, vector("jeans", "red"),
    ))]  # fmt: skip
    request = CompletionRequest(categories=("footwear",), diversity=0)
    (one,) = completer.complete(worn, "female", request).completions
    told = {match.product.id: match.reasons for match in one.matches}
    assert told["casual"] == ("same color: red, worn together in 3 looks", "same occasion: casual")
    # Nothing spoke for it but the pattern, which is not told.
    assert told["blue boots"] == ("little in this shop goes better",)
    assert "goes with" not in str(told)


def test_another_occasion_costs(shop):
    completer = shop(
        row_of("gown", "topwear", "red", usage="formal"),
        row_of("runners", "footwear", "red", usage="sports"),
        row_of("boots in white", "footwear", "white", usage="formal", look=1),
    )
    assert found(completer, ["gown"], categories=("footwear",), diversity=0) == {
        "footwear": ["boots in white", "runners"]
    }


@pytest.mark.parametrize(
    ("own", "others", "loss"),
    [
        ({"usage": "formal"}, [{"usage": "sports"}], 1),
        ({"usage": "casual"}, [{"usage": "sports"}], 0.5),
        ({"usage": "ethnic"}, [{"usage": "casual"}], 0.5),
        ({"usage": "formal"}, [{"usage": "casual"}, {"usage": "formal"}], 0),
        ({"usage": "formal"}, [{"usage": "sports"}, {"usage": "casual"}], 0.5),
        ({"usage": ""}, [{"usage": "sports"}], 0),
        ({"title": "Track top"}, [{"kind": "Skirts"}], 1),
        ({"kind": "heels", "usage": "casual"}, [{"usage": "casual"}, {"usage": "sports"}], 1),
        ({"title": "Yoga pants", "usage": "casual"}, [{"usage": "sports"}], 0),
        ({"title": "Tennis skirt", "kind": "skirts", "usage": "sports"}, [{"usage": "sports"}], 0),
        ({"title": "Tracked parcel dress"}, [{"kind": "heels"}], 0),
    ],
)
def test_what_a_piece_loses_for_its_occasion(shop, own, others, loss):
    pieces = {"own": own, **{f"other {n}": one for n, one in enumerate(others)}}
    completer = shop(*(row_of(name, "topwear", "red", **one) for name, one in pieces.items()))
    completer.together = Together()
    (first, *worn) = given(completer, *pieces)
    assert completer.loss(first, worn) == loss


def test_where_the_rules_speak_against_nearly_all_more_are_looked_at(shop, monkeypatch):
    monkeypatch.setattr("thatlook.search.completing.completer.FETCHED", 1)
    monkeypatch.setattr("thatlook.search.completing.completer.SPARE", 1)
    runners = [
        row_of(f"runners {n}", "footwear", "red", usage="sports", look=n % 2) for n in range(2)
    ]
    completer = shop(
        row_of("gown", "topwear", "red", usage="formal"),
        *runners,
        row_of("pumps", "footwear", "white", usage="formal"),
    )
    asked = {"categories": ("footwear",), "diversity": 0, "k": 2}
    assert found(completer, ["gown"], **asked) == {"footwear": ["pumps", "runners 0"]}


def test_for_sports_the_street_tells_nothing(shop):
    completer = shop(
        row_of("jersey", "topwear", "red", usage="sports"),
        row_of("track pants", "bottomwear", "red", kind="track pants", title="Track pants"),
        row_of("jeans", "bottomwear", "red", look=1),
    )
    assert "track pants" not in completer.together.worn
    worn, pants = given(completer, "jersey"), given(completer, "track pants")[0]
    assert completer.loss(pants, worn) == 0
    assert completer.loss(pants, given(completer, "jeans")) == 0.5


def test_a_type_that_nobody_wore_comes_later(shop):
    completer = shop(
        SHIRT,
        row_of("slippers", "footwear", "red", kind="flip flops"),
        row_of("striped", "footwear", "red", pattern="striped", kind="Boot", look=1),
        row_of("blue", "footwear", "blue", pattern="striped", look=1),
    )
    # Of red and solid 1.5 less 0.5 is as much as of red alone: ties by id, then blue.
    shoes = found(completer, ["shirt"], categories=("footwear",), diversity=0)["footwear"]
    assert shoes == ["slippers", "striped", "blue"]
    assert completer.together.worn == {"boot", "jeans", "tshirt", "shirt"}
    request = CompletionRequest(categories=("footwear",), diversity=0)
    (one,) = completer.complete(given(completer, "shirt"), "female", request).completions
    assert [match.score for match in one.matches][:2] == pytest.approx([1 / (1 + math.exp(-1))] * 2)


def test_types_seldom_worn_together_come_later(shop):
    told = Together(100, {"backpack|boot": 1, "boot|shirt": 4}, {}, {"backpack": 30, "boot": 40})
    # Chance has a backpack with boots in 12 looks of 100.
    assert told.seldom("Boots", "backpacks")
    assert not told.seldom("boots", "shirts")  # nothing is known of how often shirts are worn
    assert not replace(told, types={"backpack|boot": 4}).seldom("boots", "backpack")
    assert not replace(told, counts={"backpack": 14, "boot": 40}).seldom("boots", "backpack")
    # With heels alone chance has it in three looks, with heels and skirts in six, of which one was.
    dressy = Together(100, {"backpack|skirt": 1}, {}, {"backpack": 30, "heel": 10, "skirt": 10})
    assert dressy.seldom("backpacks", "heels")
    assert dressy.seldom("skirt", "backpack")
    assert not replace(dressy, types={"backpack|skirt": 2}).seldom("backpacks", "heels")
    assert not dressy.seldom("backpacks", "shirts")
    completer = shop(
        row_of("boots", "footwear", "red"),
        row_of("a backpack", "bag", "red", kind="backpacks"),
        row_of("handbag", "bag", "red", kind="jeans", look=1),
    )
    asked = {"categories": ("bag",), "diversity": 0}
    completer.together = replace(told, types=told.types | {"boot|jeans": 3})
    assert found(completer, ["boots"], **asked) == {"bag": ["handbag", "a backpack"]}


def test_colors_without_relation_and_two_bold_patterns_come_later(shop):
    def told(name, category, **words):
        row = row_of(name, category, "red")
        return replace(row, product=replace(row.product, **words))

    completer = shop(
        told("shirt", "topwear", pattern="Striped"),
        told("a", "bag", color="purple"),
        replace(told("b", "bag", pattern="checked"), vector=vector("jeans", "red")),
        replace(told("c", "bag"), vector=vector("shirts", "red")),
    )
    worn = given(completer, "shirt")
    request = CompletionRequest(categories=("bag",), diversity=0)
    (one,) = completer.complete(worn, "female", request).completions
    assert found(completer, ["shirt"], categories=("bag",), k=1, diversity=1) == {"bag": ["c"]}
    values = [math.log(m.score / (1 - m.score)) / 2 + 0.5 for m in one.matches]
    assert [m.product.id for m in one.matches] == ["c", "a", "b"]
    assert values == pytest.approx([1, 0.75, 0.75], abs=1e-5)


def test_filters_budget_stock_and_what_is_given_itself(shop):
    completer = shop(*SHOP, in_stock=True)
    shoes = {"categories": ("footwear",), "diversity": 0}
    assert found(completer, ["shirt"], **shoes)["footwear"] == ["red boots", "striped boots"]
    assert found(completer, ["shirt"], budget=25, **shoes)["footwear"] == ["striped boots"]
    cheap = Filters(max_price=19)
    assert found(completer, ["shirt"], filters=cheap, budget=25, **shoes)["footwear"] == []
    again = found(completer, ["shirt"], categories=("topwear",))
    assert again == {"topwear": []}
    his = found(completer, ["shirt"], "male", categories=("bottomwear",))
    assert his == {"bottomwear": ["his"]}


def test_of_a_season_enough_are_fetched_and_what_tells_none_stays(shop, monkeypatch):
    monkeypatch.setattr("thatlook.search.completing.completer.FETCHED", 1)
    monkeypatch.setattr("thatlook.search.completing.completer.SPARE", 1)
    fall = [
        row_of(f"fall {n}", "footwear", "red", extra={"Season": "Fall"}, look=n % 2)
        for n in range(9)
    ]
    completer = shop(
        SHIRT,
        *fall,
        row_of("any", "footwear", "blue"),
        row_of("summer", "footwear", "white", title="Summer boots"),
        row_of("flat", "footwear", "white", kind="Flip Flops", extra={"season": "winter"}),
    )
    asked = {"categories": ("footwear",), "diversity": 0}
    assert set(found(completer, ["shirt"], **asked, season="summer", k=3)["footwear"]) == {
        "any", "summer"
    }  # fmt: skip
    winter = found(completer, ["shirt"], **asked, season="winter", k=11)["footwear"]
    assert set(winter) == {"fall 0", "fall 1", "any"}  # each picture once, no flip flops


def test_for_a_season_no_more_are_looked_at_than_is_said(shop, monkeypatch):
    monkeypatch.setattr("thatlook.search.completing.completer.FETCHED", 2)
    monkeypatch.setattr("thatlook.search.completing.completer.SPARE", 1)
    monkeypatch.setattr("thatlook.search.completing.completer.MOST_OF_SEASON", 8)
    autumn = [
        row_of(f"a{n}", "footwear", "red", extra={"season": "Fall"}, look=n % 2) for n in range(9)
    ]
    completer = shop(SHIRT, *autumn)
    asked = []
    search = Catalog.search
    monkeypatch.setattr(
        Catalog, "search", lambda self, v, query: asked.append(query.k) or search(self, v, query)
    )
    assert not found(completer, ["shirt"], categories=("footwear",), season="summer", k=2)[
        "footwear"
    ]
    assert asked[-2:] == [2, 8]


def test_an_empty_catalog_answers_with_nothing(shop):
    completer = shop(SHIRT)
    assert found(completer, ["shirt"], categories=("bag",)) == {"bag": []}


@pytest.mark.parametrize(
    ("worn", "left"),
    [
        (["dress"], {"topwear", "bottomwear", "dress"}),
        (["topwear", "bag"], {"topwear", "bag", "dress"}),
        (["outerwear"], {"outerwear"}),
    ],
)
def test_a_dress_takes_the_place_of_top_and_bottom(worn, left):
    everything = set(missing([]))
    assert set(missing(worn)) == everything - left


def test_the_vector_that_is_searched_ranks_as_the_values_do(stage):
    rng = np.random.default_rng(0)
    wanted = rng.normal(size=stage.layout.length).astype(np.float32)
    vectors = np.stack(
        [vector(k, c) for k in ("shirts", "boots") for c in ("red", "blue", "white")]
    )
    asked = stage.vector(wanted, LENGTHS)
    assert np.linalg.norm(asked) == pytest.approx(1)
    assert not asked[:2].any()  # the look of a picture says nothing
    by_search, by_value = vectors @ asked, stage.layout.rows(vectors) @ wanted
    assert list(np.argsort(by_search)) == list(np.argsort(by_value))
    assert stage.lengths(vectors[0]) == dict.fromkeys(("type", "color", "pattern"), 0.5)


def test_what_cannot_be_asked_or_given_is_refused(shop):
    with pytest.raises(SettingsError, match="season must be one of spring, summer"):
        CompletionRequest(season="monsoon")
    with pytest.raises(SettingsError, match="category must be one of"):
        CompletionRequest(categories=("shoes",))
    with pytest.raises(SettingsError, match="not the text 'bag'"):
        CompletionRequest(categories="bag")
    with pytest.raises(SettingsError, match="max_price"):
        CompletionRequest(budget=-1)
    with pytest.raises(SettingsError, match="k must be 1"):
        CompletionRequest(k=0)
    stored = shop(SHIRT).catalog.stored("shirt")
    with pytest.raises(CatalogError, match="no vector yet"):
        given_product(type(stored)(
            product=stored.product, status="active", sequence=1, changed_at="", row_hash=""
        ))  # fmt: skip
