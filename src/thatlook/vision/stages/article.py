"""The article stage: a photo's persons and garments, each with a box, a score and a mask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import ModelError
from thatlook.core.image import Fitted, Pixels, fit_area, resized
from thatlook.core.records import Box, Mask
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES, PERSON_CLASS
from thatlook.vision.models.inputs import ArticleInput, input_name
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.models.session import Runs, output_of_shape, to_batch
from thatlook.vision.stages import yolo

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A person or an article found; `label` is one of DETECTOR_CLASSES."""

    label: str
    box: Box
    score: float
    mask: Mask | None = None


class DetectorReader(Protocol):
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
    input: ArticleInput

    @classmethod
    def of(cls, spec: ModelSpec) -> NativeReader:
        """The reader for an entry. Raises ModelError for one that lacks an input or an output."""
        spec.needs("boxes", "scores", "masks")
        spec.fixed("scores", DETECTOR_CLASSES)
        return cls(spec, ArticleInput.of(spec))

    def fit(self, image: Pixels) -> Fitted:
        """The image at about the area that the entry asks for."""
        into = self.input
        return fit_area(image, into.area, into.max_side, into.multiple, into.min_area)

    def read(self, output: dict[str, Floats]) -> tuple[Floats, Floats, Floats | None]:
        """The outputs as they are. Raises ModelError for one of another shape."""
        boxes = output_of_shape(self.spec, output, "boxes", (None, 4))
        scores = output_of_shape(self.spec, output, "scores", (len(boxes), len(DETECTOR_CLASSES)))
        return (
            boxes,
            scores,
            output_of_shape(self.spec, output, "masks", (len(CATEGORIES), None, None)),
        )


def reader_of(spec: ModelSpec) -> DetectorReader:
    """The reader for the entry's `format`, thatlook's own if it has none. Raises ModelError."""
    form = spec.details.get("format", "thatlook")
    if form in yolo.FORMATS:
        return yolo.YoloReader.of(spec)
    if form != "thatlook":
        known = ", ".join(("thatlook", *yolo.FORMATS))
        raise ModelError(f"{spec.id}: format must be one of {known}, not {form!r}")
    return NativeReader.of(spec)


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """Category probabilities (CATEGORIES, h, w), and photo pixels to theirs along x and y."""

    values: Floats
    scale: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Detected:
    """The detections of a photo as arrays, best score first.

    `boxes` (k, 4) in photo pixels, clipped to the photo; `scores` (k,); `labels` (k,), indices of
    DETECTOR_CLASSES; `planes` None where the network gives no masks.
    """

    boxes: Floats
    scores: Floats
    labels: NDArray[np.intp]
    planes: Planes | None


THRESHOLD: Final = 0.4
"""The score from which on an article counts where neither the settings nor the entry say one."""


def thresholds_of(spec: ModelSpec) -> dict[str, float]:
    """The entry's `thresholds`, by category; empty where it has none. Raises ModelError."""
    value = spec.details.get("thresholds", {})
    sound = isinstance(value, Mapping) and set(value) <= set(CATEGORIES)
    if not sound or not all(_is_share(number) for number in value.values()):
        raise spec.misfit("thresholds", "numbers above 0, to 1, by category", value)
    return dict(value)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and 0 < value <= 1


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """What the network said of an image, before anything is selected (`DetectorReader.read`)."""

    fitted: Fitted
    boxes: Floats
    scores: Floats
    masks: Floats | None


