"""Which products one run over a feed has seen: what is left over has left the feed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from thatlook.store.catalog.backend import Backend
from thatlook.store.catalog.database import Database

_FROM_FEED: Final = "FROM products WHERE status = 'active' AND from_feed"
_UNSEEN: Final = """FROM products WHERE status = 'active' AND from_feed
    AND id NOT IN (SELECT id FROM temp.seen)"""

_PAGE: Final = 500


class SeenIds:
    """The ids seen so far, in a temporary table: memory does not grow with the feed."""

    def __init__(self, database: Backend) -> None:
        self._database = database

    def see(self, product_id: str, *, usable: bool = True) -> bool:
        """Notes an id; False where a usable row of it was noted before, or it is empty."""
        if not product_id:
            return False
        cursor = self._database.execute(
            """INSERT INTO temp.seen VALUES (?, ?)
            ON CONFLICT (id) DO UPDATE SET usable = 1 WHERE usable = 0 AND excluded.usable""",
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


class SeenElsewhere(SeenIds):
    """The same for products in a database elsewhere: the ids are noted in a file of this machine,
    which the database would be asked for once per row.
    """

    def __init__(self, products: Backend, noted: Backend) -> None:
        super().__init__(noted)
        self._products = products

    def products(self) -> int:
        """How many active products came by a feed."""
        return SeenIds(self._products).products()

    def unseen_count(self) -> int:
        """How many of them were not noted."""
        return sum(map(len, self.unseen()))

    def unseen(self, batch: int = 500) -> Iterator[list[str]]:
        """As SeenIds has it."""
        left = self._unseen()
        while part := list(islice(left, batch)):
            yield part

    def _unseen(self) -> Iterator[str]:
        last = ""
        sql = f"SELECT id {_FROM_FEED} AND id > ? ORDER BY id LIMIT ?"
        while ids := [row[0] for row in self._products.rows(sql, (last, _PAGE))]:
            known = f"SELECT id FROM temp.seen WHERE id IN ({', '.join('?' * len(ids))})"  # noqa: S608 - bound values alone
            noted = {row[0] for row in self._database.rows(known, ids)}
            yield from (product_id for product_id in ids if product_id not in noted)
            last = ids[-1]


@contextmanager
def seen_ids(database: Backend) -> Iterator[SeenIds]:
    """None seen yet: for a run over a feed, one at a time per connection."""
    if isinstance(database, Database):
        with _noting(database):
            yield SeenIds(database)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Database(Path(folder) / "seen.sqlite")
        try:
            with _noting(file):
                yield SeenElsewhere(database, file)
        finally:
            file.close()


@contextmanager
def _noting(database: Database) -> Iterator[None]:
    """The table, temporary: memory does not grow with the feed, and no disk waits for it."""
    database.execute("DROP TABLE IF EXISTS temp.seen")
    database.execute("CREATE TEMP TABLE seen (id TEXT PRIMARY KEY, usable INTEGER) WITHOUT ROWID")
    try:
        yield
    finally:
        database.execute("DROP TABLE IF EXISTS temp.seen")
