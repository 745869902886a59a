"""What is counted of worn articles and what was shown for them, and boards to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from markupsafe import Markup

from thatlook.core.image import Pixels, cropped, decode, fit_square
from thatlook.core.settings import Settings
from thatlook.evaluate.report import Report
from thatlook.evaluate.retrieval.metrics import Bootstrap, mean
from thatlook.evaluate.street.judged import contradicts
from thatlook.evaluate.street.rows import JudgedArticle
from thatlook.render import page
from thatlook.render.photo import figure
from thatlook.store.catalog import Catalog

MEASURED: Final = ("type", "color", "both", "pattern", "children")
MEANINGS: Final = {
    "true": "with the boxes and categories that an eye gave: what search and embedding are worth",
    "found": "with the articles that were found: one that was not found counts as wrong",
    "type": "share of the first six products that are of an accepted type",
    "missed": "share of worn articles for which nothing of their category was found in their place",
    "empty": "share of rows without any product",
    "contradicted": "share of rows in which an `other` product stands above one that is the same",
}


def street_figures(
    report: Report, rows: Mapping[str, Sequence[JudgedArticle]], unsold: int, rounds: int
) -> None:
    """Put the figures of the rows with `found` and with `true` boxes into the report.

    `unsold` articles were not asked for; intervals resample photos `rounds` times.
    """
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
SIDE: Final = 104
FRAME: Final = 4


def boards(rows: Sequence[JudgedArticle], catalog: Catalog, settings: Settings) -> Markup:
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
