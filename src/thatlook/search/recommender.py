"""A look and a request to recommendations: search, duplicates, variants, diversity, reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.core.ages import is_childs
from thatlook.core.records import Article, Look, Match, Product, Recommendation, Vector
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import neighbours, words
from thatlook.search.articles import primary_of
from thatlook.search.index import Answers, Filters, Hit, Query, genders_for
from thatlook.search.index.query import Moment, Vectors
from thatlook.search.ranking import (
    TOLD,
    Agreement,
    Calibration,
    Curve,
    NearnessScale,
    Style,
    Traits,
    boost_of,
    changes,
    cheapness,
    distinct,
    diverse,
    gentle,
    grouped,
    part_similarities,
    reasons,
    rocchio,
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
    and `order`, by which they are ordered, that with the boosts and what was liked. `kept` are the
    indices of those that show different pictures, those of most worth first.
    """

    ids: Sequence[str]
    similarities: Sequence[float]
    columns: Candidates
    worth: Sequence[float]
    order: Sequence[float]
    kept: Sequence[int]


class _Group(NamedTuple):
    """A style: the ids of its products, best first; the rest is the best one's, as in _Found."""

    ids: tuple[str, ...]
    vector: Vector
    traits: Traits
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
    tellable: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """What is searched: for what, where, and, where words are `named`, only what has one of them
    in its type or title.
    """

    asked: _Asked
    query: Query
    named: Collection[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """The candidates by style, best first, and how many products passed the filters."""

    groups: list[_Group]
    eligible: int
    moment: Moment | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """What was found for one article, and what is shown of it. `best` is the best score of its own
    category, None where nothing is in it; `others` are searched too.
    """

    question: _Question
    answer: _Answer
    best: float | None
    others: _Others
    shown: Sequence[_Group] = ()


_Products = Mapping[str, Product]
_Others = Mapping[str, tuple[str, ...]]
"""Neighbouring categories, each with the words that are named of its products."""


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

        questions = {
            index: self._question(article, article.vector, query, worn=worn)
            for index, article in enumerate(look.articles)
            if index in wanted and article.vector is not None
        }
        rows = dict(zip(questions, self._rows([*questions.values()], request), strict=True))
        moment = next((row.answer.moment for row in rows.values()), None)
        products = self._products((row.shown for row in rows.values()), moment)
        found = []
        for index in wanted:
            category, role = look.articles[index].category, "secondary"
            if index == primary:
                role = "primary"
            found.append(self._recommendation(index, category, role, rows.get(index), products))
        return tuple(sorted(found, key=lambda entry: entry.role != "primary"))

    def _question(self, article: Article, vector: Vector, query: Query, *, worn: bool) -> _Question:
        curve = self._calibration.curve(article.category, worn=worn)
        traits = Traits.of(article.attributes)
        asked = _Asked(vector, traits, curve, tellable=self._tellable)
        return _Question(asked, replace(query, category=article.category))

    def _recommendation(
        self, index: int, category: str, role: str, row: _Row | None, products: _Products
    ) -> Recommendation:
        if row is None:
            return Recommendation(index, category, role, ())
        matches = self._matches(row.shown, row.question.asked, products)
        searched = _searched(row.question.query, row.others)
        eligible = row.answer.eligible
        return Recommendation(index, category, role, matches, eligible, row.best, searched)

    def _rows(self, questions: Sequence[_Question], request: SearchRequest) -> list[_Row]:
        """What is shown for each article: all are searched, and read of the catalog, together."""
        answers = self._search(questions, request)
        rows = [self._row(*found) for found in zip(questions, answers, strict=True)]
        groups = self._with_neighbours(rows, request)
        shown = [_shown(some, request) for some in groups]
        if request.liked or request.disliked:
            shown = self._refined(rows, shown, request)
        return [
            replace(row, shown=_enough(some, row.question.asked, request.min_score))
            for row, some in zip(rows, shown, strict=True)
        ]

    def _row(self, question: _Question, answer: _Answer) -> _Row:
        worth = max((group.worth for group in answer.groups), default=None)
        best = None if worth is None else question.asked.curve.score(worth)
        alone = (best or 0.0) >= self._scale.similar
        others = {} if alone else neighbours(question.query.category or "")
        return _Row(question, answer, best, others)

    def _with_neighbours(self, rows: Sequence[_Row], request: SearchRequest) -> list[list[_Group]]:
        """What was found, with the products that `others` name in neighbouring categories.

        Where an article's own category has some, only similar ones, for a third of the places at
        most.
        """
        asked = [
            _Question(row.question.asked, replace(row.question.query, category=category), named)
            for row in rows
            for category, named in row.others.items()
        ]
        found = iter(self._search(asked, request))
        groups = []
        for row in rows:
            more = [group for _ in row.others for group in next(found).groups]
            if row.answer.groups:
                more = self._similar_alone(row.question, more)
            groups.append([*row.answer.groups, *more])
        return groups

    def _similar_alone(self, question: _Question, groups: Sequence[_Group]) -> list[_Group]:
        """The best that are similar, as many as a third of the places."""
        threshold, curve = self._scale.similar, question.asked.curve
        near = [group for group in groups if curve.score(group.worth) >= threshold]
        return sorted(near, key=_place)[: question.query.k // 3]

    def _refined(
        self, rows: Sequence[_Row], before: Sequence[list[_Group]], request: SearchRequest
    ) -> list[list[_Group]]:
        """What is shown after what was liked and disliked of an article's categories: never what
        was disliked, and most of what was shown `before`.
        """
        judged = [
            self._catalog.stored_many(sorted(ids)) for ids in (request.liked, request.disliked)
        ]
        leant, said = {}, {}
        for index, row in enumerate(rows):
            categories = {row.question.query.category, *row.others}
            some = [[s.vector for s in one if s.product.category in categories] for one in judged]
            if (lean := rocchio(*map(_stacked, some))) is not None:
                leant[index] = _leant(row.question, lean, request.disliked)
                said[index] = sum(map(len, some))
        answers = self._search([*leant.values()], request)
        again = [
            replace(rows[index], question=question, answer=answer)
            for (index, question), answer in zip(leant.items(), answers, strict=True)
        ]
        shown = list(before)
        for index, found in zip(leant, self._with_neighbours(again, request), strict=True):
            kept = [group.ids[0] for group in before[index]]
            shown[index] = _shown(found, request, kept, changes(request.k, said[index]))
        return shown

    @steady
    def similar(self, product_id: str, request: SearchRequest) -> tuple[Match, ...]:
        """Products like one of the catalog, of its category, for its gender and age, best first.

        Raises UnknownProductError.
        """
        own = self._catalog.stored(product_id)
        vector = self._catalog.vector(product_id) if own.vector is None else own.vector
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
        (answer,) = self._search([_Question(asked, query)], request)
        shown = _enough(_shown(answer.groups, request), asked, request.min_score)
        return self._matches(shown, asked, self._products([shown], answer.moment))

    def _settled(self, filters: Filters, age: str, own: Product | None = None) -> Filters:
        return settled(filters, age, own, in_stock=self._in_stock)

    def _search(self, questions: Sequence[_Question], request: SearchRequest) -> list[_Answer]:
        """What is found for each: all are searched, and read of the catalog, together.

        Where words are named, only products among the nearest WIDE whose type or title has one.
        """
        answers: dict[int, _Answer] = {}
        wanted = {index: _fetched(one, request) for index, one in enumerate(questions)}
        while wanted:
            asked = [questions[index] for index in wanted]
            found, groups = self._looked_up(asked, list(wanted.values()), request)
            for index, hits, some in zip(list(wanted), found, groups, strict=True):
                answers[index] = _Answer(some, hits.eligible, hits.moment)
                question, fetched = questions[index], wanted[index]
                # k are owed wherever k exist: look further while duplicates took the places.
                enough = question.named or len(some) >= question.query.k
                if enough or len(hits[0]) < fetched or fetched >= MAX_FETCHED:
                    del wanted[index]
                else:
                    wanted[index] = min(fetched * 4, MAX_FETCHED)
        return [answers[index] for index in range(len(questions))]

    def _looked_up(
        self, questions: Sequence[_Question], fetched: Sequence[int], request: SearchRequest
    ) -> tuple[list[Answers], list[list[_Group]]]:
        """The nearest products of each question, and those of them that are wanted by style."""
        asked = [
            (question.asked.vector[None], replace(question.query, k=count))
            for question, count in zip(questions, fetched, strict=True)
        ]
        answers, found, moment = {}, {}, None
        for index, answer in self._catalog.search_each(asked):
            answers[index], moment = answer, answer.moment
            hits = self._chosen(questions[index], answer[0], request)
            found[index] = self._found(questions[index].asked, hits, request, moment)
        indices = range(len(questions))
        groups = self._groups([found[index] for index in indices], moment)
        return [answers[index] for index in indices], groups

    def _chosen(
        self, question: _Question, hits: Sequence[Hit], request: SearchRequest
    ) -> Sequence[Hit]:
        """Of what was found what the words want, and what else has them."""
        hits = self._named(hits, question.named) if question.named else hits
        hits = self._wanted(hits, request.unwanted) if request.unwanted else hits
        if request.worded and not question.named:
            hits = [*hits, *self._with_words(question.asked, question.query, request, hits)]
        return hits

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

    def _found(
        self,
        asked: _Asked,
        hits: Sequence[Hit],
        request: SearchRequest,
        moment: Moment | None,
    ) -> _Found:
        """The products of the hits, with what orders them."""
        ids, likeness = [hit.product_id for hit in hits], [hit.similarity for hit in hits]
        columns = self._catalog.candidates(ids, moment)
        worth = likeness
        if asked.curve.moves:
            moves = {
                traits: asked.curve.move(Agreement.of(asked.traits, traits, asked.tellable))
                for traits in set(columns.traits)
            }
            worth = [w + moves[t] for w, t in zip(worth, columns.traits, strict=True)]
        if hits:
            min_worth = asked.curve.worth_of(SAME_PICTURE_SCORE)
            same = show_same_picture(columns.vectors, asked.vector, self._look)
            worth = [max(w, min_worth) if s else w for w, s in zip(worth, same, strict=True)]
        order = worth
        if preferred := self._preferences(ids, request):
            order = [w + p for w, p in zip(order, preferred, strict=True)]
        if asked.lean is not None and hits:
            order = [w + lean for w, lean in zip(order, columns.vectors @ asked.lean, strict=True)]
        told = [meant(w) for w in worth]
        meant_order = told if order is worth else [meant(o) for o in order]
        kept = _pictures(ids, told, columns.vectors)
        return _Found(ids, likeness, columns, told, meant_order, kept)

    def _preferences(self, ids: Sequence[str], request: SearchRequest) -> list[float]:
        """What is added to each product's similarity for the order, by what is preferred; [] where
        nothing is.
        """
        if not (request.worded or request.boosts or request.cheap):
            return []
        found = [WORDED if one in request.worded else 0.0 for one in ids]
        if request.boosts:
            values = self._catalog.fields(ids, [boost.field for boost in request.boosts])
            found = [f + boost_of(v, request.boosts) for f, v in zip(found, values, strict=True)]
        if request.cheap:
            prices = [one.current_price for one in self._catalog.products(ids)]
            shares = cheapness([None if price is None else float(price.amount) for price in prices])
            found = [f + CHEAP * share for f, share in zip(found, shares, strict=True)]
        return found

    def _groups(self, found: Sequence[_Found], moment: Moment | None) -> list[list[_Group]]:
        """The products found by style, each picture once, those of most worth first."""
        shared = {
            key
            for one in found
            for key, count in Counter(one.columns.styles[index].key for index in one.kept).items()
            if key and count > 1
        }
        vague = self._catalog.vague_styles(shared, moment) if shared else set()
        return [_by_style(one, vague) for one in found]

    def _products(self, shown: Iterable[Sequence[_Group]], moment: Moment | None) -> _Products:
        """The products of all that is shown: no others are read."""
        ids = list(dict.fromkeys(one for some in shown for group in some for one in group.ids))
        return dict(zip(ids, self._catalog.products(ids, moment), strict=True)) if ids else {}

    def _matches(
        self, shown: Sequence[_Group], asked: _Asked, products: _Products
    ) -> tuple[Match, ...]:
        """The groups as matches."""
        scores = [asked.curve.score(group.worth) for group in shown]
        matches = []
        for score, group, why in zip(scores, shown, self._why(asked, shown), strict=True):
            first, *variants = (products[product_id] for product_id in group.ids)
            matches.append(Match(score, first, why, tuple(variants), self._scale.word(score)))
        return tuple(matches)

    def _why(self, asked: _Asked, shown: Sequence[_Group]) -> list[tuple[str, ...]]:
        """The reasons for the best product of each group."""
        if not shown:
            return []
        vectors = np.stack([group.vector for group in shown])
        parts = part_similarities(asked.vector, vectors, self._parts)
        return [
            reasons(asked.traits, group.traits, group.similarity, own, asked.tellable)
            for group, own in zip(shown, parts, strict=True)
        ]


def _enough(shown: Sequence[_Group], asked: _Asked, min_score: float | None) -> Sequence[_Group]:
    """Those that score enough."""
    if min_score is None:
        return shown
    return [group for group in shown if asked.curve.score(group.worth) >= min_score]


def _leant(
    question: _Question, lean: NDArray[np.floating[Any]], disliked: frozenset[str]
) -> _Question:
    """The question that leans to what was liked and leaves out what was not."""
    filters = question.query.filters
    hidden = replace(filters, exclude_ids=filters.exclude_ids | disliked)
    asked = replace(question.asked, lean=lean)
    return _Question(asked, replace(question.query, filters=hidden))


def _fetched(question: _Question, request: SearchRequest) -> int:
    """How many candidates are looked at first."""
    asked = question.asked
    wide = request.boosts or request.cheap or question.named or asked.lean is not None
    return max(question.query.k * SPARE, WIDE if wide else MOVED if asked.curve.moves else 0)


def _pictures(ids: Sequence[str], worth: Sequence[float], vectors: Vectors) -> list[int]:
    """The indices of the products that show different pictures, those of most worth first."""
    if not ids:
        return []
    keys = [(-value, product_id) for value, product_id in zip(worth, ids, strict=True)]
    best_first = sorted(range(len(keys)), key=keys.__getitem__)
    return [best_first[index] for index in distinct(vectors[best_first], len(keys))]


def _by_style(found: _Found, vague: Collection[str]) -> list[_Group]:
    """The products that are kept, by style; `vague` names tell none."""
    styles = [found.columns.styles[index] for index in found.kept]
    told = [Style(s.group, "", *s[2:]) if s.key in vague else s for s in styles]
    return [_group(found, [found.kept[index] for index in group]) for group in grouped(told)]


def _group(found: _Found, indices: Sequence[int]) -> _Group:
    """The products found at these indices, of one style, best first."""
    best = indices[0]
    return _Group(
        tuple([found.ids[index] for index in indices]),
        found.columns.vectors[best],
        found.columns.traits[best],
        found.similarities[best],
        found.worth[best],
        found.order[best],
    )


def meant(worth: float) -> float:
    """A likeness as far as it carries meaning: the same pictures give other digits after these on
    another processor, and what is as like is ordered by id.
    """
    return round(float(worth), MEANT_DIGITS)


def _place(group: _Group) -> tuple[float, str]:
    """What groups are sorted by, best first."""
    return -group.order, group.ids[0]


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


def _stacked(vectors: Sequence[Vector | None]) -> Vector:
    known = [vector for vector in vectors if vector is not None]
    return np.stack(known) if known else np.zeros((0, 1), np.float32)


def _shown(
    groups: Sequence[_Group], request: SearchRequest, before: Sequence[str] = (), most: int = 0
) -> list[_Group]:
    """The k styles that are shown, best first: at most `most` of the products `before` go."""
    best_first = sorted(groups, key=_place)
    orders = np.array([group.order for group in best_first])
    vectors = _stacked([group.vector for group in best_first])
    # Variety decides which k are shown; the best of them still come first.
    indices = sorted(diverse(orders, vectors, request.k, request.diversity))
    if before:
        holders = {id_: n for n, group in enumerate(best_first) for id_ in group.ids}
        indices = gentle(sorted({holders[id_] for id_ in before if id_ in holders}), indices, most)
    return [best_first[index] for index in sorted(indices)]


def _searched(query: Query, others: _Others) -> dict[str, Any]:
    """What was searched, as JSON data: category, genders of products (all where None), filters, and
    the neighbouring categories.
    """
    genders = sorted(query.genders) if query.genders is not None else None
    return {
        "category": query.category,
        "genders": genders,
        "filters": query.filters.to_dict(),
    } | ({"neighbours": sorted(others)} if others else {})


def _with_request(request: SearchRequest) -> Filters:
    filters = request.filters
    if request.in_color:
        filters = replace(filters, colors=frozenset({request.in_color}))
    return filters
