"""Boxes in product photos, each as an eye judged it: `product_boxes.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import CATEGORIES
from thatlook.data.jsonlines import rows
from thatlook.data.scenes import Floats

FILE = "product_boxes.jsonl"


@dataclass(frozen=True, eq=False)
class Looked:
    """A product photo: `person` is full, headless, several or none; `boxes` (k, 4) x0 y0 x1 y1 in
    pixels with `labels` (k,), indices of CATEGORIES; `unsure` are categories without a sound box,
    `named` all that somebody looked for: seen, or proposed by a network and judged.
    """

    person: str
    boxes: Floats
    labels: tuple[int, ...]
    unsure: list[int]
    named: frozenset[str]


def read_product_boxes(folder: Path) -> Mapping[str, Looked]:
    """The photos of a folder's file by product id. Raises DataError."""
    found = {}
    for number, row in rows(folder / FILE):
        try:
            found[row["photo"]] = _read(row)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{folder / FILE}:{number}: expected photo, person, seen (categories) and boxes "
                f"(box of four numbers, category or null, box_wrong): {error!r}"
            ) from error
    return found


def _read(row: dict[str, Any]) -> Looked:
    sound = [box for box in row["boxes"] if box["category"] and not box["box_wrong"]]
    labels = [CATEGORIES.index(box["category"]) for box in sound]
    named = [*row["seen"], *(b["category"] for b in row["boxes"] if b["category"])]
    unsure = {CATEGORIES.index(name) for name in named} - set(labels)
    boxes = np.array([[float(edge) for edge in box["box"]] for box in sound], np.float32)
    proposed = {box["proposed"] for box in row["boxes"] if box.get("proposed")}
    judged = frozenset({*named, *proposed})
    return Looked(row["person"], boxes.reshape(-1, 4), tuple(labels), sorted(unsure), judged)
