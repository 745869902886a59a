"""What was read of products found lately, kept until they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from thatlook.search.index.query import Moment
from thatlook.store.catalog.store import Store

MOST: Final = 20_000
"""Products at most, some 30 MB."""

Row = TypeVar("Row")


class Changes:
    """Follows what changes in a catalog, once for all who keep something of it.

    To be used by whoever holds the database's lock.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.moment: Moment = (-1, "")
        self._kept: list[MutableMapping[str, Any]] = []

    def follow(self, rows: MutableMapping[str, Any]) -> None:
        """Takes out of these rows, by the ids of products, whatever changes from now on."""
        self._kept.append(rows)

    def look(self, moment: Moment | None) -> Moment:
        """As of when the rows are: now, unless they are as of `moment`; then nobody is asked.

        Raises ModelMismatchError where the catalog's network was switched.
        """
        if moment is None or moment != self.moment:
            self._forget_changed()
        return self.moment

    def clear(self) -> None:
        """Takes out all rows."""
        self.moment = (-1, "")
        for rows in self._kept:
            rows.clear()

    def _forget_changed(self) -> None:
        moment = self.store.moment()
        if moment == self.moment:
            return
        before, token = self.moment
        # Of a catalog that was brought back from a copy nobody knows what changed.
        follows = 0 < moment[0] - before <= sum(map(len, self._kept))
        if not follows or token != self.store.token(before):
            self.clear()
        else:
            self._forget(self.store.changed_ids(before))
        self.moment = moment

    def _forget(self, ids: Sequence[str]) -> None:
        for rows in self._kept:
            for product_id in ids:
                rows.pop(product_id, None)


class Kept(Generic[Row]):
    """Rows of one catalog by the ids of products, as of its last change. Threads may share it."""

    def __init__(
        self,
        changes: Changes,
        read: Callable[[Sequence[str]], Mapping[str, Row]],
        most: int = MOST,
    ) -> None:
        self._changes = changes
        self._read = read
        self._most = most
        self._rows: dict[str, Row] = {}
        changes.follow(self._rows)

    def rows(
        self, ids: Sequence[str], moment: Moment | None = None
    ) -> tuple[dict[str, Row], Moment]:
        """What `read` gives of these products, and as of when; those of which it gives nothing are
        left out.

        As of now; with a `moment` at least as of then. Raises ModelMismatchError where the
        catalog's network was switched.
        """
        with self._changes.store.database.lock:
            seen = self._changes.look(moment)
            wanted = set(ids)
            if not self._rows.keys() >= wanted:
                self._rows.update(self._read([one for one in ids if one not in self._rows]))
                wanted &= self._rows.keys()
            found = {one: self._rows[one] for one in wanted}
            for product_id in list(islice(self._rows, max(0, len(self._rows) - self._most))):
                del self._rows[product_id]  # those read first
        return found, seen

    def holds(self, ids: Sequence[str]) -> bool:
        """Whether all of these are kept, as of whenever it was looked last."""
        return self._rows.keys() >= set(ids)

    def clear(self) -> None:
        """Lets go of all rows."""
        with self._changes.store.database.lock:
            self._changes.clear()
