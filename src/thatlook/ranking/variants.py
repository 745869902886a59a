"""Variants: one style in several colors or sizes, shown once under its best match."""

from __future__ import annotations

from collections.abc import Sequence

from thatlook.records import Product


def grouped(products: Sequence[Product]) -> list[list[int]]:
    """Places of the products by style: each group best first, groups by their best place.

    One style are the products of one item_group_id; a product without one stands alone. Titles
    do not count: shops give the same one to products that are not alike.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for place, product in enumerate(products):
        group = product.item_group_id
        groups.setdefault(("group", group) if group else ("id", product.id), []).append(place)
    return list(groups.values())
