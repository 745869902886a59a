"""COCO's own measure by pycocotools: precision at every recall, for boxes and key points."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    judge = _judge(photos, categories, labels, results, kind)
    with contextlib.redirect_stdout(io.StringIO()):
        judge.accumulate()
    precision: Table = judge.eval["precision"]
    return precision[..., -1]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The detections of a category in all photos, best first.

    `photo` (n,) says whose, `right` (overlap thresholds, n) which found a label that no better one
    had found; `labels` (photos,) how many labels there are.
    """

    photo: NDArray[np.int64]
    right: NDArray[np.bool_]
    labels: NDArray[np.int64]


def ranked(
    photos: int,
    categories: Sequence[str],
    labels: Sequence[Mapping[str, Any]],
    results: Sequence[Mapping[str, Any]],
) -> list[Ranked]:
    """What `judged` counts, before it is counted: boxes of all sizes, by category."""
    judge = _judge(photos, categories, labels, results, "bbox")
    areas = len(judge.params.areaRng)
    starts = range(0, len(categories) * areas * photos, areas * photos)
    return [_ranked(judge.evalImgs[start : start + photos]) for start in starts]


def _ranked(seen: Sequence[Mapping[str, Any] | None]) -> Ranked:
    there = [(photo, one) for photo, one in enumerate(seen) if one is not None]
    labels = np.zeros(len(seen), np.int64)
    for photo, one in there:
        labels[photo] = len(one["gtIds"])
    if not there:
        return Ranked(np.zeros(0, np.int64), np.zeros((10, 0), np.bool_), labels)
    scores = np.concatenate([one["dtScores"] for _, one in there])
    order = np.argsort(-scores, kind="mergesort")  # as COCO's own accumulation does
    owner = np.repeat([photo for photo, _ in there], [len(one["dtScores"]) for _, one in there])
    right = np.concatenate([one["dtMatches"] for _, one in there], axis=1) > 0
    return Ranked(owner[order], right[:, order], labels)


def _judge(
    photos: int,
    categories: Sequence[str],
    labels: Sequence[Mapping[str, Any]],
    results: Sequence[Mapping[str, Any]],
    kind: Literal["bbox", "keypoints"],
) -> Any:
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
    return judge


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
