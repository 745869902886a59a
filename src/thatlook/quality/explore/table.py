"""A report's findings as CSV, for whoever mends the feed in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from thatlook.quality.explore.report import FeedReport

COLUMNS: Final = ("kind", "id", "title", "message", "says", "seen", "score", "link")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet, and a feed may hold any text."""


def findings_csv(report: FeedReport) -> str:
    """One line per finding, in the report's order, with its product's title; then one for each row
    of the feed that could not be read, its line in the message.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(map(_plain, row) for row in _rows(report))
    return out.getvalue()


def _rows(report: FeedReport) -> Iterator[tuple[str, ...]]:
    for found in report.checked.findings:
        product = report.products[found.product_id]
        score = f"{found.score:.4f}" if found.seen else ""
        about = found.kind, found.product_id, product.title, found.message
        yield *about, found.says, found.seen, score, product.link
    for problem in report.problems:
        yield "unreadable", problem.product_id, "", str(problem), "", "", "", ""


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
