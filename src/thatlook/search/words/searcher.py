"""Words, and a photo where there is one, to products: candidates of two kinds, one order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, repeat
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.records import Look, Match, Vector
from thatlook.core.shopper_words import (
    Meaning,
    category_of_type,
    color_words,
    type_of,
    types_for,
    wordings,
)
from thatlook.core.tokens import tokens
from thatlook.search.index import Query, genders_for
from thatlook.search.index.counting import Counted
from thatlook.search.index.exact import passes
from thatlook.search.ranking import cheapness
from thatlook.search.steady import steady
from thatlook.search.words.moving import filters_of, moved
from thatlook.search.words.request import WordRequest
from thatlook.search.words.shelf import Facts, Shelf, WordNetwork
from thatlook.search.words.understanding import Understood, Wish, understand
from thatlook.search.words.wishes import SHADE, fulfilled, is_unwanted

DEPTH: Final = 200
"""Candidates of each kind: by words, by vectors, and by vectors among the wished color."""

WORN_DEPTH: Final = 40
"""Candidates of each type that is worn for an occasion."""

MOST_OCCASIONS: Final = 3
"""Occasions for which candidates are looked for; all of them order."""

PHOTO_TYPE: Final = "photo_type"


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of the order counts; the score is their mean over the parts in play.

    `type`, `color`, `pattern`, `occasion` and `price` are wishes of the words, `photo_type` is the
    type of the photo.
    """

    type: float = 1.0
    color: float = 0.8
    pattern: float = 0.4
    occasion: float = 1.2
    price: float = 0.8
    photo_type: float = 0.5
    words: float = 0.6
    likeness: float = 0.6


WEIGHTS: Final = Weights()


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A candidate with its score, 0..1, and what each part of it was."""

    facts: Facts
    score: float
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """All that answers words, counted, and the query for those that are no candidates; None where
    there are none.
    """

    counted: Counted
    rest: Query | None


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The answer to words: what was understood, one page of matches, and how many there are.

    `total` counts all that pass and, where words tell more than filters and wishes, have these
    words or are among the nearest; `facets` count the same by category, color, brand and price.
    With sizes, several categories, or things that must not be there, both count the candidates
    alone. `by_likeness` is whether pictures were compared too, `compared_by` the id of the network
    that did, "" for none. `look` is that of the photo, of which the words speak of the `article` at
    this place; None where they speak of none.
    """

    understood: Understood
    matches: tuple[Match, ...]
    total: int
    offset: int
    facets: Mapping[str, Sequence[Mapping[str, Any]]]
    by_likeness: bool
    compared_by: str = ""
    look: Look | None = None
    article: int | None = None
    timing_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def message(self) -> str | None:
        """What to say where nothing was found."""
        if self.total:
            return None
        shown = ", ".join(chip.shown or chip.value for chip in self.understood.chips)
        return f"nothing found{f'; take off one of: {shown}' if shown else ''}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook search`."""
        return {
            "text": self.understood.text,
            "understood": [chip.to_dict() for chip in self.understood.chips],
            "total": self.total,
            "offset": self.offset,
            "matches": [match.to_dict() for match in self.matches],
            "facets": {name: list(counts) for name, counts in self.facets.items()},
            "by_likeness": self.by_likeness,
            "compared_by": self.compared_by or None,
            "look": None if self.look is None else self.look.to_dict(),
            "article": self.article,
            "message": self.message,
            "timing_ms": {name: round(spent, 2) for name, spent in self.timing_ms.items()},
        }


