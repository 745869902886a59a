"""One partition: an immutable main block, a small tail, and which rows of both still count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from thatlook.index.block import Block, Mask, Rows, passing
from thatlook.index.quantised import QuantisedScan
from thatlook.index.query import Entry, Filters, Vectors
from thatlook.index.scan import FloatScan, Found, Scan, search
from thatlook.index.scans import scan_of
from thatlook.index.tail import Tail

TAIL_ROWS: Final = 1024
"""A tail of this many rows is always fine ..."""
TAIL_SHARE: Final = 0.1
"""... and a longer one while it is below this share of the main block."""

RowsOf = Callable[[Iterable[str]], Rows]


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """What a search sees. A change makes a new Partition; the old one stays as it was.

    `live` and `tail_live` say which rows of the main block and of the tail still count.
    """

    main: Block
    scan: Scan
    live: Mask
    tail: Tail
    tail_block: Block
    tail_live: Mask

    @classmethod
    def of(cls, main: Block, scan: Scan | None = None, *, quick: bool = False) -> Partition:
        """A partition of a main block (ids ascending) with an empty tail.

        Without a `scan` the one for its size is built, with `quick` one that takes no time.
        """
        tail = Tail(main.dim)
        live = np.ones(len(main), bool)
        scan = scan or scan_of(main.vectors, quick=quick)
        return cls(main, scan, live, tail, tail.block(), np.zeros(0, bool))

    def __len__(self) -> int:
        return int(np.count_nonzero(self.live)) + int(np.count_nonzero(self.tail_live))

    @property
    def final(self) -> bool:
        """Whether the scan is the best one for the main block."""
        return not isinstance(self.scan, QuantisedScan) or self.scan.final

    @property
    def worn(self) -> bool:
        """Whether the tail or the dead rows are so many that a new main block is due."""
        waste = len(self.tail) + len(self.main) - int(np.count_nonzero(self.live))
        return waste > max(TAIL_ROWS, TAIL_SHARE * len(self.main))

    def with_entries(self, entries: Sequence[Entry]) -> Partition:
        """The partition after these products (distinct ids) were added or replaced."""
        if not entries:
            return self
        gone = self.without([entry.id for entry in entries])
        self.tail.append(entries)
        block = self.tail.block()
        live = np.ones(len(block), bool)
        live[: len(gone.tail_live)] = gone.tail_live
        return replace(gone, tail_block=block, tail_live=live)

    def without(self, ids: Sequence[str]) -> Partition:
        """The partition after these ids were taken out; unknown ones do not matter."""
        rows = self.main.rows_of(ids)
        tail_rows = self.tail.forget(ids)
        changed = self
        if len(rows):
            live = self.live.copy()
            live[rows] = False
            changed = replace(changed, live=live)
        if tail_rows:
            tail_live = self.tail_live.copy()
            tail_live[tail_rows] = False
            changed = replace(changed, tail_live=tail_live)
        return changed

    def search(self, queries: Vectors, k: int, filters: Filters) -> tuple[list[list[Found]], int]:
        """Per part (main, tail) what `scan.search` finds, and how many products passed."""
        main = _mask(self.main, self.live, filters, self.main.rows_of)
        tail = _mask(self.tail_block, self.tail_live, filters, self.tail_block.rows_by_scan)
        passed = _count(main, len(self.main)) + _count(tail, len(self.tail_block))
        vectors, more = self.main.vectors, self.tail_block.vectors
        found = [search(self.scan, vectors, queries, k, main)]
        found.append(search(FloatScan(more), more, queries, k, tail))
        return found, passed


def _mask(block: Block, live: Mask, filters: Filters, rows_of: RowsOf) -> Mask | None:
    """The rows of a block that live and pass; None where all do."""
    mask = passing(block, filters)
    if not live.all():
        mask = live if mask is None else mask & live
    if filters.include_ids is not None:
        wanted = np.zeros(len(block), bool)
        wanted[rows_of(filters.include_ids)] = True
        mask = wanted if mask is None else mask & wanted
    if filters.exclude_ids:
        mask = np.ones(len(block), bool) if mask is None else mask.copy()
        mask[rows_of(filters.exclude_ids)] = False
    return mask


def _count(mask: Mask | None, rows: int) -> int:
    return rows if mask is None else int(np.count_nonzero(mask))
