"""Words that are looked for, as data: what the full-text index of each database is asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from thatlook.core.shopper_words import Phrase

WEIGHTS: Final = (3.0, 3.0, 4.0, 2.0, 1.0, 0.0)
"""Of title, brand, type, color, whatever else the feed says, and the marks of partitions."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Products with these words: of each group one wording, all groups or (not `every`) any.

    Each of `marks` names partitions, one of which a product must be in.
    """

    groups: Sequence[Sequence[Phrase]]
    every: bool
    marks: Sequence[Sequence[str]]


class FullText(Protocol):
    """The words of products by the number of their last change, and what is found by them.

    Older entries of a product may stay; they are never among what is found.
    """

    def writing(self, *, in_memory: bool = False) -> AbstractContextManager[None]:
        """A write transaction of the database.

        Where that cannot be written, or its disk is full (`in_memory`), the words are kept in
        memory from then on.
        """
        ...

    def clear(self) -> None:
        """Forgets every entry."""
        ...

    def enter(self, entries: Sequence[tuple[int, *tuple[str, ...]]]) -> None:
        """Takes entries in: a number, then plain words joined by spaces, a text per weight."""
        ...

    def matching(self, wanted: Wanted, count: int, *, scored: bool) -> list[tuple[str, float]]:
        """At most `count` ids of active products with their BM25, the higher the better.

        The best ones where `scored`, else those that changed last, which are not among stale ones.
        """
        ...

    def having(self, wanted: Wanted, count: int) -> list[str]:
        """The ids of `matching` without a score, those that changed last."""
        ...
