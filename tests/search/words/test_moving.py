"""Words beside a photo."""

from __future__ import annotations

import numpy as np
import pytest

from thatlook.core.records import Article, Box, Look
from thatlook.core.shopper_words import color_words
from thatlook.search.request import SearchRequest, Unwanted
from thatlook.search.words.moving import (
    asked_with,
    look_with,
    meant_article,
    most_meant,
    moved,
)
from thatlook.search.words.shelf import Lines
from thatlook.search.words.understanding import understand

SHOP = Lines({}, {("acme",): "Acme"}, frozenset(), priced=True)
EAST, NORTH = np.array([1, 0], np.float32), np.array([0, 1], np.float32)


def article(category, score=0.9, size=10.0, vector=EAST):
    return Article(category, Box(0, 0, size, size), score, {}, vector)


@pytest.mark.parametrize(
    ("weight", "expected"), [(0.0, EAST), (1.0, NORTH), (0.5, np.full(2, 0.5**0.5))]
)
def test_a_vector_moves_by_the_dial(weight, expected):
    assert moved(EAST, NORTH, weight) == pytest.approx(expected)


def test_where_the_tower_has_nothing_the_photo_stays():
    assert moved(EAST, None, 1.0) is EAST
    assert np.isfinite(moved(EAST, -EAST, 0.5)).all()


def test_every_article_of_a_look_is_moved():
    look = Look("a.jpg", 10, 10, None, (article("topwear"), article("bag", vector=None)))
    found = look_with(look, NORTH, 1.0).articles
    assert found[0].vector == pytest.approx(NORTH)
    assert found[1].vector is None


def asked(text, **fields):
    return asked_with(understand(text, SHOP), SearchRequest(**fields))


def test_words_become_parts_of_the_request():
    request = asked("acme shoes in red for men under 50, not blue")
    assert request.filters.colors == color_words("red")
    assert request.filters.brands == {"Acme"}
    assert request.filters.max_price == 50
    assert request.categories == {"footwear"}
    assert request.gender == "male"
    assert request.unwanted == Unwanted(frozenset({"blue"}))


def test_what_is_asked_for_goes_before_the_words():
    request = asked("shoes for girls", gender="male", age="adult", categories={"bag"})
    assert (request.gender, request.age, request.categories) == ("male", "adult", {"bag"})
    assert asked("girls").age == "child"
    assert asked("nothing") == SearchRequest()


@pytest.mark.parametrize(
    ("text", "cheap", "told"),
    [("in red", True, True), ("cheaper", False, True), ("in red", False, False)],
)
def test_low_prices_are_wished_by_words_or_by_the_request(text, cheap, told):
    assert asked(text, cheap=cheap).cheap is told


def test_which_article_words_speak_of():
    articles = [article("bag"), article("topwear", 0.5), article("topwear", 0.8), article("bag")]
    first = most_meant(articles)
    assert meant_article(articles, "topwear", first).place == 2
    assert meant_article(articles, None, 0).place == 0
    assert meant_article(articles, "dress", first) is None
    assert meant_article([], None, most_meant([])) is None
