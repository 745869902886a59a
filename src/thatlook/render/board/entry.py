"""What a board shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from thatlook.core.image import Pixels, cropped
from thatlook.core.records import Box, Result

Thumbnails = Callable[[str], Pixels | None]
"""The picture of a product by its id, or None when it is gone."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A photo and what was recommended for it."""

    result: Result
    image: Pixels
    title: str = ""


def crop_of(image: Pixels, box: Box) -> Pixels:
    """The article's crop with a little of what is around it."""
    inside = box.scaled(1.06).clipped(image.shape[1], image.shape[0])
    return cropped(image, inside or box)
