"""Given pieces and a request to products: one search per missing category, then reasons.

What is wanted of a missing article is a vector (`vision.stages.compatibility`), so that whatever
searches for similar products, with all filters and in any number, searches for these as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from thatlook.core.harmony import clashes
from thatlook.core.records import Match, Product, Vector
from thatlook.core.taxonomy import CATEGORIES
from thatlook.search.completing.given import SPORTS, Given, given_product, suits
from thatlook.search.completing.records import Completion, Completions
from thatlook.search.completing.request import CompletionRequest
from thatlook.search.completing.why import Floats, Together, normal, reasons
from thatlook.search.index import Filters, Query, genders_for
from thatlook.search.ranking import distinct, diverse
from thatlook.search.recommender import settled
from thatlook.search.steady import steady
from thatlook.search.stored import ProductStore, Stored
from thatlook.vision.stages.compatibility import CompatibilityStage

FETCHED: Final = 30
"""At least so many candidates of a category are looked at."""
SPARE: Final = 6
MORE: Final = 4
"""So many times as many are fetched where too few suit the season, and once where the rules speak
against nearly all."""
MOST_OF_SEASON: Final = 2048
"""No more are looked at for their season: where none suits, as coats in summer, all would be."""
OTHER_OCCASION: Final = 1.0
"""What a product of another occasion loses of its value: a rule, not learned; nobody wears running
shoes with a gown, and the network, which knows types and colors alone, cannot tell."""
CASUAL: Final = "casual"
BESIDE_CASUAL: Final = 0.5
"""What it loses where one of the two is casual: jeans are worn with a track jacket, and a shirt
from the office with jeans."""
RARELY_WORN: Final = 0.5
"""What a product loses whose type nobody wore in the looks that were learned from: a rule too.
What is not known to go with anything, such as a sports bra under a coat, comes after what is. The
looks are of the street, so that it says nothing of what is worn for sports together."""

SELDOM_TOGETHER: Final = 0.5
"""What a product loses whose type is seldom worn with one that is given: a backpack with heels."""
CLASH: Final = 0.25
"""What a color loses that the wheel relates to none that is given, and what a bold pattern loses
beside another. People in the street do either as often as not: small enough to cost nothing where
what was worn is asked for, and what a stylist frowns at comes later."""

ONE_PIECE: Final = "dress"
TWO_PIECES: Final = ("topwear", "bottomwear")


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A product with the row that is compared and its value beside what is given, of which the
    rules took `loss`.
    """

    stored: Stored
    given: Given
    row: Floats
    value: float
    loss: float = 0.0

    @property
    def product(self) -> Product:
        """The product."""
        return self.stored.product