class WordSearch:
    """Searches one catalog by words.

    Without a `network`, or with one of another embedding network than the catalog's, words alone
    are compared (`Found.by_likeness` says so). `in_stock` leaves out what is out of stock, unless a
    request names the availabilities that it wants.
    """

    def __init__(
        self,
        shelf: Shelf,
        network: WordNetwork | None,
        *,
        in_stock: bool = False,
        weights: Weights = WEIGHTS,
    ) -> None:
        self._shelf = shelf
        self._given = network
        self._in_stock = in_stock
        self._weights = asdict(weights)

    @property
    def _network(self) -> WordNetwork | None:
        """What maps words among the catalog's vectors as they are now; None for nothing."""
        given = self._given
        return given if given is not None and given.space == self._shelf.model_key else None

    @steady
    def find(self, request: WordRequest) -> Found:
        """The products for a request, best first. Raises CatalogError."""
        understood = self.understood(request)
        network, vector = self._network, self._vector(understood, request)
        ranked = self.ranked(understood, request, vector)
        whole = self._whole(understood, request, ranked)
        page = ranked[request.offset : request.offset + request.k]
        if len(page) < request.k and whole.rest is not None:
            page += self._rest(understood, whole.rest, request, ranked, vector)
        stored = self._shelf.stored_many([one.facts.entry.id for one in page])
        matches = tuple(
            Match(one.score, kept.product, _reasons(one, understood))
            for one, kept in zip(page, stored, strict=True)
        )
        return Found(
            understood,
            matches,
            whole.counted.total,
            request.offset,
            facets(whole.counted),
            by_likeness=vector is not None,
            compared_by=network.name if network and vector is not None else "",
        )

    def _whole(
        self, understood: Understood, request: WordRequest, ranked: Sequence[Ranked]
    ) -> _Whole:
        """Everything that answers the words."""
        entries = Counted.of(one.facts.entry for one in ranked)
        query = self._query(understood, request)
        if understood.unwanted or understood.values("size") or _several(understood, request):
            return _Whole(entries, None)
        ids = frozenset(one.facts.entry.id for one in ranked)
        filters = query.filters
        if not understood.telling:
            counted = self._shelf.counted(query)
            filters = replace(filters, exclude_ids=filters.exclude_ids | ids)
        else:
            with_words = self._with_words(understood, query) - ids
            query = replace(query, filters=replace(filters, include_ids=with_words))
            others = self._shelf.counted(query) if with_words else None
            counted, filters = others and entries + others, query.filters
        if counted is None:
            return _Whole(entries, None)
        return _Whole(counted, replace(query, filters=filters))

    def worded(self, understood: Understood, query: Query | None = None) -> frozenset[str]:
        """The ids of the products that have the telling words, in the query's partitions."""
        return frozenset(self._shelf.matching([g.wordings for g in understood.telling], query))

    def beside_photo(self, understood: Understood) -> frozenset[str]:
        """The ids of the products that come first beside a photo: those with the telling words,
        and of a type that the words name.
        """
        types = [w.name for w in understood.wishes if w.kind == "type"]
        said = tuple(chain(*(wordings(Meaning("type", name)) for name in types)))
        groups = [group.wordings for group in understood.telling]
        if len(types) > 1:  # "ballerinas or heels": the words of one are not those of the other
            groups = [group for group in groups if set(group).isdisjoint(said)]
        groups += [said] if said else []
        query = Query(category=understood.category) if understood.category else None
        return frozenset(self._shelf.matching(groups, query))

    def _with_words(self, understood: Understood, query: Query) -> frozenset[str]:
        """The ids of the products that have the telling words, of those that the query allows."""
        found = self.worded(understood, query)
        allowed = query.filters.include_ids
        return found if allowed is None else found & allowed

    def _rest(
        self,
        understood: Understood,
        query: Query,
        request: WordRequest,
        ranked: Sequence[Ranked],
        vector: Vector | None,
    ) -> list[Ranked]:
        """What of a page comes after the candidates: nearest first."""
        first = max(0, request.offset - len(ranked))
        last = request.offset + request.k - len(ranked)
        sought = self._any_direction() if vector is None else vector
        hits = self._shelf.search(sought[None], replace(query, k=last))[0][first:]
        facts = self._shelf.facts([hit.product_id for hit in hits])
        # None of them is called better than what was a candidate.
        least = ranked[-1].score if ranked else 1.0
        found = []
        for hit in hits:
            if hit.product_id in facts:  # not removed since it was found
                one = self._rank(facts[hit.product_id], understood, {})
                least = min(least, one.score)
                found.append(replace(one, score=least))
        return found

    def candidates(self, request: WordRequest) -> list[Ranked]:
        """Everything that is ordered for a request, best first. Raises CatalogError."""
        understood = self.understood(request)
        return self.ranked(understood, request, self._vector(understood, request))

    def understood(self, request: WordRequest) -> Understood:
        """What a request's text asks for; a photo's type is wished, less, where it names none."""
        found = understand(request.text, self._shelf.lines(), request.off)
        kind = type_of(request.photo_type)
        if not kind or found.wish("type"):
            return found
        return replace(found, wishes=(*found.wishes, Wish(PHOTO_TYPE, kind)))

    def told(self, words: Sequence[str]) -> Vector | None:
        """The vector of words among the catalog's; None where the network has none there.

        Parts of words in another script than any product's tell a network that guesses nothing.
        """
        network = self._network
        if network is not None and network.guesses:
            known = self._shelf.lines()
            words = [word for word in words if word.isascii() or known.frequency(word)]
        return network.embed(words) if network else None

    def ranked(
        self, understood: Understood, request: WordRequest, vector: Vector | None
    ) -> list[Ranked]:
        """All candidates that pass what was understood and asked, best first, ties by id."""
        query = self._query(understood, request)
        words = {
            hit.product_id: hit.score
            for hit in self._shelf.by_words([g.wordings for g in understood.telling], query)
        }
        ids = dict.fromkeys(words)
        if understood.groups != understood.telling:
            more = self._shelf.some_with([g.wordings for g in understood.groups], query)
            ids |= dict.fromkeys(more)
        ids |= dict.fromkeys(self._near(understood, query, vector))
        ids |= dict.fromkeys(self._worn_for(understood, query))
        facts = self._shelf.facts(list(ids))
        sizes, categories = understood.values("size"), _several(understood, request)
        kept = [
            one
            for one in facts.values()
            if passes(one.entry, query.filters)
            and not is_unwanted(one, understood)
            and (not sizes or sizes & one.sizes)
            and (not categories or one.entry.category in categories)
        ]
        network = self._network
        told = {
            "words": _fitting(kept, words),
            "likeness": _likenesses(kept, vector, narrow=network is not None and network.narrow),
            "price": cheapness([one.entry.price for one in kept])
            if understood.wish("price")
            else (),
        }
        there = {name: values for name, values in told.items() if values}
        columns = zip(*there.values(), strict=True) if there else repeat(())
        found = [
            self._rank(one, understood, dict(zip(there, values, strict=True)))
            for one, values in zip(kept, columns, strict=False)
        ]
        return sorted(found, key=lambda one: (-one.score, one.facts.entry.id))

    def _vector(self, understood: Understood, request: WordRequest) -> Vector | None:
        """The words' vector, moved towards that of the photo where there is one."""
        told = self.told(understood.plain)
        return told if request.vector is None else moved(request.vector, told, request.text_weight)

    def _query(self, understood: Understood, request: WordRequest) -> Query:
        """What must hold: what the request says, and what was understood where it is silent."""
        gender = request.gender or understood.value("gender") or request.photo_gender
        filters = filters_of(understood, request.filters)
        filters = replace(
            filters,
            age=_age(request, understood),
            in_stock=filters.in_stock or (self._in_stock and not filters.availability),
        )
        return Query(
            category=request.category or understood.category,
            genders=genders_for(gender),
            k=DEPTH,
            filters=filters,
        )

    def _near(self, understood: Understood, query: Query, vector: Vector | None) -> Iterable[str]:
        """Candidates by likeness, and among those of the wished color; without a vector any, where
        no words tell more than the filters and wishes.
        """
        if vector is None:
            if understood.telling:
                return
            vector = self._any_direction()
        color = understood.wish("color")
        queries = [query]
        if color and not query.filters.colors:
            wished = replace(query.filters, colors=color_words(color))
            queries.append(replace(query, filters=wished))
        several = understood.values("category") if query.category is None else ()
        if several:
            queries = [replace(q, category=one) for q in queries for one in sorted(several)]
        for one in queries:
            for hit in self._shelf.search(vector[None], one)[0]:
                yield hit.product_id

    def _worn_for(self, understood: Understood, query: Query) -> Iterator[str]:
        """Candidates by likeness of each type that is worn for what the words name."""
        network = self._network
        worn = _worn(understood, query.category)
        if network is None or not worn:
            return
        texts = {kind: (*understood.plain, *tokens(kind)) for kind in chain(*worn.values())}
        told = dict(zip(texts, network.embed_all(list(texts.values())), strict=True))
        for category, kinds in worn.items():
            vectors = [vector for kind in kinds if (vector := told[kind]) is not None]
            if vectors:
                few = replace(query, category=category, k=WORN_DEPTH)
                for hits in self._shelf.search(np.stack(vectors), few).hits:
                    yield from (hit.product_id for hit in hits)

    def _any_direction(self) -> Vector:
        """A vector for a request of filters alone: any order will do, the same every time."""
        dim = self._shelf.dim or 1
        return np.full(dim, dim**-0.5, np.float32)

    def _rank(
        self,
        facts: Facts,
        understood: Understood,
        told: Mapping[str, float],
    ) -> Ranked:
        """`told` are the parts that say something only beside other candidates."""
        parts: dict[str, float] = {}
        for wish in understood.wishes:
            parts[wish.kind] = max(parts.get(wish.kind, 0.0), fulfilled(wish, facts))
        occasions = [wish for wish in understood.wishes if wish.kind == "occasion"]
        if occasions:  # all of them: a wedding at the beach is both
            fits = [fulfilled(wish, facts) for wish in occasions]
            parts["occasion"] = sum(fits) / len(fits)
        parts |= told
        weights = self._weights
        whole = sum(map(weights.__getitem__, parts))
        score = sum(weights[n] * part for n, part in parts.items()) / whole if whole else 0.0
        return Ranked(facts, min(1.0, score), parts)


