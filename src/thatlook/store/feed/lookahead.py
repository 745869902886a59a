"""Rows a little before their turn: how a feed is written shows in more than one row."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from thatlook.core.errors import FeedError
from thatlook.store.feed.rows import Problem, RawRow, RawRows, characters

AHEAD_ROWS: Final = 1000
AHEAD_CHARACTERS: Final = 4_000_000
"""So much is read ahead at most: memory must not depend on the feed."""


def looked_ahead(rows: RawRows, learn: Callable[[RawRow], None]) -> RawRows:
    """The same rows in their order; `learn` has seen each, and as many after it as are read ahead.

    An error that ends the rows is raised after those that came before it.
    """
    waiting: deque[RawRow | Problem] = deque()
    held, ended = 0, None
    try:
        for row in rows:
            if isinstance(row, RawRow):
                learn(row)
            waiting.append(row)
            held += characters(row)
            while len(waiting) > AHEAD_ROWS or held > AHEAD_CHARACTERS:
                first = waiting.popleft()
                held -= characters(first)
                yield first
    except FeedError as error:
        ended = error
    yield from waiting
    if ended is not None:
        raise ended
