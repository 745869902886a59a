"""A described product as the row that a catalog keeps: the one place that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from thatlook.core.records import Described, Product
from thatlook.store.catalog import Row


def described_row(
    product: Product,
    described: Described,
    image: str,
    *,
    pictures: Sequence[str] = (),
    image_hash: str = "",
    row_hash: str = "",
    from_feed: bool = False,
) -> Row:
    """The row of a product whose picture `image` was described.

    A category that the description tells (the product's words name none) replaces the product's.
    Paths are as `stored_path` gives them.
    """
    return Row(
        product=replace(product, category=described.category or product.category),
        vector=described.vector,
        box=described.box,
        attributes=described.attributes,
        article_score=described.article_score,
        found=described.found,
        image=image,
        image_hash=image_hash,
        outline=described.outline,
        pictures=tuple(pictures),
        row_hash=row_hash,
        from_feed=from_feed,
        pair_vector=described.pair_vector,
        pair_key=described.pair_key,
    )


def stored_path(file: str, folder: Path) -> str:
    """A picture's path as it is stored: relative where it is inside the catalog's folder."""
    path, home = Path(file), folder.absolute()
    return str(path.relative_to(home)) if path.is_relative_to(home) else file
