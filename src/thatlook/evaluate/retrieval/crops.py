"""A part of a photo to be embedded, as it is or as a phone would have taken it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from thatlook.core.image import Pixels, decode
from thatlook.core.records import Box
from thatlook.evaluate.retrieval.degrade import degraded

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Crop:
    """What lies in `box` (x0, y0, x1, y1, pixels of the photo; None: all of it) of a photo.

    With a `seed` the photo is degraded first; the same seed gives the same picture.
    """

    path: Path
    box: Corners | None = None
    seed: int | None = None

    def opened(self) -> tuple[Pixels, Box]:
        """The image and the box in it. Raises PhotoError."""
        image = decode(self.path)
        box = Box(*(self.box or (0, 0, image.shape[1], image.shape[0])))
        return (image, box) if self.seed is None else degraded(image, box, self.seed)

    @property
    def key(self) -> str:
        """What tells it from other crops: the photo's content, not its name."""
        told = f"{digest_of(self.path)} {self.box} {self.seed}"
        return hashlib.sha256(told.encode()).hexdigest()


@cache
def digest_of(path: Path) -> str:
    """The sha256 of a file. Raises OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