def _several(understood: Understood, request: WordRequest) -> frozenset[str]:
    """The categories of which any will do; empty where there is one, or none."""
    told = understood.values("category")
    return told if request.category is None and len(told) > 1 else frozenset()


def _worn(understood: Understood, category: str | None) -> dict[str, list[str]]:
    """By category the types that are worn for the first occasions; of one category where given."""
    occasions = [wish.name for wish in understood.wishes if wish.kind == "occasion"]
    found: dict[str, list[str]] = {}
    for kind in sorted(frozenset().union(*map(types_for, occasions[:MOST_OCCASIONS]))):
        if category in (None, category_of_type(kind)):
            found.setdefault(category_of_type(kind), []).append(kind)
    return found


def _fitting(found: Sequence[Facts], words: Mapping[str, float]) -> Sequence[float]:
    """How well each product's words fit, 0..1; () where no words were found."""
    top = max(words.values(), default=0.0)
    return [words.get(one.entry.id, 0.0) / top for one in found] if top > 0 else ()


def _likenesses(found: Sequence[Facts], vector: Vector | None, *, narrow: bool) -> Sequence[float]:
    """How alike each product's picture is, 0..1; () without a vector.

    Of a narrow network it is the place between the candidates' median, 0, and the best, 1.
    """
    if vector is None or not found:
        return ()
    products = np.stack([one.entry.vector for one in found]) @ vector
    if narrow:
        low, high = float(np.median(products)), float(products.max())
        products = (products - low) / max(high - low, 1e-9)
    alike: list[float] = np.maximum(products, 0.0).tolist()
    return alike


