"""The protocol that every index fulfils, in process or in a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from thatlook.search.index.query import Answers, Entry, Query, Vectors


class Index(Protocol):
    """Vectors of products, searched under filters.

    Everything is data: a cluster's client can translate a Query into its own expression.
    `sequence` is the cursor of the last change applied, so that the catalog can act as an
    outbox: it sends what came after, in order, and may send a change twice.
    """

    @property
    def dim(self) -> int:
        """The length of the vectors."""
        ...

    @property
    def sequence(self) -> int:
        """The sequence number of the last change applied; 0 for none."""
        ...

    def __len__(self) -> int:
        """How many products can be found."""
        ...

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """For each row of `vectors` (n, dim) the best `query.k` products, ties by id."""
        ...

    def upsert(self, entries: Sequence[Entry], sequence: int) -> None:
        """Adds products, or replaces those with the same ids, whatever partition held them."""
        ...

    def delete(self, ids: Sequence[str], sequence: int) -> None:
        """Takes products out; ids that are not in are no error."""
        ...
