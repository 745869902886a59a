"""Street photos as an eye saw them: what the main person really wears, box by box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.data.jsonlines import rows as lines
from thatlook.data.scenes import PERSON, Scene

FILE = "eye_labels.jsonl"


def with_eye_labels(scenes: Sequence[Scene], path: Path) -> list[Scene]:
    """The scenes that the file names, with its categories and boxes in place of the old ones.

    A category of which an article has no box, or a wrong one, is not known in that photo: neither
    a label nor a background. The person's box stays. Raises DataError.
    """
    rows = {row["file"]: row for _, row in lines(path)}
    return [_seen(scene, rows[scene.path.name]) for scene in scenes if scene.path.name in rows]


def _seen(scene: Scene, row: dict[str, Any]) -> Scene:
    sound = [article for article in row["articles"] if not article["box_wrong"]]
    unsound = [article for article in row["articles"] if article["box_wrong"]]
    person = scene.labels == PERSON
    boxes = [*(article["box"] for article in sound), *scene.boxes[person].tolist()]
    names = [article["category"] for article in sound]
    labels = [*map(DETECTOR_CLASSES.index, names), *scene.labels[person].tolist()]
    known = np.ones(len(DETECTOR_CLASSES), bool)
    for article in [*unsound, *row["unboxed"]]:
        known[DETECTOR_CLASSES.index(article["category"])] = False
    made = scene.with_boxes(np.array(boxes, np.float32), np.array(labels, np.int64))
    return replace(made, known=known, mask=None)