class ArticleStage:
    """Finds persons and articles with the article network."""

    def __init__(
        self, session: Runs, article_threshold: float, person_threshold: float, nms_iou: float
    ) -> None:
        self._session = session
        self._input = input_name(session.spec)
        self._reader = reader_of(session.spec)
        self._nms_iou = nms_iou
        self._thresholds = np.array(
            [
                person_threshold if label == PERSON_CLASS else article_threshold
                for label in DETECTOR_CLASSES
            ],
            np.float32,
        )

    @classmethod
    def of(cls, session: Runs, settings: Settings) -> Self:
        """The stage with the thresholds of the settings, or those of the entry where the settings
        leave it to that. Raises ModelError for thresholds of other names.
        """
        own = thresholds_of(session.spec)
        general = settings.article_threshold or THRESHOLD
        stage = cls(session, general, settings.person_threshold, settings.nms_iou)
        for label, threshold in own.items() if not settings.article_threshold else ():
            stage._thresholds[DETECTOR_CLASSES.index(label)] = threshold
        return stage

    @property
    def spec(self) -> ModelSpec:
        """The network's registry entry."""
        return self._session.spec

    @property
    def thresholds(self) -> NDArray[np.float32]:
        """The scores (DETECTOR_CLASSES,) from which on a detection counts."""
        return self._thresholds.copy()

    def counts(self, label: str, score: float) -> bool:
        """Whether a detection of this class counts with this score."""
        return score >= float(self._thresholds[DETECTOR_CLASSES.index(label)])

    def run(self, image: Pixels, min_score: float | None = None) -> list[Detection]:
        """The detections of an image, best score first, overlapping ones of a class removed.

        `min_score` replaces the thresholds: whoever knows what must be there asks lower.
        """
        return self.run_at(image, [min_score])[0]

    def run_at(self, image: Pixels, min_scores: Sequence[float | None]) -> list[list[Detection]]:
        """As `run`, for each of several `min_score`; the network runs once."""
        seen = self._look(image)
        return [self._detections(self._selected(seen, image, score)) for score in min_scores]

    def _detections(self, found: Detected) -> list[Detection]:
        detections = []
        for corners, score, label in zip(found.boxes, found.scores, found.labels, strict=True):
            box = _box(corners)
            if box is None:
                continue
            name = DETECTOR_CLASSES[label]
            planes = None if name == PERSON_CLASS else found.planes
            mask = None if planes is None else _mask(planes, label, box)
            detections.append(Detection(name, box, min(1.0, float(score)), mask))
        return detections

    def detect(self, image: Pixels, min_score: float | None = None) -> Detected:
        """The same as arrays, with the masks of all categories."""
        return self._selected(self._look(image), image, min_score)

    def masks(self, image: Pixels, named: Sequence[tuple[str, Box]]) -> list[Mask | None]:
        """The mask of each category inside its box, which somebody else named; None where the
        network gives none.
        """
        planes = self.detect(image).planes
        if planes is None:
            return [None] * len(named)
        return [_mask(planes, CATEGORIES.index(name), box) for name, box in named]

    def _look(self, image: Pixels) -> _Candidates:
        fitted = self._reader.fit(image)
        batch = to_batch([fitted.canvas], self._session.spec)
        output = self._single(self._session.run({self._input: batch}))
        return _Candidates(fitted, *self._reader.read(output))

    def _selected(self, seen: _Candidates, image: Pixels, min_score: float | None) -> Detected:
        fitted, masks = seen.fitted, seen.masks
        thresholds = self._thresholds
        if min_score is not None:
            thresholds = np.full_like(thresholds, min_score)
        boxes, scores, labels = select(seen.boxes, seen.scores, thresholds, self._nms_iou)
        height, width = image.shape[:2]
        clipped = np.clip(fitted.to_image(boxes), 0, [width, height, width, height])
        if masks is None:
            return Detected(clipped, scores, labels, None)
        step = fitted.canvas.shape[0] / masks.shape[1]
        planes = Planes(masks, (fitted.sx / step, fitted.sy / step))
        return Detected(clipped, scores, labels, planes)

    def _single(self, output: dict[str, Floats]) -> dict[str, Floats]:
        """The outputs of the one photo that went in."""
        for name, value in output.items():
            if value.shape[:1] != (1,):
                raise ModelError(
                    f"{self._session.spec.id}: output {name} should be (1, ...) for one photo, "
                    f"it is {value.shape}; export the network with a batch of 1, or any"
                )
        return {name: value[0] for name, value in output.items()}


BOX_VOTING_MIN_SCORE: Final = 0.02
"""Candidates from this score on have a say in where a box is, also below the thresholds."""

