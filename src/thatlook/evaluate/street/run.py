"""`evaluate street`: people's photos against a catalog, judged by what an eye saw them wear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from markupsafe import Markup
from tqdm import tqdm

from thatlook.core.errors import DataError, SettingsError
from thatlook.core.image import Pixels, cropped, decode, fit_square
from thatlook.core.records import Look, Match, Recommendation
from thatlook.core.settings import Settings
from thatlook.data.splits import split_of
from thatlook.data.worn import Worn, WornPhoto, read_worn
from thatlook.evaluate.options import StreetOptions
from thatlook.evaluate.report import Report, finish, folder_of
from thatlook.evaluate.retrieval.metrics import Bootstrap, mean
from thatlook.evaluate.street.judged import SHOWN, Shop, Verdict, contradicts, judge
from thatlook.render import page
from thatlook.render.photo import figure
from thatlook.search.ranking import Calibration
from thatlook.search.recommender import Recommender
from thatlook.search.request import SearchRequest
from thatlook.store.catalog import Catalog
from thatlook.vision.analyzer import Analyzer
from thatlook.vision.models.registry import resolve
from thatlook.vision.stages.embedding import vector_output

SAME: Final = 0.5
"""Boxes that overlap by this much (IoU) are of one article."""

MEASURED: Final = ("type", "color", "both", "pattern", "children")
MEANINGS: Final = {
    "true": "with the boxes and categories that an eye gave: what search and embedding are worth",
    "found": "with the articles that were found: one that was not found counts as wrong",
    "type": "share of the first six products that are of an accepted type",
    "missed": "share of worn articles for which nothing of their category was found in their place",
    "empty": "share of rows without any product",
    "contradicted": "share of rows in which an `other` product stands above one that is the same",
}


@dataclass(frozen=True, eq=False)
class JudgedArticle:
    """A worn article and what was shown for it; `matches` None where it was not found."""

    photo: str
    worn: Worn
    matches: tuple[Match, ...] | None
    image: Pixels = field(repr=False)

    @property
    def verdicts(self) -> list[Verdict]:
        """Of the products shown, in order."""
        return [judge(self.worn, match.product) for match in (self.matches or ())[:SHOWN]]

    def shares(self) -> dict[str, float]:
        """Of SHOWN places, how many hold a product that is right."""
        found = self.verdicts
        return {
            "type": sum(v.type for v in found) / SHOWN,
            "color": sum(v.color for v in found) / SHOWN,
            "both": sum(v.type and v.color for v in found) / SHOWN,
            "pattern": sum(v.pattern for v in found) / SHOWN,
            "children": sum(v.child for v in found) / max(1, len(found)),
        }


@dataclass(frozen=True)
class Asked:
    """The parts that answer, and what they are asked."""

    analyzer: Analyzer
    recommender: Recommender
    request: SearchRequest

    def look(self, look: Look, *, true: Sequence[Worn] | None, image: Pixels) -> Look:
        """The look, or the same person with the articles that an eye saw."""
        if true is None:
            return look
        articles = tuple(
            self.analyzer.article_in(image, w.box, w.category, worn=True) for w in true
        )
        return replace(look, articles=articles)

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
    analyzer = Analyzer.open(settings)
    spec = resolve("embedding", settings.embedding_model)
    photos = _photos(options)
    with Catalog.open(
        options.catalog, model_key=analyzer.key, dim=analyzer.dim, create=False
    ) as catalog:
        recommender = Recommender(
            catalog,
            Calibration.of(spec.details.get("calibration", {})),
            settings.good_score,
            spec.parts_of(vector_output(spec)),
        )
        asked = Asked(analyzer, recommender, SearchRequest(k=SHOWN))
        shop = Shop(stored.product for stored in catalog.all_stored() if stored.status == "active")
        rows: dict[str, list[JudgedArticle]] = {"found": [], "true": []}
        unsold = 0
        for photo in tqdm(photos, desc="photos", mininterval=10):
            image = decode(_folder(options) / photo.file, settings)
            worn = [w for w in photo.articles if shop.sells(w, photo.gender)]
            unsold += len(photo.articles) - len(worn)
            look = analyzer.parse_image(image, photo.file)
            rows["found"] += _found(asked, photo, worn, look, image)
            true = asked.look(look, true=worn, image=image)
            answers = asked.answers(true)
            rows["true"] += [
                JudgedArticle(photo.file, w, answers[i].matches, image) for i, w in enumerate(worn)
            ]
        report = Report("Street to shop", spec, meanings=MEANINGS)
        report.data = f"{len(photos)} photos of {options.labels or options.data}"
        _figures(report, rows, unsold, options.rounds)
        if options.html:
            for heading, shown in (("found", rows["found"]), ("true", rows["true"])):
                report.add(f"Boards, {heading} boxes", _boards(shown, catalog, settings))
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
    asked: Asked, photo: WornPhoto, worn: Sequence[Worn], look: Look, image: Pixels
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
        yield JudgedArticle(photo.file, one, matches, image)


def _figures(
    report: Report, rows: Mapping[str, Sequence[JudgedArticle]], unsold: int, rounds: int
) -> None:
    lines = []
    for how, found in rows.items():
        if not found:
            continue
        columns = {
            name: np.array([row.shares()[name] for row in found], np.float64) for name in MEASURED
        }
        bootstrap = Bootstrap(len(found), rounds, clusters=[row.photo for row in found])
        seen = [row for row in found if row.matches is not None]
        for name, column in columns.items():
            report.figures[f"{how}_{name}"] = mean(column)
            low, high = bootstrap.interval(column)
            report.details[f"{how}_{name}_interval"] = [low, high]
            lines.append(f"  {how} {name}: {mean(column):.3f} ({low:.3f} to {high:.3f})")
        report.figures[f"{how}_missed"] = 1 - len(seen) / len(found)
        report.figures[f"{how}_empty"] = _share([not row.matches for row in seen])
        report.figures[f"{how}_contradicted"] = _share([contradicts(r.matches or ()) for r in seen])
        report.details[f"{how}_by_type"] = _by_type(found)
        report.lines += _told(how, found)
    report.figures["articles"] = float(len(rows["true"]))
    report.figures["not_sold"] = float(unsold)
    report.lines += lines
    report.main = {
        "right type, found boxes": "found_type",
        "right color, found boxes": "found_color",
        "right type, true boxes": "true_type",
        "right color, true boxes": "true_color",
    }


def _share(values: Sequence[bool]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _by_type(rows: Sequence[JudgedArticle]) -> dict[str, dict[str, float]]:
    """Articles, right type and color per type of the labels, most articles first."""
    groups: dict[str, list[JudgedArticle]] = {}
    for row in rows:
        groups.setdefault(f"{row.worn.category} {row.worn.type}", []).append(row)
    return {
        name: {
            "articles": len(group),
            "type": float(np.mean([row.shares()["type"] for row in group])),
            "color": float(np.mean([row.shares()["color"] for row in group])),
        }
        for name, group in sorted(groups.items(), key=lambda item: -len(item[1]))
    }


def _told(how: str, rows: Sequence[JudgedArticle]) -> list[str]:
    lines = [f"  {how} boxes, by type: articles, right type, right color"]
    for name, found in _by_type(rows).items():
        lines.append(
            f"    {name:<26} {found['articles']:4.0f} {found['type']:.2f} {found['color']:.2f}"
        )
    return lines


RIGHT: Final = (43, 138, 62)
HALF: Final = (240, 140, 0)
WRONG: Final = (201, 42, 42)
ASKED: Final = (74, 101, 114)
"""Frames, RGB: type and color right, type alone, type wrong, the worn article."""

BOARDS: Final = 60
SIDE: Final = 120
FRAME: Final = 4


def _boards(rows: Sequence[JudgedArticle], catalog: Catalog, settings: Settings) -> Markup:
    """Articles drawn at random with the products shown for them, framed by what is right."""
    drawn = np.random.default_rng(0).permutation(len(rows))[:BOARDS]
    return page.groups(_board(rows[int(i)], catalog, settings) for i in sorted(drawn))


def _board(row: JudgedArticle, catalog: Catalog, settings: Settings) -> list[Markup]:
    worn = row.worn
    words = (f"{worn.type}", f"{'/'.join(worn.colors)} {worn.pattern}, {row.photo}")
    parts = [_tile(cropped(row.image, worn.box), ASKED, words)]
    if row.matches is None:
        return [*parts, page.words("not found")]
    for match, verdict in zip(row.matches, row.verdicts, strict=False):
        product = match.product
        color = RIGHT if verdict.type and verdict.color else HALF if verdict.type else WRONG
        image = decode(catalog.image(product.id), settings)
        caption = (f"{match.score:.2f} {product.product_type}", f"{product.color} {product.id}")
        parts.append(_tile(image, color, caption))
    return parts


def _tile(image: Pixels, color: tuple[int, int, int], caption: tuple[str, str]) -> Markup:
    framed = np.empty((SIDE + 2 * FRAME,) * 2 + (3,), np.uint8)
    framed[:] = color
    framed[FRAME:-FRAME, FRAME:-FRAME] = fit_square(image, SIDE, padding=255).canvas
    return figure(framed, caption, size=framed.shape[:2])
