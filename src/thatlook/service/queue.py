"""Work outside the event loop: so many threads, so many waiting, and no one more."""

from __future__ import annotations

import asyncio
import contextvars
import math
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from starlette.types import Receive

from thatlook.service import metrics
from thatlook.service.problems import RETRY, Problem

Answer = TypeVar("Answer")

LONGEST_RETRY_S: Final = 30
SMOOTHING: Final = 0.2
"""How much the last job counts in the running mean of what a job takes."""


class WorkQueue:
    """Runs jobs in `threads` threads; at most `waiting` more wait for one."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="thatlook")
        self._threads = threads
        self._limit = threads + waiting
        self._lock = threading.Lock()
        self._taken = 0
        self._mean_s = 0.5

    @property
    def taken(self) -> int:
        """Jobs running or waiting."""
        return self._taken

    def check(self) -> None:
        """Raises the 503 now if a job would be refused: before its body is read."""
        if self._taken >= self._limit:
            raise self._busy()

    async def run(self, job: Callable[[], Answer]) -> Answer:
        """What `job` returns or raises, from a thread.

        When the caller is cancelled, a job that waits is dropped; one that runs goes on and
        keeps its slot, so that the limit stays true. Raises Problem 503 when full or closed.
        """
        self._take()
        context = contextvars.copy_context()
        metrics.WAITING.inc()
        try:
            future = self._pool.submit(self._timed, job, context, time.perf_counter())
        except RuntimeError:
            metrics.WAITING.dec()
            self._leave()
            raise Problem(503, "stopping", "the service is stopping", headers=RETRY) from None
        future.add_done_callback(self._released)
        return await asyncio.wrap_future(future)

    def _take(self) -> None:
        with self._lock:
            if self._taken >= self._limit:
                raise self._busy()
            self._taken += 1

    def _leave(self) -> None:
        with self._lock:
            self._taken -= 1

    def _released(self, future: Future[Any]) -> None:
        if future.cancelled():  # only one that never began can be
            metrics.WAITING.dec()
        self._leave()

    def _timed(
        self, job: Callable[[], Answer], context: contextvars.Context, asked: float
    ) -> Answer:
        begun = time.perf_counter()
        metrics.WAITING.dec()
        metrics.RUNNING.inc()
        metrics.QUEUE_SECONDS.observe(begun - asked)
        try:
            return context.run(job)
        finally:
            metrics.RUNNING.dec()
            self._learn(time.perf_counter() - begun)

    def close(self) -> None:
        """Waits for the jobs that run; those that wait are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _learn(self, spent_s: float) -> None:
        with self._lock:
            self._mean_s += SMOOTHING * (spent_s - self._mean_s)

    def _busy(self) -> Problem:
        metrics.REFUSED.labels("busy").inc()
        wait_s = math.ceil(self._mean_s * self._limit / self._threads)
        headers = {"Retry-After": str(min(max(wait_s, 1), LONGEST_RETRY_S))}
        return Problem(503, "busy", "too many photos at once; try again soon", headers=headers)


class Uploads:
    """How many requests with a body are under way, in all and of each caller.

    That bounds the memory they take, and keeps one caller from taking all places.
    """

    def __init__(self, limit: int, per_caller: int) -> None:
        self._limit = limit
        self._per_caller = per_caller
        self._open: Counter[str] = Counter()

    @asynccontextmanager
    async def slot(self, caller: str) -> AsyncIterator[None]:
        """A slot while the block runs. Raises Problem 503 when none is free."""
        if self._open[caller] >= self._per_caller:
            raise _no_slot(f"more than {self._per_caller} requests at once from {caller}")
        if self._open.total() >= self._limit:
            raise _no_slot("too many uploads at once")
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            self._open += Counter()  # forgets who has none


def _no_slot(words: str) -> Problem:
    metrics.REFUSED.labels("busy").inc()
    return Problem(503, "busy", f"{words}; try again soon", headers=RETRY)


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[None]:
    """Ends the block after so many seconds with Problem 503."""
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise  # the block's own, such as a socket's
        metrics.REFUSED.labels("deadline").inc()
        words = f"no answer within {seconds:g} seconds; try again later"
        raise Problem(503, "deadline", words, headers={"Retry-After": "5"}) from None


@asynccontextmanager
async def while_asked(receive: Receive) -> AsyncIterator[None]:
    """Ends the block with Problem 400 once the client is gone: nobody would read the answer.

    For requests whose body was read. A job of the block that waits for a thread gives up its place.
    """
    try:
        async with asyncio.timeout(None) as limit:
            watch = asyncio.create_task(_ended_when_gone(receive, limit))
            try:
                yield
            finally:
                watch.cancel()
                await asyncio.wait((watch,))
    except TimeoutError:
        if not limit.expired():
            raise  # the block's own
        metrics.REFUSED.labels("disconnected").inc()
        raise Problem(400, "disconnected", "the client went away") from None


async def _ended_when_gone(receive: Receive, limit: asyncio.Timeout) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    limit.reschedule(asyncio.get_running_loop().time())
