"""Which products one run over a feed has seen: what is left over has left the feed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from thatlook.store.catalog.backend import Backend

_FROM_FEED: Final = "FROM products WHERE status = 'active' AND from_feed"
_UNSEEN: Final = """FROM products WHERE status = 'active' AND from_feed
    AND id NOT IN (SELECT id FROM seen)"""


class SeenIds:
    """The ids seen so far, in a temporary table: memory does not grow with the feed."""

    def __init__(self, database: Backend) -> None:
        self._database = database

    def see(self, product_id: str, *, usable: bool = True) -> bool:
        """Notes an id; False where a usable row of it was noted before, or it is empty."""
        if not product_id:
            return False
        cursor = self._database.execute(
            """INSERT INTO seen VALUES (?, ?)
            ON CONFLICT (id) DO UPDATE SET usable = TRUE
            WHERE NOT seen.usable AND excluded.usable""",
            (product_id, usable),
        )
        return cursor.rowcount == 1

    def products(self) -> int:
        """How many active products came by a feed."""
        found = self._database.one(f"SELECT count(*) {_FROM_FEED}")
        return int(found[0]) if found else 0

    def unseen_count(self) -> int:
        """How many of them were not noted."""
        found = self._database.one(f"SELECT count(*) {_UNSEEN}")
        return int(found[0]) if found else 0

    def unseen(self, batch: int = 500) -> Iterator[list[str]]:
        """The active products of earlier runs that were not noted, ascending ids in batches.

        Products that came otherwise than by a feed are not among them.
        """
        sql = f"SELECT id {_UNSEEN} AND id > ? ORDER BY id LIMIT ?"
        last = ""
        while found := [row[0] for row in self._database.rows(sql, (last, batch))]:
            yield found
            last = found[-1]


@contextmanager
def seen_ids(database: Backend) -> Iterator[SeenIds]:
    """None seen yet: for a run over a feed, one at a time per connection."""
    database.execute("DROP TABLE IF EXISTS seen")
    database.execute("CREATE TEMP TABLE seen (id TEXT PRIMARY KEY, usable BOOLEAN)")
    try:
        yield SeenIds(database)
    finally:
        database.execute("DROP TABLE IF EXISTS seen")
