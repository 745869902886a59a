"""What products are ranked by, read from columns and kept for those found lately."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from thatlook.core.errors import UnknownProductError
from thatlook.search.stored import Candidates
from thatlook.store.catalog.kept import MOST, Kept
from thatlook.store.catalog.reads import Reads


class Ranked:
    """The candidates of one catalog, as of its last change. Threads may share it."""

    def __init__(self, store: Reads, kept: int = MOST) -> None:
        self._store = store
        self._kept = Kept(store, store.ranked_rows, kept)
        self._vague: dict[str, bool] = {}
        self._vague_at = self._kept.moment

    def candidates(self, ids: Sequence[str]) -> Candidates:
        """See ProductStore; raises UnknownProductError."""
        found = self._kept.rows(ids)
        try:
            rows = [found[product_id] for product_id in ids]
        except KeyError as error:
            raise UnknownProductError(error.args[0]) from None
        vectors, traits, styles = zip(*rows, strict=True) if rows else ((), (), ())
        numbers = np.frombuffer(b"".join(vectors), "<f4").astype(np.float32, copy=False)
        dim = len(vectors[0]) // 4 if rows else 0
        return Candidates(numbers.reshape(len(rows), dim), traits, styles)

    def vague_styles(self, styles: Collection[str]) -> set[str]:
        """See ProductStore: as of when candidates were last asked for, or later."""
        with self._store.database.lock:
            if self._vague_at != self._kept.moment or len(self._vague) > MOST:
                self._vague, self._vague_at = {}, self._kept.moment
            missing = [key for key in styles if key not in self._vague]
            found = self._store.vague_styles(missing)
            self._vague.update({key: key in found for key in missing})
            return {key for key in styles if self._vague[key]}
