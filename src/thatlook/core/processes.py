"""One pool of worker processes: each thread owns one process and waits for it.

Not multiprocessing: that would import the caller's main module again in every worker, and a
script that calls `engine.index(...)` without a `__main__` guard would start itself. And not
loky or concurrent.futures: there a process that dies ends all work, here it costs one job.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import IO, Any, Generic, Protocol, Self, TypeVar

from thatlook.core import errors
from thatlook.core.errors import ThatlookError

Job = TypeVar("Job")
Done = TypeVar("Done")
Work = Callable[[Sequence[Job]], list[Done]]
"""Does a group of jobs; results in order."""

TRIES = 3
"""A job that so many processes in a row died of, each with nothing else to do, is given up."""

_START = "from thatlook.core.processes import main; main()"


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerDied(Exception):  # noqa: N818 - it is news, not an error of the caller
    """A worker process was ended by a signal: a codec crashed, or memory ran out."""


class Worker(Protocol):
    """A process that does groups of jobs, one at a time."""

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        ...

    def done(self, jobs: Sequence[Any]) -> list[Any]:
        """The results of a group; raises what the work raised, or WorkerDied."""
        ...

    def kill(self) -> None:
        """Ends it now, whatever it does."""
        ...

    def close(self) -> None:
        """Ends it, and waits until it is gone."""
        ...


class Pool(Generic[Job, Done]):
    """Does groups of jobs in `workers` processes, or in this one where it is 0.

    `factory` makes what does the work, in the process that does it; it is sent there by pickle. A
    process that dies is replaced and its jobs are tried again one by one (TRIES), so that one
    picture that crashes a decoder costs one job: `lost` says what becomes of that one, and why.
    `start` makes a worker of the factory: a process of this machine by default.
    """

    def __init__(
        self,
        factory: Callable[[], Work[Job, Done]],
        workers: int,
        lost: Callable[[Job, str], Done],
        start: Callable[[Callable[[], Any]], Worker] | None = None,
    ) -> None:
        self._factory = factory
        self._workers = workers
        self._lost = lost
        self._start = start or _Process
        self._local = threading.local()
        self._started: list[Worker] = []
        self._stopping = False
        self._threads = ThreadPoolExecutor(max(1, workers), thread_name_prefix="worker")

    def submit(self, jobs: Sequence[Job]) -> Future[list[Done]]:
        """The group's results, in order, once they are there."""
        if self._workers:
            return self._threads.submit(self._in_worker, jobs)
        done: Future[list[Done]] = Future()
        done.set_result(self._here(jobs))
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._stopping = True
            for worker in self._started:
                worker.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._started:
            worker.close()

    def _here(self, jobs: Sequence[Job]) -> list[Done]:
        if not hasattr(self._local, "work"):
            self._local.work = self._factory()
        done: list[Done] = self._local.work(jobs)
        return done

    def _in_worker(self, jobs: Sequence[Job]) -> list[Done]:
        try:
            return self._asked(jobs)
        except WorkerDied:
            return [self._alone(job) for job in jobs]

    def _alone(self, job: Job) -> Done:
        """What becomes of one of the jobs whose process died: the other ones may be at fault, or
        whoever ended it.
        """
        why = ""
        for _ in range(TRIES):
            try:
                return self._asked([job])[0]
            except WorkerDied as died:
                why = str(died)
        return self._lost(job, why)

    def _asked(self, jobs: Sequence[Job]) -> list[Done]:
        if self._stopping:
            raise WorkerDied("the run was stopped")
        worker: Worker | None = getattr(self._local, "worker", None)
        if worker is None or not worker.alive:
            worker = self._local.worker = self._start(self._factory)
            self._started.append(worker)
        done: list[Done] = worker.done(jobs)
        return done


class _Process:
    def __init__(self, factory: Callable[[], Any]) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self._factory: Callable[[], Any] | None = factory

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def done(self, jobs: Sequence[Any]) -> list[Any]:
        """The results of a group; raises what the work raised, or WorkerDied."""
        try:
            if self._factory is not None:
                self._send(self._factory)
                self._factory = None
            self._send(jobs)
            kind, value = pickle.load(self._process.stdout)  # type: ignore[arg-type]  # noqa: S301
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise self._ended() from error
        if kind == "error":
            name, message = value
            raise getattr(errors, name, ThatlookError)(message)
        found: list[Any] = value
        return found

    def _send(self, value: Any) -> None:
        if self._process.stdin:
            pickle.dump(value, self._process.stdin)
            self._process.stdin.flush()

    def _ended(self) -> Exception:
        status = self._process.wait()
        if status < 0:
            return WorkerDied(f"the process that read the picture was ended by signal {-status}")
        return RuntimeError(f"a worker process failed with status {status}, see its message")

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # the process is gone, and with it what was not yet written
        self._process.wait()


def main() -> None:
    """A worker process: jobs from standard input, results to standard output.

    Serves until the parent closes the pipe, as it does when it dies.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the results
    calls = sys.stdin.buffer
    try:
        work = pickle.load(calls)()  # noqa: S301 - written by the parent
    except ThatlookError as error:
        _reply(replies, _error_reply(error))
        return
    while True:
        try:
            jobs = pickle.load(calls)  # noqa: S301 - written by the parent
        except EOFError:
            return
        try:
            _reply(replies, ("done", work(jobs)))
        except ThatlookError as error:
            _reply(replies, _error_reply(error))


def _error_reply(error: ThatlookError) -> tuple[str, tuple[str, str]]:
    """An error as data: not every exception survives pickling."""
    return ("error", (type(error).__name__, str(error)))


def _reply(replies: IO[bytes], reply: Any) -> None:
    pickle.dump(reply, replies)
    replies.flush()
