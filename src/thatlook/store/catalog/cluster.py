"""Search by an engine outside this process, with the store as the truth of every answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Final, NamedTuple, Protocol

import numpy as np

from thatlook.core.errors import CatalogError, SearchUnavailableError
from thatlook.core.records import in_stock
from thatlook.search.index.exact import passes
from thatlook.search.index.milvus import MilvusIndex, MilvusPlace
from thatlook.search.index.milvus.client import check_installed
from thatlook.search.index.milvus.index import MOST
from thatlook.search.index.query import (
    Answers,
    Entry,
    Filters,
    Hit,
    Moment,
    Query,
    Vectors,
    checked_vectors,
    ranked,
    similarities,
)
from thatlook.search.index.scan import SPARE
from thatlook.store.catalog.kept import Changes, Kept
from thatlook.store.catalog.reads import FoundRow, RankedRow
from thatlook.store.catalog.search_feed import SearchFeed

ROUNDING: Final = 1e-4
"""How far the engine's similarity of unit vectors in single precision may be from ours."""
_LOOKS_S: Final = 0.05
AT_ONCE: Final = 8
"""Questions of one caller that wait for the engine side by side: as many as a look has articles."""

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


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """What the engine is asked: of each vector (n, dim) the `count` products nearest to it.

    `index` is the question's among those of its caller.
    """

    index: int
    vectors: Vectors
    query: Query
    count: int


class _Arrived(NamedTuple):
    """What the engine answered, and the products among its hits, each once."""

    question: _Question
    found: Answers
    ids: list[str]


class _SideBySide:
    """Questions that wait for the engine side by side; answers in the order in which they come."""

    def __init__(self, pool: ThreadPoolExecutor, ask: Callable[[_Question], Answers]) -> None:
        self._pool = pool
        self._ask = ask
        self._come: SimpleQueue[tuple[_Question, Future[Answers]]] = SimpleQueue()
        self.open = 0

    def ask(self, question: _Question) -> None:
        """Asks one more; `open` says how many have no answer yet."""
        self.open += 1
        future = self._pool.submit(self._ask, question)
        future.add_done_callback(lambda answer: self._come.put((question, answer)))

    def next(self) -> _Arrived:
        """The next answer, waited for; raises what the asking raised."""
        question, answer = self._come.get()
        self.open -= 1
        found = answer.result()
        ids = dict.fromkeys([hit.product_id for hits in found.hits for hit in hits])
        return _Arrived(question, found, list(ids))


