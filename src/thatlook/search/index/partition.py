"""One partition: an immutable main block, a small tail, and which rows of both still count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from thatlook.search.index.block import Block, Mask
from thatlook.search.index.choosing import filtered_rows
from thatlook.search.index.merging import Part
from thatlook.search.index.quantised import QuantisedScan
from thatlook.search.index.query import Entry, Filters
from thatlook.search.index.scan import FloatScan, Scan
from thatlook.search.index.scans import scan_of
from thatlook.search.index.tail import Tail

TAIL_ROWS: Final = 1024
"""A tail of this many rows is always fine ..."""
TAIL_SHARE: Final = 0.1
"""... and a longer one while it is below this share of the main block."""


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

    def parts(self, filters: Filters) -> tuple[Part, Part]:
        """The main block and the tail, with the rows of each that live and pass."""
        main, tail = self.main, self.tail_block
        return (
            Part(main, self.scan, filtered_rows(main, self.live, filters, main.rows_of)),
            Part(
                tail,
                FloatScan(tail.vectors),
                filtered_rows(tail, self.tail_live, filters, tail.rows_by_scan),
            ),
        )
