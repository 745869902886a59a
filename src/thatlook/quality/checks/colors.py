"""Which color names a shop's word for a color may stand for."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from thatlook.core.color import ANCHORS, lab, related
from thatlook.core.taxonomy import words

NEAR: Final = 30.0
"""Colors whose anchors are nearer than this in CIELAB may be called by each other's name."""

_SHOPS: Final[dict[str, tuple[str, ...]]] = {
    "gray": ("grey",),
    "melange": ("grey",),
    "navy": ("navy blue",),
    "indigo": ("navy blue", "blue"),
    "denim": ("blue", "navy blue"),
    "burgundy": ("maroon",),
    "wine": ("maroon",),
    "rust": ("orange", "brown", "maroon"),
    "coffee": ("brown",),
    "mushroom": ("beige", "brown", "grey"),
    "taupe": ("beige", "brown", "grey"),
    "nude": ("beige", "peach", "cream"),
    "skin": ("beige", "peach", "cream"),
    "rose": ("pink", "red"),
    "lime": ("green", "yellow"),
    "fluorescent": ("green", "yellow", "orange", "pink"),
    "sea": ("green", "teal", "turquoise"),
    "mauve": ("lavender", "purple", "pink"),
    "violet": ("purple",),
    "aqua": ("turquoise", "light blue"),
    "ivory": ("cream", "white"),
    "off": ("cream", "white", "beige"),
    "camel": ("tan",),
    "coral": ("orange", "pink", "red"),
}
"""Words of shops beyond the names of `thatlook.core.color`."""

_METALS: Final = frozenset({"metallic", "gold", "golden", "silver", "bronze", "copper", "steel"})
"""Metal shows what is around it."""

_SEVERAL: Final = frozenset({"multi", "multicolor", "multicolour", "assorted", "print"})


_LOOKS_LIKE: Final[dict[str, tuple[str, ...]]] = {
    "red": ("pink", "magenta", "orange", "peach"),
    "maroon": ("pink", "magenta", "purple", "black"),
    "pink": ("red", "maroon", "purple"),
    "magenta": ("red", "maroon"),
    "purple": ("black", "charcoal", "grey", "pink", "maroon", "white"),
    "lavender": ("white",),
    "orange": ("red", "pink", "brown"),
    "yellow": ("green", "orange", "cream", "olive", "khaki"),
    "green": ("yellow", "light blue"),
    "blue": ("turquoise", "white"),
    "turquoise": ("blue", "light blue"),
    "brown": ("orange",),
    "grey": ("cream",),
    "mustard": ("brown", "khaki", "olive"),
}
"""What a fabric of a color may look like in a picture: paler, darker, or with light on it."""


def color_names_of(word: str) -> frozenset[str]:
    """The color names that a shop's word stands for: "Navy Blue" -> {"navy blue"}.

    Empty where the word is no color that can be checked ("Multi"), or none that is known.
    """
    found = words(word)
    if not found or (_SEVERAL | _METALS) & set(found):
        return frozenset()
    phrase = " ".join(found)
    if phrase in ANCHORS:
        return frozenset({phrase})
    names: set[str] = set()
    for part in found:
        names |= {part} & ANCHORS.keys()
        names |= set(_SHOPS.get(part, ()))
    return frozenset(names)


def qualifier_colors(title: str, color: str) -> frozenset[str]:
    """What the word before the color in a title adds to it: "Rust Brown" may be orange."""
    found, own = words(title), words(color)
    starts = range(1, len(found) - len(own) + 1) if own else ()
    return frozenset(
        name
        for start in starts
        if found[start : start + len(own)] == own
        for name in color_names_of(found[start - 1])
    )


@cache
def acceptable_colors(names: frozenset[str]) -> frozenset[str]:
    """These names, and all that are shades of one of them or that it may look like."""
    return frozenset(
        other
        for other in ANCHORS
        for name in names
        if related(name, other) or _near(name, other) or other in _LOOKS_LIKE.get(name, ())
    )


@cache
def _near(one: str, other: str) -> bool:
    first = lab(np.array(ANCHORS[one], np.uint8))
    second = lab(np.array(ANCHORS[other], np.uint8))
    apart = np.sqrt(((first[:, None] - second[None]) ** 2).sum(axis=2))
    return bool(apart.min() < NEAR)