class ClusterFinder:
    """Answers of an engine, hydrated from the store; fulfils Finder.

    The engine says which products come near and the store what they are now: each hit's vector and
    words are read there, what was deleted or is no answer any more is dropped, and more is fetched
    until `k` are there or no more exist. So no answer shows a deleted product, and similarities and
    ties are those of the built-in search. What changed since the engine was fed may be missed,
    except in a place that asks for strong consistency. Raises MissingExtraError.
    """

    def __init__(self, changes: Changes, place: MilvusPlace) -> None:
        check_installed()
        self._store = store = changes.store
        self._place = place
        self._engine: MilvusIndex | None = None
        self._lock = threading.Lock()
        self._kept = Kept(changes, store.found_rows)
        self._idle: list[ThreadPoolExecutor] = []
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
        ((_, answer),) = self.search_each([(vectors, query)])
        return answer

    def search_each(
        self, questions: Sequence[tuple[Vectors, Query]]
    ) -> Iterator[tuple[int, Answers]]:
        """See Finder: the engine is asked all side by side. Raises as `search`."""
        dim = self.engine.dim
        asked = [
            _Question(index, checked_vectors(vectors, dim), query, query.k + SPARE)
            for index, (vectors, query) in enumerate(questions)
        ]
        try:
            yield from self._answered(asked)
        except SearchUnavailableError:
            self._store.check_model()  # another network's vectors are refused by the engine
            raise

    def _answered(self, questions: Sequence[_Question]) -> Iterator[tuple[int, Answers]]:
        """An answer whose products are all kept is given while the engine works on the others; of
        the rest the products are read together.
        """
        if self._place.strong:
            self._wait()
        with self._threads() as pool:
            engine = _SideBySide(pool, self._asked)
            for question in questions:
                engine.ask(question)
            moment = self._kept.rows([])[1]  # while the engine searches
            unread: list[_Arrived] = []
            while engine.open:
                arrived = engine.next()
                if engine.open and not self._kept.holds(arrived.ids):
                    unread.append(arrived)
                    continue
                ready, unread = ([arrived], unread) if engine.open else ([*unread, arrived], [])
                rows, moment = self._kept.rows([one for a in ready for one in a.ids], moment)
                for question, found, ids in ready:
                    entries = _fitting(ids, rows, question.query)
                    self.watch.stale(len(ids) - len(entries))
                    hits, whole = self._hydrated(found, question, entries)
                    if whole or question.count >= MOST:
                        eligible = max(found.eligible, *map(len, hits))
                        yield question.index, Answers(hits, eligible, moment)
                    else:
                        engine.ask(replace(question, count=min(MOST, 4 * question.count)))

    @contextmanager
    def _threads(self) -> Iterator[ThreadPoolExecutor]:
        """Threads of the caller's own: in threads that all share, one who waits for an engine that
        does not answer would make all others wait. Kept for later callers.
        """
        try:
            pool = self._idle.pop()
        except IndexError:
            pool = ThreadPoolExecutor(AT_ONCE, "thatlook-search")
        try:
            yield pool
        except BaseException:  # some may wait for the engine still
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        self._idle.append(pool)

    def ranked_rows(
        self, ids: Sequence[str], moment: Moment | None = None
    ) -> Mapping[str, RankedRow]:
        """What products are ranked by, see `Kept.rows`: read with what a search reads of them."""
        return {one: row for one, (_, row) in self._kept.rows(ids, moment)[0].items()}

    def counted(self, query: Query) -> None:
        """See Finder: the engine has too many products to count by their words."""

    def changed(self) -> None:
        """Nothing is kept here that could be stale."""

    def reset(self) -> None:
        """Lets go of the engine's index: the network may be another, of other vectors."""
        self._kept.clear()
        while self._idle:
            self._idle.pop().shutdown()
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

    def _asked(self, question: _Question) -> Answers:
        begun = time.perf_counter()
        try:
            query = replace(question.query, k=question.count)
            return self.engine.search(question.vectors, query)
        finally:
            self.watch.asked(time.perf_counter() - begun)

    def _hydrated(
        self, found: Answers, question: _Question, entries: Mapping[str, Entry]
    ) -> tuple[tuple[tuple[Hit, ...], ...], bool]:
        """The best k of each vector as the store knows them, and whether no more need be fetched:
        no product that was not fetched can be as near as the last, or there are none.
        """
        k, answers, whole = question.query.k, [], True
        for vector, hits in zip(question.vectors, found.hits, strict=True):
            known = dict.fromkeys(hit.product_id for hit in hits if hit.product_id in entries)
            near = [entries[product_id].vector for product_id in known]
            values = similarities(np.array(near, np.float32).reshape(-1, len(vector)), vector)
            best = ranked(list(known), values.tolist(), k)
            answers.append(best)
            enough = len(best) == k and hits[-1].similarity < best[-1].similarity - ROUNDING
            # Of fewer hits than were asked for the engine has just counted whether these are all.
            every = found.eligible <= len(hits) < question.count
            whole = whole and (enough or every)
        return tuple(answers), whole


def _fitting(ids: list[str], rows: Mapping[str, FoundRow], query: Query) -> dict[str, Entry]:
    """Of these products those that answer the query as the store has them."""
    places, passing = set(query.partitions()), _passing(query.filters)
    entries = (rows[product_id][0] for product_id in ids if product_id in rows)
    return {
        entry.id: entry
        for entry in entries
        if entry is not None and (entry.category, entry.gender) in places and passing(entry)
    }


def _passing(filters: Filters) -> Callable[[Entry], bool]:
    """Whether a product passes; soon where little is asked for, as mostly."""
    if replace(filters, age="any", in_stock=False).empty:
        return lambda entry: (
            filters.fits_age(entry.age_group)
            and (not filters.in_stock or in_stock(entry.availability))
        )
    return lambda entry: passes(entry, filters)