class Completer:
    """Finds what goes with given pieces in one catalog."""

    def __init__(
        self, catalog: ProductStore, stage: CompatibilityStage, *, in_stock: bool = False
    ) -> None:
        self.stage = stage
        self.together = Together.of(stage.spec)
        self._catalog = catalog
        self._in_stock = in_stock
        self._lengths: dict[str, float] | None = None

    @steady
    def complete(
        self, given: Sequence[Given], gender: str, request: CompletionRequest
    ) -> Completions:
        """Per missing category, or per category asked for, the products that go with all of the
        pieces given (one at least), best first; `gender` is the wearer's.

        Raises CatalogError, ModelError.
        """
        wanted = request.categories or missing([one.category for one in given])
        found = [self._category(given, name, gender, request) for name in wanted]
        return Completions(tuple(given), tuple(found))

    def _category(
        self, given: Sequence[Given], category: str, gender: str, request: CompletionRequest
    ) -> Completion:
        asked = self.stage.wanted([one.piece for one in given], category)
        filters = self.filters(given, request)
        count = max(FETCHED, SPARE * request.k)
        query = self.query(category, gender, count, filters)
        found, eligible = self.candidates(given, asked, query, request.season)
        if found and 2 * sum(not one.loss for one in found) < request.k:
            query = replace(query, k=MORE * query.k)
            found, eligible = self.candidates(given, asked, query, request.season)
        found = _sound(found, request.k)
        scores = np.array([self.stage.score(one.value) for one in found])
        vectors = np.array([one.given.vector for one in found])
        order = sorted(diverse(scores, vectors, request.k, request.diversity)) if found else []
        matches = tuple(self.match(found[place], given, asked) for place in order)
        return Completion(category, matches, eligible)

    def filters(self, given: Sequence[Given], request: CompletionRequest) -> Filters:
        """What a product must satisfy; what is given is not offered again."""
        own = frozenset(one.product_id for one in given if one.product_id)
        filters = request.affordable
        filters = replace(filters, exclude_ids=filters.exclude_ids | own)
        return settled(filters, request.age, in_stock=self._in_stock)

    def query(self, category: str, gender: str, count: int, filters: Filters) -> Query:
        """The search for `count` products of a category for a person of this gender."""
        genders = genders_for(gender if gender in {"female", "male"} else None)
        return Query(category=category, genders=genders, k=count, filters=filters)

    def candidates(
        self, given: Sequence[Given], asked: Floats, query: Query, season: str = ""
    ) -> tuple[list[Candidate], int]:
        """The products of a query, and of a season, that go best with what is given, each picture
        once, best first, ties by id; and how many were eligible in any season. `asked` (given,
        length) is what each piece speaks for.
        """
        vector = self._vector(asked.sum(axis=0), query)
        if vector is None:
            return [], 0
        stored, eligible = self.of_season(vector, query, season)
        found = self._valued(given, asked.sum(axis=0), stored)
        kept = distinct(np.array([one.given.vector for one in found]), len(found)) if found else []
        return [found[place] for place in kept], eligible

    def of_season(self, vector: Vector, query: Query, season: str) -> tuple[list[Stored], int]:
        """The `k` products of a query nearest to a vector that suit a season, and how many there
        are in any: no index knows seasons, so more are fetched until enough do, or until
        MOST_OF_SEASON were looked at.
        """
        asked = query
        while True:
            answers = self._catalog.search(vector[None], asked)
            stored = self._catalog.stored_many([hit.product_id for hit in answers[0]])
            kept = [one for one in stored if suits(one, season)]
            if len(kept) >= query.k or len(answers[0]) < asked.k or asked.k >= MOST_OF_SEASON:
                return kept[: query.k], answers.eligible
            asked = replace(asked, k=min(MORE * asked.k, MOST_OF_SEASON))

    def _valued(
        self, given: Sequence[Given], asked: Floats, stored: Sequence[Stored]
    ) -> list[Candidate]:
        """The products with their values, best first."""
        seen = [one for one in stored if one.vector is not None]
        if not seen:
            return []
        rows = self.stage.layout.rows(
            np.stack([one.vector for one in seen if one.vector is not None])
        )
        values = rows @ asked
        found = []
        for one, row, value in zip(seen, rows, values, strict=True):
            own = given_product(one)
            loss = self.loss(own, given)
            found.append(Candidate(one, own, row, float(value) - loss, loss))
        return sorted(found, key=lambda one: (-one.value, one.product.id))

    def loss(self, own: Given, given: Sequence[Given]) -> float:
        """What all rules take from the value of a product beside what is given."""
        known = bool(own.type and self.together.worn)
        rare = known and normal(own.type) not in self.together.worn
        for_sports = {own.occasion, *(one.occasion for one in given)} == {SPORTS}
        return RARELY_WORN * (rare and not for_sports) + self.against(own, given)

    def against(self, own: Given, given: Sequence[Given]) -> float:
        """What the rules about two pieces take from it."""
        seldom = any(self.together.seldom(own.type, one.type) for one in given)
        clash = clashes(own.color, [one.color for one in given])
        bold = own.bold and any(one.bold for one in given)
        return _apart(own, given) + SELDOM_TOGETHER * seldom + CLASH * (clash + bold)

    def _vector(self, asked: Floats, query: Query) -> Vector | None:
        """The vector to search with; None where the catalog has nothing to be found."""
        if self._lengths is None:
            dim = len(self.stage.vector(asked, dict.fromkeys(self.stage.layout.parts, 1.0)))
            some = self._catalog.search(np.eye(1, dim, dtype=np.float32), replace(query, k=1))[0]
            if not some:
                return None
            own = self._catalog.vector(some[0].product_id)
            self._lengths = self.stage.lengths(own)
        return self.stage.vector(asked, self._lengths)

    def match(self, found: Candidate, given: Sequence[Given], asked: Floats) -> Match:
        """A candidate as it is answered, with the reasons."""
        told = (self.stage.layout, self.together)
        why = reasons(found.given, found.row, given, asked, told)
        return Match(self.stage.score(found.value), found.product, why)


def _apart(own: Given, given: Sequence[Given]) -> float:
    """What a product loses for its occasion. Sports and what is dressy never go together; beside
    pieces of several occasions one of them is enough.
    """
    if any(_sports_beside_dressy(own, one) or _sports_beside_dressy(one, own) for one in given):
        return OTHER_OCCASION
    occasions = {one.occasion for one in given} - {""}
    if not own.occasion or not occasions or own.occasion in occasions:
        return 0.0
    return BESIDE_CASUAL if CASUAL in {own.occasion, *occasions} else OTHER_OCCASION


def _sports_beside_dressy(one: Given, other: Given) -> bool:
    return one.occasion == SPORTS and other.dressy


def _sound(found: Sequence[Candidate], count: int) -> list[Candidate]:
    """Those that no rule speaks against, where there are so many; else all. Variety would choose
    the others before them: few are like a backpack among handbags.
    """
    sound = [one for one in found if not one.loss]
    return sound if len(sound) >= count else list(found)


def missing(worn: Sequence[str]) -> tuple[str, ...]:
    """The categories that nothing worn fills: a dress fills those of two pieces, and they its."""
    filled = set(worn)
    if ONE_PIECE in filled:
        filled |= set(TWO_PIECES)
    if filled & set(TWO_PIECES):
        filled.add(ONE_PIECE)
    return tuple(name for name in CATEGORIES if name not in filled)
