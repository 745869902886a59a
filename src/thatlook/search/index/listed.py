"""Scans of very large blocks: only the lists of rows that are near the query (FAISS IVF)."""

from __future__ import annotations

from typing import Any, Final, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from thatlook.core.records import Vector
from thatlook.search.index.quantised import QuantisedScan
from thatlook.search.index.query import Vectors
from thatlook.search.index.scan import Found, Mask, Scan, search, selector_of, threads_for

LISTED_FROM: Final = 500_000
"""Blocks of this many rows are searched by lists, if those find enough: smaller ones are scanned
whole in less time than anybody notices (6 ms), and miss nothing."""
WANTED_RECALL: Final = 0.999
MASK_SHARE: Final = 0.5
"""Where fewer rows pass a mask, the lists would miss some: all codes are scanned."""
_PROBES: Final = (8, 16, 32, 64, 128, 256)
_MOST_LISTS: Final = 1 / 8
"""Looking into a larger share of the lists is no quicker than scanning all codes."""
_TRIALS: Final = 200
_TRIAL_K: Final = 20
_SAMPLE_PER_LIST: Final = 40
_NOISE: Final = 3**0.5
"""Length of the noise added to a row for a trial: such a query has similarity 0.5 with its row.
Nearer queries are easier, lists find all for them and miss up to 3 % for these."""


class ListScan:
    """Looks into the `probes` lists nearest to the query. Not complete: recall is 0.999.

    `probes` is measured when the lists are built: twice the smallest number that finds 0.999
    of the true best 20 for trial queries of this very block.
    """

    kind: Final = "ivf"
    complete = False
    rows_below = QuantisedScan.rows_below

    def __init__(self, index: Any, probes: int, flat: QuantisedScan) -> None:
        self._index = index
        self.probes = probes
        self.flat = flat

    @classmethod
    def of(cls, vectors: Vectors, flat: QuantisedScan | None = None) -> Self | None:
        """Sorts the rows into lists; None where looking into few lists would miss too much.

        `flat` is the scan of all their codes, made where it is not given.
        """
        dim, lists = vectors.shape[1], int(4 * len(vectors) ** 0.5)
        rng = np.random.default_rng(0)
        index = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(dim),
            dim,
            lists,
            faiss.ScalarQuantizer.QT_8bit,
            faiss.METRIC_INNER_PRODUCT,
            False,  # codes of the rows themselves, not of their difference to the list's middle
        )
        index.cp.niter = 6
        index.cp.min_points_per_centroid = 1  # FAISS would print a warning
        sample = rng.permutation(len(vectors))[: _SAMPLE_PER_LIST * lists]
        index.train(np.ascontiguousarray(vectors[np.sort(sample)]))
        index.add(vectors)
        flat = flat or QuantisedScan.of(vectors)
        probes = _measured_probes(cls, index, flat, vectors)
        return None if probes is None else cls(index, probes, flat)

    @classmethod
    def from_bytes(cls, data: NDArray[np.uint8], probes: int, flat: QuantisedScan) -> Self:
        """The scan that `to_bytes` wrote."""
        return cls(faiss.deserialize_index(data), probes, flat)

    def to_bytes(self) -> NDArray[np.uint8]:
        """The lists as FAISS writes them, without the flat scan."""
        data: NDArray[np.uint8] = faiss.serialize_index(self._index)
        return data

    def under(self, share: float) -> Scan:
        """The flat scan where only this share of the rows passes and it is small."""
        return self if share >= MASK_SHARE else self.flat

    def first_count(self, k: int) -> int:
        """See Scan."""
        return self.flat.first_count(k)

    def candidates(self, queries: Vectors, count: int, mask: Mask | None) -> Found:
        """See Scan. All rows are scanned where the lists hold fewer than `count`."""
        selector, _kept = selector_of(mask)
        parameters = faiss.SearchParametersIVF()
        parameters.nprobe = self.probes
        if selector is not None:
            parameters.sel = selector
        with threads_for(len(queries)):
            scores, rows = self._index.search(queries, count, params=parameters)
        if (rows < 0).any():
            return self.flat.candidates(queries, count, mask)
        return scores, rows

    def error(self, query: Vector) -> float:
        """That of the codes; says nothing of the lists not looked into."""
        return self.flat.error(query)


def _measured_probes(
    kind: type[ListScan], index: Any, flat: QuantisedScan, vectors: Vectors
) -> int | None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((_TRIALS, vectors.shape[1]))
    noise *= _NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    queries = vectors[rng.integers(len(vectors), size=_TRIALS)] + noise
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    truth = [rows[:_TRIAL_K] for _, rows in search(flat, vectors, queries, _TRIAL_K, None)]
    worthwhile = [probes for probes in _PROBES if probes <= _MOST_LISTS * index.nlist]
    for probes in worthwhile:
        found = search(kind(index, probes, flat), vectors, queries, _TRIAL_K, None)
        hits = sum(np.isin(t, f[1]).sum() for t, f in zip(truth, found, strict=True))
        if hits >= WANTED_RECALL * _TRIALS * _TRIAL_K:
            return 2 * probes
    return None


def scan_by_lists(vectors: Vectors) -> Scan:
    """Lists where they find enough, else the flat scan."""
    flat = QuantisedScan.of(vectors)
    return ListScan.of(vectors, flat) or flat
