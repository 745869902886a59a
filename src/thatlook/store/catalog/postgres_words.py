"""The words of products in PostgreSQL, found and ordered as SQLite's full-text index does.

PostgreSQL's own ranking knows no BM25. An entry holds its different words and of each how often it
is there, times the weight of its column; the database scores what fits and gives the best, however
many fit. Source of the formula: https://www.sqlite.org/fts5.html#the_bm25_function
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Final

from thatlook.core.shopper_words import Phrase
from thatlook.store.catalog.backend import Backend
from thatlook.store.catalog.wanted import WEIGHTS, Wanted

_LAST: Final = "ORDER BY entry DESC"
_K1: Final = 1.2
_B: Final = 0.75
_LEAST_IDF: Final = 1e-6
_WEIGHT: Final = "coalesce(weights[array_position(words, ?)], 0)::float8"
_NORM: Final = f"{_K1} * ({1 - _B} + {_B} * length / CAST(? AS float8))"
_PART: Final = f"CAST(? AS float8) * ({{0}} * {_K1 + 1} / ({{0}} + norm))"
"""BM25 of one word. Added up as SQLite does, phrase by phrase: what ties there ties here."""


class PostgresWords:
    """See FullText."""

    def __init__(self, database: Backend) -> None:
        self._database = database

    def writing(self, *, in_memory: bool = False) -> AbstractContextManager[None]:  # noqa: ARG002 - see FullText
        """See FullText; whether there is room is the server's business."""
        return self._database.writing()

    def clear(self) -> None:
        """See FullText."""
        for table in ("words", "words_terms"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - constant names
        self._database.execute("UPDATE words_state SET length = 0")

    def enter(self, entries: Sequence[tuple[int, *tuple[str, ...]]]) -> None:
        """See FullText."""
        made = [_entry(*entry) for entry in entries]
        self._database.executemany("INSERT INTO words VALUES (?, ?, ?, ?)", made)
        products: Counter[str] = Counter(word for *_, words, _ in made for word in words)
        self._database.executemany(
            """INSERT INTO words_terms VALUES (?, ?)
            ON CONFLICT (term) DO UPDATE SET doc = words_terms.doc + excluded.doc""",
            sorted(products.items()),
        )
        length = sum(entry[1] for entry in made)
        self._database.execute("UPDATE words_state SET length = length + ?", (length,))

    def matching(self, wanted: Wanted, count: int, *, scored: bool) -> list[tuple[str, float]]:
        """See FullText."""
        phrases = [word for group in wanted.groups for wording in group for word in wording]
        words = list(dict.fromkeys(phrases))
        condition, values = _condition(wanted)
        active = _active(condition) if scored else f"{_active(condition, _LAST)} LIMIT ?"
        limit = [] if scored else [count]
        mean, factors = self._rarity(words)
        weights = ", ".join(f"{_WEIGHT} AS w{n}" for n in range(len(words)))
        parts = [_PART.format(f"w{words.index(word)}") for word in phrases]
        # Without the offset each weight would be looked for once more where it stands twice.
        sql = f"""SELECT id, {" + ".join(parts)} AS score FROM (
            SELECT id, entry, {_NORM} AS norm, {weights} {active} OFFSET 0) AS weighed
            ORDER BY score DESC, entry LIMIT ?"""  # noqa: S608 - bound values alone
        idf = [factors[word] for word in phrases]
        found = self._database.rows(sql, [*idf, mean, *words, *values, *limit, count])
        return [(product_id, float(score)) for product_id, score in found]

    def having(self, wanted: Wanted, count: int) -> list[str]:
        """See FullText."""
        condition, values = _condition(wanted)
        sql = f"SELECT id {_active(condition, _LAST)} LIMIT ?"
        rows = self._database.rows(sql, [*values, count])
        return [product_id for (product_id,) in rows]

    def _rarity(self, words: Sequence[str]) -> tuple[float, dict[str, float]]:
        """The mean length of the entries, and how telling each of the words is."""
        sql = """SELECT entries, length, term, doc FROM words_state
            LEFT JOIN words_terms ON term = ANY(?)"""
        rows = self._database.rows(sql, (list(words),))
        entries, length = rows[0][:2] if rows else (0, 0)
        having = {term: doc for _, _, term, doc in rows}
        mean = max(1, length) / max(1, entries)
        return mean, {word: _idf(entries, having.get(word, 0)) for word in words}


def _idf(entries: int, having: int) -> float:
    """How telling a word is that so many of the entries have."""
    return max(math.log((entries - having + 0.5) / (having + 0.5)), _LEAST_IDF)


def _entry(number: int, *texts: str) -> tuple[int, int, list[str], list[float]]:
    """The row of an entry; the texts' words are in the order of WEIGHTS."""
    weights: dict[str, float] = {}
    length = 0
    for text, weight in zip(texts, WEIGHTS, strict=True):
        words = text.split()
        length += len(words)
        for word in words:
            weights[word] = weights.get(word, 0.0) + weight
    return number, length, list(weights), list(weights.values())


def _active(condition: str, order: str = "") -> str:
    """Entries that are still what their products say, joined with these.

    The offsets have the database choose and order entries first, then look up each one's product:
    of its own it may read all products for a few entries.
    """
    return f"""FROM (SELECT entry, length, words, weights FROM words
        WHERE {condition} {order} OFFSET 0) AS fitting CROSS JOIN LATERAL (
        SELECT id, status FROM products WHERE sequence = entry OFFSET 0) AS said
        WHERE status = 'active' {order}"""  # noqa: S608 - bound values alone


def _condition(wanted: Wanted) -> tuple[str, list[list[str]]]:
    """The condition on an entry's words, and its values."""
    values: list[list[str]] = []

    def has(wording: Iterable[str], operator: str = "@>") -> str:
        values.append(list(wording))
        return f"words {operator} CAST(? AS text[])"

    def any_of(group: Sequence[Phrase]) -> str:
        return f"({' OR '.join(has(wording) for wording in group)})"

    groups = (" AND " if wanted.every else " OR ").join(map(any_of, wanted.groups))
    marks = [has(named, "&&") for named in wanted.marks]
    return " AND ".join([f"({groups})", *marks]), values
