"""`evaluate text`: words against a catalog's products kept apart, beside words alone and the tower
alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from thatlook.core.errors import DataError, SettingsError
from thatlook.core.records import Vector
from thatlook.core.settings import Settings
from thatlook.core.tokens import tokens
from thatlook.data.splits import name_stem, product_sides, split_of
from thatlook.evaluate.options import TextOptions
from thatlook.evaluate.report import Report, finish
from thatlook.evaluate.retrieval.metrics import Bootstrap, mean
from thatlook.evaluate.text.boards import boards
from thatlook.evaluate.text.fusion import by_reciprocal_rank
from thatlook.evaluate.text.trials import (
    Labels,
    Question,
    by_attributes,
    by_title,
    composed,
    with_slips,
)
from thatlook.search.index import Query, genders_for
from thatlook.search.request import TEXT_WEIGHT
from thatlook.search.stored import Stored
from thatlook.search.words.moving import moved
from thatlook.search.words.request import WordRequest
from thatlook.search.words.searcher import WordSearch
from thatlook.search.words.shelf import Shelf
from thatlook.search.words.tower import Tower
from thatlook.store.catalog import Catalog, Row
from thatlook.vision.models.registry import resolve
from thatlook.vision.pair.spec import PairSpec
from thatlook.vision.pair.text import TextEncoder

SHOWN: Final = 10
MEANINGS: Final = {
    "attributes": "texts such as `women red heels`: share of the first ten that are of the type "
    "and color and for the gender, by the shop's labels",
    "slips": "the same with one edit in one word",
    "title": "titles: whether the product, or one of the very same title, is among the first",
    "composed": "a product's photo with `in red`: share of the first ten",
    "hybrid": "the search as it is: a calibrated sum of its parts",
    "rrf": "the same candidates and parts by reciprocal rank fusion",
    "pair": "the text-image pair alone; hybrid_pair is the search with its vectors",
    "words": "BM25 over the words alone, beside a photo in its category",
    "tower": "the text tower alone; beside a photo its vector moved by that of the words, in its "
    "category",
}

Answer = Callable[[Question], list[str]]
"""The ids that a system gives for a question, best first."""


def run(options: TextOptions) -> int:
    """Measure and report; the exit status. Raises SettingsError, DataError, CatalogError."""
    if not options.catalogs:
        raise SettingsError("--catalog must name an indexed catalog")
    spec = resolve("text", options.model or Settings.load().text_model)
    tower = Tower.of(spec)
    report = Report("Words to products", spec, meanings=MEANINGS)
    with ExitStack() as stack:
        opened = [
            stack.enter_context(Catalog.open(folder, create=False)) for folder in options.catalogs
        ]
        products = [one for catalog in opened for one in judged(catalog, options.split)]
        if len(products) < SHOWN:
            raise DataError(f"only {len(products)} products of the {options.split} side; need more")
        report.data = f"{len(products)} products of {', '.join(map(str, options.catalogs))}"
        pool = _Pool(products, opened[0].model_key or "", tower)
        if options.pair:
            pool = pool.with_pair(opened, PairSpec.named(options.pair), options.threads)
        _measure(report, pool, options)
        if options.queries and options.html:
            texts = options.queries.read_text(encoding="utf-8").splitlines()
            report.add("Free queries", boards(texts, opened[0], tower))
    return finish(options, report)


def judged(catalog: Catalog, split: str) -> list[Stored]:
    """The active products with a title and a vector on this side ("all": both)."""
    kept = [
        one
        for one in catalog.all_stored()
        if one.status == "active" and one.vector is not None and one.product.title
    ]
    if split == "all":
        return kept
    vectors = {one.product.id: one.vector for one in kept if one.vector is not None}
    sides = product_sides({one.product.id: one.product.title for one in kept}, vectors)
    return [
        one
        for one in kept
        if sides[one.product.id] == split and split_of(name_stem(one.product.title)) == split
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Pool:
    """What is searched: products, the key of their vectors' network, the tower; where a text-image
    pair is measured too, its text network and its vectors by product.
    """

    products: Sequence[Stored]
    key: str
    tower: Tower
    texts: TextEncoder | None = None
    vectors: Mapping[str, Vector] = field(default_factory=dict)

    def with_pair(self, catalogs: Sequence[Catalog], pair: PairSpec, threads: int) -> _Pool:
        """The same with a pair. Raises DataError where a product has no vector of it."""
        shelves = [one.pair_shelf() for one in catalogs if one.pair_key == pair.image.key]
        vectors = {}
        for stored in self.products:
            known = (one.vector(stored.product.id) for one in shelves if one is not None)
            vector = next((found for found in known if found is not None), None)
            if vector is None:
                raise DataError(
                    f"{stored.product.id}: no vector of {pair.image.id}; name the pair "
                    "(THATLOOK_TEXT_IMAGE_MODEL) and index the feed again"
                )
            vectors[stored.product.id] = vector
        return replace(self, texts=TextEncoder.of(pair, threads), vectors=vectors)

    @contextmanager
    def catalog(self) -> Iterator[Catalog]:
        """A catalog of these products alone, for as long as the block runs."""
        vector = self.products[0].vector
        dim = 0 if vector is None else len(vector)
        with (
            tempfile.TemporaryDirectory() as folder,
            Catalog.open(Path(folder), model_key=self.key, dim=dim) as catalog,
        ):
            if self.texts is not None:
                catalog.use_pair(self.texts.space, len(next(iter(self.vectors.values()))))
            catalog.upsert(map(self._row, self.products))
            yield catalog

    def _row(self, one: Stored) -> Row:
        return Row(
            product=one.product,
            vector=one.vector,
            attributes=one.attributes,
            pair_vector=self.vectors.get(one.product.id),
            pair_key=self.texts.space if self.texts else "",
        )


def _measure(report: Report, pool: _Pool, options: TextOptions) -> None:
    rng = np.random.default_rng(0)
    asked = by_attributes(pool.products, rng)
    trials = {
        "attributes": asked,
        "slips": with_slips(asked, rng),
        "title": by_title(pool.products, rng),
        "composed": composed(pool.products, rng),
    }
    labels = {one.product.id: Labels.of(one) for one in pool.products}
    with pool.catalog() as catalog:
        dial = TEXT_WEIGHT if options.text_weight is None else options.text_weight
        systems = _systems(catalog, pool, dial)
        for trial, questions in trials.items():
            for name, answer in systems.items():
                if questions:
                    found = [answer(one)[:SHOWN] for one in questions]
                    _put(report, f"{trial}_{name}", questions, found, labels, options.rounds)
            report.figures[f"{trial}_questions"] = float(len(questions))


def _systems(catalog: Catalog, pool: _Pool, text_weight: float) -> dict[str, Answer]:
    search = WordSearch(catalog, pool.tower)

    def hybrid(one: Question) -> list[str]:
        found = search.find(_request(one, text_weight, one.vector)).matches
        return _others(one, [match.product.id for match in found])

    def rrf(one: Question) -> list[str]:
        request = _request(one, text_weight, one.vector)
        return _others(one, by_reciprocal_rank(search.candidates(request)))

    def words(one: Question) -> list[str]:
        groups = [[(word,)] for word in tokens(one.text)]
        hits = catalog.by_words(groups, _of_photo(one))
        return _others(one, [hit.product_id for hit in hits])

    systems: dict[str, Answer] = {"hybrid": hybrid, "rrf": rrf, "words": words}
    vectors = {one.product.id: one.vector for one in pool.products if one.vector is not None}
    systems["tower"] = _alone(pool.tower.of_text, catalog, vectors, text_weight)
    if pool.texts is not None and (shelf := catalog.pair_shelf()):
        systems["hybrid_pair"] = _by_pair(WordSearch(shelf, pool.texts), pool, text_weight)
        systems["pair"] = _alone(pool.texts.of_text, shelf, pool.vectors, text_weight)
    return systems


def _request(one: Question, text_weight: float, vector: Vector | None) -> WordRequest:
    """What a question asks; one more is asked for than shown: the photo's own product goes."""
    return WordRequest(
        text=one.text,
        k=SHOWN + 1,
        age="any",
        vector=vector,
        photo_type=one.photo_type,
        text_weight=text_weight,
        category=one.category or None,
        gender=one.wanted.gender if one.photo and one.wanted else None,
    )


