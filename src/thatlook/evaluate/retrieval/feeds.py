"""The trial of one's own feed: products like a product, by the feed's own words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from thatlook.core.addresses import is_address
from thatlook.core.color import canonical
from thatlook.core.errors import FeedError
from thatlook.core.records import Product
from thatlook.core.taxonomy import type_leaf
from thatlook.evaluate.retrieval.crops import Crop
from thatlook.evaluate.retrieval.finder import Finder
from thatlook.evaluate.retrieval.trials import Relevance, Trial
from thatlook.store.feed import FeedMapping, FeedRow, read_feed


def feed_trial(
    feed: Path, images: Path | None, finder: Finder, mapping: FeedMapping | None = None
) -> Trial:
    """Every product of the feed asked for products like it, within category and gender.

    Its pictures must be files; rows without one are counted in the lead. Raises FeedError where
    none is left.
    """
    rows = list(read_feed(feed, mapping, images))
    kept = [
        (row.product, Path(row.images[0]))
        for row in rows
        if isinstance(row, FeedRow) and not is_address(row.images[0])
    ]
    if not kept:
        raise FeedError(f"{feed}: no product with a picture that is a file; see --images")
    finder.look([path for _, path in kept])
    crops = [Crop(path, finder.own(path, product.category)) for product, path in kept]
    products = [product for product, _ in kept]
    parts = [f"{product.category}/{product.gender}" for product in products]
    ids = [product.id for product in products]
    return Trial(
        name="feed",
        title="Products of the feed",
        lead=(
            f"{len(products)} products with a picture of {len(rows)} rows, "
            f"{_told(products, 'product_type')} with a product type, {_told(products, 'color')} "
            "with a color (--map FIELD=COLUMN names a column). An answer is of the "
            "same product type, color, or both, by the feed's own words, its category and gender."
        ),
        queries=crops,
        gallery=crops,
        notions={name: Relevance(words, words) for name, words in _words(products).items()},
        main="both",
        categories=[product.category for product in products],
        part=Relevance(parts, parts),
        apart=Relevance(ids, ids),
        captions=[product.title for product in products],
    )


def _told(products: Sequence[Product], field: str) -> int:
    return sum(bool(getattr(product, field)) for product in products)


def _words(products: Sequence[Product]) -> dict[str, list[str]]:
    kinds = [type_leaf(product.product_type) for product in products]
    colors = [canonical(product.color) for product in products]
    both = [f"{a}/{b}" if a and b else "" for a, b in zip(kinds, colors, strict=True)]
    return {"type": kinds, "color": colors, "both": both}
