"""The color name of a worn article: what its pixels say, joined with what the network says."""

from __future__ import annotations

import numpy as np

from thatlook.core.color import shares
from thatlook.core.image import Pixels, cropped, resized
from thatlook.core.records import Box, Mask

COLOR_PX = 32
"""Colors are counted on crops no larger than this: a name needs no detail."""


def seen_colors(image: Pixels, box: Box, mask: Mask | None) -> dict[str, float]:
    """The color names of the article's pixels with their shares, most first.

    Pixels count by the mask; without one, by nearness to the middle of the box.
    """
    crop = cropped(image, box)
    small = resized(crop, (min(COLOR_PX, crop.shape[1]), min(COLOR_PX, crop.shape[0])))
    height, width = small.shape[:2]
    if mask is not None and mask.values.max() >= 128:
        grey = np.repeat(mask.values[..., None], 3, axis=2)
        weights = resized(grey, (width, height))[..., 0]
        return shares(small, np.where(weights >= 128, weights, 0).astype(np.uint8))
    ys, xs = np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]
    return shares(small, (np.outer(ys, xs) * 255).astype(np.uint8))


SURE_OF_COLOR = 0.5


def joined_color(label: str, probability: float, seen: dict[str, float]) -> str:
    """One color name from the network's and the pixels': the network's where it is sure or the
    pixels agree, else the one that most pixels have.
    """
    if label and (probability >= SURE_OF_COLOR or seen.get(label, 0.0) >= 0.25 or not seen):
        return label
    return next(iter(seen), label)
