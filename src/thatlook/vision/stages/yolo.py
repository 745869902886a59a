"""One's own detector: what an ONNX export of an Ultralytics YOLO network takes and gives.

"yolov5" (1, candidates, 5 + classes): middle, size, objectness, class probabilities.
"yolov8" (1, 4 + classes, candidates): middle, size, class probabilities; also YOLO11.
All in pixels of a square input with values 0..1 (Ultralytics documentation, ONNX export without
non-maximum suppression).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.class_names import class_map
from thatlook.core.errors import ModelError, SettingsError
from thatlook.core.image import Fitted, Pixels, fit_square
from thatlook.core.taxonomy import DETECTOR_CLASSES, OTHER
from thatlook.vision.models.inputs import SquareInput
from thatlook.vision.models.registry import ModelSpec

Floats = NDArray[np.floating[Any]]

FORMATS: Final = ("yolov5", "yolov8")
PADDING: Final = 114
"""The grey that these networks were trained to see around a photo."""


@dataclass(frozen=True, slots=True, eq=False)
class YoloReader:
    """How a photo goes into one such network, and its candidates come out."""

    spec: ModelSpec
    input: SquareInput
    names: tuple[str, ...]
    labels: NDArray[np.intp]
    """Each class's index in DETECTOR_CLASSES, -1 for a class that is left out."""

    @classmethod
    def of(cls, spec: ModelSpec) -> YoloReader:
        """The reader for a registry entry with `format`, `classes` and `input.size` (in pixels).

        `categories` may say what a class becomes where its name does not tell.
        Raises ModelError for an entry that lacks something or maps no class.
        """
        if len(spec.outputs) != 1:
            raise ModelError(
                f"{spec.id}: expected one output, such as output0, not {list(spec.outputs)}"
            )
        names, labels = _classes(spec)
        return cls(spec, SquareInput.of(spec), names, labels)

    def fit(self, image: Pixels) -> Fitted:
        """The image in the middle of the network's square."""
        return fit_square(image, self.input.side, PADDING)

    def read(self, output: dict[str, Floats]) -> tuple[Floats, Floats, None]:
        """Boxes (A, 4) as x0 y0 x1 y1 in canvas pixels and scores (A, DETECTOR_CLASSES) of one
        photo's output, the best where several classes become one; there are no masks.

        Raises ModelError for an output of another shape.
        """
        raw = output[next(iter(self.spec.outputs))]
        v5 = self.spec.details["format"] == "yolov5"
        rows = raw if v5 else raw.T
        first = 5 if v5 else 4
        if raw.ndim != 2 or rows.shape[1] != first + len(self.names):
            raise self._misfit(raw.shape)
        scores = rows[:, first:] * rows[:, 4:5] if v5 else rows[:, first:]
        half = rows[:, 2:4] / 2
        boxes = np.concatenate([rows[:, :2] - half, rows[:, :2] + half], axis=1)
        return boxes, self._by_category(scores), None

    def _by_category(self, scores: Floats) -> Floats:
        kept = np.flatnonzero(self.labels >= 0)
        order = kept[np.argsort(self.labels[kept], kind="stable")]
        classes, starts = np.unique(self.labels[order], return_index=True)
        found = np.zeros((len(scores), len(DETECTOR_CLASSES)), np.float32)
        found[:, classes] = np.maximum.reduceat(scores[:, order], starts, axis=1)
        return found

    def _misfit(self, shape: tuple[int, ...]) -> ModelError:
        count, form = len(self.names), self.spec.details["format"]
        wanted = f"candidates, {5 + count}" if form == "yolov5" else f"{4 + count}, candidates"
        return ModelError(
            f"{self.spec.id}: {form} with {count} classes gives (1, {wanted}), this network "
            f"{(1, *shape)}; check format and classes, and export without nms"
        )


def _classes(spec: ModelSpec) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """The class names of an entry, and their indices in DETECTOR_CLASSES."""
    names, categories = spec.details.get("classes"), spec.details.get("categories", {})
    if not isinstance(names, list) or not names or not isinstance(categories, dict):
        raise ModelError(
            f"{spec.id}: the entry needs classes, a list of the network's class names in order, "
            f"and may have categories, {{class: category}}"
        )
    names = tuple(str(name) for name in names)
    try:
        table = class_map(names, categories)
    except SettingsError as error:
        raise ModelError(f"{spec.id}: categories: {error}") from error
    if set(table.values()) == {OTHER}:
        raise ModelError(
            f"{spec.id}: none of the classes {', '.join(names)} is a category of ours; say what "
            f"they are in categories, {{class: category}}"
        )
    categories = [table[name] for name in names]
    labels = [-1 if c == OTHER else DETECTOR_CLASSES.index(c) for c in categories]
    return names, np.array(labels, np.intp)
