"""Search by an engine outside this process, with the store as the truth of every answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, Protocol, TypeVar

import numpy as np

from thatlook.core.errors import CatalogError, SearchUnavailableError
from thatlook.search.index.exact import passes
from thatlook.search.index.milvus import MilvusIndex, MilvusPlace
from thatlook.search.index.milvus.client import check_installed
from thatlook.search.index.milvus.index import MOST
from thatlook.search.index.query import (
    Answers,
    Entry,
    Hit,
    Query,
    Vectors,
    checked_vectors,
    ranked,
    similarities,
)
from thatlook.search.index.scan import SPARE
from thatlook.store.catalog.kept import Kept
from thatlook.store.catalog.search_feed import SearchFeed
from thatlook.store.catalog.store import Store

ROUNDING: Final = 1e-4
"""How far the engine's similarity of unit vectors in single precision may be from ours."""
_LOOKS_S: Final = 0.05
AT_ONCE: Final = 8
"""Searches of one caller that wait for the engine side by side: as many as a look has articles."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_log = logging.getLogger(__name__)


class Watch(Protocol):
    """Told what the engine does, for whoever counts it."""

    def asked(self, seconds: float) -> None:
        """The engine answered, or failed, after this time."""
        ...

    def stale(self, hits: int) -> None:
        """So many hits were dropped: deleted, or changed so that they are no answer any more."""
        ...


class _Nobody:
    def asked(self, seconds: float) -> None:
        """Told to nobody."""

    def stale(self, hits: int) -> None:
        """Told to nobody."""


class ClusterFinder:
    """Answers of an engine, hydrated from the store; fulfils Finder.

    The engine says which products come near and the store what they are now: each hit's vector and
    words are read there, what was deleted or is no answer any more is dropped, and more is fetched
    until `k` are there or no more exist. So no answer shows a deleted product, and similarities and
    ties are those of the built-in search. What changed since the engine was fed may be missed,
    except in a place that asks for strong consistency. Raises MissingExtraError.
    """

    def __init__(self, store: Store, place: MilvusPlace) -> None:
        check_installed()
        self._store = store
        self._place = place
        self._engine: MilvusIndex | None = None
        self._lock = threading.Lock()
        self._kept = Kept(store, store.entries)
        self.watch: Watch = _Nobody()

    @property
    def engine(self) -> MilvusIndex:
        """The engine's index of this catalog. Raises CatalogError where there are no vectors."""
        with self._lock:
            if self._engine is None:
                if self._store.dim is None:
                    raise CatalogError(
                        f"{self._place}: no vectors are stored yet; index a feed first"
                    )
                self._engine = MilvusIndex(self._place, self._store.dim)
            return self._engine

    def feed(self) -> SearchFeed:
        """What brings the store's changes to the engine."""
        return SearchFeed(self._store, self.engine)

    def lag(self, *, strong: bool = False) -> int:
        """How many changes of the store the engine has not got; seconds late, unless `strong`.

        Raises SearchUnavailableError.
        """
        cursor = self.engine.cursor(strong=strong)
        return self._store.sequence() - (cursor.sequence if cursor else 0)

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """See Finder. Raises SearchUnavailableError, ModelMismatchError, CatalogError."""
        vectors = checked_vectors(vectors, self.engine.dim)
        try:
            return self._searched(vectors, query)
        except SearchUnavailableError:
            self._store.check_model()  # another network's vectors are refused by the engine
            raise

    def each(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """See Finder: all at once, as each waits for the engine.

        Every caller has threads of its own: in threads that all share, one who waits for an engine
        that does not answer would make all others wait.
        """
        if len(items) < 2:
            return [work(item) for item in items]
        with ThreadPoolExecutor(min(AT_ONCE, len(items)) - 1, "thatlook-search") as pool:
            others = pool.map(work, items[1:])
            return [work(items[0]), *others]

    def _searched(self, vectors: Vectors, query: Query) -> Answers:
        if self._place.strong:
            self._wait()
        count = query.k + SPARE
        while True:
            found = self._asked(vectors, query, count)
            hits, whole = self._hydrated(found, vectors, query)
            if whole or count >= MOST:
                return Answers(hits, max(found.eligible, *map(len, hits)))
            count = min(MOST, 4 * count)

    def counted(self, query: Query) -> None:
        """See Finder: the engine has too many products to count by their words."""

    def changed(self) -> None:
        """Nothing is kept here that could be stale."""

    def reset(self) -> None:
        """Lets go of the engine's index: the network may be another, of other vectors."""
        self._kept = Kept(self._store, self._store.entries)
        with self._lock:
            if self._engine is not None:
                self._engine.close()
            self._engine = None

    def warm(self) -> None:
        """Feeds the engine what it has not got, unless it is down or another process does."""
        if self._store.dim is None:
            return
        try:
            self.feed().catch_up()
        except SearchUnavailableError as error:
            _log.warning("all is stored, but the search is not fed yet: %s", error)

    def _wait(self) -> None:
        """Until all that was committed before this call is in the engine.

        The engine is asked each time: another process may have emptied it to feed it anew.
        """
        wanted = self._store.sequence()
        end = time.monotonic() + self._place.timeout_s
        while (cursor := self.engine.cursor(strong=True)) is None or cursor.sequence < wanted:
            if time.monotonic() > end:
                raise SearchUnavailableError(
                    f"{self._place}: strong consistency is asked for, and the engine is behind; is "
                    "it being fed? (thatlook catalog feed-search)"
                )
            time.sleep(_LOOKS_S)

    def _asked(self, vectors: Vectors, query: Query, count: int) -> Answers:
        begun = time.perf_counter()
        try:
            return self.engine.search(vectors, replace(query, k=count))
        finally:
            self.watch.asked(time.perf_counter() - begun)

    def _hydrated(
        self, found: Answers, vectors: Vectors, query: Query
    ) -> tuple[tuple[tuple[Hit, ...], ...], bool]:
        """The best k of each vector as the store knows them, and whether no more need be fetched:
        no product that was not fetched can be as near as the last, or there are none.
        """
        ids = list(dict.fromkeys(hit.product_id for hits in found.hits for hit in hits))
        entries = self._fitting(ids, query)
        self.watch.stale(len(ids) - len(entries))
        answers, whole = [], True
        for vector, hits in zip(vectors, found.hits, strict=True):
            known = dict.fromkeys(hit.product_id for hit in hits if hit.product_id in entries)
            near = [entries[product_id] for product_id in known]
            rows = np.array([entry.vector for entry in near], np.float32).reshape(-1, len(vector))
            values = similarities(rows, vector).tolist()
            best = ranked(list(known), values, query.k)
            answers.append(best)
            enough = len(best) == query.k and hits[-1].similarity < best[-1].similarity - ROUNDING
            whole = whole and (enough or len(hits) >= found.eligible)
        return tuple(answers), whole

    def _fitting(self, ids: list[str], query: Query) -> Mapping[str, Entry]:
        """Of these products those that answer the query as they are in the store now."""
        places = set(query.partitions())
        return {
            product_id: entry
            for product_id, entry in self._kept.rows(ids).items()
            if (entry.category, entry.gender) in places and passes(entry, query.filters)
        }
