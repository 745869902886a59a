"""The article stage: a photo's persons and garments, each with a box, a score and a mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import ModelError
from thatlook.core.image import Fitted, Pixels, fit_area, resized
from thatlook.core.records import Box, Mask
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES, PERSON_CLASS
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.models.session import Runs, taken, to_batch
from thatlook.vision.stages import yolo

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A person or an article found; `label` is one of DETECTOR_CLASSES."""

    label: str
    box: Box
    score: float
    mask: Mask | None = None


class Reads(Protocol):
    """How a photo goes into a detector, and how its output is read."""

    def fit(self, image: Pixels) -> Fitted:
        """The image on the network's canvas."""
        ...

    def read(self, output: dict[str, Floats]) -> tuple[Floats, Floats, Floats | None]:
        """Candidates of one photo: boxes (A, 4) in canvas pixels, scores (A, DETECTOR_CLASSES),
        masks (CATEGORIES, h, w) or None.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class NativeReader:
    """What thatlook's own article network takes and gives."""

    spec: ModelSpec
    area: int
    max_side_px: int
    multiple: int
    least_area: int

    @classmethod
    def of(cls, spec: ModelSpec) -> NativeReader:
        """The reader for an entry with `input.area`, `max_side`, `multiple` and, if small photos
        are not enlarged to `area`, `least_area` in pixels.

        Raises ModelError for an entry that lacks one of them, or an output.
        """
        spec.needs("boxes", "scores", "masks")
        spec.fixed("scores", DETECTOR_CLASSES)
        area = spec.count("area")
        least = spec.count("least_area", area)
        return cls(spec, area, spec.count("max_side"), spec.count("multiple"), least)

    def fit(self, image: Pixels) -> Fitted:
        """The image at about the area that the entry asks for."""
        return fit_area(image, self.area, self.max_side_px, self.multiple, self.least_area)

    def read(self, output: dict[str, Floats]) -> tuple[Floats, Floats, Floats | None]:
        """The outputs as they are. Raises ModelError for one of another shape."""
        boxes = taken(self.spec, output, "boxes", (None, 4))
        scores = taken(self.spec, output, "scores", (len(boxes), len(DETECTOR_CLASSES)))
        return boxes, scores, taken(self.spec, output, "masks", (len(CATEGORIES), None, None))


def reader_of(spec: ModelSpec) -> Reads:
    """The reader for the entry's `format`, thatlook's own if it has none. Raises ModelError."""
    form = spec.details.get("format", "thatlook")
    if form in yolo.FORMATS:
        return yolo.YoloReader.of(spec)
    if form != "thatlook":
        known = ", ".join(("thatlook", *yolo.FORMATS))
        raise ModelError(f"{spec.id}: format must be one of {known}, not {form!r}")
    return NativeReader.of(spec)


class ArticleStage:
    """Finds persons and articles with the article network."""

    def __init__(
        self, session: Runs, article_threshold: float, person_threshold: float, nms_iou: float
    ) -> None:
        self._session = session
        self._input = session.spec.input_name("image")
        self._reader = reader_of(session.spec)
        self._nms_iou = nms_iou
        self._thresholds = np.array(
            [
                person_threshold if label == PERSON_CLASS else article_threshold
                for label in DETECTOR_CLASSES
            ],
            np.float32,
        )

    def run(self, image: Pixels, least: float | None = None) -> list[Detection]:
        """The detections of an image, best score first, overlapping ones of a class removed.

        `least` takes the place of the thresholds: whoever knows what must be there asks lower.
        """
        fitted = self._reader.fit(image)
        batch = to_batch([fitted.canvas], self._session.spec)
        output = self._session.run({self._input: batch})
        thresholds = self._thresholds if least is None else np.full_like(self._thresholds, least)
        return self._read(fitted, image, self._single(output), thresholds)

    def _single(self, output: dict[str, Floats]) -> dict[str, Floats]:
        """The outputs of the one photo that went in."""
        for name, value in output.items():
            if value.shape[:1] != (1,):
                raise ModelError(
                    f"{self._session.spec.id}: output {name} should be (1, ...) for one photo, "
                    f"it is {value.shape}; export the network with a batch of 1, or any"
                )
        return {name: value[0] for name, value in output.items()}

    def _read(
        self, fitted: Fitted, image: Pixels, output: dict[str, Floats], thresholds: Floats
    ) -> list[Detection]:
        height, width = image.shape[:2]
        candidates, all_scores, masks = self._reader.read(output)
        boxes, scores, labels = select(candidates, all_scores, thresholds, self._nms_iou)
        found = []
        for box, score, label in zip(fitted.to_image(boxes), scores, labels, strict=True):
            inside = _box(box, width, height)
            if inside is None:
                continue
            name = DETECTOR_CLASSES[label]
            plane = None if masks is None or name == PERSON_CLASS else masks[label]
            mask = None if plane is None else _mask(plane, fitted, inside)
            found.append(Detection(name, inside, min(1.0, float(score)), mask))
        return found


