"""A look and a request to recommendations: search, duplicates, variants, diversity, reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.core.ages import is_childs
from thatlook.core.records import Article, Look, Match, Product, Recommendation, Vector
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import neighbours, words
from thatlook.search.articles import primary_of
from thatlook.search.index import Filters, Hit, Query, genders_for
from thatlook.search.ranking import (
    Agreement,
    Calibration,
    Curve,
    NearnessScale,
    Style,
    Traits,
    boost_of,
    changes,
    distinct,
    diverse,
    gentle,
    grouped,
    leaning,
    part_likeness,
    reasons,
    style_key,
)
from thatlook.search.request import Boost, SearchRequest
from thatlook.search.stored import ProductStore, Stored
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.stages.embedding import vector_output

WIDE: Final = 200
"""At least so many candidates are looked at when some of them are to be preferred."""

MOVED: Final = 40
"""At least so many candidates are looked at when what agrees of type and color moves them."""

MAX_FETCHED: Final = 5_000
"""Beyond so many duplicates of what is shown already nothing else is looked for."""

SPARE: Final = 4
"""Times k that are fetched at first, so that k are left after duplicates and variants."""


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A product found; `similarity` is that to the article itself, `worth` that moved by what
    agrees, and `order`, by which it is ordered, that with the boosts and what was liked.
    """

    stored: Stored
    similarity: float
    worth: float
    order: float


@dataclass(frozen=True, slots=True)
class _Asked:
    """What candidates are compared with: a vector, words, the curve that scores them, and where
    what was liked and disliked leans.
    """

    vector: Vector
    traits: Traits
    curve: Curve
    lean: NDArray[np.floating[Any]] | None = None

    def leans(self, vector: Vector | None) -> float:
        """How much what was liked and disliked speaks for a vector."""
        return 0.0 if self.lean is None or vector is None else float(vector @ self.lean)


_Group = list[_Candidate]
"""A style: its candidates, best first."""


class Recommender:
    """Ranks the products of one catalog.

    `scale` names the scores in words; where no product of an article's category is similar, those
    of neighbouring categories stand among the matches. `parts` names what the vectors' numbers
    speak of, for the reasons. With `in_stock` products out of stock are left out, unless a request
    names the availabilities it wants. Children's products are left out too, unless they are
    asked for, or products like a child's.
    """

    def __init__(
        self,
        catalog: ProductStore,
        calibration: Calibration,
        scale: NearnessScale = NearnessScale(),  # noqa: B008 - frozen
        parts: Mapping[str, slice] | None = None,
        *,
        in_stock: bool = False,
    ) -> None:
        self._catalog = catalog
        self._calibration = calibration
        self._scale = scale
        self._parts = parts or {}
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
        primary = primary_of(look.articles, wanted, request.primary)
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
        genders = genders_for(gender if gender in {"female", "male"} else None)
        filters = self._settled(_with_request(request), request.age)
        query = Query(category=article.category, genders=genders, k=request.k, filters=filters)
        curve = self._calibration.curve(article.category, worn=worn)
        asked = _Asked(article.vector, Traits.of(article.attributes), curve)
        groups, eligible = self._search(asked, query, request)
        best = max((curve.score(group[0].worth) for group in groups), default=None)
        weak = (best or 0.0) < self._scale.similar
        others = neighbours(article.category) if weak else {}
        searched = _searched(query) | ({"neighbours": sorted(others)} if others else {})
        groups += self._neighbours(asked, query, request, others, some=bool(groups))
        shown = _shown(groups, request)
        if request.liked or request.disliked:
            shown = self._refined(shown, asked, query, request, others)
        matches = self._matches(shown, asked, request.min_score)
        return Recommendation(index, article.category, role, matches, eligible, best, searched)

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
        near = [group for group in found if asked.curve.score(group[0].worth) >= least]
        return sorted(near, key=lambda group: -group[0].order)[: query.k // 3]

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
        kept = [group[0].stored.product.id for group in before]
        return _shown(groups, request, kept, changes(request.k, len(liked) + len(disliked)))

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
        return self._matches(_shown(groups, request), asked, request.min_score)

    def _settled(self, filters: Filters, age: str, own: Product | None = None) -> Filters:
        """The filters with the defaults for what is out of stock and for whose age it is."""
        if self._in_stock and not filters.availability:
            filters = replace(filters, in_stock=True)
        if age != "auto":
            return replace(filters, age=age)
        return filters if filters.age != "any" else replace(filters, age=age_for(own))

    def _search(
        self, asked: _Asked, query: Query, request: SearchRequest, named: Collection[str] = ()
    ) -> tuple[list[_Group], int]:
        """The candidates by style, best first, and how many products passed the filters.

        Where words are `named`, only products among the nearest WIDE whose type or title has one.
        """
        moved = MOVED if asked.curve.moves else 0
        wide = request.boosts or named or asked.lean is not None
        fetched = max(query.k * SPARE, WIDE if wide else moved)
        while True:
            answers = self._catalog.search(asked.vector[None], replace(query, k=fetched))
            found = self._candidates(asked, answers[0], request.boosts)
            if named:
                return self._groups([one for one in found if _has(one, named)]), answers.eligible
            groups = self._groups(found)
            # k are owed wherever k exist: look further while duplicates took the places.
            if len(groups) >= query.k or len(found) < fetched or fetched >= MAX_FETCHED:
                return groups, answers.eligible
            fetched = min(fetched * 4, MAX_FETCHED)

    def _groups(self, found: Sequence[_Candidate]) -> list[_Group]:
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
            order = worth + boost_of(row.product, boosts) + asked.leans(row.vector)
            found.append(_Candidate(row, hit.similarity, worth, order))
        return sorted(found, key=lambda entry: -entry.worth)

    def _matches(
        self, shown: Sequence[_Group], asked: _Asked, min_score: float | None
    ) -> tuple[Match, ...]:
        found = (self._match(group, asked) for group in shown)
        return tuple(match for match in found if match.score >= (min_score or 0.0))

    def _match(self, group: Sequence[_Candidate], asked: _Asked) -> Match:
        best = group[0]
        theirs = best.stored.vector
        parts = {} if theirs is None else part_likeness(asked.vector, theirs, self._parts)
        why = reasons(asked.traits, traits_of(best.stored), best.similarity, parts)
        variants = tuple(entry.stored.product for entry in group[1:])
        product = best.stored.product
        score = asked.curve.score(best.worth)
        return Match(score, product, why, variants, self._scale.word(score))


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


def _shown(
    groups: Sequence[_Group], request: SearchRequest, before: Sequence[str] = (), most: int = 0
) -> list[_Group]:
    """The k styles that are shown, best first: at most `most` of the products `before` go."""
    best_first = sorted(groups, key=lambda group: -group[0].order)
    orders = np.array([group[0].order for group in best_first])
    vectors = _rows([group[0].stored.vector for group in best_first])
    # Variety decides which k are shown; the best of them still come first.
    places = sorted(diverse(orders, vectors, request.k, request.diversity))
    if before:
        holders = {e.stored.product.id: n for n, group in enumerate(best_first) for e in group}
        places = gentle(sorted({holders[id_] for id_ in before if id_ in holders}), places, most)
    return [best_first[place] for place in sorted(places)]


def _has(candidate: _Candidate, named: Collection[str]) -> bool:
    """Whether the product's type or title has one of the words."""
    product = candidate.stored.product
    return any(word in words(f"{product.product_type} {product.title}") for word in named)


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
