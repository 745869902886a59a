"""Feed to catalog: read, compare, describe in processes, store in batches."""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from thatlook.core.errors import CatalogError, FeedError, ModelMismatchError, SettingsError
from thatlook.core.processes import Pool, available_cores
from thatlook.core.progress import Progress
from thatlook.store.catalog import Catalog, Row, SeenIds
from thatlook.store.feed import FeedMapping, FeedRow, Problem, estimated_rows, read_feed
from thatlook.store.feed.fetch import Fetcher
from thatlook.store.feed.object_stores import store_of
from thatlook.store.feed.pictures import PictureFolder
from thatlook.store.ingest.describing import (
    DescribeJob,
    DescribeOutcome,
    DescriberFactory,
    Describing,
    lost,
)
from thatlook.store.ingest.plan import Located, Plan, located, plan_of
from thatlook.store.ingest.removals import Roll, check, check_ahead
from thatlook.store.ingest.report import IngestReport, Tally
from thatlook.store.ingest.turn import own_turn
from thatlook.store.product_row import described_row, stored_path

if TYPE_CHECKING:
    from thatlook.store.ingest.on_ray import RayCluster

CHUNK_ROWS: Final = 256
CHUNKS_AHEAD: Final = 2
READERS: Final = 16
"""Threads that read and fetch pictures: they mostly wait."""
GROUP_JOBS: Final = 4
"""Products described together. Larger groups are no quicker, and ONNX Runtime's memory grows with
them: 190 MB a process for 4, 360 for 16."""
STORE_ROWS: Final = 128
"""So many products are stored in one transaction ..."""
STORE_SECONDS: Final = 2.0
"""... or those that were ready after this time: what a kill can cost."""


def ingest(  # noqa: PLR0913 - all but the first three have defaults
    feed: str | os.PathLike[str],
    catalog: Catalog,
    factory: DescriberFactory,
    *,
    images: str | os.PathLike[str] | None = None,
    mapping: FeedMapping | Mapping[str, str] | None = None,
    workers: int | None = None,
    strict: bool = False,
    progress: bool = False,
    fetcher: Fetcher | None = None,
    removal_limit: float | None = 0.1,
    ray: str | None = None,
    pair: tuple[str, int] | None = None,
) -> IngestReport:
    """Brings the catalog up to date with a feed, and says how many products did what.

    Only pictures whose content, category or network changed are embedded. Products that are
    not in the feed any more are marked. It may be killed at any moment: what was stored stays,
    and the next run goes on from there. `mapping` is a FeedMapping, or just field -> column.
    `workers` processes describe the pictures (default: one per core; 0: this one). `strict`
    stops at the first problem. `progress` shows on standard error how far it is.
    `fetcher` gets the pictures behind addresses (default: public ones only); they are kept in the
    catalog's folder. A feed that would take away more than the share `removal_limit` of the
    products (and more than a few) is refused before anything is changed; None allows it. Nothing
    is marked as gone either where a row's id cannot be read. `ray` is the address of a Ray cluster
    whose actors describe the pictures in place of processes, as many as it has cores (`on_ray`).
    `pair` is the key and dim of the
    text-image pair that the factory's describers have: its vectors are kept beside, those of
    another one dropped.

    Raises FeedError for a feed that is refused, cannot be read or has no usable row (then
    nothing is marked as gone), CatalogError where something cannot be stored or another run has the
    catalog, ModelMismatchError
    where the factory's network is not the catalog's, SettingsError for workers below 0.
    """
    started = time.monotonic()
    if not catalog.takes_vectors:
        raise CatalogError("open the catalog with its network's key and dim to index a feed")
    if not isinstance(mapping, FeedMapping | Mapping | None):
        raise SettingsError(f"mapping must be a FeedMapping or field -> column, not {mapping!r}")
    if not isinstance(mapping, FeedMapping):
        mapping = FeedMapping(fields=mapping or {})
    if workers is not None and (not isinstance(workers, int) or workers < (1 if ray else 0)):
        minimum = "1 (on Ray)" if ray else "0 (this process alone)"
        raise SettingsError(f"workers must be {minimum} or more, not {workers!r}")
    name = os.fspath(feed)
    with ExitStack() as stack:
        stack.enter_context(own_turn(catalog.home, name))
        holder = f"process {os.getpid()} of {socket.gethostname()}"
        stack.enter_context(catalog.reserved(holder))
        with catalog.seen_ids() as seen:
            check_ahead(name, read_feed(feed, mapping, images), seen, removal_limit)
        total = estimated_rows(feed) if progress else None
        seen = stack.enter_context(catalog.seen_ids())
        cluster = stack.enter_context(_cluster(ray)) if ray else None
        count = (cluster.cores if cluster else available_cores()) if workers is None else workers
        start = cluster.start if cluster else None
        pool = stack.enter_context(Pool(Describing(factory), count, lost, start))
        bar = stack.enter_context(Progress(total=total, unit="product", disable=not progress))
        if pair is not None:
            catalog.use_pair(*pair)
        pictures = PictureFolder(catalog.home.absolute() / "images", fetcher, store_of(images))
        tally = Tally(bar, strict=strict)
        intake = _Intake(name, catalog, seen, pool, pictures, tally, pair[0] if pair else "")
        intake.take(read_feed(feed, mapping, images), most_waiting=4 * max(1, count))
        intake.mark_left(removal_limit)
        return tally.report(time.monotonic() - started)


def _cluster(address: str) -> RayCluster:
    from thatlook.store.ingest.on_ray import RayCluster

    return RayCluster(address)


