"""The embedding map: products laid out so that look-alikes are near each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import SettingsError


@dataclass(frozen=True, slots=True, eq=False)
class MapLayout:
    """Where each vector is on the map: float64 (n, 2) within 0..1, and how much of the
    vectors' variance the two axes show.
    """

    points: NDArray[np.float64]
    explained: float


def principal_layout(vectors: NDArray[np.float32]) -> MapLayout:
    """The first two principal components of vectors (n, dim), each spread over 0..1 by rank.

    By rank, because a map is to be looked at: equal steps leave no crowd and no empty
    corner. Signs are fixed so that the largest loading is positive. Raises SettingsError for
    fewer than three vectors.
    """
    if len(vectors) < 3:
        raise SettingsError(f"a map needs three products or more, not {len(vectors)}")
    centered = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    # The covariance is small (dim x dim), the vectors may be a million.
    values, axes = np.linalg.eigh(centered.T @ centered)
    first = axes[:, ::-1][:, :2]
    first = first * np.sign(first[np.abs(first).argmax(axis=0), [0, 1]])
    total = float(values.sum())
    explained = float(values[::-1][:2].sum()) / total if total > 0 else 0.0
    return MapLayout(np.apply_along_axis(_ranks, 0, centered @ first), explained)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each value's rank, scaled to 0..1; equal values keep their order."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.linspace(0, 1, len(values))
    return ranks


def one_per_cell(
    points: NDArray[np.float64], columns: int, rows: int
) -> dict[tuple[int, int], int]:
    """For each cell (column, row) of a grid over the map, the point nearest its middle."""
    size = np.array([columns, rows])
    cells = np.minimum((points * size).astype(int), size - 1)
    middles = (cells + 0.5) / size
    apart = ((points - middles) ** 2).sum(axis=1)
    chosen: dict[tuple[int, int], int] = {}
    for index in np.argsort(apart, kind="stable"):
        cell = (int(cells[index, 0]), int(cells[index, 1]))
        chosen.setdefault(cell, int(index))
    return chosen
