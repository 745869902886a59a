"""Scans of large blocks over 8-bit copies of the vectors, which say how far off they can be."""

from __future__ import annotations

from typing import Any, Final, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from thatlook.core.records import Vector
from thatlook.search.index.query import Vectors
from thatlook.search.index.scan import Found, Mask, Scan, selector_of, threads_for

QUANTISED_FROM: Final = 20_000
"""Blocks of this many rows are scanned as 8-bit codes, a quarter of the bytes to read. Measured by
benchmarks/bench_scans.py, as are the other thresholds; docs/catalog.md has the table."""
_ROUNDING: Final = 2.0**-16
"""What single-precision sums add to the error of the codes; generous."""
_DECODED_ROWS: Final = 65_536


class QuantisedScan:
    """Scans codes of 8 bits per number; `worst` is the largest distance of a row to its code.

    `final` is False where a slower build would give the block a quicker scan.
    """

    kind: Final = "sq8"
    complete = True
    rows_below = 0.3

    def __init__(self, index: Any, worst: float, *, final: bool = True) -> None:
        self._index = index
        self.worst = worst
        self.final = final

    @classmethod
    def of(cls, vectors: Vectors, *, final: bool = True) -> Self:
        """Encodes the vectors, each dimension over its own range."""
        index = faiss.IndexScalarQuantizer(
            vectors.shape[1], faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        index.train(vectors)
        index.add(vectors)
        worst = 0.0
        for start in range(0, len(vectors), _DECODED_ROWS):
            part = vectors[start : start + _DECODED_ROWS]
            off = index.reconstruct_n(start, len(part)) - part
            worst = max(worst, float(np.sqrt((off * off).sum(axis=1)).max()))
        return cls(index, worst, final=final)

    @classmethod
    def from_bytes(cls, data: NDArray[np.uint8], worst: float, *, final: bool = True) -> Self:
        """The scan that `to_bytes` wrote."""
        return cls(faiss.deserialize_index(data), worst, final=final)

    def to_bytes(self) -> NDArray[np.uint8]:
        """The codes and their ranges as FAISS writes them."""
        data: NDArray[np.uint8] = faiss.serialize_index(self._index)
        return data

    def under(self, share: float) -> Scan:  # noqa: ARG002 - one of several kinds of scan
        """See Scan."""
        return self

    def first_count(self, k: int) -> int:
        """See Scan."""
        return 3 * k + 20

    def candidates(self, queries: Vectors, count: int, mask: Mask | None) -> Found:
        """See Scan."""
        selector, _kept = selector_of(mask)
        parameters: Any = None
        if selector is not None:
            parameters = faiss.SearchParameters()
            parameters.sel = selector
        with threads_for(len(queries)):
            scores, rows = self._index.search(queries, count, params=parameters)
        return scores, rows

    def error(self, query: Vector) -> float:
        """By Cauchy and Schwarz: the query's length times the worst row's distance to its code."""
        length = max(1.0, float(np.linalg.norm(query)))
        return length * (self.worst + _ROUNDING)