def _others(one: Question, ids: Sequence[str]) -> list[str]:
    return [found for found in ids if found != one.photo]


def _by_pair(search: WordSearch, pool: _Pool, text_weight: float) -> Answer:
    """The search with the pair's vectors."""

    def answer(one: Question) -> list[str]:
        vector = pool.vectors[one.photo] if one.photo else None
        found = search.find(_request(one, text_weight, vector)).matches
        return _others(one, [match.product.id for match in found])

    return answer


def _alone(
    of_text: Callable[[str], Vector | None],
    shelf: Shelf,
    vectors: Mapping[str, Vector],
    text_weight: float,
) -> Answer:
    """The nearest to a text's vector, of everything; beside a photo to its vector, of `vectors`,
    moved by the text's.
    """

    def answer(one: Question) -> list[str]:
        vector = of_text(one.text)
        if one.photo:
            vector = moved(vectors[one.photo], vector, text_weight)
        if vector is None:
            return []
        hits = shelf.search(vector[None], _of_photo(one))[0]
        return _others(one, [hit.product_id for hit in hits])

    return answer


def _of_photo(one: Question) -> Query:
    """Everything, or the photo's category and gender: what a search beside it looks through."""
    if not one.photo:
        return Query(k=SHOWN)
    gender = one.wanted.gender if one.wanted else None
    return Query(category=one.category or None, genders=genders_for(gender), k=SHOWN + 1)


def _put(
    report: Report,
    name: str,
    questions: Sequence[Question],
    found: Sequence[Sequence[str]],
    labels: dict[str, Labels],
    rounds: int,
) -> None:
    columns = _columns(questions, found, labels)
    bootstrap = Bootstrap(len(questions), rounds, clusters=[one.group for one in questions])
    for figure, values in columns.items():
        low, high = bootstrap.interval(values)
        report.figures[f"{name}_{figure}"] = mean(values)
        report.details[f"{name}_{figure}_interval"] = [low, high]
        report.lines.append(f"  {name} {figure}: {mean(values):.3f} ({low:.3f} to {high:.3f})")


def _columns(
    questions: Sequence[Question], found: Sequence[Sequence[str]], labels: dict[str, Labels]
) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Per figure a number per question."""
    rows: list[dict[str, float]] = []
    for one, ids in zip(questions, found, strict=True):
        if one.wanted is None:
            place = next((i for i, key in enumerate(ids) if key in one.answers), None)
            rows.append(
                {
                    "r1": float(place == 0),
                    "r10": float(place is not None),
                    "mrr": 0.0 if place is None else 1 / (place + 1),
                }
            )
            continue
        shown = [labels[key] for key in ids]
        if one.photo:
            color = [Labels(one.wanted.type, s.color, one.wanted.gender) for s in shown]
            rows.append(
                {
                    "color": sum(c.answers(one.wanted) for c in color) / SHOWN,
                    "type": sum(s.type == one.wanted.type for s in shown) / SHOWN,
                }
            )
        else:
            rows.append({"p10": sum(s.answers(one.wanted) for s in shown) / SHOWN})
    return {name: np.array([row[name] for row in rows], np.float64) for name in rows[0]}
