"""`thatlook feedback`: what shoppers chose, where `thatlook serve` was told to keep it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from thatlook.cli.command import Group
from thatlook.cli.options import COUNT, PATH, catalog_option, json_option
from thatlook.core.errors import CatalogError

if TYPE_CHECKING:
    from thatlook.store.feedback.records import Choice

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(cls=Group)
def feedback() -> None:
    """What shoppers chose: reports, and pairs to train with."""


since_option = click.option("--since", type=DAY, metavar="DAY", help="such as 2026-03-01")


@feedback.command("report", examples=("thatlook feedback report --catalog catalog",))
@catalog_option
@since_option
@json_option
def show_report(catalog: str, since: datetime | None, as_json: bool) -> int:
    """How often products that were shown are taken.

    By position, category and score word; where two rankings were interleaved, which one shoppers
    prefer.
    """
    from thatlook.evaluate.feedback.report import report

    found = report(_choices(catalog, since))
    print(json.dumps(found.to_dict()) if as_json else found.table())
    return 0


@feedback.command(
    "export", examples=("thatlook feedback export judged.csv --catalog catalog --min-lists 2",)
)
@catalog_option
@click.argument("file", type=PATH)
@click.option("--min-lists", type=COUNT, default=1, help="lists that must agree on a pair")
@since_option
@json_option
def write_pairs(
    catalog: str, file: Path, min_lists: int, since: datetime | None, as_json: bool
) -> int:
    """Pairs of products that shoppers judged, to a CSV.

    `thatlook train embedding --feedback FILE` learns from it.
    """
    from thatlook.data.judged_pairs import write
    from thatlook.evaluate.feedback.pairs import judged_pairs
    from thatlook.store.catalog import Catalog

    choices = _choices(catalog, since)
    with Catalog.open(catalog, create=False) as opened:
        found = judged_pairs(choices, opened, min_lists)
    if not found.pairs:
        raise CatalogError(
            f"{catalog}: no pair was judged: {len(choices)} products were shown, pairs need some "
            "that were accepted, beside others accepted or dismissed"
        )
    write(file, found.pairs)
    alike = sum(pair.alike for pair in found.pairs)
    left_out = {
        "undecided": (found.undecided, "too few lists agree on them"),
        "missing": (found.missing, "a product or its picture is gone"),
        "mixed": (found.mixed, "of two categories"),
    }
    counts = {"file": str(file), "pairs": len(found.pairs), "alike": alike}
    counts |= {name: count for name, (count, _) in left_out.items()}
    words = f"{len(found.pairs)} pairs, {alike} alike, in {file}"
    words += "".join(f"; {count} left out: {why}" for count, why in left_out.values() if count)
    print(json.dumps(counts) if as_json else words)
    return 0


def _choices(catalog: str, since: datetime | None) -> list[Choice]:
    """The feedback of a catalog, from a day on. Raises CatalogError where there is none."""
    from thatlook.service.settings import ServiceSettings
    from thatlook.store.catalog import Catalog
    from thatlook.store.feedback.book import Bounds, Feedback

    bounds = Bounds(ServiceSettings.load().feedback_days)
    day = since.date().isoformat() if since else ""
    with Catalog.open(catalog, create=False) as opened, Feedback.open(opened.home, bounds) as kept:
        found = list(kept.choices(day))
    if not found:
        raise CatalogError(f"{catalog}: no feedback{f' since {day}' if day else ''} yet")
    return found
