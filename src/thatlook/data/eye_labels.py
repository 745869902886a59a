"""Street photos as an eye saw them: what the main person really wears, box by box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.data.jsonlines import rows as lines
from thatlook.data.scenes import PERSON, Scene

FILE = "eye_labels.jsonl"


def with_eye_labels(scenes: Sequence[Scene], path: Path) -> list[Scene]:
    """The scenes that the file names, with its categories and boxes in place of the old ones.

    A category of which an article has no box, or a wrong one, is not known in that photo: neither
    a label nor a background; nor is one that the file names nowhere. The person stays as known as
    before. Raises DataError.
    """
    seen = {}
    for number, line in lines(path):
        try:
            seen[line["file"]] = _read(line)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}:{number}: expected file, articles (category, box of four numbers, "
                f"box_wrong) and unboxed (category): {error!r}"
            ) from error
    named = np.zeros(len(DETECTOR_CLASSES), bool)
    for row in seen.values():
        named[[*row.labels, *row.unsure]] = True
    return [_seen(s, seen[s.path.name], named) for s in scenes if s.path.name in seen]


@dataclass(frozen=True)
class _Row:
    """Boxes with the labels of the sound articles; the labels of those without a sound box."""

    boxes: list[list[float]]
    labels: list[int]
    unsure: list[int]


def _read(row: dict[str, Any]) -> _Row:
    articles = row["articles"]
    sound = [article for article in articles if not article["box_wrong"]]
    unsound = [*(article for article in articles if article["box_wrong"]), *row["unboxed"]]
    boxes = [[float(edge) for edge in article["box"]] for article in sound]
    if any(len(box) != 4 for box in boxes):
        raise ValueError("a box without four edges")
    return _Row(boxes, [_label(a) for a in sound], [_label(a) for a in unsound])


def _label(article: dict[str, Any]) -> int:
    return DETECTOR_CLASSES.index(article["category"])


def _seen(scene: Scene, row: _Row, named: NDArray[np.bool_]) -> Scene:
    person = scene.labels == PERSON
    boxes = [*row.boxes, *scene.boxes[person].tolist()]
    labels = [*row.labels, *scene.labels[person].tolist()]
    known = named.copy()
    known[PERSON] = scene.known[PERSON]
    known[row.unsure] = False
    made = scene.with_boxes(np.array(boxes, np.float32), np.array(labels, np.int64))
    return replace(made, known=known, mask=None)
