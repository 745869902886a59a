"""`explore`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from thatlook.cli.command import Command
from thatlook.cli.index import map_option, mapping_of, mapping_option, tell_overlooked
from thatlook.cli.options import PATH, PRINTED, json_file_option, private_option
from thatlook.core.errors import FeedError
from thatlook.core.files import write_whole

if TYPE_CHECKING:
    from thatlook.quality.explore.report import FeedReport


@click.command(
    cls=Command, examples=("thatlook explore feed.csv --images images --out report.html",)
)
@click.argument("feed", type=PATH)
@click.option("--images", type=PATH, metavar="DIR", help="where image links are looked up")
@map_option
@mapping_option
@click.option(
    "--out",
    "--html",
    "out",
    type=PATH,
    default="report.html",
    metavar="FILE",
    help="the page (default: report.html)",
)
@json_file_option("json_file")
@click.option("--csv", "csv_file", type=PATH, metavar="FILE", help="the findings, with titles")
@click.option(
    "--fetched", type=PATH, metavar="DIR", help="keeps fetched pictures there, else only meanwhile"
)
@private_option
@click.option("--workers", type=int, metavar="N", help="processes (default: the cores)")
@click.option("--quick", is_flag=True, help="without the networks: words and files only")
def explore(  # noqa: PLR0913 - one for each option
    *,
    feed: Path,
    images: Path | None,
    fields: tuple[str, ...],
    mapping: str | None,
    out: Path,
    json_file: str | None,
    csv_file: Path | None,
    fetched: Path | None,
    allow_private: bool,
    workers: int | None,
    quick: bool,
) -> int:
    """A feed to a report.

    FEED is read as by `thatlook index`. Prints the main numbers.
    """
    from thatlook.core.processes import available_cores
    from thatlook.quality.explore.html import page
    from thatlook.quality.explore.run import explored
    from thatlook.quality.explore.table import findings_csv
    from thatlook.quality.picture_facts import open_analyzer
    from thatlook.store.feed.fetch import Fetcher
    from thatlook.store.feed.pictures import PICTURES, PictureFolder

    if out.is_dir():
        out /= "report.html"
    words = mapping_of(mapping, fields)
    tell_overlooked(feed, words)
    with TemporaryDirectory(prefix="thatlook-") as meanwhile:
        fetcher = Fetcher(replace(PICTURES, allow_private=allow_private))
        report = explored(
            feed,
            images,
            words,
            factory=None if quick else open_analyzer,
            workers=workers or available_cores(),
            pictures=PictureFolder(fetched or Path(meanwhile), fetcher),
        )
        _write(out, page(report))
    if csv_file:
        _write(csv_file, "\ufeff" + findings_csv(report))  # so that Excel reads it as UTF-8
    text = json.dumps(report.to_dict(), ensure_ascii=False, indent=1)
    if json_file and json_file != PRINTED:
        _write(Path(json_file), text)
    print(text if json_file == PRINTED else _told(report, out))
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode())
    except OSError as error:
        raise FeedError(f"{path}: the report cannot be written: {error.strerror}") from error


def _told(report: FeedReport, out: Path) -> str:
    lines = [f"{report.rows:,} rows, {len(report.products):,} products, {report.seconds:.0f} s"]
    lines += [f"{step.left:>8,}  {step.name}" for step in report.steps]
    lines += report.checked.lines()
    return "\n".join([*lines, f"report: {out}"])
