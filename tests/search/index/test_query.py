from __future__ import annotations

import numpy as np
import pytest

from thatlook.core.errors import SettingsError
from thatlook.search.index import Filters, Query, genders_for
from thatlook.search.index.query import checked_vectors, ranked, similarities
from thatlook.search.index.words import color_matches, same_word


@pytest.mark.parametrize(
    ("gender", "searched"),
    [
        ("female", {"female", "unisex"}),
        ("male", {"male", "unisex"}),
        ("unisex", {"unisex"}),
        ("any", None),
        ("unknown", None),
        (None, None),
    ],
)
def test_genders_searched(gender, searched):
    assert genders_for(gender) == searched


def test_genders_for_an_unknown_word():
    with pytest.raises(SettingsError, match="boys"):
        genders_for("boys")


def test_partitions_of_a_query():
    query = Query(category="dress", genders=frozenset({"unisex", "female"}))
    assert query.partitions() == (("dress", "female"), ("dress", "unisex"))
    assert len(Query().partitions()) == 30


@pytest.mark.parametrize(
    "wrong",
    [{"category": "shoes"}, {"genders": frozenset({"boys"})}, {"k": 0}],
)
def test_queries_that_cannot_be(wrong):
    with pytest.raises(SettingsError):
        Query(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"min_price": -1}, {"max_price": float("nan")}, {"brands": "Acme"}, {"age": "kids"}]
)
def test_filters_that_cannot_be(wrong):
    with pytest.raises(SettingsError):
        Filters(**wrong)


def test_filters_as_data():
    assert Filters().empty
    assert Filters().to_dict() == {}
    filters = Filters(max_price=5, brands={"b", "a"})
    assert filters.to_dict() == {"max_price": 5.0, "brands": ["a", "b"]}
    assert Filters(age="adult").to_dict() == {"age": "adult"}


@pytest.mark.parametrize(
    ("value", "wanted", "same"),
    [
        ("Acme", "aCME", True),
        ("in_stock", "In Stock", True),
        ("in stock", "in-stock", True),
        ("", "", False),
        ("Acme", "Acm", False),
    ],
)
def test_same_word(value, wanted, same):
    assert same_word(value, wanted) is same


@pytest.mark.parametrize(
    ("value", "wanted", "matches"),
    [
        ("navy blue", "blue", True),
        ("Navy Blue", "NAVY-BLUE", True),
        ("black/white", "white", True),
        ("black/white", "black white", False),
        ("blue", "navy blue", False),
        ("blueish", "blue", False),
        ("", "blue", False),
        ("blue", "", False),
    ],
)
def test_colors(value, wanted, matches):
    assert color_matches(value, wanted) is matches


def test_similarity_does_not_depend_on_the_place():
    rng = np.random.default_rng(0)
    row, query = rng.standard_normal((2, 129)).astype(np.float32)
    many = similarities(np.tile(row, (1000, 1)), query)
    assert (many == similarities(row[None], query)[0]).all()
    assert many[0] == pytest.approx(float(row.astype(float) @ query.astype(float)), rel=1e-6)


def test_ranking_breaks_ties_by_id():
    hits = ranked(["b", "c", "a"], [0.5, 0.9, 0.5], 2)
    assert [(h.product_id, h.similarity) for h in hits] == [("c", 0.9), ("a", 0.5)]


@pytest.mark.parametrize("wrong", [np.zeros((2, 3)), np.full((1, 4), np.nan), np.zeros((1, 1, 4))])
def test_vectors_that_cannot_be(wrong):
    with pytest.raises(SettingsError):
        checked_vectors(wrong, 4)


def test_one_vector_is_a_row():
    assert checked_vectors([1, 0, 0, 0], 4).shape == (1, 4)
