"""`crawl`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path

from tqdm import tqdm

from thatlook.cli.command import Command
from thatlook.core.errors import FeedError
from thatlook.crawl.crawl import Crawl, Report
from thatlook.crawl.http.polite import Network
from thatlook.crawl.shop import Shop
from thatlook.crawl.shopfile import read_shop

SHOWN_FAILURES = 5
_LIMITS = ("requests_per_second", "max_pages", "max_minutes", "max_products")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `thatlook crawl`."""
    parser.add_argument(
        "shop", metavar="SHOP", help="a shop file (TOML), or the name of an example: myntra"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="feed, images and state")
    parser.add_argument(
        "--contact", default="", help="how the shop can reach you (mailto: or https://)"
    )
    parser.add_argument("--requests-per-second", type=float, metavar="N", help="per host")
    parser.add_argument("--max-pages", type=int, metavar="N", help="stop after so many")
    parser.add_argument("--max-minutes", type=float, metavar="N", help="stop after so long")
    parser.add_argument("--max-products", type=int, metavar="N", help="stop after so many")
    parser.add_argument(
        "--allow-private", action="store_true", help="also hosts inside your own network"
    )
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Crawls the shop; 1 where nothing was found, or the shop no longer answered."""
    shop = _limited(read_shop(_path(args.shop), args.contact), args)
    folder = Path(args.out)
    with tqdm(unit=" products", file=sys.stderr, disable=None) as bar:

        def show(pages: int, products: int) -> None:
            bar.set_postfix_str(f"{pages} pages")
            bar.update(products - bar.n)

        report = Crawl(shop, folder, Network(allow_private=args.allow_private), show).run()
    print(json.dumps(report.to_dict(), ensure_ascii=False) if args.json else _told(report, folder))
    return 1 if report.gave_up or not report.products else 0


def _path(name: str) -> Path:
    """The shop file: a path, or else one that ships by its name."""
    if Path(name).exists():
        return Path(name)
    shipped = resources.files("thatlook.crawl") / "shops" / f"{name}.toml"
    if name == Path(name).stem and shipped.is_file():
        return Path(str(shipped))
    raise FeedError(f"{name}: no such shop file, and no example of this name")


def _limited(shop: Shop, args: argparse.Namespace) -> Shop:
    given = {name: getattr(args, name) for name in _LIMITS if getattr(args, name) is not None}
    return replace(shop, limits=replace(shop.limits, **given))


def _told(report: Report, folder: Path) -> str:
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


CRAWL = Command(add_arguments, run)
