"""Boxes, key points and masks, in pixels of the photo after its EXIF rotation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import SettingsError
from thatlook.core.records.values import check_score


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle (x0, y0, x1, y1) in pixels, half-open, with x0 < x1 and y0 < y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(v) for v in self.to_list()):
            raise SettingsError(f"a box needs finite numbers, not {self.to_list()}")
        if self.x0 >= self.x1 or self.y0 >= self.y1:
            raise SettingsError(f"a box needs x0 < x1 and y0 < y1, not {self.to_list()}")

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """The middle, as (x, y)."""
        return ((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)

    def intersection(self, other: Box) -> float:
        """The area shared with `other`, in square pixels."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(0.0, width) * max(0.0, height)

    def iou(self, other: Box) -> float:
        """Intersection over union with `other`, 0..1."""
        shared = self.intersection(other)
        return shared / (self.area + other.area - shared)

    def scaled(self, factor: float) -> Box:
        """The box about the same middle, its sides multiplied by `factor`."""
        (x, y), w, h = self.center, self.width * factor / 2, self.height * factor / 2
        return Box(x - w, y - h, x + w, y + h)

    def stretched(self, sx: float, sy: float) -> Box:
        """The box in an image whose width and height are multiplied by `sx` and `sy`."""
        return Box(self.x0 * sx, self.y0 * sy, self.x1 * sx, self.y1 * sy)

    def clipped(self, width: int, height: int) -> Box | None:
        """The part inside an image of this size, or None when nothing of it is inside."""
        x0, y0 = max(0.0, self.x0), max(0.0, self.y0)
        x1, y1 = min(float(width), self.x1), min(float(height), self.y1)
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def to_list(self) -> list[float]:
        """[x0, y0, x1, y1]."""
        return [self.x0, self.y0, self.x1, self.y1]


@dataclass(frozen=True, slots=True)
class Keypoint:
    """A joint at (x, y) in photo pixels; `score` is low for one hidden or outside the frame."""

    x: float
    y: float
    score: float

    def __post_init__(self) -> None:
        check_score("a key point's score", self.score)


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Which pixels of a box are the article.

    `values` is uint8 (height, width), 0..255 the probability, coarse, spread evenly over `box`.
    """

    box: Box
    values: NDArray[np.uint8]
