"""Variants: one style in several colors or sizes, shown once under its best match."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np

from thatlook.core.color import ANCHORS, SYNONYMS, canonical
from thatlook.core.records import Product
from thatlook.core.taxonomy import words

SAME_OUTLINE: Final = 0.8
"""Two products of one name whose outlines are this alike are one style; docs/scores.md measures."""

TELLING_WORDS: Final = 3
"""A title with fewer words beside its colors, such as "red shirt", names no style."""


class Style(NamedTuple):
    """What is compared of a product: its words, and what was seen in its picture.

    `key` is its style's name, as `style_key` gives it, or "" where that is known to name none;
    `color` a name, "" where none is known; `seen` what the network read of type and pattern;
    `outline` the bytes of `image.outline`, b"" where it was not taken.
    """

    group: str = ""
    key: str = ""
    color: str = ""
    seen: tuple[str, ...] = ()
    outline: bytes = b""

    @property
    def name(self) -> tuple[str, ...]:
        """What all variants share; () where nothing tells."""
        if self.group:
            return ("item_group_id", self.group)
        return (self.key, *self.seen) if self.key and self.color and self.outline else ()


def style_key(product: Product) -> str:
    """A name for the style of a product, the same in all of its colors: 16 hexadecimal digits.

    It stands for category, gender, brand, type and the words of the title beside its colors; "" for
    a title of too few. Shops give one title to products that are not alike: it is not enough.
    Catalogs keep it: to name otherwise needs a migration.
    """
    rest = [word for word in words(product.title) if word not in _color_words()]
    if len(rest) < TELLING_WORDS:
        return ""
    kind = (product.category, product.gender, product.brand.lower(), product.product_type.lower())
    numbers = re.findall(r"\d+", product.title)  # models are often told apart by them alone
    return hashlib.sha256("\n".join((*kind, *rest, *numbers)).encode()).hexdigest()[:16]


def grouped(styles: Sequence[Style]) -> list[list[int]]:
    """Places of the products by style: each group best first, groups by their best place.

    One style are the products of one item_group_id. Those without one are a style when their keys,
    types and patterns are the same, their colors are not, and their pictures show one outline.
    """
    groups: list[list[int]] = []
    known: dict[tuple[str, ...], list[list[int]]] = {}
    for index, style in enumerate(styles):
        name = style.name
        same = known.setdefault(name, []) if name else []
        for group in same:
            if _same_style(style, styles, group):
                group.append(index)
                break
        else:
            groups.append([index])
            same.append(groups[-1])
    return groups


def _same_style(style: Style, styles: Sequence[Style], group: Sequence[int]) -> bool:
    """Whether a product belongs to a group of its name: the shop says so, or it looks so."""
    if style.group:
        return True
    colors = {canonical(styles[other].color) for other in group}
    alike = outline_similarity(style.outline, styles[group[0]].outline)
    return canonical(style.color) not in colors and alike >= SAME_OUTLINE


def outline_similarity(one: bytes, other: bytes) -> float:
    """The correlation of two outlines, -1..1; 0 for one without any line, or of another size."""
    if len(one) != len(other):
        return 0.0
    rows = np.stack([np.frombuffer(data, np.uint8) for data in (one, other)]).astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    length = float(np.prod(np.linalg.norm(rows, axis=1)))
    return float(rows[0] @ rows[1]) / length if length else 0.0


@cache
def _color_words() -> frozenset[str]:
    return frozenset(word for name in (*ANCHORS, *SYNONYMS) for word in words(name))
