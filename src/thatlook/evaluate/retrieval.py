"""Precision and recall of the embedding network's neighbours on products kept apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

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


def ceiling(parts: Sequence[str], labels: Sequence[str], k: int = 10) -> float:
    """The best precision at `k` that any ranking could reach: many labels are rarer than `k`."""
    pairs = list(zip(parts, labels, strict=True))
    shares = []
    for part, label in pairs:
        most = min(k, sum(p == part for p in parts) - 1)
        if most:
            shares.append(min(most, pairs.count((part, label)) - 1) / most)
    return float(np.mean(shares)) if shares else float("nan")


def recall(queries: Floats, gallery: Floats, answers: Sequence[int], k: int) -> float:
    """The share of queries whose answer (a row of `gallery`) is among their `k` best rows."""
    scores = queries @ gallery.T
    mine = scores[np.arange(len(queries)), list(answers)]
    # Equal scores count against the answer: a network that says one thing of all is not right.
    rank = (scores >= mine[:, None]).sum(1)
    return float((rank <= k).mean())
