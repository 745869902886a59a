"""How far a product is what a shopper wishes: of the color, type and pattern that words name, and
of a type that is worn for it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from thatlook.core.color import related
from thatlook.core.shopper_words import color_words, is_color, near_types, type_of, types_for
from thatlook.core.taxonomy import pattern_of
from thatlook.search.words.shelf import Facts
from thatlook.search.words.understanding import Understood, Wish

NAMED: Final = 0.95
"""What another name of the very color is worth: steel where silver is wished."""

SHADE: Final = 0.85
"""What navy blue is worth where blue is wished."""

NAMED_ONCE: Final = 0.9
"""What a product is worth whose title names another type than the feed: flats among heels."""

TITLED: Final = 0.8
"""What a product is worth whose title alone names the wished type."""

NEAR: Final = 0.5
"""What a type near the wished one is worth beside it."""

PRINTS: Final = frozenset({"floral", "dotted", "animal", "camouflage"})
"""Patterns that shops call printed too."""

RELATED: Final = 0.25
"""What a color is worth that a shopper would call a shade of the wished one."""


def fulfilled(wish: Wish, facts: Facts) -> float:
    """How far a product by itself fulfils a wish, 0..1; what is cheap is told by the others."""
    if wish.kind == "price":
        return 0.0
    if wish.kind == "color":
        return _color(wish, facts.entry.color.lower())
    if wish.kind == "pattern":
        return max(_printed(wish.name, text) for text in (facts.pattern, facts.title))
    titled = type_of(facts.title)
    own = type_of(facts.product_type) or titled
    if wish.kind == "occasion":
        return float(own in types_for(wish.name))
    return _type(wish.name, own, titled or own)


def _type(wished: str, own: str, titled: str) -> float:
    if own == wished:
        return 1.0 if titled == wished else NAMED_ONCE
    if titled == wished:
        return TITLED
    return NEAR if own in near_types(wished) else 0.0


def _printed(wished: str, text: str) -> float:
    """How far a text says the pattern: flowers are a print, and a print may be of flowers."""
    found = _pattern(text)
    if found == wished:
        return 1.0
    if wished == "printed":
        return SHADE if found in PRINTS else 0.0
    return NEAR if found == "printed" and wished in PRINTS else 0.0


def _color(wish: Wish, color: str) -> float:
    if color in (wish.name, wish.words):
        return 1.0
    if color in color_words(wish.name):
        return NAMED
    if is_color(color, wish.name):
        return SHADE
    return RELATED if related(color, wish.name) else 0.0


@lru_cache(maxsize=65536)
def _pattern(text: str) -> str | None:
    return pattern_of(text)


def is_unwanted(facts: Facts, understood: Understood) -> bool:
    """Whether a product has what the words say it must not have."""
    texts = (facts.title, facts.product_type, facts.pattern, facts.entry.brand)
    return understood.unwanted.has(facts.entry.color, texts)
