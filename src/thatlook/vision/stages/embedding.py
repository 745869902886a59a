"""The embedding stage: crops to unit vectors, with type, color, pattern and usage.

Any image encoder fits: its registry entry names the input (`input.name`), the crops' size and
normalisation, and the one output with a `dim`, which is the vector. Attribute heads are the
outputs that have `labels`; an encoder without any gives vectors alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.color import canonical
from thatlook.core.errors import ModelError
from thatlook.core.image import Pixels, fit_box, with_aspect
from thatlook.core.records import Box, Vector
from thatlook.core.taxonomy import OTHER, category_of, type_leaf
from thatlook.vision.models.inputs import EmbeddingInput
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.models.session import Runs, output_of_shape, to_batch
from thatlook.vision.worn_color import WornColor


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


TOLD: Final = 0.7
"""How much a shop's own word for a type or color weighs beside what the picture shows: shops are
wrong at times, and `docs/training-log.md` has what other values cost."""


class EmbeddingStage:
    """Embeds crops with the embedding network. Raises ModelError for an entry that lacks the
    crops' size, does not say which output is the vector, or has a value that cannot be.
    """

    def __init__(self, session: Runs) -> None:
        spec = session.spec
        self._session = session
        self._vector = vector_output(spec)
        self._dim = spec.dim_of(self._vector)
        self._parts = spec.parts_of(self._vector)
        self._logit_weights = spec.weights_of(self._vector, "logit_weights")
        self._worn = self._weights(spec.weights_of(self._vector, "worn_weights"))
        self._input = EmbeddingInput.of(spec)
        self._heads = {name: spec.names(name) for name in spec.labels if name in spec.outputs}
        self.worn_color = WornColor.of(spec)

    @property
    def key(self) -> str:
        """Id and sha256 of the network: what a catalog remembers."""
        return self._session.spec.key

    @property
    def dim(self) -> int:
        """The vectors' length."""
        return self._dim

    def _weights(self, named: Mapping[str, float]) -> NDArray[np.float32]:
        """One number per number of the vector, 1 where its part is not named."""
        weights = np.ones(self._dim, np.float32)
        for name, part in self._parts.items():
            weights[part] = named.get(name, 1.0)
        return weights

    def worn(self, vector: Vector) -> Vector:
        """The unit vector to search with for an article that somebody wears in a photo.

        A worn thing and the same on white paper look different; its type and color are told
        apart more surely. The entry's `worn_weights` say how much each part counts then.
        """
        found: Vector = unit((vector * self._worn)[None])[0]
        return found

    def told(self, read: Embedded, words: Mapping[str, str]) -> Vector:
        """The unit vector of a product of which the shop says type, color or pattern in `words`.

        Each word that the network has a label for counts TOLD, its own guess the rest. Words of
        which the entry has no part with a `logit_weight`, and unknown ones, change nothing.
        """
        vector = read.vector.copy()
        for head in self._logit_weights:
            label = self._label(head, words.get(head, ""))
            if label is None:
                continue
            seen = np.array(list(read.probabilities[head].values()), np.float64)
            known = (1 - TOLD) * seen
            known[label] += TOLD
            self._fill(vector, head, known)
        found: Vector = unit(vector[None])[0]
        return found

    def read_as(self, read: Embedded, head: str, probabilities: Mapping[str, float]) -> Embedded:
        """The same crop with another guess of one head, in the vector too where the entry has a
        part with a `logit_weight` for it.
        """
        told = {**read.probabilities, head: probabilities}
        if head not in self._logit_weights:
            return Embedded(read.vector, told)
        vector = read.vector.copy()
        self._fill(vector, head, np.array(list(probabilities.values()), np.float64))
        return Embedded(unit(vector[None])[0], told)

    def _fill(self, vector: Vector, head: str, probabilities: NDArray[np.float64]) -> None:
        """Put a guess into its part of the vector, whose length stays."""
        part = self._parts[head]
        length = float(np.linalg.norm(vector[part]))
        logits = np.log(np.maximum(probabilities, 1e-8))
        vector[part] = length * guess(logits, self._logit_weights[head])

    def _label(self, head: str, word: str) -> int | None:
        """The index of the head's label that a shop's word means."""
        plain = _plain(type_leaf(word))
        names = [_plain(name) for name in self._heads.get(head, ())]
        if plain and plain not in names and head == "color":
            plain = _plain(canonical(word))
        return names.index(plain) if plain in names else None

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


def guess(logits: NDArray[np.float64], logit_weight: float) -> NDArray[np.float32]:
    """The unit vector (classes,) of a guess: roots of the probabilities, and `logit_weight` times
    the logits' direction. What the exported graph computes; the recipe says why.
    """
    shifted = np.exp(logits - logits.max())
    roots = np.sqrt(np.maximum(shifted / shifted.sum(), 1e-8))
    centered = logits - logits.mean()
    mixed = roots + logit_weight * centered / max(float(np.linalg.norm(centered)), 1e-12)
    return np.asarray(mixed / np.linalg.norm(mixed), np.float32)


def _plain(word: str) -> str:
    """Letters alone, without a plural's s: "T-Shirts" and "tshirt" are one."""
    return "".join(c for c in word.lower() if c.isalpha()).removesuffix("s")


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
