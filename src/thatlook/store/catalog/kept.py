"""What was read of products found lately, kept until they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final, Generic, TypeVar

from thatlook.store.catalog.reads import Reads

MOST: Final = 20_000
"""Products at most, some 30 MB."""

MOST_WHOLE: Final = 5_000
"""Whole products at most: some 10 MB, where a shop describes each at length 30."""

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
        self.moment = (-1, "")

    def rows(self, ids: Sequence[str]) -> dict[str, Row]:
        """What `read` gives of these products now; those of which it gives nothing are left out.

        Raises ModelMismatchError where the catalog's network was switched.
        """
        with self._store.database.lock:
            self._forget_changed()
            if not self._rows.keys() >= (wanted := set(ids)):
                self._rows.update(self._read([one for one in ids if one not in self._rows]))
                wanted &= self._rows.keys()
            found = {one: self._rows[one] for one in wanted}
            for product_id in list(islice(self._rows, max(0, len(self._rows) - self._most))):
                del self._rows[product_id]  # those read first
        return found

    def _forget_changed(self) -> None:
        moment = self._store.moment()
        if moment == self.moment:
            return
        (before, token), self.moment = self.moment, moment
        # Of a catalog that was brought back from a copy nobody knows what changed.
        follows = 0 < moment[0] - before <= len(self._rows) and token == self._store.token(before)
        for product_id in self._store.changed_ids(before) if follows else list(self._rows):
            self._rows.pop(product_id, None)
