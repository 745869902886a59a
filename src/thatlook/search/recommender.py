"""A look and a request to recommendations: search, duplicates, variants, diversity, reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.core.ages import is_childs
from thatlook.core.records import Article, Look, Match, Product, Recommendation, Vector
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import neighbours, words
from thatlook.search.articles import primary_of
from thatlook.search.index import Filters, Hit, Query, genders_for
from thatlook.search.ranking import (
    TOLD,
    Agreement,
    Calibration,
    Curve,
    NearnessScale,
    Traits,
    boost_of,
    changes,
    cheapness,
    distinct,
    diverse,
    gentle,
    grouped,
    leaning,
    part_likeness,
    reasons,
    shared_keys,
    show_same_picture,
    tellable_types,
)
from thatlook.search.request import SearchRequest, Unwanted
from thatlook.search.steady import steady
from thatlook.search.stored import Candidates, ProductStore, Stored
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.stages.embedding import vector_output

WIDE: Final = 200
"""At least so many candidates are looked at when some of them are to be preferred."""

MOVED: Final = 40
"""At least so many candidates are looked at when what agrees of type and color moves them."""

MAX_FETCHED: Final = 5_000
"""Beyond so many duplicates of what is shown already nothing else is looked for."""

SAME_PICTURE_SCORE: Final = 0.99
"""What a product scores at least whose picture is the very one that is asked with."""

MEANT_DIGITS: Final = 5
"""Decimals of a likeness that order matches."""

WORDED: Final = 0.5
"""What it is worth for the order to have the words that a shopper says beside a photo."""

CHEAP: Final = 0.2
"""What the cheapest is worth beside the dearest where a shopper says "cheaper" beside a photo."""

SPARE: Final = 4
"""Times k that are fetched at first, so that k are left after duplicates and variants."""


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Products found, as columns. `worth` is their similarity to the article moved by what agrees,
    and `order`, by which they are ordered, that with the boosts and what was liked.
    """

    hits: Sequence[Hit]
    columns: Candidates
    worth: Sequence[float]
    order: Sequence[float]


