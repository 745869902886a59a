"""Variants: one style in several colors or sizes, shown once under its best match."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from thatlook.color import ANCHORS
from thatlook.records import Product
from thatlook.taxonomy import words

LEAST_WORDS = 4
"""A title with fewer words beside its colors says too little to tell two styles apart."""

_COLOR_WORDS = frozenset(word for name in ANCHORS for word in words(name))


def style_of(product: Product) -> Hashable:
    """What products of one style have in common.

    The feed's item_group_id where it has one. Otherwise the brand, the category, the gender
    and the title without its color words, if that title says enough; else the product's own id.
    """
    if product.item_group_id:
        return ("group", product.item_group_id)
    colors = _COLOR_WORDS | set(words(product.color))
    title = tuple(word for word in words(product.title) if word not in colors)
    if len(title) < LEAST_WORDS:
        return ("id", product.id)
    return (product.brand.lower(), product.category, product.gender, title)


def grouped(products: Sequence[Product]) -> list[list[int]]:
    """Places of the products by style: each group best first, groups by their best place."""
    groups: dict[Hashable, list[int]] = {}
    for place, product in enumerate(products):
        groups.setdefault(style_of(product), []).append(place)
    return list(groups.values())
