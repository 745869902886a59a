"""What a board shows, and the small pictures it is made of."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from thatlook.image import Pixels, cropped
from thatlook.records import Box, Result

Thumbnails = Callable[[str], Pixels | None]
"""The picture of a product by its id, or None when it is gone."""

COLORS = {
    "topwear": "#2f6fed",
    "outerwear": "#7a3ff2",
    "dress": "#d6336c",
    "bottomwear": "#0b8f6a",
    "footwear": "#c2570c",
    "bag": "#a0760a",
    "headwear": "#0a83a8",
    "eyewear": "#5b6472",
    "neckwear": "#a83279",
}
"""One color per category, in boxes and headings alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A photo and what was recommended for it."""

    result: Result
    image: Pixels
    title: str = ""


def shrunk(image: Pixels, width: int, height: int) -> Image.Image:
    """The image as a PIL one, no larger than (width, height), aspect kept."""
    small = Image.fromarray(image)
    small.thumbnail((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return small


def crop_of(image: Pixels, box: Box) -> Pixels:
    """The article's crop with a little of what is around it."""
    inside = box.scaled(1.06).clipped(image.shape[1], image.shape[0])
    return cropped(image, inside or box)


def data_uri(image: Pixels, width: int, height: int) -> str:
    """The image shrunk to fit (width, height) as a WebP `data:` address."""
    buffer = io.BytesIO()
    shrunk(image, width, height).save(buffer, "WEBP", quality=80)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
