"""Which products one run over a feed has seen: what is left over has left the feed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from thatlook.catalog.database import Database


class FeedRun:
    """The ids seen so far, in a temporary table: memory does not grow with the feed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def see(self, product_id: str) -> bool:
        """Notes an id; False where it was noted before, or is empty."""
        if not product_id:
            return False
        cursor = self._database.execute("INSERT OR IGNORE INTO temp.seen VALUES (?)", (product_id,))
        return cursor.rowcount == 1

    def count(self) -> int:
        """How many ids were noted."""
        found = self._database.one("SELECT count(*) FROM temp.seen")
        return int(found[0]) if found else 0

    def unseen(self, batch: int = 500) -> Iterator[list[str]]:
        """The active products that were not noted, some ids at a time, ascending."""
        sql = """SELECT id FROM products WHERE status = 'active' AND id > ?
            AND id NOT IN (SELECT id FROM temp.seen) ORDER BY id LIMIT ?"""
        last = ""
        while found := [row[0] for row in self._database.rows(sql, (last, batch))]:
            yield found
            last = found[-1]


@contextmanager
def feed_run(database: Database) -> Iterator[FeedRun]:
    """A run over a feed; one at a time per connection."""
    database.execute("DROP TABLE IF EXISTS temp.seen")
    database.execute("CREATE TEMP TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")
    try:
        yield FeedRun(database)
    finally:
        database.execute("DROP TABLE IF EXISTS temp.seen")
