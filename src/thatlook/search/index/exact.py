"""The exact index: slow, obvious, and the oracle of every other one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from thatlook.core.records import in_stock
from thatlook.search.index.following import Follower
from thatlook.search.index.query import (
    Answers,
    Entry,
    Filters,
    Query,
    Vectors,
    checked_vectors,
    ranked,
    similarities,
)
from thatlook.search.index.words import color_matches, same_word


class ExactIndex(Follower):
    """An index that compares every product with every query, one by one. Fulfils Index."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self._entries: dict[str, Entry] = {}

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The products by id."""
        return self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def upsert(self, entries: Sequence[Entry], sequence: int) -> None:
        """Adds products or replaces those with the same ids."""
        self._entries |= {entry.id: entry for entry in entries}
        self._followed(sequence)

    def delete(self, ids: Sequence[str], sequence: int) -> None:
        """Takes products out; unknown ids are no error."""
        for product_id in ids:
            self._entries.pop(product_id, None)
        self._followed(sequence)

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """For each row of `vectors` (n, dim) the best `query.k` products, ties by id."""
        vectors = checked_vectors(vectors, self._dim)
        wanted = set(query.partitions())
        found = [
            entry
            for entry in self._entries.values()
            if (entry.category, entry.gender) in wanted and passes(entry, query.filters)
        ]
        ids = [entry.id for entry in found]
        rows = np.array([entry.vector for entry in found], np.float32).reshape(-1, self._dim)
        hits = tuple(ranked(ids, similarities(rows, one).tolist(), query.k) for one in vectors)
        return Answers(hits, len(found))


def passes(entry: Entry, filters: Filters) -> bool:
    """Whether one product satisfies every part of the filters."""
    return (
        _price_passes(entry, filters)
        and _any(same_word, entry.brand, filters.brands)
        and _any(color_matches, entry.color, filters.colors)
        and _any(same_word, entry.availability, filters.availability)
        and (not filters.in_stock or in_stock(entry.availability))
        and filters.fits_age(entry.age_group)
        and (filters.include_ids is None or entry.id in filters.include_ids)
        and entry.id not in filters.exclude_ids
    )


def _price_passes(entry: Entry, filters: Filters) -> bool:
    if filters.currency and not same_word(entry.currency, filters.currency):
        return False
    low, high = filters.min_price, filters.max_price
    if low is None and high is None:
        return True
    if entry.price is None:
        return False
    return (low is None or entry.price >= low) and (high is None or entry.price <= high)


def _any(matches: Callable[[str, str], bool], value: str, wanted: frozenset[str]) -> bool:
    return not wanted or any(matches(value, word) for word in wanted)
