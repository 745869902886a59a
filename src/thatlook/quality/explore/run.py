"""A feed read, its pictures looked at, and the report of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from thatlook.core.errors import FeedError
from thatlook.core.progress import Progress
from thatlook.core.records import Product
from thatlook.core.settings import Settings
from thatlook.quality.explore.fetching import fetch
from thatlook.quality.explore.report import FeedReport, build
from thatlook.quality.facts import PictureFacts
from thatlook.quality.picture_facts import PictureAnalyzerFactory, PictureJob, look_at
from thatlook.store.feed import FeedMapping, Problem, read_feed
from thatlook.store.feed.pictures import PictureFolder


def explored(
    feed: Path,
    images: Path | None,
    mapping: FeedMapping,
    *,
    factory: PictureAnalyzerFactory | None,
    workers: int,
    pictures: PictureFolder | None = None,
) -> FeedReport:
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
        PictureJob(name, categories[name], Path(found.file))
        for name, found in facts.items()
        if not found.error
    ]
    looked = look_at(jobs, Settings.load(), factory=factory, workers=workers)
    facts |= _shown(looked, len(jobs))
    facts = {name: facts[name] for name in places if name in facts}  # in the feed's order
    spent = time.monotonic() - began
    return build(feed.name, products, problems, facts, looked=factory is not None, seconds=spent)


def _shown(found: Iterator[tuple[str, PictureFacts]], total: int) -> dict[str, PictureFacts]:
    """The facts by product id, with a bar meanwhile."""
    return dict(Progress(found, total=total, unit=" pictures"))
