"""Why a product matches, in words that are true to what was compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from thatlook.color import canonical, related
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
    colors = [canonical(part) for part in product.split("/")]
    if canonical(article) in colors:
        return [f"same color: {article}"]
    if any(related(article, color) for color in colors):
        return [f"similar color: {product.lower()}"]
    return [f"other color: {product.lower()}"]
