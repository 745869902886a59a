"""Words beside a photo: how they change what is asked for, and move what is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from thatlook.core.records import Article, Look, Vector
from thatlook.core.shopper_words import color_words
from thatlook.search.index import Filters
from thatlook.search.ranking import most_prominent
from thatlook.search.request import SearchRequest
from thatlook.search.words.understanding import Understood


def moved(vector: Vector, told: Vector | None, weight: float) -> Vector:
    """The unit vector, float32 (dim,), of a photo's article moved by that of words.

    `weight` 0 leaves it, 1 takes the words' alone; so it stays where the words have none.
    """
    if told is None:
        return vector
    mixed = (1 - weight) * vector + weight * told
    length = float(np.linalg.norm(mixed))
    return np.asarray(mixed / length, np.float32) if length > 0 else told


def filters_of(understood: Understood, given: Filters) -> Filters:
    """The filters with what the words say of prices and brands where they are silent."""
    return replace(
        given,
        min_price=_amount(given.min_price, understood.value("min_price")),
        max_price=_amount(given.max_price, understood.value("max_price")),
        brands=given.brands or understood.values("brand"),
    )


def _amount(given: float | None, told: str | None) -> float | None:
    return given if given is not None or told is None else float(told)


def asked_with(understood: Understood, request: SearchRequest) -> SearchRequest:
    """The request of a photo with what the words say: a color, type, gender and prices to have,
    what must not be there.
    """
    filters = filters_of(understood, request.filters)
    colors = [color_words(wish.name) for wish in understood.wishes if wish.kind == "color"]
    if colors and not filters.colors:
        filters = replace(filters, colors=frozenset().union(*colors))
    gender = understood.value("gender")
    return replace(
        request,
        filters=filters,
        unwanted=understood.unwanted or request.unwanted,
        cheap=request.cheap or understood.wish("price") is not None,
        age=understood.value("age") or request.age if request.age == "auto" else request.age,
        gender=gender if gender and request.gender == "auto" else request.gender,
        categories=request.categories or understood.values("category") or None,
    )


def look_with(look: Look, told: Vector | None, weight: float) -> Look:
    """The look with its articles' vectors moved by that of words."""
    articles = tuple(
        one if one.vector is None else replace(one, vector=moved(one.vector, told, weight))
        for one in look.articles
    )
    return replace(look, articles=articles)


@dataclass(frozen=True, slots=True, eq=False)
class Meant:
    """The article of a photo that words speak of, by its place in the look."""

    place: int
    article: Article


def meant_article(
    articles: Sequence[Article], category: str | None, first: int | None
) -> Meant | None:
    """The article of the category that the words name, the surest; else the one at `first`.

    None where the words name a category that nothing in the photo has, or there is no article.
    """
    fitting = [
        (one.score, -place, place)
        for place, one in enumerate(articles)
        if one.category == category and one.vector is not None
    ]
    if fitting:
        place = max(fitting)[-1]
        return Meant(place, articles[place])
    if category is not None or first is None or articles[first].vector is None:
        return None
    return Meant(first, articles[first])


def most_meant(articles: Sequence[Article]) -> int | None:
    """The place of the article that a shopper most likely means; None where there is none."""
    return most_prominent([(one.category, one.score, one.box.area) for one in articles])
