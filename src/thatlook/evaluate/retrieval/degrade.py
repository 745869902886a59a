"""A photo as a phone takes it of a screen or in a shop: cut, lit otherwise, blurred, compressed."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from thatlook.core.image import Pixels
from thatlook.core.records import Box

CUT: Final = 0.12
"""At most this share of the photo is cut off at each side."""
LIGHT: Final = (0.7, 1.3)
"""Brightness is multiplied by something within; each color channel besides by up to CAST."""
CAST: Final = 0.06
GAMMA: Final = (0.8, 1.25)
BLUR: Final = (0.3, 1.2)
"""Radius in pixels of a photo whose longer side has 224."""
QUALITY: Final = (30, 70)
"""Of the JPEG."""


def degraded(image: Pixels, box: Box, seed: int) -> tuple[Pixels, Box]:
    """The image, smaller by what was cut off, and the box in it; the same for the same seed."""
    rng = np.random.default_rng(seed)
    height, width = image.shape[:2]
    left, top, right, bottom = rng.uniform(0, CUT, 4)
    x0, y0 = round(left * width), round(top * height)
    x1, y1 = width - round(right * width), height - round(bottom * height)
    part = image[y0:y1, x0:x1].astype(np.float64) / 255
    lit = part ** rng.uniform(*GAMMA) * rng.uniform(*LIGHT) * rng.uniform(1 - CAST, 1 + CAST, 3)
    pixels = (np.clip(lit, 0, 1) * 255 + 0.5).astype(np.uint8)
    radius = rng.uniform(*BLUR) * max(height, width) / 224
    blurred = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius))
    packed = io.BytesIO()
    blurred.save(packed, "JPEG", quality=int(rng.integers(*QUALITY)))
    moved = Box(box.x0 - x0, box.y0 - y0, box.x1 - x0, box.y1 - y0)
    size = (x1 - x0, y1 - y0)
    return np.asarray(Image.open(packed), np.uint8), moved.clipped(*size) or Box(0, 0, *size)
