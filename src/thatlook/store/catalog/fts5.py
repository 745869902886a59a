"""The words of products in SQLite's own full-text index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from thatlook.core.shopper_words import Phrase
from thatlook.store.catalog.backend import Backend
from thatlook.store.catalog.wanted import WEIGHTS, Wanted

_WEIGHTS: Final = ", ".join(map(str, WEIGHTS))

# A cross join keeps the order of the tables: words first, then their products.
_ACTIVE: Final = """FROM words CROSS JOIN products ON sequence = words.rowid
    WHERE words MATCH ? AND status = 'active'"""


class Fts5:
    """See FullText.

    With `in_memory` nothing can be written to the file. There, and where its disk is full,
    temporary tables of the same names, which SQLite looks up first, take the place of what is in
    the file once that is behind.
    """

    def __init__(self, database: Backend, *, in_memory: bool = False) -> None:
        self._database = database
        self._in_memory = in_memory

    @contextmanager
    def writing(self, *, in_memory: bool = False) -> Iterator[None]:
        """See FullText."""
        in_memory |= self._in_memory
        if in_memory and not self._is_temporary():
            self._database.execute("PRAGMA temp_store = MEMORY")
        with self._database.writing():
            if in_memory and not self._is_temporary():
                self._make_temporary()
            yield

    def _is_temporary(self) -> bool:
        return bool(self._database.one("SELECT 1 FROM temp.sqlite_master WHERE name = 'words'"))

    def _make_temporary(self) -> None:
        made = """SELECT sql FROM main.sqlite_master
            WHERE name IN ('words', 'words_terms', 'words_state') ORDER BY name"""
        for (statement,) in self._database.rows(made):
            self._database.execute(statement.replace(" TABLE ", " TABLE temp.", 1))
        self._database.execute("INSERT INTO temp.words_state VALUES (0, 0, 0)")

    def clear(self) -> None:
        """See FullText."""
        self._database.execute("INSERT INTO words (words) VALUES ('delete-all')")

    def enter(self, entries: Sequence[tuple[int, *tuple[str, ...]]]) -> None:
        """See FullText."""
        self._database.executemany(
            """INSERT INTO words (rowid, title, brand, type, color, more, marks)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
            entries,
        )

    def matching(self, wanted: Wanted, count: int, *, scored: bool) -> list[tuple[str, float]]:
        """See FullText."""
        order = "score, sequence" if scored else "words.rowid DESC"
        sql = f"""SELECT id, bm25(words, {_WEIGHTS}) AS score {_ACTIVE}
            ORDER BY {order} LIMIT ?"""
        rows = self._database.rows(sql, (_expression(wanted), count))
        return [(product_id, -float(score)) for product_id, score in rows]

    def having(self, wanted: Wanted, count: int) -> list[str]:
        """See FullText."""
        sql = f"SELECT id {_ACTIVE} ORDER BY words.rowid DESC LIMIT ?"
        rows = self._database.rows(sql, (_expression(wanted), count))
        return [product_id for (product_id,) in rows]


def _expression(wanted: Wanted) -> str:
    groups = (" AND " if wanted.every else " OR ").join(map(_any_of, wanted.groups))
    marks = [" OR ".join(f'"{mark}"' for mark in named) for named in wanted.marks]
    return f"({groups})" + "".join(f" AND (marks : ({named}))" for named in marks)


def _any_of(wordings: Iterable[Phrase]) -> str:
    texts = (" AND ".join(f'"{word}"' for word in wording) for wording in wordings)
    return f"({' OR '.join(f'({text})' for text in texts)})"
