"""The embedding stage: crops to unit vectors, with type, color, pattern and usage.

Any image encoder fits: its registry entry names the input (`input.name`), the crops' size and
normalisation, and the one output with a `dim`, which is the vector. Attribute heads are the
outputs that have `labels`; an encoder without any gives vectors alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thatlook.errors import ModelError
from thatlook.image import Pixels, fit_box, with_aspect
from thatlook.models.registry import ModelSpec
from thatlook.models.session import Runs, to_batch
from thatlook.records import Box, Vector
from thatlook.taxonomy import category_of

BATCH = 16
"""Crops at a time, where the entry's `input.batch` says nothing else."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """A crop's unit vector and, per attribute head, the probability of each label."""

    vector: Vector
    chances: Mapping[str, Mapping[str, float]]

    @property
    def category(self) -> str:
        """The best label of the head "category"; "" where the network has none."""
        chances = self.chances.get("category", {})
        return max(chances, key=lambda name: chances[name], default="")

    def attributes(self, category: str) -> dict[str, tuple[str, float]]:
        """The best label of each head with its probability, for an article of this category.

        A type must be one of the category's, where the network knows any: a bag is no shoe.
        The head "category" is left out, since the category is known.
        """
        return {
            head: max(_of_category(head, chances, category).items(), key=lambda item: item[1])
            for head, chances in self.chances.items()
            if head != "category"
        }


class EmbeddingStage:
    """Embeds crops with the embedding network. Raises ModelError for an entry that lacks the
    crops' size or does not say which output is the vector.
    """

    def __init__(self, session: Runs) -> None:
        self._session = session
        self._vector = _vector_output(session.spec)

    @property
    def key(self) -> str:
        """Id and sha256 of the network: what a catalog remembers."""
        return self._session.spec.key

    @property
    def dim(self) -> int:
        """The vectors' length."""
        return int(self._session.spec.outputs[self._vector]["dim"])

    def run(self, image: Pixels, boxes: Sequence[Box]) -> list[Embedded]:
        """One Embedded per box of the image, in order."""
        return self.run_many([(image, box) for box in boxes])

    def run_many(self, crops: Sequence[tuple[Pixels, Box]]) -> list[Embedded]:
        """One Embedded per (image, box), in order, BATCH at a time.

        Raises ModelError where the vectors are not of the entry's dim, or have no direction.
        """
        spec = self._session.spec
        name, most = spec.input.get("name", "crop"), int(spec.input.get("batch", BATCH))
        found: list[Embedded] = []
        for start in range(0, len(crops), most):
            canvases = [self._canvas(image, box) for image, box in crops[start : start + most]]
            found += self._read(self._session.run({name: to_batch(canvases, spec)}), len(canvases))
        return found

    def _canvas(self, image: Pixels, box: Box) -> Pixels:
        entry = self._session.spec.input
        size = (int(entry["width"]), int(entry["height"]))
        wide = box.scaled(float(entry.get("expand", 1.0)))
        if entry.get("fit", "letterbox") == "letterbox":
            wide = with_aspect(wide, size[0] / size[1])
        return fit_box(image, wide, size).canvas

    def _read(self, output: Mapping[str, NDArray[np.float32]], count: int) -> list[Embedded]:
        labels = self._session.spec.labels
        raw = output[self._vector]
        if raw.shape != (count, self.dim):
            raise ModelError(
                f"{self._session.spec.id}: output {self._vector} should be {(count, self.dim)} for "
                f"{count} crops, it is {raw.shape}; mend dim, or input.batch, in its entry"
            )
        vectors = unit(raw)
        heads = {name: output[name] for name in labels if name in output}
        return [
            Embedded(
                vector,
                {
                    name: dict(zip(labels[name], map(float, rows[i]), strict=True))
                    for name, rows in heads.items()
                },
            )
            for i, vector in enumerate(vectors)
        ]


def _vector_output(spec: ModelSpec) -> str:
    """The name of the output that is the vector."""
    found = [
        name
        for name, about in spec.outputs.items()
        if isinstance(about, Mapping) and "dim" in about
    ]
    if len(found) != 1:
        raise ModelError(
            f"{spec.id}: expected one output with a dim, such as "
            f'{{"embedding": {{"dim": 512}}}}, not {dict(spec.outputs)}'
        )
    lacking = sorted({"width", "height", "mean", "std"} - set(spec.input))
    if lacking:
        raise ModelError(f"{spec.id}: input lacks {', '.join(lacking)}")
    return found[0]


def _of_category(head: str, chances: Mapping[str, float], category: str) -> Mapping[str, float]:
    """The labels that an article of the category can have; all where none fits."""
    if head != "type":
        return chances
    return {name: p for name, p in chances.items() if _category_of(name) == category} or chances


_category_of = cache(category_of)


def unit(vectors: NDArray[Any]) -> Vector:
    """Rows (n, dim) scaled to length 1, float32. Raises ModelError for a row of zeros or nan."""
    rows = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or not np.all(lengths > 0):
        raise ModelError("the embedding network gave a vector without a direction (zero or nan)")
    scaled: Vector = rows / lengths
    return scaled
