"""`index`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thatlook.cli.command import Command
from thatlook.cli.options import catalog_option, json_option, private_option
from thatlook.core.errors import FeedError

if TYPE_CHECKING:
    from thatlook.store.feed import FeedMapping

SHOWN_PROBLEMS = 20


def _pair(text: str) -> str:
    from thatlook.store.feed import FeedMapping

    try:
        FeedMapping().with_fields([text])
    except FeedError as error:
        raise click.BadParameter(str(error)) from error
    return text


map_option = click.option(
    "--map", "fields", multiple=True, type=_pair, metavar="FIELD=COLUMN", help="again for more"
)


mapping_option = click.option(
    "--mapping", metavar="FILE", help="a shop's mapping (TOML, docs/feeds.md)"
)


def mapping_of(shop: str | None, fields: Sequence[str]) -> FeedMapping:
    """The mapping of the file `shop`, with `fields` before it. Raises FeedError."""
    from thatlook.store.feed import FeedMapping, load_mapping

    return (load_mapping(shop) if shop else FeedMapping()).with_fields(fields)


def tell_overlooked(feed: str | Path, mapping: FeedMapping) -> None:
    """Says which columns are not understood, before the feed is read."""
    from thatlook.store.feed import overlooked

    if found := overlooked(feed, mapping):
        print(f"thatlook: {found}", file=sys.stderr)


@click.command(
    cls=Command,
    examples=(
        "thatlook index feed.csv --images images --catalog catalog",
        "thatlook index feed.csv --catalog catalog --map title=product_name",
    ),
)
@click.argument("feed")
@catalog_option
@click.option(
    "--images",
    metavar="DIR",
    help="where image links are looked up: a folder, or s3://..., gs://...",
)
@map_option
@mapping_option
@private_option
@click.option("--workers", type=int, metavar="N", help="processes (default: one per core)")
@click.option(
    "--ray", metavar="ADDRESS", help="a Ray cluster that shares the work; `local`: this machine's"
)
@click.option("--strict", is_flag=True, help="stop at the first bad row")
@click.option(
    "--allow-removals", is_flag=True, help="mark all that the feed does not have, however many"
)
@json_option
def index(feed: str, catalog: str, fields: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """A product feed to a catalog; again for what changed.

    FEED is CSV, TSV, JSON Lines, Parquet, XML or a folder of images.
    """
    from thatlook.core.settings import Settings
    from thatlook.engine import Engine

    if not Path(feed).exists():
        raise FeedError(f"{feed}: no such file or folder")
    mapping = mapping_of(given.pop("mapping"), fields)
    tell_overlooked(feed, mapping)
    with Engine.open(catalog, Settings.load()) as engine:
        report = engine.index(feed, given.pop("images"), mapping=mapping, progress=True, **given)
    for problem in report.problems[:SHOWN_PROBLEMS]:
        print(f"thatlook: {problem}", file=sys.stderr)
    hidden = len(report.problems) - SHOWN_PROBLEMS
    if hidden > 0:
        print(f"thatlook: and {hidden} more problems; --json lists them all", file=sys.stderr)
    print(json.dumps(report.to_dict()) if as_json else report)
    return int(report.all_failed)
