"""From nearest neighbours to matches: pure functions on similarities, products, attributes.

A similarity is the cosine of two unit vectors, -1..1; a score is 0..1. Higher is better.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from thatlook.color import related
from thatlook.taxonomy import words

SAME_PICTURE: Final = 0.998
"""Two products whose vectors are more alike than this show one picture under two ids."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A logistic curve from similarity to score; part of the embedding's registry entry."""

    slope: float = 8.0
    middle: float = 0.55

    def score(self, similarity: float) -> float:
        """The score, 0..1, rising with the similarity."""
        return 1.0 / (1.0 + math.exp(-self.slope * (similarity - self.middle)))


@dataclass(frozen=True, slots=True)
class Traits:
    """What is compared in words: a crop's attributes, or a product's fields."""

    type: str = ""
    color: str = ""
    pattern: str = ""

    @classmethod
    def of(cls, attributes: Mapping[str, str]) -> Traits:
        """The traits among an article's attributes."""
        return cls(*(attributes.get(name, "") for name in ("type", "color", "pattern")))


def reasons(article: Traits, product: Traits, similarity: float) -> tuple[str, ...]:
    """Why a product matches an article, in words; the overall likeness comes last."""
    found = []
    if article.type and _same_words(article.type, product.type):
        found.append(f"same type: {article.type}")
    if article.color and product.color:
        found += _color_reason(article.color, product.color)
    if article.pattern and article.pattern == product.pattern:
        found.append(f"same pattern: {article.pattern}")
    found.append(f"overall likeness {max(0.0, similarity):.2f}")
    return tuple(found)


def _same_words(one: str, other: str) -> bool:
    return bool(other) and set(words(one)) == set(words(other.rsplit(">", 1)[-1]))


def _color_reason(article: str, product: str) -> list[str]:
    colors = [part.strip().lower() for part in product.split("/")]
    if article in colors:
        return [f"same color: {article}"]
    if any(related(article, color) for color in colors):
        return [f"similar color: {product.lower()}"]
    return [f"other color: {product.lower()}"]


def distinct(vectors: NDArray[np.float32], limit: int) -> list[int]:
    """Places of the first `limit` vectors (n, dim) that show no picture shown before.

    Vectors are unit length, best first; of several alike the first is kept.
    """
    kept: list[int] = []
    for place in range(len(vectors)):
        if len(kept) == limit:
            break
        if not kept or float((vectors[kept] @ vectors[place]).max()) < SAME_PICTURE:
            kept.append(place)
    return kept


PROMINENCE: Final[Mapping[str, float]] = {
    "dress": 1.0,
    "outerwear": 1.0,
    "topwear": 1.0,
    "bottomwear": 0.8,
    "bag": 0.6,
    "footwear": 0.6,
    "neckwear": 0.4,
    "headwear": 0.4,
    "eyewear": 0.2,
}


def most_prominent(candidates: Sequence[tuple[str, float, float]]) -> int | None:
    """The place of the article a shopper most likely means, or None when there is none.

    Each candidate is (category, score, area). The square root of the area counts, so that a
    large coat does not always beat the dress under it.
    """
    if not candidates:
        return None
    weights = [PROMINENCE[c] * score * math.sqrt(area) for c, score, area in candidates]
    return max(range(len(weights)), key=weights.__getitem__)
