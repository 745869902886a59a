"""Which color names a shop's word for a color may stand for."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from thatlook.color import ANCHORS, lab, related
from thatlook.taxonomy import words

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
    "copper": ("brown", "orange"),
    "bronze": ("brown", "tan"),
    "gold": ("mustard", "yellow", "tan"),
    "golden": ("mustard", "yellow", "tan"),
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
"""Words of shops beyond the names of `thatlook.color`."""

_SEVERAL: Final = frozenset({"multi", "multicolor", "multicolour", "assorted", "print", "metallic"})


def meant(word: str) -> frozenset[str]:
    """The color names that a shop's word stands for: "Navy Blue" -> {"navy blue"}.

    Empty where the word is no color that can be checked ("Multi"), or none that is known.
    """
    found = words(word)
    if not found or _SEVERAL & set(found):
        return frozenset()
    phrase = " ".join(found)
    if phrase in ANCHORS:
        return frozenset({phrase})
    names: set[str] = set()
    for part in found:
        names |= {part} & ANCHORS.keys()
        names |= set(_SHOPS.get(part, ()))
    return frozenset(names)


@cache
def acceptable(names: frozenset[str]) -> frozenset[str]:
    """These names and all that are shades of one of them, or near one of them to the eye."""
    return frozenset(
        other for other in ANCHORS for name in names if related(name, other) or _near(name, other)
    )


@cache
def _near(one: str, other: str) -> bool:
    first = lab(np.array(ANCHORS[one], np.uint8))
    second = lab(np.array(ANCHORS[other], np.uint8))
    apart = np.sqrt(((first[:, None] - second[None]) ** 2).sum(axis=2))
    return bool(apart.min() < NEAR)
