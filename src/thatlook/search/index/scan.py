"""Exact search of one block of vectors under a mask: FAISS finds, double precision decides."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from thatlook.core.records import Vector
from thatlook.search.index.query import Vectors, similarities

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

    @property
    def rows_below(self) -> float:
        """Where less than this share of the rows counts, reading only those is quicker."""
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
    rows_below = 0.75

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
        scores, rows = _room(queries, count)
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
        return len(query) * 2.0**-22 * max(1.0, math.sqrt(query @ query))


class RowsScan(FloatScan):
    """Reads only the listed rows of float32 vectors (n, dim), where they are."""

    def __init__(self, vectors: Vectors, rows: Rows) -> None:
        super().__init__(vectors)
        self._rows = np.ascontiguousarray(rows, np.int64)

    def candidates(self, queries: Vectors, count: int, mask: Mask | None) -> Found:  # noqa: ARG002
        """See Scan; the listed rows are all that count."""
        scores, rows = _room(queries, count)
        with threads_for(len(queries)):
            faiss.knn_inner_products_by_idx(  # type: ignore[attr-defined]
                faiss.swig_ptr(queries),
                faiss.swig_ptr(self._vectors),
                faiss.swig_ptr(self._rows),
                self._vectors.shape[1],
                len(queries),
                len(self._vectors),
                len(self._rows),
                count,
                faiss.swig_ptr(scores),
                faiss.swig_ptr(rows),
                0,  # the same rows for every query
            )
        return scores, rows


def _room(queries: Vectors, count: int) -> Found:
    """Where FAISS writes scores and rows, (n, count)."""
    return np.empty((len(queries), count), np.float32), np.empty((len(queries), count), np.int64)


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
    eligible = len(vectors) if mask is None else int(np.count_nonzero(mask))
    if mask is not None and eligible < scan.rows_below * len(vectors):
        return search_rows(vectors, np.flatnonzero(mask), queries, k)
    scan = scan.under(eligible / max(1, len(vectors)))
    return _widening(
        scan, vectors, queries, (k, eligible), None if eligible == len(vectors) else mask
    )


def search_rows(vectors: Vectors, rows: Rows, queries: Vectors, k: int) -> list[Found]:
    """As `search` where only these rows count, distinct and in any order; always exact."""
    return _widening(RowsScan(vectors, rows), vectors, queries, (k, len(rows)), None)


def _widening(
    scan: Scan, vectors: Vectors, queries: Vectors, sizes: tuple[int, int], mask: Mask | None
) -> list[Found]:
    """Fetches more and more rows, until the worst of the best k beats all rows not fetched.

    `sizes` are k and how many rows count.
    """
    k, eligible = sizes
    if eligible == 0:
        return [(np.zeros(0, np.float32), np.zeros(0, np.int64))] * len(queries)
    found: dict[int, Found] = {}
    count = min(eligible, scan.first_count(k))
    while len(found) < len(queries):
        waiting = [index for index in range(len(queries)) if index not in found]
        asked = np.ascontiguousarray(queries[waiting])
        for index, scores, rows in zip(waiting, *scan.candidates(asked, count, mask), strict=True):
            best = _best(vectors, queries[index], rows, k)
            last = count == eligible or not scan.complete
            if last or best[0][-1] > float(scores.min()) + scan.error(queries[index]):
                found[index] = best
        count = min(eligible, count * 4)
    return [found[index] for index in range(len(queries))]


def _best(vectors: Vectors, query: Vector, rows: Rows, k: int) -> Found:
    """Of these rows the best k by similarity, best first, with every row tied with the last."""
    exact = similarities(vectors[rows], query)
    order = np.argsort(-exact, kind="stable")
    last = exact[order[min(k, len(order)) - 1]]
    order = order[exact[order] >= last]
    return exact[order], rows[order]