class _Intake:
    """The queues of one run: pictures being fetched, groups being described, rows to store."""

    def __init__(
        self,
        name: str,
        catalog: Catalog,
        seen: SeenIds,
        pool: Pool[DescribeJob, DescribeOutcome],
        pictures: PictureFolder,
        tally: Tally,
        pair_key: str,
    ) -> None:
        self._name = name
        self._catalog = catalog
        self._seen = seen
        self._pool = pool
        self._pictures = pictures
        self._tally = tally
        self._pair_key = pair_key
        self._roll = Roll(seen)
        self._broken: FeedError | None = None
        self._waiting: set[Future[list[DescribeOutcome]]] = set()
        self._ready: list[Row] = []
        self._stored_at = time.monotonic()

    def take(self, rows: Iterator[FeedRow | Problem], most_waiting: int) -> None:
        """Everything from the first row to the last; raises FeedError where none was usable."""
        readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
        try:
            for ready in self._located(self._readable(rows), readers):
                self._do(self._plan(ready, readers), most_waiting)
        finally:
            readers.shutdown(cancel_futures=True)
        self._collect(0)
        self._store()
        if self._broken is not None:
            raise self._broken
        if not self._roll.usable:
            first = self._tally.first_problem()
            why = f": {first}" if first else ""
            raise FeedError(f"{self._name}: no usable row{why}; nothing was marked as gone")

    def _plan(self, ready: Sequence[Located], readers: Executor) -> Plan:
        return plan_of(ready, self._catalog, readers, self._pair_key)

    def mark_left(self, limit: float | None) -> None:
        """Marks what the feed does not have, unless it may have it; raises FeedError as `check`."""
        self._tally.count("unreadable", self._roll.unreadable)
        if limit is not None and (self._roll.unreadable or not self._tally.taken):
            self._tally.count("kept", self._seen.unseen_count())
        else:
            check(self._name, self._seen, limit)  # the feed may be another file by now
            for left in self._seen.unseen():
                self._tally.count("removed", len(self._catalog.mark_left(left)))
        self._catalog.warm()

    def _readable(self, rows: Iterator[FeedRow | Problem]) -> Iterator[FeedRow | Problem]:
        """The rows as far as the feed can be read; what stopped them is raised at the end."""
        try:
            yield from rows
        except FeedError as error:
            self._broken = error

    def _located(
        self, rows: Iterator[FeedRow | Problem], readers: Executor
    ) -> Iterator[list[Located]]:
        """The rows with their pictures at hand; those of the next chunks are fetched meanwhile."""
        chunks: deque[list[Future[Located]]] = deque()
        while chunk := list(islice(rows, CHUNK_ROWS)):
            new = self._new(chunk)
            chunks.append([readers.submit(located, row, self._pictures) for row in new])
            if len(chunks) > CHUNKS_AHEAD:
                yield list(self._at_hand(chunks.popleft()))
        while chunks:
            yield list(self._at_hand(chunks.popleft()))

    def _new(self, chunk: Iterable[FeedRow | Problem]) -> Iterator[FeedRow]:
        """The usable rows whose ids have not come before in this feed."""
        for one in chunk:
            first = self._roll.call(one)
            if isinstance(one, Problem):
                self._tally.problem(one.line, one.product_id, one.message)
                self._tally.count("failed", not one.kept)
            elif first:
                yield one
            else:
                message = "the id stands more than once in the feed; the first row was taken"
                self._fail(one.line, one.product.id, message)

    def _at_hand(self, chunk: list[Future[Located]]) -> Iterator[Located]:
        for future in chunk:
            one = future.result()
            for message in one.messages:
                self._tally.problem(one.row.line, one.row.product.id, message)
            if one.files:
                yield one
            else:
                self._tally.count("failed")

    def _do(self, plan: Plan, most_waiting: int) -> None:
        self._tally.count("unchanged", plan.unchanged)
        for update in plan.updates:
            self._put(update, "changed")
        for start in range(0, len(plan.jobs), GROUP_JOBS):
            self._waiting.add(self._pool.submit(plan.jobs[start : start + GROUP_JOBS]))
            self._collect(most_waiting)

    def _collect(self, most_waiting: int) -> None:
        """Takes what is ready; waits while more than `most_waiting` groups are under way."""
        while self._waiting:
            timeout = None if len(self._waiting) > most_waiting else 0
            ready, self._waiting = wait(self._waiting, timeout, FIRST_COMPLETED)
            for future in ready:
                for done in future.result():
                    self._finish(done)
            if not ready:
                return

    def _finish(self, done: DescribeOutcome) -> None:
        for message in done.messages:
            self._tally.problem(done.job.line, done.job.product.id, message)
        if done.described and done.model_key != self._catalog.model_key:
            own = self._catalog.model_key
            raise ModelMismatchError(f"the catalog takes vectors of {own}, not of {done.model_key}")
        row = _row(done, self._catalog.home)
        if row is None:
            self._tally.count("failed")
        else:
            self._put(row, "changed" if done.job.known else "added")

    def _put(self, row: Row, name: str) -> None:
        self._ready.append(row)
        self._tally.count(name)
        late = time.monotonic() - self._stored_at > STORE_SECONDS
        if len(self._ready) >= STORE_ROWS or late:
            self._store()

    def _store(self) -> None:
        if self._ready:
            self._catalog.upsert(self._ready)
        self._ready = []
        self._stored_at = time.monotonic()

    def _fail(self, line: int, product_id: str, message: str) -> None:
        self._tally.problem(line, product_id, message)
        self._tally.count("failed")


def _row(done: DescribeOutcome, home: Path) -> Row | None:
    """What is stored of a product that was described."""
    if done.described is None:
        return None
    return described_row(
        done.job.product,
        done.described,
        stored_path(done.file, home),
        pictures=[stored_path(file, home) for file in done.files],
        image_hash=done.image_hash,
        row_hash=done.job.row_hash,
        from_feed=True,
    )