def _age(request: WordRequest, understood: Understood) -> str:
    """Whose products: as asked for, else as the words say, else grown-ups'."""
    if request.age != "auto":
        return request.age
    return understood.value("age") or "adult"


def _reasons(one: Ranked, understood: Understood) -> tuple[str, ...]:
    """Which wishes a product fulfils, and how its words and its picture fit, in numbers."""
    told = [
        f"{wish.kind.removeprefix('photo_')}: {wish.name}"
        for wish in understood.wishes
        if fulfilled(wish, one.facts) >= SHADE
    ]
    numbers = {"words": "words", "likeness": "likeness to the words"}
    told += [f"{said} {one.parts[n]:.2f}" for n, said in numbers.items() if one.parts.get(n)]
    return tuple(told)


SHOWN_COUNTS: Final = 30
PRICE_RANGES: Final = 4


def facets(counted: Counted) -> dict[str, list[dict[str, Any]]]:
    """How many of the products there are by category, color, brand and price.

    Most first, at most SHOWN_COUNTS each. Prices are PRICE_RANGES ranges with about equally many
    products; `min` and `max` belong to the range.
    """
    found: dict[str, list[dict[str, Any]]] = {
        name: [
            {"value": value, "count": count}
            for value, count in sorted(values.items(), key=lambda c: (-c[1], c[0]))
        ][:SHOWN_COUNTS]
        for name, values in counted.values.items()
    }
    found["price"] = _price_ranges(counted.prices)
    return found


def _price_ranges(prices: NDArray[np.float64]) -> list[dict[str, Any]]:
    parts = [part for part in np.array_split(np.sort(prices), PRICE_RANGES) if len(part)]
    return [{"min": float(p[0]), "max": float(p[-1]), "count": len(p)} for p in parts]
