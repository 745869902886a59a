"""The color name of a worn article: what its pixels say, joined with what the network says."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from thatlook.core.color import related, shares
from thatlook.core.image import Pixels, cropped, resized
from thatlook.core.records import Box, Mask

COLOR_PX = 32
"""Colors are counted on crops no larger than this: a name needs no detail."""

PATTERN_PX = 64
"""Those of a pattern on so many pixels a side, picked and not averaged: the mean of cream and navy
stripes is grey."""

COLORED = frozenset(
    {"striped", "checked", "printed", "floral", "dotted", "animal", "colorblock", "camouflage"}
)
"""Patterns that are made of colors; denim, knitting and embroidery need not be."""

SECOND_SHARE = 0.22
"""A color of a pattern is named with another one from this share of the pixels on, its shades with
it. Chosen on the photos of the train side: docs/training-log.md."""


def color_of(image: Pixels, box: Box, mask: Mask | None, name: str, pattern: str) -> str:
    """The color name of an article that is called `name` as a whole, or two such as "cream/navy"
    where its pattern is made of them.
    """
    if pattern not in COLORED:
        return name
    picked = _picked(cropped(image, box), PATTERN_PX)
    return "/".join(with_second(name, shares(picked, _weights(mask, picked))))


def _picked(crop: Pixels, side: int) -> Pixels:
    """At most `side` rows and columns of a crop, evenly spaced."""
    rows, columns = (
        np.linspace(0, length - 1, min(side, length)).round().astype(int)
        for length in crop.shape[:2]
    )
    picked: Pixels = crop[np.ix_(rows, columns)]
    return picked


def with_second(name: str, seen: Mapping[str, float]) -> list[str]:
    """The color name, and another of `seen` that enough of a pattern has and that is no shade of
    it; the two that most has where the name is of neither.
    """
    common = [color for color, share in _families(seen) if share >= SECOND_SHARE]
    if len(common) < 2:
        return [name]
    first, second, *_ = common
    if related(name, first):
        return [name, second]
    return [name, first] if related(name, second) else [first, second]


def _families(seen: Mapping[str, float]) -> list[tuple[str, float]]:
    """Each color that is no shade of one with more pixels, with the share of it and its shades, the
    largest first.
    """
    left, found = dict(seen), []
    while left:
        color = max(left, key=left.__getitem__)
        shades = [other for other in left if related(color, other)]
        found.append((color, sum(left.pop(shade) for shade in shades)))
    return sorted(found, key=lambda one: -one[1])


def seen_colors(image: Pixels, box: Box, mask: Mask | None) -> dict[str, float]:
    """The color names of the article's pixels with their shares, most first."""
    return shares(*cloth_of(image, box, mask))


def cloth_of(image: Pixels, box: Box, mask: Mask | None) -> tuple[Pixels, NDArray[np.uint8]]:
    """At most COLOR_PX rows and columns (h, w, 3) of an article, and how much each pixel (h, w)
    counts, to 255: by the mask; without one, by nearness to the middle of the box.
    """
    crop = cropped(image, box)
    small = resized(crop, (min(COLOR_PX, crop.shape[1]), min(COLOR_PX, crop.shape[0])))
    return small, _weights(mask, small)


def _weights(mask: Mask | None, small: Pixels) -> NDArray[np.uint8]:
    height, width = small.shape[:2]
    if mask is not None and mask.values.max() >= 128:
        grey = np.repeat(mask.values[..., None], 3, axis=2)
        inside = resized(grey, (width, height))[..., 0]
        return np.where(inside >= 128, inside, 0).astype(np.uint8)
    ys, xs = np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]
    return (np.outer(ys, xs) * 255).astype(np.uint8)


SURE_OF_COLOR = 0.5


def joined_color(label: str, probability: float, seen: Mapping[str, float]) -> str:
    """One color name from the network's and the pixels': the network's where it is sure or the
    pixels agree, else the one that most pixels have.
    """
    if label and (probability >= SURE_OF_COLOR or seen.get(label, 0.0) >= 0.25 or not seen):
        return label
    return next(iter(seen), label)