VOTES: Final = 0.02
"""Candidates from this score on have a say in where a box is, also below the thresholds."""

TOGETHER: Final = 0.7
"""Candidates that overlap a box by this much are about the same thing: its place is their mean."""

APART: Final = 0.3
SPREAD: Final = 0.1
"""A candidate that a better one of its class overlaps by more than APART counts for less, by a
Gaussian of this width: the same thing seen twice, or its half. Both were measured:
docs/training-log.md. For people too: so four pairs of friends in one photo were all told apart, one
or two were not where people's boxes or scores stayed as they are."""


def select(
    boxes: Floats, scores: Floats, thresholds: Floats, iou: float, limit: int = 100
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """What is left of the candidates (A, 4) with scores (A, classes): boxes, scores, labels.

    Best first, ties by place, at most `limit`, of each class those that are still at or above its
    threshold when their overlap with better ones has been counted (soft non-maximum suppression,
    Bodla et al., ICCV 2017); above `iou` nothing is left. A box is the mean of the candidates of
    its class about it, weighted by their scores (box voting, Gidaris and Komodakis, ICCV 2015).
    What is not finite is left out.
    """
    sound = np.isfinite(boxes).all(axis=1) & np.isfinite(scores).all(axis=1)
    boxes, scores = boxes[sound], scores[sound]
    rows: list[tuple[float, int, int, Floats]] = []
    for label in np.flatnonzero((scores >= thresholds).any(axis=0)):
        least = float(thresholds[label])
        places = np.flatnonzero(scores[:, label] >= min(least, VOTES))
        places = places[np.argsort(-scores[places, label], kind="stable")[: limit * 10]]
        left = _one_class(boxes[places], scores[places, label], least, iou)
        for place, score, box in islice(left, limit):
            rows.append((-score, int(places[place]), int(label), box))
    rows.sort(key=lambda row: row[:3])
    del rows[limit:]
    found = np.array([box for *_, box in rows], np.float32).reshape(len(rows), 4)
    values = np.array([-score for score, *_ in rows], np.float32)
    return found, values, np.array([label for _, _, label, _ in rows], np.intp)


def _one_class(
    boxes: Floats, scores: Floats, least: float, iou: float
) -> Iterator[tuple[int, float, Floats]]:
    """Place, score and mean box of what is left of one class' candidates, best score first."""
    left = np.where(scores >= least, scores, 0).astype(np.float64)
    while left.any():
        best = int(left.argmax())
        overlap = iou_matrix(boxes[best : best + 1], boxes)[0]
        about = overlap >= TOGETHER
        about[best] = True  # an empty box does not overlap itself
        weights = scores[about].astype(np.float64)
        yield best, float(left[best]), weights @ boxes[about] / weights.sum()
        left *= np.exp(-(np.maximum(overlap - APART, 0) ** 2) / SPREAD)
        left[(left < least) | (overlap > iou)] = 0
        left[best] = 0


def iou_matrix(one: Floats, other: Floats) -> Floats:
    """Intersection over union of boxes (n, 4) and (m, 4) as (n, m); 0 for empty boxes."""
    top_left = np.maximum(one[:, None, :2], other[None, :, :2])
    bottom_right = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.clip(bottom_right - top_left, 0, None).prod(axis=2)
    areas = [np.clip(b[:, 2:] - b[:, :2], 0, None).prod(axis=1) for b in (one, other)]
    union = areas[0][:, None] + areas[1][None] - shared
    overlap: Floats = shared / np.maximum(union, 1e-9)
    return overlap


def _box(values: NDArray[np.float64], width: int, height: int) -> Box | None:
    x0, y0, x1, y1 = (float(v) for v in values)
    return Box(x0, y0, x1, y1).clipped(width, height) if x0 < x1 and y0 < y1 else None


def _mask(plane: Floats, fitted: Fitted, box: Box) -> Mask:
    """The category's probability inside the box, at the mask output's own resolution."""
    step = fitted.canvas.shape[0] / plane.shape[0]
    x0, x1 = box.x0 * fitted.sx / step, box.x1 * fitted.sx / step
    y0, y1 = box.y0 * fitted.sy / step, box.y1 * fitted.sy / step
    size = (max(2, round(x1 - x0)), max(2, round(y1 - y0)))
    grey = np.repeat((np.clip(plane, 0, 1) * 255 + 0.5).astype(np.uint8)[..., None], 3, axis=2)
    inside = Box(x0, y0, x1, y1).clipped(plane.shape[1], plane.shape[0])
    if inside is None:
        return Mask(box, np.zeros((2, 2), np.uint8))
    return Mask(box, resized(grey, size, inside)[..., 0])
