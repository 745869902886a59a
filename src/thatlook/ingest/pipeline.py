"""Feed to catalog: read, compare, describe in processes, store in batches."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Final, Never

from tqdm import tqdm

from thatlook.catalog import Catalog, FeedRun, Row
from thatlook.errors import CatalogError, FeedError
from thatlook.feed import FeedMapping, FeedRow, Problem, estimated_rows, read_feed
from thatlook.feed.fetch import Fetcher
from thatlook.feed.pictures import PictureFolder
from thatlook.ingest.describing import DescriberFactory, Done, Job
from thatlook.ingest.plan import Located, Plan, located, plan_of, stored_path
from thatlook.ingest.pool import Pool
from thatlook.ingest.report import MOST_PROBLEMS, IngestReport

CHUNK_ROWS: Final = 256
CHUNKS_AHEAD: Final = 2
READERS: Final = 16
"""Threads that read and fetch pictures: they mostly wait."""
GROUP_JOBS: Final = 16
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
) -> IngestReport:
    """Brings the catalog up to date with a feed, and says how many products did what.

    Only pictures whose content, category or network changed are embedded. Products that are
    not in the feed any more are marked. It may be killed at any moment: what was stored stays,
    and the next run goes on from there. `mapping` is a FeedMapping, or just field -> column.
    `workers` processes describe the pictures (default: one per core; 0: this one). `strict`
    stops at the first problem. `fetcher` gets the pictures behind addresses (default: public
    ones only); they are kept in the catalog's folder. Raises FeedError for a feed that cannot
    be read or has no usable row (then nothing is marked as gone), CatalogError where something
    cannot be stored.
    """
    started = time.monotonic()
    if catalog.model_key is None:
        raise CatalogError("open the catalog with its network's key and dim to index a feed")
    if not isinstance(mapping, FeedMapping):
        mapping = FeedMapping(fields=mapping or {})
    rows = read_feed(feed, mapping, images)
    count = len(os.sched_getaffinity(0)) if workers is None else workers
    bar = tqdm(
        total=estimated_rows(feed) if progress else None, unit="product", disable=not progress
    )
    with catalog.feed_run() as run, Pool(factory, count) as pool, bar:
        pictures = PictureFolder(catalog.home.absolute() / "images", fetcher)
        intake = _Intake(catalog, run, pool, pictures, strict=strict, bar=bar)
        intake.take(rows, most_waiting=4 * max(1, count))
        return intake.report(time.monotonic() - started)


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Intake:
    """The counters and queues of one run."""

    def __init__(
        self,
        catalog: Catalog,
        run: FeedRun,
        pool: Pool,
        pictures: PictureFolder,
        *,
        strict: bool,
        bar: tqdm[Never],
    ) -> None:
        self._catalog = catalog
        self._run = run
        self._pool = pool
        self._pictures = pictures
        self._strict = strict
        self._bar = bar
        self._counts = dict.fromkeys(("added", "changed", "unchanged", "removed", "failed"), 0)
        self._problems: list[Problem] = []
        self._waiting: set[Future[list[Done]]] = set()
        self._known: set[str] = set()
        self._usable = 0
        self._broken: FeedError | None = None
        self._ready: list[Row] = []
        self._stored_at = time.monotonic()

    def take(self, rows: Iterator[FeedRow | Problem], most_waiting: int) -> None:
        """Everything from the first row to the marking of what left the feed."""
        with ThreadPoolExecutor(READERS, thread_name_prefix="read") as readers:
            try:
                for ready in self._located(self._readable(rows), readers):
                    self._do(plan_of(ready, self._catalog, readers), most_waiting)
            finally:
                self._collect(0)
                self._store()
        if self._broken is not None:
            raise self._broken
        if not self._usable:
            raise FeedError("the feed has no usable row; nothing was marked as gone")
        for left in self._run.unseen():
            self._count("removed", len(self._catalog.mark_left(left)))
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

    def _at_hand(self, chunk: list[Future[Located]]) -> Iterator[Located]:
        for future in chunk:
            one = future.result()
            for message in one.messages:
                self._problem(Problem(one.row.line, one.row.product.id, message), failed=False)
            if one.files:
                yield one
            else:
                self._count("failed", 1)

    def _do(self, plan: Plan, most_waiting: int) -> None:
        self._known |= plan.known & {job.product.id for job in plan.jobs}
        self._count("unchanged", plan.unchanged)
        for update in plan.updates:
            self._put(update, "changed")
        for group in _groups(plan.jobs):
            self._waiting.add(self._pool.submit(group))
            self._collect(most_waiting)

    def report(self, seconds: float) -> IngestReport:
        """The counts so far."""
        problems = tuple(sorted(self._problems, key=lambda problem: problem.line))
        return IngestReport(**self._counts, problems=problems, seconds=seconds)

    def _new(self, chunk: Iterable[FeedRow | Problem]) -> list[FeedRow]:
        """The usable rows whose ids have not come before in this feed."""
        rows = []
        for one in chunk:
            if isinstance(one, Problem):
                self._problem(one)
                self._run.see(one.product_id)  # it is still in the feed: keep what is stored
            elif self._run.see(one.product.id):
                rows.append(one)
                self._usable += 1
            else:
                message = "the id stands more than once in the feed; the first row was taken"
                self._problem(Problem(one.line, one.product.id, message))
        return rows

    def _problem(self, problem: Problem, *, failed: bool = True) -> None:
        if self._strict:
            raise FeedError(str(problem))
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(problem)
        if failed:
            self._count("failed", 1)

    def _count(self, name: str, number: int) -> None:
        self._counts[name] += number
        if name != "removed":
            self._bar.update(number)

    def _collect(self, most_waiting: int) -> None:
        """Takes what is ready; waits while more than `most_waiting` groups are under way."""
        while self._waiting:
            block = len(self._waiting) > most_waiting
            timeout = None if block else 0
            ready, self._waiting = wait(self._waiting, timeout, FIRST_COMPLETED)
            for future in ready:
                for done in future.result():
                    self._finish(done)
            if not ready:
                return

    def _finish(self, done: Done) -> None:
        product = done.job.product
        for message in done.messages:
            self._problem(Problem(done.job.line, product.id, message), failed=False)
        described = done.described
        if described is None:
            self._count("failed", 1)
            return
        row = Row(
            product=product,
            vector=described.vector,
            box=described.box,
            attributes=described.attributes,
            article_score=described.article_score,
            found=described.found,
            image=stored_path(done.file, self._catalog.home),
            image_hash=done.image_hash,
            row_hash=done.job.row_hash,
        )
        self._put(row, "changed" if product.id in self._known else "added")

    def _put(self, row: Row, name: str) -> None:
        self._ready.append(row)
        self._count(name, 1)
        late = time.monotonic() - self._stored_at > STORE_SECONDS
        if len(self._ready) >= STORE_ROWS or late:
            self._store()

    def _store(self) -> None:
        if self._ready:
            self._catalog.upsert(self._ready)
        self._ready = []
        self._stored_at = time.monotonic()


def _groups(jobs: tuple[Job, ...]) -> Iterator[tuple[Job, ...]]:
    for start in range(0, len(jobs), GROUP_JOBS):
        yield jobs[start : start + GROUP_JOBS]
