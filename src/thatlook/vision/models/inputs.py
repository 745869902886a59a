"""What goes into a network: one record per kind, read from a registry entry's `input`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from thatlook.vision.models.registry import ModelSpec, is_number, is_whole

FITS: Final = ("letterbox", "stretch")
"""How a crop becomes a canvas: padded to the canvas's aspect, or stretched over it."""

DEFAULT_BATCH: Final = 16
"""Crops at a time, where the entry's `input.batch` says nothing else."""


@dataclass(frozen=True, slots=True)
class ArticleInput:
    """A photo scaled to about `area` pixels, no side above `max_side`, both multiples of
    `multiple`. A smaller photo is enlarged to `min_area` only.
    """

    name: str
    area: int
    max_side: int
    multiple: int
    min_area: int

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """The record of an entry with area, max_side, multiple and perhaps least_area (in pixels).

        Raises ModelError for an entry that lacks one of them or has a value that cannot be.
        """
        area = _whole(spec, "area")
        sides = _whole(spec, "max_side"), _whole(spec, "multiple")
        return cls(_name(spec, "image"), area, *sides, _whole(spec, "least_area", area))


@dataclass(frozen=True, slots=True)
class SquareInput:
    """A photo in the middle of a square of `side` pixels, as YOLO exports take it."""

    name: str
    side: int

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """The record of an entry with `size`. Raises ModelError."""
        return cls(_name(spec, "image"), _whole(spec, "size"))


@dataclass(frozen=True, slots=True)
class PersonInput:
    """A person's box grown by `expand` and to the aspect of `size` (width, height)."""

    name: str
    size: tuple[int, int]
    expand: float

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """The record of an entry with width, height and expand. Raises ModelError."""
        return cls(_name(spec, "crop"), _size(spec), _factor(spec, "expand"))


@dataclass(frozen=True, slots=True)
class EmbeddingInput:
    """A crop's box grown by `expand`, fitted to `size` (width, height), at most `batch` at once."""

    name: str
    size: tuple[int, int]
    expand: float
    fit: str
    batch: int

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """The record of an entry with width, height and perhaps expand, fit, batch.

        Raises ModelError.
        """
        fit = spec.input.get("fit", FITS[0])
        if fit not in FITS:
            raise spec.misfit("input.fit", " or ".join(FITS), fit)
        name, batch = _name(spec, "crop"), _whole(spec, "batch", DEFAULT_BATCH)
        return cls(name, _size(spec), _factor(spec, "expand", 1.0), fit, batch)


def input_of(spec: ModelSpec) -> ArticleInput | SquareInput | PersonInput | EmbeddingInput | None:
    """The record of a network that takes pictures; None for others. Raises ModelError."""
    if spec.task == "article":
        exported = spec.details.get("format", "thatlook") != "thatlook"
        return SquareInput.of(spec) if exported else ArticleInput.of(spec)
    if spec.task == "person":
        return PersonInput.of(spec)
    return EmbeddingInput.of(spec) if spec.task == "embedding" else None


def input_name(spec: ModelSpec) -> str:
    """What the entry's network calls its input. Raises ModelError."""
    return _name(spec, "image" if spec.task == "article" else "crop")


def _name(spec: ModelSpec, default: str) -> str:
    value = spec.input.get("name", default)
    if not isinstance(value, str) or not value:
        raise spec.misfit("input.name", "the name of the network's input", value)
    return value


def _size(spec: ModelSpec) -> tuple[int, int]:
    return _whole(spec, "width"), _whole(spec, "height")


def _whole(spec: ModelSpec, name: str, default: int | None = None) -> int:
    value = spec.input.get(name, default)
    if not is_whole(value):
        raise spec.misfit(f"input.{name}", "a whole number of 1 or more", value)
    return int(value)


def _factor(spec: ModelSpec, name: str, default: float | None = None) -> float:
    value = spec.input.get(name, default)
    if not is_number(value) or value <= 0:
        raise spec.misfit(f"input.{name}", "a number above 0", value)
    return float(value)
