"""COCO's own measure by pycocotools: precision at every recall, for boxes and key points."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
"""Precision by (overlap threshold .50 to .95, recall 0 to 1 in 101 steps, category, area); -1 where
there is no label. Area 0 is all sizes."""


def judged(
    photos: int,
    categories: Sequence[str],
    labels: Sequence[Mapping[str, Any]],
    results: Sequence[Mapping[str, Any]],
    kind: Literal["bbox", "keypoints"] = "bbox",
) -> Table:
    """The precision table of `results` against `labels`, both as COCO writes annotations.

    `category_id` and `image_id` count from 0. At most 100 results a photo count, 20 people.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def opened(notes: list[dict[str, Any]]) -> Any:
        coco = COCO()
        coco.dataset = {
            "info": {},
            "images": [{"id": i} for i in range(photos)],
            "annotations": notes,
            "categories": [{"id": k, "name": name} for k, name in enumerate(categories)],
        }
        coco.createIndex()
        return coco

    common = {"iscrowd": 0}
    notes = [{"id": i} | common | dict(note) for i, note in enumerate(labels, start=1)]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = opened(notes)
        # Nothing found is an answer too, but loadRes cannot read it.
        found = truth.loadRes([dict(r) for r in results]) if results else opened([])
        judge = COCOeval(truth, found, kind)
        judge.evaluate()
        judge.accumulate()
    precision: Table = judge.eval["precision"]
    return precision[..., -1]


def sides(box: Sequence[float]) -> list[float]:
    """A box x0 y0 x1 y1 as COCO writes it: x, y, width, height."""
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]


def average(values: Table) -> float:
    """The mean of the precisions that are known; NaN where none is."""
    seen = values[values > -1]
    return float(seen.mean()) if seen.size else float("nan")


def average_of(values: Sequence[float]) -> float:
    """The mean of figures, those that are NaN left out; NaN where none is left."""
    return average(np.array([-1.0 if np.isnan(v) else v for v in values]))
