"""Which colors go together by the rule of the color wheel: what a shopper is told, and a baseline.

Neutral colors go with all; others with their own shades, with neighbours on the wheel and with
what stands opposite (Itten, "The Art of Color", 1961), hues measured in CIELAB.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

import numpy as np

from thatlook.core.color import ANCHORS, canonical, lab, related

NEUTRAL_CHROMA: Final = 22.0
"""In CIELAB: grey has 1, beige 18, navy blue 23, brown 26."""
NEUTRAL: Final = frozenset({"navy blue", "brown", "tan"})
"""What shops treat as neutral although it has a hue."""
NEIGHBOURS: Final = 35.0
OPPOSITES: Final = 150.0
"""Degrees between hues."""

WORTH: Final = {"shades": 1.0, "neutral": 0.7, "opposites": 0.5, "neighbours": 0.5, "": 0.0}
"""How well the relations count as a baseline."""


@lru_cache(maxsize=4096)
def relation(one: str, other: str) -> str:
    """How two color names go together: "shades" of one color, "neutral" (one of them is),
    "neighbours", "opposites", or "" where they do not or one is not known.
    """
    one, other = canonical(one), canonical(other)
    if one not in ANCHORS or other not in ANCHORS:
        return ""
    if related(one, other):
        return "shades"
    if _is_neutral(one) or _is_neutral(other):
        return "neutral"
    apart = abs(_hue(one) - _hue(other)) % 360
    apart = min(apart, 360 - apart)
    if apart <= NEIGHBOURS:
        return "neighbours"
    return "opposites" if apart >= OPPOSITES else ""


def clashes(one: str, others: Iterable[str]) -> bool:
    """Whether a color goes together with one of the others by no relation, and is near to none."""
    if canonical(one) not in ANCHORS:
        return False
    told = {relation(one, other) for other in others if canonical(other) in ANCHORS}
    return "" in told and not told & {"shades", "neighbours"}


@cache
def _is_neutral(name: str) -> bool:
    _, a, b = _lab_of(name)
    return name in NEUTRAL or math.hypot(a, b) < NEUTRAL_CHROMA


def _hue(name: str) -> float:
    _, a, b = _lab_of(name)
    return math.degrees(math.atan2(b, a))


@cache
def _lab_of(name: str) -> tuple[float, float, float]:
    lightness, a, b = lab(np.array(ANCHORS[name][0], np.uint8))
    return float(lightness), float(a), float(b)
