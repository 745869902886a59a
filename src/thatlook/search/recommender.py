"""A look and a request to recommendations: search, duplicates, variants, diversity, reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np

from thatlook.core.ages import is_childs
from thatlook.core.records import Article, Look, Match, Product, Recommendation, Vector
from thatlook.core.settings import Settings
from thatlook.search.index import Filters, Hit, Query, genders_for
from thatlook.search.ranking import (
    TOLD,
    Agreement,
    Calibration,
    Curve,
    Traits,
    boost_of,
    distinct,
    diverse,
    grouped,
    most_prominent,
    part_likeness,
    reasons,
    refined,
)
from thatlook.search.request import Boost, SearchRequest
from thatlook.search.stored import Candidates, ProductStore, Stored
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.stages.embedding import vector_output

BOOSTED: Final = 200
"""At least so many candidates are looked at when some of them are to be preferred."""

MOVED: Final = 40
"""At least so many candidates are looked at when what agrees of type and color moves them."""

MAX_FETCHED: Final = 5_000
"""Beyond so many duplicates of what is shown already nothing else is looked for."""

MEANT_DIGITS: Final = 5
"""Decimals of a likeness that order matches."""

SPARE: Final = 4
"""Times k that are fetched at first, so that k are left after duplicates and variants."""


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Products found, as columns. `worth` is their similarity moved by what agrees, and `order`, by
    which they are ordered, that with the boosts.
    """

    hits: Sequence[Hit]
    columns: Candidates
    worth: Sequence[float]
    order: Sequence[float]


Group = Sequence[int]
"""Places of products found that are of one style, best first."""

Scored = tuple[float, Group]
"""A group with the score of its best product."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What candidates are compared with: a vector, words, and the curve that scores them."""

    vector: Vector
    traits: Traits
    curve: Curve


class Recommender:
    """Ranks the products of one catalog.

    An article whose best match scores less than `good_score` gets none, unless the request
    says from which score on matches are wanted. `parts` names what the vectors' numbers speak
    of, for the reasons. With `in_stock` products out of stock are left out, unless a request
    names the availabilities it wants. Children's products are left out too, unless they are
    asked for, or products like a child's.
    """

    def __init__(
        self,
        catalog: ProductStore,
        calibration: Calibration,
        good_score: float = 0.0,
        parts: Mapping[str, slice] | None = None,
        *,
        in_stock: bool = False,
    ) -> None:
        self._catalog = catalog
        self._calibration = calibration
        self._good_score = good_score
        self._parts = {name: part for name, part in (parts or {}).items() if name in TOLD}
        self._in_stock = in_stock

    @classmethod
    def of(cls, catalog: ProductStore, spec: ModelSpec, settings: Settings) -> Self:
        """As the entry of the embedding network and the settings say. Raises ModelError."""
        return cls(
            catalog,
            Calibration.of(spec.details.get("calibration", {})),
            settings.good_score,
            spec.parts_of(vector_output(spec)),
            in_stock=settings.out_of_stock == "hide",
        )

    def for_look(self, look: Look, request: SearchRequest) -> tuple[Recommendation, ...]:
        """One recommendation per article searched, the primary one first.

        Raises CatalogError, and UnknownProductError for liked or disliked ids.
        """
        wanted = [
            index
            for index, article in enumerate(look.articles)
            if request.categories is None or article.category in request.categories
        ]
        primary = _primary(look.articles, wanted, request.primary)
        known = look.person.gender if look.person else "unknown"
        gender = known if request.gender == "auto" else request.gender
        query = Query(
            genders=genders_for(gender if gender in {"female", "male"} else None),
            k=request.k,
            filters=self._settled(_with_request(request), request.age),
        )
        found = [
            self._for_article(
                index,
                look.articles[index],
                query,
                request,
                primary=index == primary,
                worn=look.person is not None,
            )
            for index in wanted
        ]
        return tuple(sorted(found, key=lambda entry: entry.role != "primary"))

    def _for_article(
        self,
        index: int,
        article: Article,
        query: Query,
        request: SearchRequest,
        *,
        primary: bool,
        worn: bool,
    ) -> Recommendation:
        role = "primary" if primary else "secondary"
        if article.vector is None:
            return Recommendation(index, article.category, role, ())
        liked, disliked = (
            [s.vector for s in self._stored(ids) if s.product.category == article.category]
            for ids in (request.liked, request.disliked)
        )
        vector = refined(article.vector, _rows(liked), _rows(disliked))
        query = replace(query, category=article.category)
        curve = self._calibration.curve(article.category, worn=worn)
        asked = _Asked(vector, Traits.of(article.attributes), curve)
        found, scored, eligible = self._search(asked, query, request)
        best = max((score for score, _ in scored), default=None)
        good = request.min_score is not None or best is None or best >= self._good_score
        matches = self._matches(asked, found, scored, request.min_score) if good else ()
        searched = _searched(query)
        return Recommendation(index, article.category, role, matches, eligible, best, searched)

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
        found, scored, _ = self._search(asked, query, request)
        return self._matches(asked, found, scored, request.min_score)

    def _settled(self, filters: Filters, age: str, own: Product | None = None) -> Filters:
        """The filters with the defaults for what is out of stock and for whose age it is."""
        if self._in_stock and not filters.availability:
            filters = replace(filters, in_stock=True)
        if age != "auto":
            return replace(filters, age=age)
        return filters if filters.age != "any" else replace(filters, age=age_for(own))

    def _search(
        self, asked: _Asked, query: Query, request: SearchRequest
    ) -> tuple[_Found, list[Scored], int]:
        """The products found, the groups of them to show, and how many passed the filters."""
        moved = MOVED if asked.curve.moves else 0
        fetched = max(query.k * SPARE, BOOSTED if request.boosts else moved)
        while True:
            answers = self._catalog.search(asked.vector[None], replace(query, k=fetched))
            found = self._found(asked, answers[0], request.boosts)
            groups = self._groups(found)
            # k are owed wherever k exist: look further while duplicates took the places.
            if len(groups) >= query.k or len(found.hits) < fetched or fetched >= MAX_FETCHED:
                break
            fetched = min(fetched * 4, MAX_FETCHED)
        shown = _shown(found, groups, request) if groups else []
        scored = [(asked.curve.score(found.worth[group[0]]), group) for group in shown]
        return found, scored, answers.eligible

    def _found(self, asked: _Asked, hits: Sequence[Hit], boosts: Sequence[Boost]) -> _Found:
        """The products of the hits, with what orders them."""
        ids = [hit.product_id for hit in hits]
        columns = self._catalog.candidates(ids)
        worth = [hit.similarity for hit in hits]
        if asked.curve.moves:
            moves = {
                traits: asked.curve.move(Agreement.of(asked.traits, traits))
                for traits in set(columns.traits)
            }
            worth = [w + moves[t] for w, t in zip(worth, columns.traits, strict=True)]
        worth = [meant(w) for w in worth]
        order = worth
        if boosts:
            values = self._catalog.fields(ids, [boost.field for boost in boosts])
            order = [meant(w + boost_of(v, boosts)) for w, v in zip(worth, values, strict=True)]
        return _Found(hits, columns, worth, order)

    def _groups(self, found: _Found) -> list[Group]:
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
        keys = Counter(style.key for style in styles)
        shared = {key for key, count in keys.items() if key and count > 1}
        vague = self._catalog.vague_styles(shared) if shared else set()
        told = [style._replace(key="") if style.key in vague else style for style in styles]
        return [[kept[place] for place in group] for group in grouped(told)]

    def _matches(
        self, asked: _Asked, found: _Found, scored: Sequence[Scored], min_score: float | None
    ) -> tuple[Match, ...]:
        """The groups that score enough as matches: only their products are read."""
        shown = [entry for entry in scored if min_score is None or entry[0] >= min_score]
        ids = [found.hits[place].product_id for _, group in shown for place in group]
        products = dict(zip(ids, self._catalog.products(ids), strict=True))
        matches = []
        for score, group in shown:
            first, *variants = (products[found.hits[place].product_id] for place in group)
            why = self._why(asked, found, group[0])
            matches.append(Match(score, first, why, tuple(variants)))
        return tuple(matches)

    def _why(self, asked: _Asked, found: _Found, place: int) -> tuple[str, ...]:
        """The reasons for a product found."""
        columns = found.columns
        parts = part_likeness(asked.vector, columns.vectors[place], self._parts)
        return reasons(asked.traits, columns.traits[place], found.hits[place].similarity, parts)

    def _stored(self, ids: Collection[str]) -> list[Stored]:
        return self._catalog.stored_many(sorted(ids)) if ids else []


