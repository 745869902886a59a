"""`crawl`."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thatlook.cli.command import Command
from thatlook.cli.options import PATH, json_option, private_option
from thatlook.core.errors import FeedError

if TYPE_CHECKING:
    from thatlook.crawl.crawl import CrawlReport

SHOWN_FAILURES = 5


@click.command(
    cls=Command, examples=("thatlook crawl shop.toml --out shop --contact mailto:me@example.com",)
)
@click.argument("shop")
@click.option(
    "--out", required=True, type=PATH, metavar="DIR", help="where feed, images and state go"
)
@click.option("--contact", default="", help="how the shop can reach you (mailto: or https://)")
@click.option("--requests-per-second", type=float, metavar="N", help="per host")
@click.option("--max-pages", type=int, metavar="N", help="stop after so many")
@click.option("--max-minutes", type=float, metavar="N", help="stop after so long")
@click.option("--max-products", type=int, metavar="N", help="stop after so many")
@private_option
@json_option
def crawl(
    shop: str, out: Path, contact: str, allow_private: bool, as_json: bool, **limits: Any
) -> int:
    """A shop's pages to a feed; again to go on.

    SHOP is a shop file (TOML), or the name of an example: myntra. Exit status 1 where nothing was
    found, or the shop no longer answered.
    """
    from thatlook.core.progress import Progress
    from thatlook.crawl.crawl import Crawl
    from thatlook.crawl.http.polite import Network
    from thatlook.crawl.shopfile import read_shop_file

    plan = read_shop_file(_path(shop), contact)
    given = {name: value for name, value in limits.items() if value is not None}
    plan = replace(plan, limits=replace(plan.limits, **given))
    with Progress(unit=" products") as bar:

        def show(pages: int, products: int) -> None:
            bar.set_postfix_str(f"{pages} pages")
            bar.update(products - bar.n)

        report = Crawl(plan, out, Network(allow_private=allow_private), show).run()
    print(json.dumps(report.to_dict(), ensure_ascii=False) if as_json else _told(report, out))
    return 1 if report.gave_up or not report.products else 0


def _path(name: str) -> Path:
    """The shop file: a path, or else one that ships by its name."""
    if Path(name).exists():
        return Path(name)
    shipped = resources.files("thatlook.crawl") / "shop_files" / f"{name}.toml"
    if name == Path(name).stem and shipped.is_file():
        return Path(str(shipped))
    raise FeedError(f"{name}: no such shop file, and no example of this name")


def _told(report: CrawlReport, folder: Path) -> str:
    asked = f"{report.requests} requests in {report.seconds:g} s"
    lines = [f"{report.products} products from {report.pages} pages of {report.shop}, {asked}"]
    if report.stopped:
        lines.append(f"ended early by {report.stopped}; the same command goes on from here")
    notes = {
        "pages that could not be read": report.failed_pages,
        "pictures that could not be used": report.failed_pictures,
        "addresses not asked": report.refused,
        "products listed twice under two ids": report.duplicates,
        "groups of products that share a picture": report.shared_pictures,
    }
    lines += [f"{len(found)} {what} (report.json)" for what, found in notes.items() if found]
    lines += [f"  {reason}" for reason in list(report.failed_pages.values())[:SHOWN_FAILURES]]
    lines.append(f"feed: {', '.join(map(str, sorted(folder.glob('feed.*'))))}")
    lines.append(f"next: thatlook explore {folder / 'feed.jsonl'}")
    return "\n".join(lines)
