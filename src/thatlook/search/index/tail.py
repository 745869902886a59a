"""The tail of a partition: the few products that came after its main block was built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from thatlook.search.index.block import WORD_COLUMNS, Block
from thatlook.search.index.query import Entry

_FIRST_ROOM = 64
_FIRST_WIDTH = 32


class Tail:
    """Rows appended one after another; the newest row of an id is the one that counts.

    Blocks handed out stay valid and unchanged while more rows are appended: rows are only
    written behind those that a block shows, and full columns are left to their readers.
    """

    def __init__(self, dim: int) -> None:
        self._count = 0
        self._room = _FIRST_ROOM
        self._width = _FIRST_WIDTH
        self._columns = _columns(_FIRST_ROOM, _FIRST_WIDTH, dim)
        self._words: dict[str, list[str]] = {name: [] for name in WORD_COLUMNS}
        self._codes: dict[str, dict[str, int]] = {name: {} for name in WORD_COLUMNS}
        self._rows: dict[str, int] = {}

    def __len__(self) -> int:
        return self._count

    @property
    def products(self) -> int:
        """How many ids are in."""
        return len(self._rows)

    def append(self, entries: Sequence[Entry]) -> None:
        """Adds products, whose ids are not in, at the end."""
        ids = [entry.id.encode() for entry in entries]
        self._make_room(self._count + len(entries), max(map(len, ids), default=0))
        for entry, id_ in zip(entries, ids, strict=True):
            row = self._count
            self._columns["ids"][row] = id_
            self._columns["vectors"][row] = entry.vector
            self._columns["price"][row] = np.nan if entry.price is None else entry.price
            for name in WORD_COLUMNS:
                self._columns[name][row] = self._code(name, getattr(entry, name))
            self._rows[entry.id] = row
            self._count += 1

    def forget(self, ids: Iterable[str]) -> list[int]:
        """Takes ids out; returns the rows they had. Ids that are not in do not matter."""
        return [self._rows.pop(id_) for id_ in ids if id_ in self._rows]

    def block(self) -> Block:
        """The rows so far, in the order they came; replaced ones included."""
        n = self._count
        return Block(
            ids=self._columns["ids"][:n],
            vectors=self._columns["vectors"][:n],
            price=self._columns["price"][:n],
            codes={name: self._columns[name][:n] for name in WORD_COLUMNS},
            words={name: tuple(words) for name, words in self._words.items()},
        )

    def _code(self, column: str, word: str) -> int:
        codes = self._codes[column]
        if word not in codes:
            codes[word] = len(codes)
            self._words[column].append(word)
        return codes[word]

    def _make_room(self, needed: int, width: int) -> None:
        """Larger columns where these rows need them; blocks handed out keep the old ones."""
        if needed <= self._room and width <= self._width:
            return
        if needed > self._room:
            self._room = max(needed, 2 * self._room)
        self._width = max(width, self._width)
        grown = _columns(self._room, self._width, self._columns["vectors"].shape[1])
        for name, column in grown.items():
            column[: self._count] = self._columns[name][: self._count]
        self._columns = grown


def _columns(room: int, width: int, dim: int) -> dict[str, Any]:
    return {
        "ids": np.zeros(room, f"S{width}"),
        "vectors": np.zeros((room, dim), np.float32),
        "price": np.full(room, np.nan, np.float64),
        **{name: np.zeros(room, np.int32) for name in WORD_COLUMNS},
    }
