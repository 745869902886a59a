"""`index`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from thatlook.cli.command import Command
from thatlook.core.errors import FeedError
from thatlook.core.settings import Settings
from thatlook.engine import Engine
from thatlook.store.feed import FeedMapping, load_mapping

SHOWN_PROBLEMS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `thatlook index`."""
    parser.add_argument(
        "feed", metavar="FEED", help="CSV, TSV, JSON Lines, Parquet, XML or a folder of images"
    )
    parser.add_argument("--catalog", required=True, metavar="DIR", help="the catalog's folder")
    parser.add_argument("--images", metavar="DIR", help="where image links are looked up")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        type=_pair,
        metavar="FIELD=COLUMN",
        help="again for more",
    )
    parser.add_argument("--mapping", metavar="FILE", help="a shop's mapping (TOML, docs/feeds.md)")
    parser.add_argument(
        "--allow-private", action="store_true", help="fetch pictures from private addresses too"
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: one per core)"
    )
    parser.add_argument("--strict", action="store_true", help="stop at the first bad row")
    parser.add_argument(
        "--allow-removals",
        action="store_true",
        help="mark all products that the feed does not have as gone, however many",
    )
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def _pair(text: str) -> str:
    try:
        FeedMapping().with_fields([text])
    except FeedError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def run(args: argparse.Namespace) -> int:
    """Indexes the feed and says what came of each row."""
    if not Path(args.feed).exists():
        raise FeedError(f"{args.feed}: no such file or folder")
    mapping = load_mapping(args.mapping) if args.mapping else FeedMapping()
    mapping = mapping.with_fields(args.map)
    with Engine.open(args.catalog, Settings.load()) as engine:
        report = engine.index(
            args.feed,
            args.images,
            mapping=mapping,
            workers=args.workers,
            strict=args.strict,
            progress=True,
            allow_private=args.allow_private,
            allow_removals=args.allow_removals,
        )
    for problem in report.problems[:SHOWN_PROBLEMS]:
        print(f"thatlook: {problem}", file=sys.stderr)
    hidden = len(report.problems) - SHOWN_PROBLEMS
    if hidden > 0:
        print(f"thatlook: and {hidden} more problems; --json lists them all", file=sys.stderr)
    print(json.dumps(report.to_dict()) if args.json else report)
    return int(report.all_failed)


INDEX = Command(add_arguments, run)
