"""`evaluate street`: people's photos against a catalog, judged by what an eye saw them wear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from thatlook.core.errors import DataError, SettingsError
from thatlook.core.image import Pixels, decode
from thatlook.core.progress import Progress
from thatlook.core.records import Look, Recommendation
from thatlook.core.settings import Settings
from thatlook.data.splits import split_of
from thatlook.data.worn import Worn, WornPhoto, read_worn
from thatlook.evaluate.options import StreetOptions
from thatlook.evaluate.report import Report, finish, folder_of
from thatlook.evaluate.street.judged import SHOWN, Shop
from thatlook.evaluate.street.report import MEANINGS, boards, street_figures
from thatlook.evaluate.street.rows import JudgedArticle
from thatlook.search.recommender import Recommender
from thatlook.search.request import SearchRequest
from thatlook.store.catalog import Catalog
from thatlook.vision.analyzer import Analyzer
from thatlook.vision.models.registry import ModelSpec, resolve

SAME: Final = 0.5
"""Boxes that overlap by this much (IoU) are of one article."""


@dataclass(frozen=True)
class Asked:
    """The parts that answer, and what they are asked."""

    analyzer: Analyzer
    recommender: Recommender
    shop: Shop
    request: SearchRequest

    @classmethod
    def of(cls, catalog: Catalog, analyzer: Analyzer, spec: ModelSpec, settings: Settings) -> Asked:
        """What answers from a catalog as the engine does."""
        recommender = Recommender.of(catalog, spec, settings)
        products = (s.product for s in catalog.all_stored() if s.status == "active")
        return cls(analyzer, recommender, Shop(products), SearchRequest(k=SHOWN))

    def with_true_articles(self, look: Look, image: Pixels, worn: Sequence[Worn]) -> Look:
        """The same person with the articles that an eye saw."""
        named = [(one.category, one.box) for one in worn]
        articles = self.analyzer.articles_in(image, named, worn=True)
        return replace(look, articles=tuple(articles))

    def answers(self, look: Look) -> Mapping[int, Recommendation]:
        """By the article's index in the look."""
        return {found.article: found for found in self.recommender.for_look(look, self.request)}


def run(options: StreetOptions) -> int:
    """Measure and report; the exit status. Raises SettingsError, DataError, CatalogError."""
    if options.catalog is None:
        raise SettingsError("--catalog must name the catalog that is searched")
    settings = Settings.load()
    if options.threads:
        settings = replace(settings, threads=options.threads)
    if options.model:
        settings = replace(settings, embedding_model=options.model)
    analyzer = Analyzer.open(settings)
    spec = resolve("embedding", settings.embedding_model)
    photos, folder = _photos(options), _folder(options)
    report = Report("Street to shop", spec, meanings=MEANINGS)
    report.data = f"{len(photos)} photos of {options.labels or options.data}"
    with Catalog.open(options.catalog, analyzer.key, analyzer.dim, create=False) as catalog:
        asked = Asked.of(catalog, analyzer, spec, settings)
        rows: dict[str, list[JudgedArticle]] = {"found": [], "true": []}
        sold = [[w for w in p.articles if asked.shop.sells(w, p.gender)] for p in photos]
        unsold = sum(len(p.articles) for p in photos) - sum(map(len, sold))
        if not any(sold):
            raise DataError(asked.shop.nothing_asked(unsold))
        for photo, worn in zip(Progress(photos, desc="photos"), sold, strict=True):
            image = decode(folder / photo.file, settings)
            look = analyzer.parse_image(image, photo.file)
            rows["found"] += _found(asked, worn, look, image)
            true = asked.answers(asked.with_true_articles(look, image, worn))
            rows["true"] += [
                JudgedArticle(photo.file, w, true[i].matches, image) for i, w in enumerate(worn)
            ]
        street_figures(report, rows, unsold, options.rounds)
        if options.html:
            for how, shown in rows.items():
                report.add(f"Boards, {how} boxes", boards(shown, catalog, settings))
    return finish(options, report)


def _folder(options: StreetOptions) -> Path:
    data = folder_of(options)
    street = data / "street" / "images"
    return street if street.is_dir() else data


def _photos(options: StreetOptions) -> list[WornPhoto]:
    """Those of the val side of the project's own data, or all that a file of labels names."""
    data = folder_of(options)
    own = data / "street" / "eye_labels.jsonl"
    if options.labels is not None:
        found = list(read_worn(options.labels))
    elif own.is_file():
        side = options.split or "val"
        found = list(read_worn(own, lambda name: side in ("all", split_of(name))))
    else:
        raise DataError(f"{data}: no street/eye_labels.jsonl; name the labels with --labels")
    missing = [p.file for p in found if not (_folder(options) / p.file).is_file()]
    if missing:
        raise DataError(f"{_folder(options)}: {len(missing)} photos are missing: {missing[0]}, ...")
    return found


def _found(
    asked: Asked, worn: Sequence[Worn], look: Look, image: Pixels
) -> Iterator[JudgedArticle]:
    """The rows of what was found where the worn articles are, under their category."""
    answers = asked.answers(look)
    for one in worn:
        overlaps = [
            (one.box.iou(article.box), index)
            for index, article in enumerate(look.articles)
            if article.category == one.category
        ]
        best = max(overlaps, default=(0.0, 0))
        matches = answers[best[1]].matches if best[0] >= SAME else None
        yield JudgedArticle(look.photo, one, matches, image)
