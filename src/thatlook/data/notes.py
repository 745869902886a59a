"""Collects what readers and checks stumble over, one Finding per kind."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from thatlook.core.errors import PhotoError
from thatlook.core.image import size_of
from thatlook.data.records import Corners, DatasetFinding

EXAMPLES: Final = 5
PHOTOS: Final = 20


@dataclass
class Notes:
    """A growing set of findings, one per code and message."""

    _found: dict[tuple[str, str, str], list[tuple[str, Path | None]]] = field(default_factory=dict)

    def add(
        self, code: str, severity: str, message: str, where: str, photo: Path | None = None
    ) -> None:
        """One more of `code` at the place `where`; the message follows the count."""
        self._found.setdefault((code, severity, message), []).append((where, photo))

    def findings(self) -> tuple[DatasetFinding, ...]:
        """The findings, in the order in which they first came."""
        return tuple(
            DatasetFinding(
                *kind,
                len(places),
                tuple(where for where, _ in places[:EXAMPLES]),
                tuple(dict.fromkeys(photo for _, photo in places if photo is not None))[:PHOTOS],
            )
            for kind, places in self._found.items()
        )


def actual_size(
    path: Path, name: str, notes: Notes, promised: tuple[object, object] | None = None
) -> tuple[int, int] | None:
    """The (width, height) of a photo, None where it cannot be read.

    Notes that, and a size that is not the `promised` one: its boxes are then misplaced.
    """
    try:
        size = size_of(path)
    except PhotoError as error:
        text = "photos cannot be read; mend them or take them out"
        notes.add("unreadable", "error", text, f"{name}: {error.message}")
        return None
    if promised is not None and None not in promised and tuple(promised) != size:
        text = "photos have another size than their labels say, so boxes are misplaced"
        where = f"{name}: {size[0]} x {size[1]}, not {promised[0]} x {promised[1]}"
        notes.add("size", "error", text, where, path)
    return size


def four(values: object) -> Corners | None:
    """Four finite numbers, or None."""
    if not isinstance(values, (list, tuple)) or len(values) != 4:
        return None
    if not all(isinstance(v, (int, float)) and math.isfinite(v) for v in values):
        return None
    a, b, c, d = (float(v) for v in values)
    return (a, b, c, d)