BOX_VOTING_MIN_IOU: Final = 0.7
"""Candidates that overlap a box by this much are about the same thing: its place is their mean."""

SOFT_NMS_MIN_IOU: Final = 0.3
SOFT_NMS_SIGMA: Final = 0.1
"""A candidate that a better one of its class overlaps by more than SOFT_NMS_MIN_IOU counts for
less, by a Gaussian of this width: the same thing seen twice, or its half. Both were measured:
docs/training-log.md. For people too: so four pairs of friends in one photo were all told apart, one
or two were not where people's boxes or scores stayed as they are."""


def select(
    boxes: Floats, scores: Floats, thresholds: Floats, iou: float, limit: int = 100
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """What is left of the candidates (A, 4) with scores (A, classes): boxes, scores, labels.

    Best first, ties by index, at most `limit`, of each class those that are still at or above its
    threshold when their overlap with better ones has been counted (soft non-maximum suppression,
    Bodla et al., ICCV 2017); above `iou` nothing is left. A box is the mean of the candidates of
    its class about it, weighted by their scores (box voting, Gidaris and Komodakis, ICCV 2015).
    What is not finite is left out.
    """
    sound = np.isfinite(boxes).all(axis=1) & np.isfinite(scores).all(axis=1)
    boxes, scores = boxes[sound], scores[sound]
    rows: list[tuple[float, int, int, Floats]] = []
    for label in np.flatnonzero((scores >= thresholds).any(axis=0)):
        min_score = float(thresholds[label])
        indices = np.flatnonzero(scores[:, label] >= min(min_score, BOX_VOTING_MIN_SCORE))
        indices = indices[np.argsort(-scores[indices, label], kind="stable")[: limit * 10]]
        left = _one_class(boxes[indices], scores[indices, label], min_score, iou)
        for index, score, box in islice(left, limit):
            rows.append((-score, int(indices[index]), int(label), box))
    rows.sort(key=lambda row: row[:3])
    del rows[limit:]
    found = np.array([box for *_, box in rows], np.float32).reshape(len(rows), 4)
    values = np.array([-score for score, *_ in rows], np.float32)
    return found, values, np.array([label for _, _, label, _ in rows], np.intp)


def _one_class(
    boxes: Floats, scores: Floats, min_score: float, iou: float
) -> Iterator[tuple[int, float, Floats]]:
    """Index, score and mean box of what is left of one class' candidates, best score first."""
    left = np.where(scores >= min_score, scores, 0).astype(np.float64)
    while left.any():
        best = int(left.argmax())
        overlap = iou_matrix(boxes[best : best + 1], boxes)[0]
        about = overlap >= BOX_VOTING_MIN_IOU
        about[best] = True  # an empty box does not overlap itself
        weights = scores[about].astype(np.float64)
        yield best, float(left[best]), weights @ boxes[about] / weights.sum()
        left *= np.exp(-(np.maximum(overlap - SOFT_NMS_MIN_IOU, 0) ** 2) / SOFT_NMS_SIGMA)
        left[(left < min_score) | (overlap > iou)] = 0
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


def _box(corners: Floats) -> Box | None:
    x0, y0, x1, y1 = (float(v) for v in corners)
    return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _mask(planes: Planes, label: int, box: Box) -> Mask:
    """The category's probability inside the box, at the mask output's own resolution."""
    plane, (sx, sy) = planes.values[label], planes.scale
    x0, x1, y0, y1 = box.x0 * sx, box.x1 * sx, box.y0 * sy, box.y1 * sy
    size = (max(2, round(x1 - x0)), max(2, round(y1 - y0)))
    grey = np.repeat((np.clip(plane, 0, 1) * 255 + 0.5).astype(np.uint8)[..., None], 3, axis=2)
    inside = Box(x0, y0, x1, y1).clipped(plane.shape[1], plane.shape[0])
    if inside is None:
        return Mask(box, np.zeros((2, 2), np.uint8))
    return Mask(box, resized(grey, size, inside)[..., 0])
