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

from thatlook.core.errors import ModelError
from thatlook.core.image import Pixels, fit_box, with_aspect
from thatlook.core.records import Box, Vector
from thatlook.core.taxonomy import OTHER, category_of
from thatlook.vision.models.inputs import EmbeddingInput
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.models.session import Runs, output_of_shape, to_batch


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """A crop's unit vector and, per attribute head, the probability of each label."""

    vector: Vector
    probabilities: Mapping[str, Mapping[str, float]]

    @property
    def category(self) -> str:
        """The category that is likelier than all others together, OTHER where none is; ""
        where the network has no such head.
        """
        probabilities = self.probabilities.get("category")
        if probabilities is None:
            return ""
        return next(
            (name for name, probability in probabilities.items() if probability > 0.5), OTHER
        )

    def attributes(self, category: str) -> dict[str, tuple[str, float]]:
        """The best label of each head with its probability, for an article of this category.

        A type must be one of the category's, where the network knows any: a bag is no shoe.
        The head "category" is left out, since the category is known.
        """
        return {
            head: max(_of_category(head, probabilities, category).items(), key=lambda item: item[1])
            for head, probabilities in self.probabilities.items()
            if head != "category"
        }


class EmbeddingStage:
    """Embeds crops with the embedding network. Raises ModelError for an entry that lacks the
    crops' size, does not say which output is the vector, or has a value that cannot be.
    """

    def __init__(self, session: Runs) -> None:
        spec = session.spec
        self._session = session
        self._vector = vector_output(spec)
        self._dim = spec.dim_of(self._vector)
        spec.parts_of(self._vector)  # a fault in it should show now, not at the first match
        self._input = EmbeddingInput.of(spec)
        self._heads = {name: spec.names(name) for name in spec.labels if name in spec.outputs}

    @property
    def key(self) -> str:
        """Id and sha256 of the network: what a catalog remembers."""
        return self._session.spec.key

    @property
    def dim(self) -> int:
        """The vectors' length."""
        return self._dim

    def run(self, image: Pixels, boxes: Sequence[Box]) -> list[Embedded]:
        """One Embedded per box of the image, in order."""
        return self.run_many([(image, box) for box in boxes])

    def run_many(self, crops: Sequence[tuple[Pixels, Box]]) -> list[Embedded]:
        """One Embedded per (image, box), in order, as many at a time as the entry's `batch`.

        Raises ModelError where the vectors are not of the entry's dim or have no direction, or a
        head has another length than its labels.
        """
        found: list[Embedded] = []
        for start in range(0, len(crops), self._input.batch):
            canvases = [self._canvas(*crop) for crop in crops[start : start + self._input.batch]]
            batch = to_batch(canvases, self._session.spec)
            found += self._read(self._session.run({self._input.name: batch}), len(canvases))
        return found

    def _canvas(self, image: Pixels, box: Box) -> Pixels:
        into = self._input
        wide = box.scaled(into.expand)
        if into.fit == "letterbox":
            wide = with_aspect(wide, into.size[0] / into.size[1])
        return fit_box(image, wide, into.size).canvas

    def _read(self, output: Mapping[str, NDArray[np.float32]], count: int) -> list[Embedded]:
        spec = self._session.spec
        vectors = unit(output_of_shape(spec, output, self._vector, (count, self._dim)))
        rows = {
            head: output_of_shape(spec, output, head, (count, len(names)))
            for head, names in self._heads.items()
        }
        return [
            Embedded(
                vector,
                {
                    head: dict(zip(names, map(float, rows[head][index]), strict=True))
                    for head, names in self._heads.items()
                },
            )
            for index, vector in enumerate(vectors)
        ]


def vector_output(spec: ModelSpec) -> str:
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
    return found[0]


def _of_category(
    head: str, probabilities: Mapping[str, float], category: str
) -> Mapping[str, float]:
    """The labels that an article of the category can have; all where none fits."""
    if head != "type":
        return probabilities
    return {
        name: p for name, p in probabilities.items() if _category_of(name) == category
    } or probabilities


_category_of = cache(category_of)


def unit(vectors: NDArray[Any]) -> Vector:
    """Rows (n, dim) scaled to length 1, float32. Raises ModelError for a row of zeros or nan."""
    rows = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or not np.all(lengths > 0):
        raise ModelError("the embedding network gave a vector without a direction (zero or nan)")
    scaled: Vector = rows / lengths
    return scaled
