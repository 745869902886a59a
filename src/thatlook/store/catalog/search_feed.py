"""The store's sequence of changes as an outbox: what changed is brought to a search engine."""

from __future__ import annotations

import logging
import threading
from typing import Final

from thatlook.core.errors import CatalogError, CatalogUnavailableError
from thatlook.search.index.milvus import Cursor, MilvusIndex
from thatlook.store.catalog.store import Store

BATCH: Final = 2_000
"""Changes between two moves of the cursor: what is done again after a kill."""
SETTLED_FROM: Final = 10_000
"""After so many changes the engine is told to close its growing parts, whose search is less exact
or slower."""
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 10.0

_log = logging.getLogger(__name__)


class SearchFeed:
    """Brings one catalog's changes to one collection, in order, from where the collection is.

    Done again after a kill it repeats at most one batch, which changes nothing. One feeds at a time
    (`Backend.alone`).
    """

    def __init__(self, store: Store, engine: MilvusIndex) -> None:
        self._store = store
        self._engine = engine
        self._fed_to: Cursor | None = None
        self._unsettled = 0

    def step(self) -> int:
        """Feeds the next batch; returns how many changes it had, 0 where the engine has them all.

        Raises CatalogUnavailableError, and CatalogError where the collection is another catalog's.
        """
        try:
            if self._fed_to is None:
                self._fed_to = self._begin()
            self._check(self._fed_to)
            return self._fed(self._fed_to.sequence)
        except CatalogUnavailableError:
            self._fed_to = None  # what became of the batch is asked, not guessed
            raise

    def catch_up(self) -> int:
        """Feeds all there is; returns how many changes. Leaves it to another process that feeds."""
        with self._store.database.alone("search") as alone:
            return self._all() if alone() else 0

    def run(self, stop: threading.Event, every_s: float = 1.0) -> None:
        """Feeds until `stop` is set, whenever no other process does; waits for an engine or a
        store that is down.

        Raises CatalogError where the collection is another catalog's, or the store cannot be read.
        """
        pause_s = _FIRST_PAUSE_S
        while not stop.is_set():
            self._fed_to = None  # another may have fed meanwhile
            try:
                with self._store.database.alone("search") as alone:
                    while alone() and not stop.is_set():
                        self._all(stop)
                        pause_s = _FIRST_PAUSE_S
                        stop.wait(every_s)
            except CatalogUnavailableError as error:
                _log.warning("the search is not fed: %s", error)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            stop.wait(pause_s)

    def _all(self, stop: threading.Event | None = None) -> int:
        total = 0
        while not (stop and stop.is_set()) and (count := self.step()):
            total += count
        return total

    def rebuild(self) -> None:
        """Empties the collection, so that everything is fed anew."""
        with self._store.database.alone("search") as alone:
            if not alone():
                raise CatalogError("another process feeds the search; end it first")
            self._engine.drop()
            self._fed_to = None

    def _begin(self) -> Cursor:
        """Where to go on."""
        self._engine.prepare()
        return self._engine.cursor(strong=True) or self._cursor(0)

    def _check(self, cursor: Cursor) -> None:
        """Raises CatalogError unless all that was fed is of this catalog as it is now."""
        now = self._cursor(cursor.sequence)
        if (cursor.catalog_id, cursor.model_key) != (now.catalog_id, now.model_key):
            raise CatalogError(
                f"{self._engine.place}: the collection is another catalog's, or its vectors are "
                f"another network's ({cursor.model_key}); name another collection, or {_REBUILD}"
            )
        # Only what fed without a store, or a thatlook before this one, left no token.
        if cursor.token not in {"", now.token} or cursor.sequence > self._store.sequence():
            raise CatalogError(
                f"{self._engine.place}: the collection knows changes that the catalog does not, "
                f"which was brought back from a copy; {_REBUILD}"
            )

    def _fed(self, since: int) -> int:
        target = self._store.sequence()
        changes = self._store.changes(since, BATCH)
        if len(changes) == BATCH:
            target = changes[-1].sequence
        if target == since:
            self._settle()
            return 0
        gone = [change.product_id for change in changes if change.entry is None]
        entries = [change.entry for change in changes if change.entry is not None]
        cursor = self._cursor(target)
        self._engine.apply(gone, entries, cursor)
        self._fed_to = cursor
        self._unsettled += len(changes)
        return max(1, len(changes))

    def _settle(self) -> None:
        if self._unsettled >= SETTLED_FROM:
            self._engine.settle()
        self._unsettled = 0

    def _cursor(self, sequence: int) -> Cursor:
        store = self._store
        return Cursor(store.catalog_id(), store.model_key or "", sequence, store.token(sequence))


_REBUILD: Final = "feed it anew: thatlook catalog feed-search --rebuild"
