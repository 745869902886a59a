"""Exact search of one block of vectors under a mask: FAISS finds, double precision decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from thatlook.index.query import Vectors, similarities
from thatlook.records import Vector

GATHER_BELOW: Final = 0.02
GATHER_ROWS: Final = 512
"""Where fewer rows than this share, or than this many, pass a mask, they are copied out and
scanned alone."""
SPARE: Final = 12
"""Rows fetched beyond k: enough to see past the rounding of single precision."""

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
Found = tuple[NDArray[np.float32], Rows]
"""Similarities (m,) float32, and the rows (m,) they belong to; best first, not cut inside a tie."""


class Scan(Protocol):
    """Finds candidate rows of a block by approximate scores with a known error."""

    @property
    def complete(self) -> bool:
        """Whether every row that counts is looked at, so that `error` bounds those not fetched."""
        ...

    def under(self, share: float) -> Scan:
        """The scan to use where only this share of the rows, 0..1, passes a mask."""
        ...

    def first_count(self, k: int) -> int:
        """How many rows to fetch at first when the best k are wanted."""
        ...

    def candidates(self, queries: Vectors, count: int, mask: Mask | None) -> Found:
        """Per query the `count` rows of highest approximate score: scores and rows, (n, count).

        Places that nothing fills hold the row -1.
        """
        ...

    def error(self, query: Vector) -> float:
        """How far an approximate score of this query can be from the similarity."""
        ...


class FloatScan:
    """Scans float32 vectors (n, dim) as they are; holds no copy of them."""

    complete = True

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def under(self, share: float) -> Scan:  # noqa: ARG002 - one of several kinds of scan
        """See Scan."""
        return self

    def first_count(self, k: int) -> int:
        """See Scan."""
        return k + SPARE

    def candidates(self, queries: Vectors, count: int, mask: Mask | None) -> Found:
        """See Scan."""
        vectors = self._vectors
        scores = np.empty((len(queries), count), np.float32)
        rows = np.empty((len(queries), count), np.int64)
        selector, _kept = selector_of(mask)
        with threads_for(len(queries)):
            faiss.knn_inner_product(
                faiss.swig_ptr(queries),
                faiss.swig_ptr(vectors),
                vectors.shape[1],
                len(queries),
                len(vectors),
                count,
                faiss.swig_ptr(scores),
                faiss.swig_ptr(rows),
                selector,
            )
        return scores, rows

    def error(self, query: Vector) -> float:
        """The rounding of a single-precision sum of dim products of unit vectors, generously."""
        return float(len(query) * 2.0**-22 * max(1.0, float(np.linalg.norm(query))))


@contextmanager
def threads_for(queries: int) -> Iterator[None]:
    """No more FAISS threads than queries: one query is scanned by one thread anyway, and a team
    of threads that wait for each other costs 100 times the scan where other work holds the cores.
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(min(before, queries))
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def selector_of(mask: Mask | None) -> tuple[Any, Any]:
    """A FAISS selector of the mask's rows, and the bits that must live as long as it does."""
    if mask is None:
        return None, None
    bits = np.packbits(mask, bitorder="little")
    return faiss.IDSelectorBitmap(len(mask), faiss.swig_ptr(bits)), bits


def search(
    scan: Scan, vectors: Vectors, queries: Vectors, k: int, mask: Mask | None
) -> list[Found]:
    """For each query the rows of the k highest similarities, and every row tied with the last.

    `mask` (n,) says which rows count; None counts all. Exact whatever the scan's error, if it
    is complete: rows are fetched until no row outside could still be among the best k.
    """
    passed = len(vectors) if mask is None else int(np.count_nonzero(mask))
    if passed == 0:
        return [(np.zeros(0, np.float32), np.zeros(0, np.int64))] * len(queries)
    few = max(GATHER_ROWS, k + SPARE, GATHER_BELOW * len(vectors))
    if mask is not None and passed <= few and passed < len(vectors):
        picked = np.flatnonzero(mask)
        inner = vectors[picked]
        found = search(FloatScan(inner), inner, queries, k, None)
        return [(scores, picked[rows]) for scores, rows in found]
    scan = scan.under(passed / len(vectors))
    return _widening(scan, vectors, queries, k, None if passed == len(vectors) else mask)


def _widening(
    scan: Scan, vectors: Vectors, queries: Vectors, k: int, mask: Mask | None
) -> list[Found]:
    """Fetches more and more rows, until the worst of the best k beats all rows not fetched."""
    passed = len(vectors) if mask is None else int(np.count_nonzero(mask))
    found: dict[int, Found] = {}
    count = min(passed, scan.first_count(k))
    while len(found) < len(queries):
        waiting = [place for place in range(len(queries)) if place not in found]
        asked = np.ascontiguousarray(queries[waiting])
        for place, scores, rows in zip(waiting, *scan.candidates(asked, count, mask), strict=True):
            best = _best(vectors, queries[place], rows, k)
            outside = float(scores.min()) + scan.error(queries[place])
            if count == passed or best[0][-1] > outside or not scan.complete:
                found[place] = best
        count = min(passed, count * 4)
    return [found[place] for place in range(len(queries))]


def _best(vectors: Vectors, query: Vector, rows: Rows, k: int) -> Found:
    """Of these rows the best k by similarity, best first, with every row tied with the last."""
    exact = similarities(vectors[rows], query)
    order = np.argsort(-exact, kind="stable")
    last = exact[order[min(k, len(order)) - 1]]
    order = order[exact[order] >= last]
    return exact[order], rows[order]
