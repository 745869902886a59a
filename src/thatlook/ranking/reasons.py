"""Why a product matches, in words that are true to what was compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from thatlook.color import related
from thatlook.taxonomy import words


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
        found.append(f"same type: {article.type.rsplit('>', 1)[-1].strip().lower()}")
    if article.color and product.color:
        found += _color_reason(article.color, product.color)
    if article.pattern and article.pattern == product.pattern:
        found.append(f"same pattern: {article.pattern}")
    found.append(f"overall likeness {max(0.0, similarity):.2f}")
    return tuple(found)


def _same_words(one: str, other: str) -> bool:
    """Whether two types, which may be paths such as "Tops > T-Shirts", end in the same words."""
    last, its = (set(words(text.rsplit(">", 1)[-1])) for text in (one, other))
    return bool(last) and last == its


def _colors(text: str) -> list[str]:
    parts = (" ".join(part.lower().replace("-", " ").split()) for part in re.split("[/,]", text))
    return [part for part in parts if part and part != "multi"]


def _color_reason(article: str, product: str) -> list[str]:
    """In one line: the same color, a similar one, or another; nothing where none is known."""
    worn, sold = _colors(article), _colors(product)
    if not worn or not sold:
        return []
    shared = [color for color in worn if color in sold]
    if shared:
        return [f"same color: {'/'.join(shared)}"]
    if any(related(one, other) for one in worn for other in sold):
        return [f"similar color: {product.lower()}"]
    return [f"other color: {product.lower()}"]
