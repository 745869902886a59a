"""`explore`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from thatlook.cli.command import Command
from thatlook.core.errors import FeedError
from thatlook.core.processes import available_cores
from thatlook.core.records import Product
from thatlook.core.settings import Settings
from thatlook.quality.explore.fetching import fetch
from thatlook.quality.explore.html import page
from thatlook.quality.explore.report import Report, build
from thatlook.quality.facts import PictureFacts
from thatlook.quality.picture_facts import Job, LooksFactory, look_at, open_analyzer
from thatlook.store.feed import FeedMapping, Problem, read_feed
from thatlook.store.feed.fetch import Fetcher
from thatlook.store.feed.pictures import PICTURES, PictureFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `thatlook explore`."""
    parser.add_argument("feed", metavar="FEED", help="a feed as for `thatlook index`")
    parser.add_argument("--images", metavar="DIR", help="where image links are looked up")
    parser.add_argument(
        "--map", action="append", default=[], metavar="FIELD=COLUMN", help="again for more"
    )
    parser.add_argument(
        "--out", default="report.html", metavar="FILE", help="the page (default: %(default)s)"
    )
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="as JSON: in FILE, or printed"
    )
    parser.add_argument(
        "--fetched", metavar="DIR", help="keeps fetched pictures there (default: only meanwhile)"
    )
    parser.add_argument(
        "--allow-private", action="store_true", help="fetch pictures from private addresses too"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: the cores)")
    parser.add_argument(
        "--quick", action="store_true", help="without the networks: words and files only"
    )


def run(args: argparse.Namespace) -> int:
    """Writes the report and prints its main numbers."""
    out = Path(args.out)
    if out.is_dir():
        out /= "report.html"
    with TemporaryDirectory(prefix="thatlook-") as meanwhile:
        fetcher = Fetcher(replace(PICTURES, allow_private=args.allow_private))
        report = explored(
            Path(args.feed),
            Path(args.images) if args.images else None,
            FeedMapping().with_fields(args.map),
            factory=None if args.quick else open_analyzer,
            workers=args.workers or available_cores(),
            pictures=PictureFolder(Path(args.fetched or meanwhile), fetcher),
        )
        _write(out, page(report))
    text = json.dumps(report.to_dict(), ensure_ascii=False, indent=1)
    if args.json and args.json != "-":
        _write(Path(args.json), text)
    print(text if args.json == "-" else _told(report, out))
    return 0


def explored(
    feed: Path,
    images: Path | None,
    mapping: FeedMapping,
    *,
    factory: LooksFactory | None,
    workers: int,
    pictures: PictureFolder | None = None,
) -> Report:
    """The report of a feed, with progress on standard error.

    `pictures` fetches what lies behind addresses; without it those are not looked at. Raises
    FeedError for a feed without a usable row, ModelError without the networks.
    """
    began = time.monotonic()
    places: dict[str, str] = {}
    products: list[Product] = []
    problems: list[Problem] = []
    for row in read_feed(feed, mapping, images):
        if isinstance(row, Problem):
            problems.append(row)
            continue
        products.append(row.product)
        places[row.product.id] = row.images[0]
    if not products:
        reason = f"; the first: {problems[0]}" if problems else ""
        raise FeedError(f"{feed}: no row of the feed can be used{reason}")
    facts = {name: PictureFacts(place) for name, place in places.items() if "://" not in place}
    if pictures is not None:
        urls = {name: place for name, place in places.items() if name not in facts}
        facts |= _shown(fetch(urls, pictures), len(urls))
    categories = {product.id: product.category for product in products}
    jobs = [
        Job(name, categories[name], Path(found.file))
        for name, found in facts.items()
        if not found.error
    ]
    looked = look_at(jobs, Settings.load(), factory=factory, workers=workers)
    facts |= _shown(looked, len(jobs))
    facts = {name: facts[name] for name in places if name in facts}  # in the feed's order
    spent = time.monotonic() - began
    return build(feed.name, products, problems, facts, looked=factory is not None, seconds=spent)


def _shown(found: Iterator[tuple[str, PictureFacts]], total: int) -> dict[str, PictureFacts]:
    """The facts by product id, a bar on a terminal meanwhile."""
    return dict(tqdm(found, total=total, unit=" pictures", file=sys.stderr, disable=None))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise FeedError(f"{path}: the report cannot be written: {error.strerror}") from error


def _told(report: Report, out: Path) -> str:
    lines = [f"{report.rows:,} rows, {len(report.products):,} products, {report.seconds:.0f} s"]
    lines += [f"{step.left:>8,}  {step.name}" for step in report.steps]
    lines += report.checked.lines()
    return "\n".join([*lines, f"report: {out}"])


EXPLORE = Command(add_arguments, run)
