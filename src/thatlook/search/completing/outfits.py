"""Whole outfits around what is given: slots, candidates that can be paid, the best choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import numpy as np

from thatlook.core.errors import SettingsError
from thatlook.core.records import Price
from thatlook.core.taxonomy import CATEGORIES
from thatlook.search.completing.completer import (
    FETCHED,
    ONE_PIECE,
    TWO_PIECES,
    Candidate,
    Completer,
)
from thatlook.search.completing.given import Given
from thatlook.search.completing.records import OutfitOffer, Outfits
from thatlook.search.completing.request import CompletionRequest
from thatlook.search.completing.solver import Problem, best
from thatlook.search.completing.why import Floats
from thatlook.search.index import Query
from thatlook.search.ranking import diverse
from thatlook.search.steady import steady
from thatlook.search.stored import ProductStore

PER_SLOT: Final = 20
"""So many products of a slot are tried together: the best ones that can be paid beside the
cheapest of the other slots."""
SHOES: Final = "footwear"
CENT: Final = 0.005
CHEAPEST: Final = 50


@dataclass(frozen=True, slots=True, eq=False)
class _Slot:
    category: str
    asked: Floats
    candidates: list[Candidate]


class Impossible(Exception):  # noqa: N818 - no error of a user: it is answered in words
    """No outfit can be: the words say why."""


class OutfitFinder:
    """Finds whole outfits in one catalog."""

    def __init__(self, catalog: ProductStore, completer: Completer) -> None:
        self._catalog = catalog
        self._completer = completer

    @steady
    def outfits(self, given: Sequence[Given], gender: str, request: CompletionRequest) -> Outfits:
        """Up to `request.k` outfits, best first: with what is given a top and a bottom, or a
        dress, and shoes, and of each category asked for one. Two outfits differ in two products,
        in all where there are fewer.

        Exact over PER_SLOT products of each category. Where no outfit is possible at all, the
        message says why. Raises CatalogError, and SettingsError for a budget where prices are in
        several currencies.
        """
        shapes = list(_shapes([one.category for one in given], request.categories))
        offers: list[OutfitOffer] = []
        told: list[str] = []
        for shape in shapes:
            try:
                offers += self._of_shape(given, shape, gender, request)
            except Impossible as why:
                told.append(str(why))
        offers.sort(key=lambda offer: -offer.score)
        message = None if offers else "; ".join(told)
        return Outfits(tuple(given), tuple(offers[: request.k]), message)

    def _of_shape(
        self,
        given: Sequence[Given],
        shape: tuple[str, ...],
        gender: str,
        request: CompletionRequest,
    ) -> list[OutfitOffer]:
        """The outfits that fill these categories. Raises Impossible."""
        slots = self._slots(given, shape, gender, request)
        problem = self._problem(slots, request)
        taken: list[list[int]] = []
        while len(taken) < request.k:
            # Something else throughout where that is possible, else in two places.
            chosen = best(problem, taken, len(slots)) or best(problem, taken, min(2, len(slots)))
            if chosen is None:
                break
            taken.append(chosen)
        return [self._offer(given, slots, chosen) for chosen in taken]

    def _slots(
        self,
        given: Sequence[Given],
        shape: tuple[str, ...],
        gender: str,
        request: CompletionRequest,
    ) -> list[_Slot]:
        filters = self._completer.filters(given, request)
        queries = [self._completer.query(name, gender, FETCHED, filters) for name in shape]
        if request.budget is None:
            return [self._slot(given, query, request) for query in queries]
        low = [self._cheapest(query, request.season) for query in queries]
        rest = _rest(low, Decimal(str(request.budget)))
        slots = []
        for query, price in zip(queries, low, strict=True):
            payable = self._slot(given, _up_to(query, rest + price.amount), request)
            # The cheapest one is among them: with it any other slot's product can be paid.
            cheap = self._slot(given, _up_to(query, price.amount), request).candidates[:1]
            slots.append(replace(payable, candidates=_without_repeats(payable.candidates, cheap)))
        return slots

    def _slot(self, given: Sequence[Given], query: Query, request: CompletionRequest) -> _Slot:
        """The PER_SLOT best and most various products of a query. Raises Impossible."""
        category = str(query.category)
        asked = self._asked(given, category)
        found, eligible = self._completer.candidates(given, asked, query, request.season)
        if not found:
            season = f", none for {request.season}" if request.season and eligible else ""
            raise Impossible(f"no {category} fits: {eligible} products pass the filters{season}")
        values = np.array([self._completer.stage.score(one.value) for one in found])
        vectors = np.array([one.given.vector for one in found])
        order = sorted(diverse(values, vectors, PER_SLOT, request.diversity))
        return _Slot(category, asked, [found[place] for place in order])

    def _asked(self, given: Sequence[Given], category: str) -> Floats:
        if not given:
            return np.zeros((1, self._completer.stage.layout.length), np.float32)
        return self._completer.stage.wanted([one.piece for one in given], category)

    def _cheapest(self, query: Query, season: str) -> Price:
        """The lowest price of a query's products of a season. Raises Impossible, SettingsError."""
        lowest: Price | None = None
        within = replace(query, k=CHEAPEST)
        while True:
            stored, _ = self._completer.of_season(self._any(), within, season)
            prices = [s.product.current_price for s in stored if s.product.current_price]
            _check_currency([*prices, *([lowest] if lowest else [])])
            if not prices:
                break
            lowest = min(prices, key=lambda price: price.amount)
            cheaper = float(lowest.amount) - CENT
            if cheaper < 0:
                break
            within = replace(within, filters=replace(within.filters, max_price=cheaper))
        if lowest is None:
            limit = query.filters.max_price
            suits = f" and suits {season}" if season else ""
            raise Impossible(
                f"no {query.category} that passes the filters{suits} has a price up to {limit}"
            )
        return lowest

    def _any(self) -> Floats:
        """Any vector: which products come first does not matter."""
        layout = self._completer.stage.layout
        ones = np.ones(layout.length, np.float32)
        return self._completer.stage.vector(ones, dict.fromkeys(layout.parts, 1.0))

    def _problem(self, slots: Sequence[_Slot], request: CompletionRequest) -> Problem:
        pairs = {
            (i, j): self._pairs(slots[i], slots[j])
            for i in range(len(slots))
            for j in range(i + 1, len(slots))
        }
        own = [np.array([one.value for one in slot.candidates]) for slot in slots]
        if request.budget is None:
            return Problem(own, pairs)
        prices = [[_amount(one) for one in slot.candidates] for slot in slots]
        return Problem(own, pairs, prices, Decimal(str(request.budget)))

    def _pairs(self, one: _Slot, other: _Slot) -> Floats:
        """How well the candidates of two slots go together (n, m): the mean of both directions,
        less what the rules say against it.
        """
        there, back = self._speaks_for(one, other), self._speaks_for(other, one)
        against = [
            [self._completer.against(a.given, [b.given]) for b in other.candidates]
            for a in one.candidates
        ]
        return np.asarray((there + back.T) / 2 - np.array(against), np.float32)

    def _speaks_for(self, one: _Slot, other: _Slot) -> Floats:
        stage = self._completer.stage
        rows = np.stack([candidate.row for candidate in other.candidates])
        # A piece alone, not as one of several: `wanted` shares between the pieces it is given.
        share = np.float32(np.sqrt(len(one.candidates)))
        wanted = stage.wanted(
            [candidate.given.piece for candidate in one.candidates], other.category
        )
        return np.asarray(share * wanted @ rows.T, np.float32)

    def _offer(
        self, given: Sequence[Given], slots: Sequence[_Slot], chosen: Sequence[int]
    ) -> OutfitOffer:
        picked = [slot.candidates[place] for slot, place in zip(slots, chosen, strict=True)]
        matches = []
        for slot, one in zip(slots, picked, strict=True):
            beside = [*given, *(other.given for other in picked if other is not one)]
            asked = self._asked(beside, slot.category)
            value = float(one.row @ asked.sum(axis=0)) - self._completer.loss(one.given, beside)
            matches.append(self._completer.match(replace(one, value=value), beside, asked))
        prices = [one.product.current_price for one in picked]
        currencies = {price.currency for price in prices if price}
        known = [price.amount for price in prices if price]
        total = (
            sum(known, Decimal(0)) if len(known) == len(picked) and len(currencies) == 1 else None
        )
        score = float(np.mean([match.score for match in matches]))
        return OutfitOffer(tuple(matches), score, total)


