"""The index of a catalog: one partition per category and gender, each searched by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from thatlook.search.index.block import Block
from thatlook.search.index.counting import Counted
from thatlook.search.index.following import Follower
from thatlook.search.index.merging import best_of
from thatlook.search.index.partition import Partition
from thatlook.search.index.query import Answers, Entry, Query, Vectors, checked_vectors

Key = tuple[str, str]
"""A partition's name: (category, gender)."""

Loader = Callable[[Key], Partition]
"""Makes a partition that is asked for the first time, as of the index's sequence number."""


class PartitionedIndex(Follower):
    """Exact search over partitions; fulfils Index.

    Partitions are loaded when a query first asks for them. Searches see the state from before
    or from after a change, never one in between; changes themselves must come one at a time.
    """

    def __init__(self, dim: int, loader: Loader | None = None, sequence: int = 0) -> None:
        super().__init__(dim, sequence)
        self._loader = loader
        self._partitions: Mapping[Key, Partition] = {}

    @property
    def partitions(self) -> Mapping[Key, Partition]:
        """The partitions loaded so far."""
        return self._partitions

    def __len__(self) -> int:
        """How many products the loaded partitions hold."""
        return sum(len(partition) for partition in self._partitions.values())

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """For each row of `vectors` (n, dim) the best `query.k` products, ties by id."""
        return self.search_in(self.prepared(query), vectors, query)

    def prepared(self, query: Query) -> list[Partition]:
        """The partitions of a query as of now, loaded where they were not."""
        for key in query.partitions():
            if key not in self._partitions:
                made = self._loader(key) if self._loader else _empty(self._dim)
                self._partitions = {**self._partitions, key: made}
        partitions = self._partitions
        return [partitions[key] for key in query.partitions()]

    def search_in(self, partitions: Sequence[Partition], vectors: Vectors, query: Query) -> Answers:
        """The answers from these partitions, whatever changes meanwhile."""
        vectors = checked_vectors(vectors, self._dim)
        parts = [part for partition in partitions for part in partition.parts(query.filters)]
        hits, eligible = best_of(parts, vectors, query.k)
        return Answers(hits, eligible)

    def counted_in(self, partitions: Sequence[Partition], query: Query) -> Counted:
        """What passes in the query's partitions, which `prepared` gave."""
        return Counted.of_parts(
            (category, part)
            for (category, _), partition in zip(query.partitions(), partitions, strict=True)
            for part in partition.parts(query.filters)
        )

    def upsert(self, entries: Sequence[Entry], sequence: int) -> None:
        """Adds products, or replaces those with the same ids, whatever partition held them."""
        newest = {entry.id: entry for entry in entries}
        changed = self._without(list(newest))
        groups: dict[Key, list[Entry]] = {}
        for entry in newest.values():
            groups.setdefault((entry.category, entry.gender), []).append(entry)
        for key, group in groups.items():
            if self._loader is None:
                changed.setdefault(key, _empty(self._dim))
            if key in changed:  # one not loaded yet will be loaded with the change in it
                changed[key] = changed[key].with_entries(group)
        self._replace(changed, sequence)

    def delete(self, ids: Sequence[str], sequence: int) -> None:
        """Takes products out; ids that are not in are no error."""
        self._replace(self._without(ids), sequence)

    def put(self, key: Key, partition: Partition) -> None:
        """Takes a partition that holds the same products in the place of the present one."""
        self._partitions = {**self._partitions, key: partition}

    def _without(self, ids: Sequence[str]) -> dict[Key, Partition]:
        return {key: partition.without(ids) for key, partition in self._partitions.items()}

    def _replace(self, partitions: dict[Key, Partition], sequence: int) -> None:
        for key, partition in partitions.items():
            if partition.worn:
                partitions[key] = Partition.of(merged(partition), quick=True)
        self._partitions = partitions
        self._followed(sequence)


def _empty(dim: int) -> Partition:
    return Partition.of(Block.of((), dim))


def merged(partition: Partition) -> Block:
    """The living rows of a partition as one main block, ids ascending."""
    parts = ((partition.main, partition.live), (partition.tail_block, partition.tail_live))
    ids = np.concatenate([block.ids[live] for block, live in parts])
    order = np.argsort(ids, kind="stable")
    words: dict[str, tuple[str, ...]] = {}
    codes = {}
    for name in partition.main.codes:
        first = tuple(partition.main.words[name])
        shifted = [
            partition.main.codes[name][partition.live],
            partition.tail_block.codes[name][partition.tail_live] + np.int32(len(first)),
        ]
        words[name] = (*first, *partition.tail_block.words[name])
        codes[name] = np.concatenate(shifted)[order]
    return Block(
        ids=_tight(ids[order]),
        vectors=np.concatenate([block.vectors[live] for block, live in parts])[order],
        price=np.concatenate([block.price[live] for block, live in parts])[order],
        codes=codes,
        words=words,
    )


def _tight(ids: np.ndarray) -> np.ndarray:
    """The ids in the narrowest column that holds them."""
    width = int(np.char.str_len(ids).max()) if len(ids) else 1
    return ids.astype(f"S{max(1, width)}")
