"""The index of a catalog, kept in step with its store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from thatlook.core.errors import CatalogError
from thatlook.search.index.counting import Counted
from thatlook.search.index.partition import Partition
from thatlook.search.index.partitioned import PartitionedIndex
from thatlook.search.index.query import Answers, Query, Vectors
from thatlook.store.catalog.blocks import Blocks
from thatlook.store.catalog.reads import Reads

_FOLLOWED_CHANGES: Final = 10_000
"""A reader that is further behind loads its partitions again."""


class Finder(Protocol):
    """What searches a catalog: it follows the changes of the store by itself."""

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """For each row of `vectors` (n, dim) the best `query.k` products, ties by id.

        Raises CatalogError where it cannot answer now.
        """
        ...

    def search_each(
        self, questions: Sequence[tuple[Vectors, Query]]
    ) -> Iterator[tuple[int, Answers]]:
        """What `search` answers to each, by its index, as the answers come; asked side by side
        where another machine answers.
        """
        ...

    def counted(self, query: Query) -> Counted | None:
        """What passes in the query's partitions, its k does not matter; None where counting all
        costs too much. Raises as `search`.
        """
        ...

    def changed(self) -> None:
        """To be called after this process changed the store."""
        ...

    def reset(self) -> None:
        """Forgets everything: for a store whose network was switched."""
        ...

    def warm(self) -> None:
        """Makes what the next start needs."""
        ...


class CatalogIndex:
    """Partitions with every commit in them, loaded when a query first needs them."""

    def __init__(self, folder: Path, store: Reads, cache: str = "cache") -> None:
        self._store = store
        self._blocks = Blocks(folder / cache, store)
        self._index: PartitionedIndex | None = None
        self._token = ""
        self._seen_version = -1
        self._changed = True

    def search_each(
        self, questions: Sequence[tuple[Vectors, Query]]
    ) -> Iterator[tuple[int, Answers]]:
        """See Finder: one after another, as nothing is waited for."""
        with self._store.database.lock:
            moment = self._store.moment()
            index = self._current([query for _, query in questions])
            partitions = [index.prepared(query) for _, query in questions]
        for number, (vectors, query) in enumerate(questions):
            answer = index.search_in(partitions[number], vectors, query)
            yield number, replace(answer, moment=moment)

    def changed(self) -> None:
        """To be called after this process changed the store."""
        self._changed = True

    def reset(self) -> None:
        """Forgets everything: for a store whose network was switched."""
        self._index, self._changed = None, True

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """See Finder: sees everything committed before the call, by any process.

        Raises CatalogError where there are no vectors yet, ModelMismatchError where another
        process switched the network.
        """
        index, partitions = self._prepared(query)
        return index.search_in(partitions, vectors, query)

    def counted(self, query: Query) -> Counted:
        """See Finder."""
        index, partitions = self._prepared(query)
        return index.counted_in(partitions, query)

    def _prepared(self, query: Query) -> tuple[PartitionedIndex, list[Partition]]:
        """The index, and the partitions of the query as of now."""
        with self._store.database.lock:
            index = self._current([query])
            return index, index.prepared(query)

    def warm(self) -> None:
        """Brings every partition and its cache file up to date, for a quick next start."""
        if self._store.dim is None:
            return
        database = self._store.database
        with database.lock:
            database.in_one_state(self._saved)
        self._blocks.tidy()

    def _saved(self) -> None:
        index = self._current([Query()])
        for key, partition in index.partitions.items():
            index.put(key, self._blocks.save(key, partition))

    def _current(self, queries: Sequence[Query]) -> PartitionedIndex:
        """The index with every commit in it, and the partitions of the queries loaded."""
        database = self._store.database
        version = database.data_version()
        fresh = not self._changed and version == self._seen_version
        if self._index is not None and fresh and all(_has(self._index, q) for q in queries):
            return self._index
        index = database.in_one_state(lambda: self._loaded(queries))
        self._blocks.forget()
        self._index, self._seen_version, self._changed = index, version, False
        return index

    def _loaded(self, queries: Sequence[Query]) -> PartitionedIndex:
        self._store.check_model()
        index = self._followed()
        for query in queries:
            index.prepared(query)
        self._token = self._store.token(index.sequence)
        return index

    def _followed(self) -> PartitionedIndex:
        """The index with what was committed after it was last looked at."""
        store, index = self._store, self._index
        target = store.sequence()
        if index is not None and store.token(index.sequence) != self._token:
            index = None  # the database was brought back to an earlier moment
        behind = 0 if index is None else target - index.sequence
        if index is None or behind > max(_FOLLOWED_CHANGES, len(index)):
            if store.dim is None:
                raise CatalogError(
                    f"{store.database.name}: no vectors are stored yet; index a feed first"
                )
            return PartitionedIndex(store.dim, self._blocks.load, target)
        if behind:
            changes = store.changes(index.sequence)
            gone = [change.product_id for change in changes if change.entry is None]
            index.delete(gone, target)
            index.upsert([change.entry for change in changes if change.entry is not None], target)
        return index


def _has(index: PartitionedIndex, query: Query) -> bool:
    """Whether all partitions of the query are loaded."""
    return all(key in index.partitions for key in query.partitions())
