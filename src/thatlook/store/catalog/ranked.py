"""What products are ranked by, read from columns and kept for those found lately."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

import numpy as np

from thatlook.core.errors import UnknownProductError
from thatlook.search.stored import Candidates
from thatlook.store.catalog.reads import RankedRow, Reads

KEPT: Final = 20_000
"""Products at most, some 30 MB."""


class Ranked:
    """The candidates of one catalog, as of its last change. Threads may share it."""

    def __init__(self, store: Reads, kept: int = KEPT) -> None:
        self._store = store
        self._kept = kept
        self._rows: dict[str, RankedRow] = {}
        self._sequence = -1

    def candidates(self, ids: Sequence[str]) -> Candidates:
        """See ProductStore; raises UnknownProductError."""
        with self._store.database.lock:
            self._forget_changed()
            missing = [product_id for product_id in ids if product_id not in self._rows]
            self._rows.update(self._store.ranked_rows(missing))
            rows = [self._row(product_id) for product_id in ids]
            for product_id in list(islice(self._rows, max(0, len(self._rows) - self._kept))):
                del self._rows[product_id]  # those read first
        vectors, traits, styles = zip(*rows, strict=True) if rows else ((), (), ())
        numbers = np.frombuffer(b"".join(vectors), "<f4").astype(np.float32, copy=False)
        dim = len(vectors[0]) // 4 if rows else 0
        return Candidates(numbers.reshape(len(rows), dim), traits, styles)

    def _row(self, product_id: str) -> RankedRow:
        try:
            return self._rows[product_id]
        except KeyError:
            raise UnknownProductError(product_id) from None

    def _forget_changed(self) -> None:
        sequence = self._store.sequence()
        if sequence == self._sequence:
            return
        if not 0 < sequence - self._sequence <= len(self._rows):
            self._rows.clear()
        for product_id in self._store.changed_ids(self._sequence) if self._rows else ():
            self._rows.pop(product_id, None)
        self._sequence = sequence