class _Group(NamedTuple):
    """A style: the places of its products among those found, best first; `order` and `vector` are
    the best one's. Most are not shown, so that nothing more is made of them.
    """

    found: _Found
    places: Sequence[int]
    order: float
    vector: Vector

    @property
    def ids(self) -> list[str]:
        """The ids of its products, best first."""
        return [self.found.hits[place].product_id for place in self.places]

    @property
    def worth(self) -> float:
        """The best one's, as in _Found."""
        return self.found.worth[self.places[0]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What candidates are compared with: a vector, words, the curve that scores them, and where
    what was liked and disliked leans.
    """

    vector: Vector
    traits: Traits
    curve: Curve
    lean: NDArray[np.floating[Any]] | None = None
    tellable: frozenset[str] | None = None


class _Answer(NamedTuple):
    """What is shown for an article, each style with its score, best first, before their products
    are read; the rest is as in Recommendation.
    """

    asked: _Asked | None = None
    scored: Sequence[tuple[float, _Group]] = ()
    eligible: int = 0
    best_score: float | None = None
    searched: Mapping[str, Any] = MappingProxyType({})


class Recommender:
    """Ranks the products of one catalog.

    `scale` names the scores in words; where no product of an article's category is similar, those
    of neighbouring categories stand among the matches. `parts` names what the vectors' numbers
    speak of, for the reasons. With `in_stock` products out of stock are left out, unless a request
    names the availabilities it wants. Children's products are left out too, unless they are
    asked for, or products like a child's. `tellable` are the types that the network can tell
    (`Agreement.of`).
    """

    def __init__(
        self,
        catalog: ProductStore,
        calibration: Calibration,
        scale: NearnessScale = NearnessScale(),  # noqa: B008 - frozen
        parts: Mapping[str, slice] | None = None,
        *,
        in_stock: bool = False,
        tellable: frozenset[str] | None = None,
    ) -> None:
        self._catalog = catalog
        self._tellable = tellable
        self._calibration = calibration
        self._scale = scale
        self._look = (parts or {}).get("look", slice(None))
        self._parts = {name: part for name, part in (parts or {}).items() if name in TOLD}
        self._in_stock = in_stock

    @classmethod
    def of(cls, catalog: ProductStore, spec: ModelSpec, settings: Settings) -> Self:
        """As the entry of the embedding network and the settings say. Raises ModelError."""
        return cls(
            catalog,
            Calibration.of(spec.details.get("calibration", {})),
            NearnessScale(settings.very_close_score, settings.similar_score),
            spec.parts_of(vector_output(spec)),
            in_stock=settings.out_of_stock == "hide",
            tellable=tellable_types(spec.labels["type"]) if "type" in spec.labels else None,
        )

    @steady
    def for_look(
        self, look: Look, request: SearchRequest, *, worn: bool = False
    ) -> tuple[Recommendation, ...]:
        """One recommendation per article searched, the primary one first.

        `worn` says that somebody wears the articles although the look holds no person.
        Raises CatalogError, and UnknownProductError for liked or disliked ids.
        """
        wanted = [
            index
            for index, article in enumerate(look.articles)
            if request.categories is None or article.category in request.categories
        ]
        primary = primary_of(look.articles, wanted, request.primary)
        known = look.person.gender if look.person else "unknown"
        gender = known if request.gender == "auto" else request.gender
        query = Query(
            genders=genders_for(gender if gender in {"female", "male"} else None),
            k=request.k,
            filters=self._settled(_with_request(request), request.age),
        )
        worn = worn or look.person is not None

        def of_article(index: int) -> _Answer:
            return self._for_article(look.articles[index], query, request, worn=worn)

        answers = self._catalog.each(of_article, wanted)
        found = [
            Recommendation(
                index,
                look.articles[index].category,
                "primary" if index == primary else "secondary",
                matches,
                answer.eligible,
                answer.best_score,
                answer.searched,
            )
            for index, answer, matches in zip(wanted, answers, self._matches(answers), strict=True)
        ]
        return tuple(sorted(found, key=lambda entry: entry.role != "primary"))

    def _for_article(
        self, article: Article, query: Query, request: SearchRequest, *, worn: bool
    ) -> _Answer:
        if article.vector is None:
            return _Answer()
        query = replace(query, category=article.category)
        curve = self._calibration.curve(article.category, worn=worn)
        traits = Traits.of(article.attributes)
        asked = _Asked(article.vector, traits, curve, tellable=self._tellable)
        groups, eligible = self._search(asked, query, request)
        best = curve.score(groups[0].worth) if groups else None
        weak = (best or 0.0) < self._scale.similar
        others = neighbours(article.category) if weak else {}
        searched = _searched(query) | ({"neighbours": sorted(others)} if others else {})
        groups += self._neighbours(asked, query, request, others, some=bool(groups))
        shown = _shown(groups, request)
        if request.liked or request.disliked:
            shown = self._refined(shown, asked, query, request, others)
        scored = _scored(shown, curve, request.min_score)
        return _Answer(asked, scored, eligible, best, searched)

    def _neighbours(
        self,
        asked: _Asked,
        query: Query,
        request: SearchRequest,
        others: Mapping[str, tuple[str, ...]],
        *,
        some: bool,
    ) -> list[_Group]:
        """The products that `others` names in neighbouring categories; where the article's own
        category has `some`, only similar ones, for a third of the places at most.
        """
        found = []
        for category, named in others.items():
            there = replace(query, category=category)
            found += self._search(asked, there, request, named)[0]
        if not some:
            return found
        least = self._scale.similar
        near = [group for group in found if asked.curve.score(group.worth) >= least]
        return sorted(near, key=_place)[: query.k // 3]

    def _refined(
        self,
        before: Sequence[_Group],
        asked: _Asked,
        query: Query,
        request: SearchRequest,
        others: Mapping[str, tuple[str, ...]],
    ) -> list[_Group]:
        """What is shown after what was liked and disliked of these categories: never what was
        disliked, and most of what was shown `before`.
        """
        categories = {query.category, *others}
        liked, disliked = (
            [s for s in self._catalog.stored_many(sorted(ids)) if s.product.category in categories]
            for ids in (request.liked, request.disliked)
        )
        lean = leaning(*(_rows([s.vector for s in some]) for some in (liked, disliked)))
        if lean is None:
            return list(before)
        hidden = query.filters.exclude_ids | request.disliked
        query = replace(query, filters=replace(query.filters, exclude_ids=hidden))
        leant = replace(asked, lean=lean)
        groups, _ = self._search(leant, query, request)
        groups += self._neighbours(leant, query, request, others, some=bool(groups))
        kept = [group.ids[0] for group in before]
        return _shown(groups, request, kept, changes(request.k, len(liked) + len(disliked)))

    @steady
    def similar(self, product_id: str, request: SearchRequest) -> tuple[Match, ...]:
        """Products like one of the catalog, of its category, for its gender and age, best first.

        Raises UnknownProductError.
        """
        own = self._catalog.stored(product_id)
        vector = self._catalog.vector(product_id)
        others = request.filters.exclude_ids | {own.product.id}
        gender = own.product.gender if own.product.gender != "unisex" else None
        query = Query(
            category=own.product.category,
            genders=genders_for(gender),
            k=request.k,
            filters=self._settled(
                replace(request.filters, exclude_ids=others), request.age, own.product
            ),
        )
        curve = self._calibration.curve(own.product.category)
        asked = _Asked(vector, traits_of(own), curve)
        groups, _ = self._search(asked, query, request)
        scored = _scored(_shown(groups, request), curve, request.min_score)
        return self._matches([_Answer(asked, scored)])[0]

    def _settled(self, filters: Filters, age: str, own: Product | None = None) -> Filters:
        return settled(filters, age, own, in_stock=self._in_stock)

    def _search(
        self, asked: _Asked, query: Query, request: SearchRequest, named: Collection[str] = ()
    ) -> tuple[list[_Group], int]:
        """The candidates by style, most worth first, and how many products passed the filters.

        Where words are `named`, only products among the nearest WIDE whose type or title has one.
        """
        moved = MOVED if asked.curve.moves else 0
        wide = request.boosts or request.cheap or named or asked.lean is not None
        fetched = max(query.k * SPARE, WIDE if wide else moved)
        while True:
            answers = self._catalog.search(asked.vector[None], replace(query, k=fetched))
            all_there = len(answers[0]) < fetched
            hits = self._named(answers[0], named) if named else answers[0]
            hits = self._wanted(hits, request.unwanted) if request.unwanted else hits
            if request.worded and not named:
                hits = [*hits, *self._with_words(asked, query, request, hits)]
            groups = self._groups(self._found(asked, hits, request))
            # k are owed wherever k exist: look further while duplicates took the places.
            if named or len(groups) >= query.k or all_there or fetched >= MAX_FETCHED:
                return groups, answers.eligible
            fetched = min(fetched * 4, MAX_FETCHED)

    def _with_words(
        self, asked: _Asked, query: Query, request: SearchRequest, known: Sequence[Hit]
    ) -> list[Hit]:
        """The nearest of the products that have what the words name, but those `known`."""
        worded, allowed = request.worded, query.filters.include_ids
        ids = (worded if allowed is None else worded & allowed) - {h.product_id for h in known}
        if not ids:
            return []
        only = replace(query, k=query.k * SPARE, filters=replace(query.filters, include_ids=ids))
        hits = self._catalog.search(asked.vector[None], only)[0]
        return self._wanted(hits, request.unwanted) if request.unwanted else list(hits)

    def _wanted(self, hits: Sequence[Hit], unwanted: Unwanted) -> list[Hit]:
        """Those that have nothing of what is not wanted."""
        ids = [hit.product_id for hit in hits]
        texts = self._catalog.fields(ids, ("title", "product_type", "pattern", "brand"))
        traits = self._catalog.candidates(ids).traits
        return [
            hit
            for hit, told, seen in zip(hits, texts, traits, strict=True)
            if not unwanted.has(seen.color, (*told, seen.type, seen.pattern))
        ]

    def _named(self, hits: Sequence[Hit], named: Collection[str]) -> list[Hit]:
        """Those whose type or title has one of the words `named`."""
        texts = self._catalog.fields([hit.product_id for hit in hits], ("product_type", "title"))
        return [
            hit
            for hit, text in zip(hits, texts, strict=True)
            if not set(words(" ".join(text))).isdisjoint(named)
        ]

    def _found(self, asked: _Asked, hits: Sequence[Hit], request: SearchRequest) -> _Found:
        """The products of the hits, with what orders them."""
        ids = [hit.product_id for hit in hits]
        columns = self._catalog.candidates(ids)
        worth = [hit.similarity for hit in hits]
        if asked.curve.moves:
            moves = {
                traits: asked.curve.move(Agreement.of(asked.traits, traits, asked.tellable))
                for traits in set(columns.traits)
            }
            worth = [w + moves[t] for w, t in zip(worth, columns.traits, strict=True)]
        if ids:
            least = asked.curve.worth_of(SAME_PICTURE_SCORE)
            same = show_same_picture(columns.vectors, asked.vector, self._look)
            for place in np.flatnonzero(same).tolist():
                worth[place] = max(worth[place], least)
        order = worth
        if request.worded or request.boosts or request.cheap:
            order = [w + p for w, p in zip(worth, self._preferences(ids, request), strict=True)]
        if asked.lean is not None and ids:
            order = [w + lean for w, lean in zip(order, columns.vectors @ asked.lean, strict=True)]
        told = [meant(w) for w in worth]
        return _Found(hits, columns, told, told if order is worth else [meant(w) for w in order])

    def _preferences(self, ids: Sequence[str], request: SearchRequest) -> list[float]:
        """What is added to each product's similarity for the order, by what is preferred."""
        found = [WORDED if one in request.worded else 0.0 for one in ids]
        if request.boosts:
            values = self._catalog.fields(ids, [boost.field for boost in request.boosts])
            found = [f + boost_of(v, request.boosts) for f, v in zip(found, values, strict=True)]
        if request.cheap:
            prices = [one.current_price for one in self._catalog.products(ids)]
            shares = cheapness([None if price is None else float(price.amount) for price in prices])
            found = [f + CHEAP * share for f, share in zip(found, shares, strict=True)]
        return found

    def _groups(self, found: _Found) -> list[_Group]:
        """The products found by style, each picture once, those of most worth first."""
        if not found.hits:
            return []
        best_first = sorted(
            range(len(found.hits)),
            key=lambda place: (-found.worth[place], found.hits[place].product_id),
        )
        vectors = found.columns.vectors[best_first]
        kept = [best_first[place] for place in distinct(vectors, len(vectors))]
        styles = [found.columns.styles[place] for place in kept]
        shared = shared_keys(styles)
        telling = shared - self._catalog.vague_styles(shared) if shared else shared
        groups = grouped(styles, telling)
        places = [[kept[place] for place in group] for group in groups]
        best = [group[0] for group in places]
        orders, rows = [found.order[place] for place in best], found.columns.vectors[best]
        return list(map(_Group, repeat(found), places, orders, rows))

    def _matches(self, answers: Sequence[_Answer]) -> list[tuple[Match, ...]]:
        """What is shown of each answer: the products of all are read at once, and no others."""
        ids = [id_ for answer in answers for _, group in answer.scored for id_ in group.ids]
        products = dict(zip(ids, self._catalog.products(ids), strict=True))
        return [tuple(self._of_answer(answer, products)) for answer in answers]

    def _of_answer(self, answer: _Answer, products: Mapping[str, Product]) -> Iterator[Match]:
        if answer.asked is None or not answer.scored:
            return
        told = self._why(answer.asked, [group for _, group in answer.scored])
        for (score, group), why in zip(answer.scored, told, strict=True):
            first, *variants = [products[product_id] for product_id in group.ids]
            yield Match(score, first, why, tuple(variants), self._scale.word(score))

    def _why(self, asked: _Asked, groups: Sequence[_Group]) -> list[tuple[str, ...]]:
        """The reasons for the best product of each group."""
        vectors = _rows([group.vector for group in groups])
        parts = part_likeness(asked.vector, vectors, self._parts)
        return [
            reasons(
                asked.traits,
                found.columns.traits[places[0]],
                found.hits[places[0]].similarity,
                own,
                asked.tellable,
            )
            for (found, places, *_), own in zip(groups, parts, strict=True)
        ]


def _scored(
    shown: Sequence[_Group], curve: Curve, min_score: float | None
) -> list[tuple[float, _Group]]:
    """The groups with their scores, those that score enough."""
    scored = [(curve.score(group.worth), group) for group in shown]
    return [entry for entry in scored if min_score is None or entry[0] >= min_score]


def meant(worth: float) -> float:
    """A likeness as far as it carries meaning: the same pictures give other digits after these on
    another processor, and what is as like is ordered by id.
    """
    return round(float(worth), MEANT_DIGITS)


def _place(group: _Group) -> tuple[float, str]:
    """What groups are sorted by, best first."""
    return -group.order, group.found.hits[group.places[0]].product_id


def settled(
    filters: Filters, age: str, own: Product | None = None, *, in_stock: bool = False
) -> Filters:
    """The filters with the defaults for what is out of stock and for whose age it is."""
    if in_stock and not filters.availability:
        filters = replace(filters, in_stock=True)
    if age != "auto":
        return replace(filters, age=age)
    return filters if filters.age != "any" else replace(filters, age=age_for(own))


def age_for(product: Product | None) -> str:
    """Whose products are found for a product where nobody asks: its own kind; else grown-ups'."""
    return "child" if product is not None and is_childs(product.age_group) else "adult"


def traits_of(stored: Stored) -> Traits:
    """What is compared of a product: the feed's words, else what the network read."""
    return Traits.of_product(stored.product, stored.attributes)


def _rows(vectors: Sequence[Vector | None]) -> Vector:
    known = [vector for vector in vectors if vector is not None]
    if not known:
        return np.zeros((0, 1), np.float32)
    return np.concatenate(known).reshape(len(known), -1)


def _shown(
    groups: Sequence[_Group], request: SearchRequest, before: Sequence[str] = (), most: int = 0
) -> list[_Group]:
    """The k styles that are shown, best first: at most `most` of the products `before` go."""
    best_first = sorted(groups, key=_place)
    orders = np.array([group.order for group in best_first])
    vectors = _rows([group.vector for group in best_first])
    # Variety decides which k are shown; the best of them still come first.
    places = sorted(diverse(orders, vectors, request.k, request.diversity))
    if before:
        holders = {id_: n for n, group in enumerate(best_first) for id_ in group.ids}
        places = gentle(sorted({holders[id_] for id_ in before if id_ in holders}), places, most)
    return [best_first[place] for place in sorted(places)]


def _searched(query: Query) -> dict[str, Any]:
    """What was searched, as JSON data: category, genders of products (all where None), filters."""
    genders = sorted(query.genders) if query.genders is not None else None
    return {
        "category": query.category,
        "genders": genders,
        "filters": query.filters.to_dict(),
    }


def _with_request(request: SearchRequest) -> Filters:
    filters = request.filters
    if request.in_color:
        filters = replace(filters, colors=frozenset({request.in_color}))
    return filters
