"""What a board shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from thatlook.core.image import Pixels, cropped
from thatlook.core.records import Box, Result

Thumbnails = Callable[[str], Pixels | None]
"""The picture of a product by its id, or None when it is gone."""


@dataclass(frozen=True, slots=True, eq=False)
class BoardEntry:
    """A photo and what was recommended for it."""

    result: Result
    image: Pixels
    title: str = ""

    @classmethod
    def of(cls, result: Result, title: str = "") -> BoardEntry:
        """The entry of an answer, with the photo as it was decoded for it, and the look in its
        pixels. Raises ValueError for an answer that holds no photo.
        """
        image = result.image
        if image is None:
            raise ValueError("this answer holds no photo; recommend() keeps it")
        look = result.look.at_size(image.shape[1], image.shape[0])
        return cls(replace(result, look=look), image, title)


def crop_of(image: Pixels, box: Box) -> Pixels:
    """The article's crop with a little of what is around it."""
    inside = box.scaled(1.06).clipped(image.shape[1], image.shape[0])
    return cropped(image, inside or box)
