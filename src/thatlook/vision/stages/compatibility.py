"""The compatibility stage: what is worn to the vector that the missing article should have.

The network is a table of how much the attributes of one article speak for those of another, worn
in one outfit: a bilinear form over the embedding's guesses of type, color and pattern. Colors and
patterns count twice, alone and together with the category (the type-aware spaces of Vasileva et
al., ECCV 2018, with so few outfits that they share what all categories have in common). It is
trained to tell the article that was worn from others of its category, so what it gives is how much
likelier an article is beside these than anywhere (van den Oord et al., 2018).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import ModelError
from thatlook.core.records import Vector
from thatlook.core.taxonomy import CATEGORIES
from thatlook.vision.models.registry import ModelSpec, is_number
from thatlook.vision.models.session import Runs, output_of_shape
from thatlook.vision.stages.embedding import vector_output

Floats = NDArray[np.float32]

PARTS: Final = ("type", "color", "pattern")
"""The parts of an embedding that are compared. The look of a picture is none of them: what two
crops of one photo share, the light above all, would pass for taste."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """An article or a product of an outfit: its category and its embedding (dim,)."""

    category: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the numbers of the compared parts lie, in an embedding and in the network's rows."""

    parts: Mapping[str, slice]

    @classmethod
    def of(cls, embedding: ModelSpec) -> Layout:
        """The layout for an embedding network. Raises ModelError where it has no such parts."""
        found = embedding.parts_of(vector_output(embedding))
        missing = [name for name in PARTS if name not in found]
        if missing:
            raise ModelError(
                f"{embedding.id}: compatibility needs the parts {', '.join(PARTS)} in the "
                f"entry's vector, {', '.join(missing)} is missing"
            )
        return cls({name: found[name] for name in PARTS})

    @property
    def length(self) -> int:
        """The numbers of all parts."""
        return sum(int(part.stop) - int(part.start) for part in self.parts.values())

    @property
    def typeless(self) -> int:
        """The numbers of all parts but the type."""
        kinds = self.parts["type"]
        return self.length - (int(kinds.stop) - int(kinds.start))

    @property
    def width(self) -> int:
        """The numbers of a row of the network."""
        return self.length + len(CATEGORIES) * self.typeless

    def rows(self, vectors: NDArray[Any]) -> Floats:
        """The compared parts of embeddings (n, dim), each part of unit length, (n, length)."""
        parts = [_unit(np.asarray(vectors)[:, part]) for part in self.parts.values()]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def context(self, rows: Floats, categories: Sequence[str]) -> Floats:
        """One row (width,) for articles worn together: their sum, by the root of their number."""
        found = np.zeros(self.width, np.float32)
        start = self.length - self.typeless
        for row, category in zip(rows, categories, strict=True):
            found[: self.length] += row
            found[self._own(category)] += row[start:]
        return found / np.float32(math.sqrt(max(1, len(rows))))

    def _own(self, category: str) -> slice:
        at = self.length + CATEGORIES.index(category) * self.typeless
        return slice(at, at + self.typeless)

    def folded(self, answers: Floats, category: str) -> Floats:
        """The network's answers (n, width) for an article of the category, (n, length)."""
        found = answers[:, : self.length].copy()
        found[:, self.length - self.typeless :] += answers[:, self._own(category)]
        return found


class CompatibilityStage:
    """Asks the compatibility network. Raises ModelError for one that does not fit the embedding."""

    def __init__(self, session: Runs, embedding: ModelSpec) -> None:
        spec = session.spec
        self.layout = Layout.of(embedding)
        self._session = session
        self._embedding = embedding
        for head in PARTS:
            spec.fixed(head, embedding.names(head))
        self._slope, self._middle = (_number(spec, name) for name in ("slope", "middle"))

    @property
    def spec(self) -> ModelSpec:
        """The network's registry entry."""
        return self._session.spec

    def wanted(self, worn: Sequence[Piece], category: str) -> Floats:
        """What speaks for an article of the category, per worn piece, (pieces, length).

        The sum over the pieces, times an article's row, is how well it goes with them all.
        Raises ModelError.
        """
        rows = self.layout.rows(np.stack([piece.vector for piece in worn]))
        share = np.float32(math.sqrt(len(worn)))
        asked = np.stack(
            [
                self.layout.context(row[None], [piece.category]) / share
                for row, piece in zip(rows, worn, strict=True)
            ]
        )
        shape = (len(worn), self.layout.width)
        found = self._session.run({"context": asked})
        return self.layout.folded(output_of_shape(self.spec, found, "wanted", shape), category)

    def score(self, value: float) -> float:
        """The score, 0..1: how probably an article of this value was worn with the others, where
        one that was and one that was not are as frequent.
        """
        steps = self._slope * (value - self._middle)
        return 1.0 / (1.0 + math.exp(-min(max(steps, -500.0), 500.0)))

    def vector(self, wanted: Floats, lengths: Mapping[str, float]) -> Vector:
        """`wanted` (length,) as a unit vector (dim,) whose products with embeddings are in the
        order of the values; `lengths` are those of the parts in these embeddings.
        """
        dim = self._embedding.dim_of(vector_output(self._embedding))
        found = np.zeros(dim, np.float32)
        start = 0
        for name, part in self.layout.parts.items():
            size = part.stop - part.start
            found[part] = wanted[start : start + size] / max(lengths[name], 1e-6)
            start += size
        length = float(np.linalg.norm(found))
        return found / np.float32(length) if length else found

    def lengths(self, vector: Vector) -> dict[str, float]:
        """How long each compared part of an embedding is: the same in all of one network."""
        return {name: float(np.linalg.norm(vector[p])) for name, p in self.layout.parts.items()}


def _number(spec: ModelSpec, name: str) -> float:
    value = spec.details.get("calibration", {}).get(name)
    if not is_number(value):
        raise spec.misfit(f"calibration.{name}", "a number", value)
    return float(value)


def _unit(rows: NDArray[Any]) -> NDArray[Any]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[Any] = rows / np.maximum(lengths, 1e-12)
    return scaled
