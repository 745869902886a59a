"""Why a product matches, in words that are true to what was compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from thatlook.core.color import related
from thatlook.core.records import Product
from thatlook.core.shopper_words import near_types, type_of
from thatlook.core.taxonomy import pattern_of, type_leaf, words


class Traits(NamedTuple):
    """What is compared in words: a crop's attributes, or a product's fields."""

    type: str = ""
    color: str = ""
    pattern: str = ""

    @classmethod
    def of(cls, attributes: Mapping[str, str]) -> Traits:
        """The traits among an article's attributes."""
        return cls(*(attributes.get(name, "") for name in ("type", "color", "pattern")))

    @classmethod
    def of_product(cls, product: Product, read: Mapping[str, Any]) -> Traits:
        """The feed's words, else what the network read in the picture, JSON data by head."""
        return cls(
            product.product_type or label(read.get("type")),
            (product.color or label(read.get("color"))).lower(),
            (product.pattern or label(read.get("pattern"))).lower(),
        )


def label(value: object) -> str:
    """The label of a stored attribute, which is a text or [label, probability]; else ""."""
    if isinstance(value, (list, tuple)) and value:
        value = value[0]
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether a product is of the article's type and color: "same", "similar" (colors alone) or
    "other"; "" where one of them is not known, or types are near or one a kind of the other.
    """

    type: str = ""
    color: str = ""

    @classmethod
    def of(
        cls, article: Traits, product: Traits, tellable: frozenset[str] | None = None
    ) -> Agreement:
        """Of an article and a product, compared in words.

        `tellable` are the types (`tellable_types`) that whoever named the article's can tell: a
        product of none of them is not of another type for that.
        """
        return cls(
            _type_agreement(article.type, product.type, tellable),
            _color_agreement(article.color, product.color),
        )


def tellable_types(labels: Iterable[str]) -> frozenset[str]:
    """The types, as shoppers' words name them, that a network with these labels can tell."""
    return frozenset(filter(None, map(type_of, labels)))


_REMEMBERED: Final = 16_384
"""Pairs of words whose comparison is kept: a shop has few types and colors, and asks again."""

TOLD: Final = ("type", "color", "pattern")
"""The parts of the likeness that a reason gives a number of, in this order."""


def part_similarities(
    one: NDArray[np.floating[Any]], others: NDArray[np.floating[Any]], parts: Mapping[str, slice]
) -> list[dict[str, float]]:
    """How alike a vector (d,) is to others (n, d) in each of its parts: n times the cosines, 0
    where a part is all zero.

    The likeness of the whole vectors is the mean of these, weighted by the parts' lengths.
    """
    cosines = []
    for part in parts.values():
        own, theirs = one[part], others[:, part]
        sizes = np.sqrt((own @ own) * np.einsum("nd,nd->n", theirs, theirs))
        cosines.append(np.divide(theirs @ own, sizes, out=np.zeros_like(sizes), where=sizes > 0))
    rows = np.array(cosines).reshape(len(parts), len(others)).T
    return [dict(zip(parts, row, strict=True)) for row in rows.tolist()]


def reasons(
    article: Traits,
    product: Traits,
    similarity: float,
    parts: Mapping[str, float] | None = None,
    tellable: frozenset[str] | None = None,
) -> tuple[str, ...]:
    """Why a product matches an article: what is the same, what differs, how alike in numbers.

    What is not known of one of them is left out, as are types of which one is a kind of the other.
    `parts` are the likenesses of the parts that `similarity` is made of; those TOLD are named.
    `tellable` as in `Agreement.of`.
    """
    told = [f"{name} {max(0.0, parts[name]):.2f}" for name in TOLD if parts and name in parts]
    whole = f"overall likeness {max(0.0, similarity):.2f}"
    return (
        *_in_words(article, product, tellable),
        f"{whole}: {', '.join(told)}" if told else whole,
    )


@lru_cache(maxsize=_REMEMBERED)
def _in_words(article: Traits, product: Traits, tellable: frozenset[str] | None) -> tuple[str, ...]:
    """What is the same of both, and what differs."""
    agreement = Agreement.of(article, product, tellable)
    found = _type_reason(agreement.type, product.type)
    found += _color_reason(agreement.color, article.color, product.color)
    found += _pattern_reason(article.pattern, product.pattern)
    return tuple(sorted(found, key=lambda reason: reason.startswith("other")))


@lru_cache(maxsize=_REMEMBERED)
def _type_agreement(article: str, product: str, tellable: frozenset[str] | None) -> str:
    """Types may be paths such as "Tops > T-Shirts": their ends are compared, word by word, then
    what shoppers mean by them: "casual shoes" and "sneakers" are the same.
    """
    its, others = set(words(type_leaf(article))), set(words(type_leaf(product)))
    if not its or not others or its < others or others < its:
        return ""
    if its == others:
        return "same"
    worn, sold = type_of(article), type_of(product)
    if not worn and not sold:
        return "other"
    if worn == sold:
        return "same"
    told = worn and sold and (tellable is None or sold in tellable)
    near = told and (sold in near_types(worn) or worn in near_types(sold))
    return "other" if told and not near else ""


def _type_reason(agreement: str, product: str) -> list[str]:
    return [f"{agreement} type: {type_leaf(product)}"] if agreement else []


def _pattern_reason(article: str, product: str) -> list[str]:
    """Shops' other words for one pattern are the same; words that name none say nothing."""
    worn, sold = (pattern_of(text) or "" for text in (article, product))
    if article and article == product:
        return [f"same pattern: {product}"]
    if not worn or not sold:
        return []
    return [f"{'same' if worn == sold else 'other'} pattern: {product}"]


def _colors(text: str) -> list[str]:
    parts = (" ".join(part.lower().replace("-", " ").split()) for part in re.split("[/,]", text))
    return [part for part in parts if part and part != "multi"]


@lru_cache(maxsize=_REMEMBERED)
def _color_agreement(article: str, product: str) -> str:
    worn, sold = _colors(article), _colors(product)
    if not worn or not sold:
        return ""
    if set(worn) & set(sold):
        return "same"
    return "similar" if any(related(one, other) for one in worn for other in sold) else "other"


def _color_reason(agreement: str, article: str, product: str) -> list[str]:
    """In one line: the same color, a similar one, or another; nothing where none is known."""
    if agreement == "same":
        sold = _colors(product)
        return [f"same color: {'/'.join(color for color in _colors(article) if color in sold)}"]
    return [f"{agreement} color: {product.lower()}"] if agreement else []