def meant(worth: float) -> float:
    """A likeness as far as it carries meaning: the same pictures give other digits after these on
    another processor, and what is as like is ordered by id.
    """
    return round(worth, MEANT_DIGITS)


def age_for(product: Product | None) -> str:
    """Whose products are found for a product where nobody asks: its own kind; else grown-ups'."""
    return "child" if product is not None and is_childs(product.age_group) else "adult"


def traits_of(stored: Stored) -> Traits:
    """What is compared of a product: the feed's words, else what the network read."""
    return Traits.of_product(stored.product, stored.attributes)


def _shown(found: _Found, groups: Sequence[Group], request: SearchRequest) -> list[Group]:
    """The groups that a request gets, best first."""
    best_first = sorted(
        groups, key=lambda group: (-found.order[group[0]], found.hits[group[0]].product_id)
    )
    firsts = [group[0] for group in best_first]
    order = np.array([found.order[place] for place in firsts])
    vectors = found.columns.vectors[firsts]
    # Variety decides which k are shown; the best of them still come first.
    taken = sorted(diverse(order, vectors, request.k, request.diversity))
    return [best_first[place] for place in taken]


def _rows(vectors: Sequence[Vector | None]) -> Vector:
    known = [vector for vector in vectors if vector is not None]
    return np.stack(known) if known else np.zeros((0, 1), np.float32)


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
    return replace(filters, exclude_ids=filters.exclude_ids | request.disliked)


def _primary(articles: Sequence[Article], wanted: Sequence[int], asked: str | None) -> int | None:
    """The article of the category asked for, else the most prominent among those wanted."""
    places = [p for p in wanted if asked is None or articles[p].category == asked]
    best = most_prominent(
        [(articles[p].category, articles[p].score, articles[p].box.area) for p in places]
    )
    return None if best is None else places[best]
