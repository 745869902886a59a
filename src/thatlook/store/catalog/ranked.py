"""What products are ranked by, read from columns and kept for those found lately."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thatlook.core.errors import UnknownProductError
from thatlook.search.stored import Candidates
from thatlook.store.catalog.kept import MOST, Kept
from thatlook.store.catalog.reads import Reads


class Ranked:
    """The candidates of one catalog, as of its last change. Threads may share it."""

    def __init__(self, store: Reads, kept: int = MOST) -> None:
        self._kept = Kept(store, store.ranked_rows, kept)

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
