"""The embedding stage: crops to unit vectors, with type, color, pattern and usage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thatlook.errors import ModelError
from thatlook.image import Pixels, fit_box, with_aspect
from thatlook.models.session import Runs, to_batch
from thatlook.records import Box, Vector

BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """A crop's unit vector and, per attribute head, its best label with the probability."""

    vector: Vector
    attributes: Mapping[str, tuple[str, float]]


class EmbeddingStage:
    """Embeds crops with the embedding network."""

    def __init__(self, session: Runs) -> None:
        self._session = session

    @property
    def key(self) -> str:
        """Id and sha256 of the network: what a catalog remembers."""
        return self._session.spec.key

    @property
    def dim(self) -> int:
        """The vectors' length."""
        return int(self._session.spec.outputs["embedding"]["dim"])

    def run(self, image: Pixels, boxes: Sequence[Box]) -> list[Embedded]:
        """One Embedded per box of the image, in order."""
        return self.run_many([(image, box) for box in boxes])

    def run_many(self, crops: Sequence[tuple[Pixels, Box]]) -> list[Embedded]:
        """One Embedded per (image, box), in order, BATCH at a time."""
        found: list[Embedded] = []
        for start in range(0, len(crops), BATCH):
            canvases = [self._canvas(image, box) for image, box in crops[start : start + BATCH]]
            output = self._session.run({"crop": to_batch(canvases, self._session.spec)})
            found += self._read(output)
        return found

    def _canvas(self, image: Pixels, box: Box) -> Pixels:
        entry = self._session.spec.input
        size = (int(entry["width"]), int(entry["height"]))
        wide = box.scaled(float(entry.get("expand", 1.0)))
        if entry.get("fit", "letterbox") == "letterbox":
            wide = with_aspect(wide, size[0] / size[1])
        return fit_box(image, wide, size).canvas

    def _read(self, output: Mapping[str, NDArray[np.float32]]) -> list[Embedded]:
        labels = self._session.spec.labels
        vectors = unit(output["embedding"])
        heads = {name: output[name] for name in labels if name in output}
        return [
            Embedded(vector, {name: _best(labels[name], rows[i]) for name, rows in heads.items()})
            for i, vector in enumerate(vectors)
        ]


def _best(labels: Sequence[str], probabilities: NDArray[np.float32]) -> tuple[str, float]:
    place = int(probabilities.argmax())
    return labels[place], float(probabilities[place])


def unit(vectors: NDArray[Any]) -> Vector:
    """Rows (n, dim) scaled to length 1, float32. Raises ModelError for a row of zeros or nan."""
    rows = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or not np.all(lengths > 0):
        raise ModelError("the embedding network gave a vector without a direction (zero or nan)")
    scaled: Vector = rows / lengths
    return scaled