def _shapes(worn: Sequence[str], asked: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The categories to fill: with a top and a bottom, with a dress, whichever is not begun."""
    more = [name for name in asked if name not in worn]
    body: list[tuple[str, ...]] = [TWO_PIECES, (ONE_PIECE,)]
    if ONE_PIECE in worn or ONE_PIECE in more:
        body = [(ONE_PIECE,)]
    elif set(TWO_PIECES) & {*worn, *more}:
        body = [TWO_PIECES]
    for whole in body:
        filled = {*whole, SHOES, *more} - set(worn)
        if filled:
            yield tuple(name for name in CATEGORIES if name in filled)


def _rest(low: Sequence[Price], budget: Decimal) -> Decimal:
    """What is left of the budget after the cheapest product of each slot. Raises Impossible."""
    total = sum((price.amount for price in low), Decimal(0))
    if total > budget:
        parts = ", ".join(str(price) for price in low)
        raise Impossible(f"the cheapest outfit costs {total} ({parts}), more than {budget}")
    return budget - total


def _up_to(query: Query, amount: Decimal) -> Query:
    """The query for products that cost no more; never more than was asked for before."""
    limits = [float(amount), query.filters.max_price]
    price = min(limit for limit in limits if limit is not None)
    return replace(query, filters=replace(query.filters, max_price=price))


def _without_repeats(found: Sequence[Candidate], more: Sequence[Candidate]) -> list[Candidate]:
    seen = {one.product.id for one in found}
    return [*found, *(one for one in more if one.product.id not in seen)]


def _check_currency(prices: Sequence[Price]) -> None:
    currencies = sorted({price.currency for price in prices})
    if len(currencies) > 1:
        names = ", ".join(name or "none" for name in currencies)
        raise SettingsError(f"a budget needs one currency, the prices are in {names}; name one")


def _amount(one: Candidate) -> Decimal:
    price = one.product.current_price
    if price is None:
        raise SettingsError(f"the product {one.product.id!r} has no price")
    return price.amount
