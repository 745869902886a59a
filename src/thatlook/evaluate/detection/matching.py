"""Which detection is which label: true and false positives, false negatives, confusions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.vision.stages.article import iou_matrix

Found = tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]], NDArray[np.integer[Any]]]
"""Boxes (k, 4) in photo pixels, scores (k,), class indices (k,); best first."""

OVERLAP = 0.5
"""From this IoU on a detection is where the label is."""


class TruthBoxes(Protocol):
    """What is needed of a labelled photo: boxes (n, 4) in its pixels, class indices (n,)."""

    @property
    def boxes(self) -> NDArray[np.float32]:
        """x0 y0 x1 y1."""
        ...

    @property
    def labels(self) -> NDArray[np.int64]:
        """Places in DETECTOR_CLASSES."""
        ...


@dataclass(frozen=True, slots=True)
class Matched:
    """Pairs of (label, detection); labels without a detection, detections without a label."""

    pairs: tuple[tuple[int, int], ...]
    false_negatives: tuple[int, ...]
    false_positives: tuple[int, ...]

    def errors(self, photo: TruthBoxes, found: Found) -> int:
        """The number of false negatives, false positives and confused categories."""
        wrong = sum(photo.labels[i] != found[2][j] for i, j in self.pairs)
        return len(self.false_negatives) + len(self.false_positives) + int(wrong)


def above_thresholds(found: Found, thresholds: NDArray[np.floating[Any]]) -> Found:
    """The detections at or above their class's threshold (DETECTOR_CLASSES,)."""
    kept = found[1] >= thresholds[found[2]]
    return found[0][kept], found[1][kept], found[2][kept]


def match_boxes(photo: TruthBoxes, found: Found) -> Matched:
    """Each detection's label: first those of its own category, then any other at its place.

    The best detection chooses first, and takes the label that it overlaps most.
    """
    overlaps = np.zeros((len(photo.boxes), len(found[0])))
    if overlaps.size:
        overlaps = np.asarray(iou_matrix(photo.boxes, found[0]))
    same = photo.labels[:, None] == found[2][None, :]
    pairs: dict[int, int] = {}
    for allowed in (same, ~same):
        for j in np.argsort(-found[1], kind="stable").tolist():
            free = [i for i in range(len(photo.boxes)) if i not in pairs and allowed[i, j]]
            best = max(free, key=lambda i: overlaps[i, j], default=None)
            if best is not None and j not in pairs.values() and overlaps[best, j] >= OVERLAP:
                pairs[best] = j
    false_negatives = [i for i in range(len(photo.boxes)) if i not in pairs]
    false_positives = [j for j in range(len(found[0])) if j not in pairs.values()]
    return Matched(tuple(pairs.items()), tuple(false_negatives), tuple(false_positives))


def confusion(
    photos: Sequence[TruthBoxes], found: Sequence[Found], matches: Sequence[Matched]
) -> NDArray[np.int64]:
    """Counts (classes + 1, classes + 1): rows labelled, columns found, the last of both nothing."""
    nothing = len(DETECTOR_CLASSES)
    counts = np.zeros((nothing + 1, nothing + 1), np.int64)
    for photo, seen, match in zip(photos, found, matches, strict=True):
        for i, j in match.pairs:
            counts[photo.labels[i], seen[2][j]] += 1
        for i in match.false_negatives:
            counts[photo.labels[i], nothing] += 1
        for j in match.false_positives:
            counts[nothing, seen[2][j]] += 1
    return counts


def precision_recall(counts: NDArray[np.int64]) -> dict[str, tuple[float, float]]:
    """Per class of a `confusion`, its precision and recall; NaN where nothing was found or there
    is no label.
    """
    found, labelled, right = counts.sum(0), counts.sum(1), counts.diagonal()
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = right / found, right / labelled
    return {
        name: (float(precision[k]), float(recall[k])) for k, name in enumerate(DETECTOR_CLASSES)
    }
