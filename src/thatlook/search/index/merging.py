"""The best of several blocks: each searched by its own scan, small selections together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from thatlook.search.index.block import Block
from thatlook.search.index.choosing import Chosen
from thatlook.search.index.query import Hit, Vectors, ranked
from thatlook.search.index.scan import FloatScan, Found, Scan, search, search_rows

POOLED: Final = 512
"""Selections of at most this many rows are copied into one block and searched at once: a search
of its own costs more than the copy."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A block, the scan that it has, and which of its rows count."""

    block: Block
    scan: Scan
    chosen: Chosen

    def found(self, queries: Vectors, k: int) -> list[Found]:
        """For each query the rows of the k highest similarities, with all tied with the last."""
        vectors, rows = self.block.vectors, self.chosen.rows
        if rows is not None:
            return search_rows(vectors, rows, queries, k)
        return search(self.scan, vectors, queries, k, self.chosen.mask)


Source = tuple[NDArray[np.bytes_], list[Found]]
"""Ids by row, and what was found per query."""


def best_of(
    parts: Sequence[Part], queries: Vectors, k: int
) -> tuple[tuple[tuple[Hit, ...], ...], int]:
    """For each query the best k products of all parts, ties by id, and how many rows counted."""
    small = [part for part in parts if 0 < part.chosen.count <= POOLED]
    large = [part for part in parts if part.chosen.count > POOLED]
    sources: list[Source] = [(part.block.ids, part.found(queries, k)) for part in large]
    if small:
        vectors = np.concatenate([part.chosen.of(part.block.vectors) for part in small])
        ids = np.concatenate([part.chosen.of(part.block.ids) for part in small])
        sources.append((ids, search(FloatScan(vectors), vectors, queries, k, None)))
    hits = tuple(_hits(sources, index, k) for index in range(len(queries)))
    return hits, sum(part.chosen.count for part in parts)


def _hits(sources: Sequence[Source], index: int, k: int) -> tuple[Hit, ...]:
    if not sources:
        return ()
    values = np.concatenate([found[index][0] for _, found in sources])
    ids = np.concatenate([ids[found[index][1]] for ids, found in sources])
    if len(values) > k:
        kept = values >= np.partition(values, len(values) - k)[len(values) - k]
        values, ids = values[kept], ids[kept]
    return ranked([id_.decode() for id_ in ids.tolist()], values.tolist(), k)
