"""Which rows of a block a search may find, from its columns in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.records import in_stock
from thatlook.search.index.block import Block, Mask, Rows
from thatlook.search.index.query import Filters
from thatlook.search.index.words import color_matches, same_word

NARROW: Final = 0.3
"""Where a price range holds less than this share of a block, its rows are taken from the block's
price order and only they are looked at further."""
ORDERED_FROM: Final = 2048
"""Smaller blocks compare all their prices sooner than they order them."""

RowsOf = Callable[[Iterable[str]], Rows]

MAX_TABLES: Final = 64
"""So many sets of wanted words are remembered with a block."""
_NO_WORDS: Final[frozenset[str]] = frozenset()
_NONE: Final = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """`count` rows of a block: `rows` lists them, in any order, or `mask` marks them, or all."""

    count: int
    mask: Mask | None = None
    rows: Rows | None = None

    def of(self, column: NDArray[Any]) -> NDArray[Any]:
        """The chosen rows of a column (n, ...)."""
        if self.rows is not None:
            return column.take(self.rows, axis=0)
        return column if self.mask is None else column.take(np.flatnonzero(self.mask), axis=0)


def filtered_rows(block: Block, live: Mask, filters: Filters, rows_of: RowsOf) -> Chosen:
    """The rows that live and pass the filters; `rows_of` finds those of given ids."""
    few = _few(block, filters, rows_of) if len(block) else _NONE
    if few is not None and not len(few):
        return Chosen(0)
    at = slice(None) if few is None else few
    mask: Mask | None = None
    parts = [] if live.all() else [live[at]]
    if few is None or filters.include_ids is not None:  # else they were taken by their price
        parts += _by_price(block, filters, at)
    for part in (*parts, *_by_words(block, filters, at)):
        mask = part if mask is None else mask & part
    if filters.exclude_ids:
        kept = np.ones(len(block), bool)
        kept[rows_of(filters.exclude_ids)] = False
        mask = kept[at] if mask is None else mask & kept[at]
    if few is not None:
        rows = few if mask is None else few[mask]
        return Chosen(len(rows), rows=rows)
    if mask is None:
        return Chosen(len(block))
    return Chosen(int(np.count_nonzero(mask)), mask=mask)


def _few(block: Block, filters: Filters, rows_of: RowsOf) -> Rows | None:
    """Few rows that hold all that can pass, found without looking at the others; None for many."""
    if filters.include_ids is not None:
        return rows_of(filters.include_ids)
    if (filters.min_price, filters.max_price) == (None, None) or len(block) < ORDERED_FROM:
        return None
    prices, rows = block.price_order
    first = 0 if filters.min_price is None else np.searchsorted(prices, filters.min_price)
    last = len(prices)
    if filters.max_price is not None:
        last = int(np.searchsorted(prices, filters.max_price, side="right"))
    return rows[first:last] if last - first < NARROW * len(block) else None


def _by_price(block: Block, filters: Filters, at: Rows | slice) -> Iterator[Mask]:
    """Which of the rows `at` are above the lowest price, and below the highest."""
    if filters.min_price is not None:
        yield block.price[at] >= filters.min_price
    if filters.max_price is not None:
        yield block.price[at] <= filters.max_price


def _by_words(block: Block, filters: Filters, at: Rows | slice) -> Iterator[Mask]:
    """Per column of words which of the rows `at` have one that is wanted."""
    for column, wanted in (
        ("currency", frozenset({filters.currency} if filters.currency else ())),
        ("brand", filters.brands),
        ("color", filters.colors),
        ("availability", filters.availability),
    ):
        if wanted:
            yield _with_words(block, column, wanted)[block.codes[column][at]]
    if filters.in_stock:
        yield from _where(block, "availability", "in stock", in_stock, at)
    if filters.age != "any":
        yield from _where(block, "age_group", filters.age, filters.fits_age, at)


def _where(
    block: Block, column: str, name: str, passes: Callable[[str], bool], at: Rows | slice
) -> Iterator[Mask]:
    """Which of the rows `at` have a word that passes; nothing where all words do.

    What passes is remembered by the column and `name`.
    """
    key = (column, name, _NO_WORDS)
    if key not in block.word_tables:
        words = block.words[column]
        block.word_tables[key] = np.fromiter(map(passes, words), bool, len(words))
    table = block.word_tables[key]
    if not table.all():  # else no row needs to be looked at
        yield table[block.codes[column][at]]


def _with_words(block: Block, column: str, wanted: frozenset[str]) -> Mask:
    """Which words of a column match: compared once each and remembered, the rows go by codes."""
    tables = block.word_tables
    found = tables.get((column, "", wanted))
    if found is None:
        matches = color_matches if column == "color" else same_word
        words = block.words[column]
        found = np.fromiter((any(matches(w, x) for x in wanted) for w in words), bool, len(words))
        if len(tables) >= MAX_TABLES:
            tables.clear()
        tables[column, "", wanted] = found
    return found
