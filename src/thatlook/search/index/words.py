"""How the words of a filter compare with the words of a product: one definition for all."""

from __future__ import annotations

import re
from functools import lru_cache

_PARTS = re.compile(r"[/,;|]")
_SPACES = re.compile(r"[\s_-]+")


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """`text` without case, and with runs of spaces, "_" and "-" as one space."""
    return _SPACES.sub(" ", text.casefold()).strip()


def same_word(value: str, wanted: str) -> bool:
    """Whether a product's brand or availability is the wanted one. An empty value is not."""
    return bool(value) and folded(value) == folded(wanted)


def color_matches(value: str, wanted: str) -> bool:
    """Whether one of the product's colors holds every word of the wanted color."""
    words = set(folded(wanted).split())
    return bool(words) and any(words <= set(part.split()) for part in color_parts(value))


@lru_cache(maxsize=65536)
def color_parts(value: str) -> tuple[str, ...]:
    """Each of a product's colors ("cream/navy") as filters compare it."""
    return tuple(folded(part) for part in _PARTS.split(value))
