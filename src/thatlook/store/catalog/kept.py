"""What was read of products found lately, kept until they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final, Generic, TypeVar

from thatlook.store.catalog.reads import Reads

MOST: Final = 20_000
"""Products at most, some 30 MB."""

Row = TypeVar("Row")


class Kept(Generic[Row]):
    """Rows of one catalog by the ids of products, as of its last change. Threads may share it."""

    def __init__(
        self,
        store: Reads,
        read: Callable[[Sequence[str]], Mapping[str, Row]],
        most: int = MOST,
    ) -> None:
        self._store = store
        self._read = read
        self._most = most
        self._rows: dict[str, Row] = {}
        self._moment = (-1, "")

    def rows(self, ids: Sequence[str]) -> dict[str, Row]:
        """What `read` gives of these products now; those of which it gives nothing are left out.

        Raises ModelMismatchError where the catalog's network was switched.
        """
        with self._store.database.lock:
            self._forget_changed()
            missing = [product_id for product_id in ids if product_id not in self._rows]
            self._rows.update(self._read(missing) if missing else {})
            found = {one: self._rows[one] for one in ids if one in self._rows}
            for product_id in list(islice(self._rows, max(0, len(self._rows) - self._most))):
                del self._rows[product_id]  # those read first
        return found

    def _forget_changed(self) -> None:
        moment = self._store.moment()
        if moment == self._moment:
            return
        (before, token), self._moment = self._moment, moment
        # Of a catalog that was brought back from a copy nobody knows what changed.
        follows = 0 < moment[0] - before <= len(self._rows) and token == self._store.token(before)
        for product_id in self._store.changed_ids(before) if follows else list(self._rows):
            self._rows.pop(product_id, None)
