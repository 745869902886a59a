"""Pairs as items: what a training of the embedding takes of scenes and their products."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from thatlook.core.image import size_of
from thatlook.data.items import HEADS, Item, whole_extent
from thatlook.data.pairs.records import Pair, PairPicture, products_of

Corners = tuple[float, float, float, float]


def paired_items(pairs: Sequence[Pair], kind: str = "scene") -> list[Item]:
    """One item per product: its own pictures first, then its places in scenes.

    Of `datasets.pairs.commands.audited`. A product picture without a box is cut out by what
    stands out from its background, a scene without one is taken whole. The split is the pairs'
    own: "test" counts as "val", none as "train". Nothing but the category is known of a product.
    Raises PhotoError where a picture cannot be read.
    """
    return [
        _item(key, [pairs[row] for row in rows], kind) for key, rows in products_of(pairs).items()
    ]


def _item(key: str, pairs: Sequence[Pair], kind: str) -> Item:
    products = dict.fromkeys(pair.product for pair in pairs)
    scenes = dict.fromkeys(pair.scene for pair in pairs)
    crops = [(Path(shot.place), _product_box(shot)) for shot in products]
    crops += [(Path(shot.place), shot.corners(size_of(Path(shot.place)))) for shot in scenes]
    category = pairs[0].category
    side = "val" if pairs[0].split in {"val", "test"} else "train"
    labels = tuple(category if head == "category" else "" for head in HEADS)
    return Item(key, f"{category}/unisex", side, tuple(crops), labels, kind)


def _product_box(shot: PairPicture) -> Corners:
    path = Path(shot.place)
    if shot.box is not None:
        return shot.corners(size_of(path))
    x0, y0, x1, y1 = (float(value) for value in whole_extent(path))
    return (x0, y0, x1, y1)
