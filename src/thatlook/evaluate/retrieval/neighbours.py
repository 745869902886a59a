"""Neighbours of the products of one part, quickly: what a training measures as it goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thatlook.core.records import Box
from thatlook.vision.stages.embedding import EmbeddingStage

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def neighbours(vectors: Floats, parts: Sequence[str], k: int) -> list[Ints]:
    """Per row, the rows of the same part most like it: at most `k`, best first, never itself.

    `vectors` (n, dim) of unit length; ties go to the earlier row.
    """
    found: list[Ints] = [np.zeros(0, np.int64)] * len(vectors)
    names = np.asarray(parts)
    for name in np.unique(names):
        rows = np.flatnonzero(names == name)
        scores = vectors[rows] @ vectors[rows].T
        np.fill_diagonal(scores, -np.inf)
        order = np.argsort(-scores, axis=1, kind="stable")[:, : min(k, len(rows) - 1)]
        for i, row in enumerate(rows):
            found[row] = rows[order[i]]
    return found


def precision(found: Sequence[Ints], labels: Sequence[str], k: int = 10) -> float:
    """The mean share of each query's first `k` neighbours that carry its label.

    A query without any neighbour counts nowhere; one with fewer than `k` is divided by what
    it has. NaN where no query is left.
    """
    names = np.asarray(labels)
    shares = [float((names[n[:k]] == names[i]).mean()) for i, n in enumerate(found) if len(n)]
    return float(np.mean(shares)) if shares else float("nan")


def crop_vectors(stage: EmbeddingStage, crops: Sequence[tuple[Path, Sequence[float]]]) -> Floats:
    """The vectors (n, dim) of (photo, box) crops."""
    from thatlook.data.scenes import photo

    found = []
    for start in range(0, len(crops), 256):
        part = [(photo(path), Box(*box)) for path, box in crops[start : start + 256]]
        found += [e.vector for e in stage.run_many(part)]
    return np.stack(found).astype(np.float32)
