"""A look and a request to recommendations: search, duplicates, variants, diversity, reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np

from thatlook.core.ages import is_childs
from thatlook.core.records import Article, Look, Match, Product, Recommendation, Vector
from thatlook.core.settings import Settings
from thatlook.search.index import Filters, Hit, Query, genders_for
from thatlook.search.ranking import (
    Agreement,
    Calibration,
    Curve,
    Style,
    Traits,
    boost_of,
    distinct,
    diverse,
    grouped,
    most_prominent,
    part_likeness,
    reasons,
    refined,
    style_key,
)
from thatlook.search.request import Boost, SearchRequest
from thatlook.search.stored import ProductStore, Stored
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.stages.embedding import vector_output

BOOSTED: Final = 200
"""At least so many candidates are looked at when some of them are to be preferred."""

MOVED: Final = 40
"""At least so many candidates are looked at when what agrees of type and color moves them."""

MAX_FETCHED: Final = 5_000
"""Beyond so many duplicates of what is shown already nothing else is looked for."""

SPARE: Final = 4
"""Times k that are fetched at first, so that k are left after duplicates and variants."""


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A product found; `worth` is its similarity moved by what agrees, and `order`, by which it is
    ordered, that with the boosts.
    """

    stored: Stored
    similarity: float
    worth: float
    order: float


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
        self._parts = parts or {}
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
        found = [
            self._for_article(
                index,
                look.articles[index],
                gender,
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
        gender: str,
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
        genders = genders_for(gender if gender in {"female", "male"} else None)
        filters = self._settled(_with_request(request), request.age)
        query = Query(category=article.category, genders=genders, k=request.k, filters=filters)
        curve = self._calibration.curve(article.category, worn=worn)
        asked = _Asked(vector, Traits.of(article.attributes), curve)
        found, eligible = self._search(asked, query, request)
        best = max((match.score for match in found), default=None)
        good = request.min_score is not None or best is None or best >= self._good_score
        matches = _from(found, request.min_score) if good else ()
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
        return _from(self._search(asked, query, request)[0], request.min_score)

    def _settled(self, filters: Filters, age: str, own: Product | None = None) -> Filters:
        return settled(filters, age, own, in_stock=self._in_stock)

    def _search(
        self, asked: _Asked, query: Query, request: SearchRequest
    ) -> tuple[tuple[Match, ...], int]:
        """The matches, and how many products passed the filters."""
        moved = MOVED if asked.curve.moves else 0
        fetched = max(query.k * SPARE, BOOSTED if request.boosts else moved)
        while True:
            answers = self._catalog.search(asked.vector[None], replace(query, k=fetched))
            found = self._candidates(asked, answers[0], request.boosts)
            groups = self._groups(found)
            # k are owed wherever k exist: look further while duplicates took the places.
            if len(groups) >= query.k or len(found) < fetched or fetched >= MAX_FETCHED:
                break
            fetched = min(fetched * 4, MAX_FETCHED)
        return self._ranked(groups, asked, request), answers.eligible

    def _groups(self, found: Sequence[_Candidate]) -> list[list[_Candidate]]:
        """The candidates by style, best first, each picture once."""
        if not found:
            return []
        kept = distinct(_rows([entry.stored.vector for entry in found]), len(found))
        styles = [style_of(found[place].stored) for place in kept]
        keys = Counter(style.key for style in styles)
        shared = {key for key, count in keys.items() if key and count > 1}
        vague = self._catalog.vague_styles(shared) if shared else set()
        told = [replace(style, key="") if style.key in vague else style for style in styles]
        return [[found[kept[place]] for place in group] for group in grouped(told)]

    def _candidates(
        self, asked: _Asked, hits: Sequence[Hit], boosts: Sequence[Boost]
    ) -> list[_Candidate]:
        """The products found, best first where type and color moved them."""
        stored = self._catalog.stored_many([hit.product_id for hit in hits])
        found = []
        for row, hit in zip(stored, hits, strict=True):
            worth = hit.similarity
            if asked.curve.moves:
                agreement = Agreement.of(asked.traits, traits_of(row))
                worth = asked.curve.worth(hit.similarity, agreement)
            found.append(
                _Candidate(row, hit.similarity, worth, worth + boost_of(row.product, boosts))
            )
        return sorted(found, key=lambda entry: -entry.worth)

    def _ranked(
        self, groups: Sequence[Sequence[_Candidate]], asked: _Asked, request: SearchRequest
    ) -> tuple[Match, ...]:
        if not groups:
            return ()
        best_first = sorted(groups, key=lambda group: -group[0].order)
        worth = np.array([group[0].order for group in best_first])
        vectors = _rows([group[0].stored.vector for group in best_first])
        # Variety decides which k are shown; the best of them still come first.
        order = sorted(diverse(worth, vectors, request.k, request.diversity))
        return tuple(self._match(best_first[place], asked) for place in order)

    def _match(self, group: Sequence[_Candidate], asked: _Asked) -> Match:
        best = group[0]
        theirs = best.stored.vector
        parts = {} if theirs is None else part_likeness(asked.vector, theirs, self._parts)
        why = reasons(asked.traits, traits_of(best.stored), best.similarity, parts)
        variants = tuple(entry.stored.product for entry in group[1:])
        product = best.stored.product
        return Match(asked.curve.score(best.worth), product, why, variants)

    def _stored(self, ids: Iterable[str]) -> list[Stored]:
        return self._catalog.stored_many(sorted(ids))


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
    product, read = stored.product, stored.attributes
    return Traits(
        product.product_type or _label(read.get("type")),
        (product.color or _label(read.get("color"))).lower(),
        (product.pattern or _label(read.get("pattern"))).lower(),
    )


def style_of(stored: Stored) -> Style:
    """What tells whether two products are one style in other colors."""
    seen = tuple(_label(stored.attributes.get(name)) for name in ("type", "pattern"))
    product = stored.product
    color = traits_of(stored).color
    return Style(product.item_group_id, style_key(product), color, seen, stored.outline)


def _label(value: object) -> str:
    """The label of a stored attribute, which is a text or [label, probability]."""
    if isinstance(value, (list, tuple)) and value:
        value = value[0]
    return value if isinstance(value, str) else ""


def _rows(vectors: Sequence[Vector | None]) -> Vector:
    known = [vector for vector in vectors if vector is not None]
    return np.stack(known) if known else np.zeros((0, 1), np.float32)


def _from(matches: Sequence[Match], min_score: float | None) -> tuple[Match, ...]:
    return tuple(match for match in matches if match.score >= (min_score or 0.0))


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
