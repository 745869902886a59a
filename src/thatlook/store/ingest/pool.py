"""Worker processes behind threads: each thread owns one process and waits for it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from thatlook.core import errors
from thatlook.core.errors import ThatlookError
from thatlook.store.ingest.describing import DescriberFactory, Done, Job, describe_jobs

_START = "from thatlook.store.ingest.worker import main; main()"


class WorkerDied(Exception):  # noqa: N818 - it is news, not an error of the caller
    """A worker process was ended by a signal: a codec crashed, or memory ran out."""


class Pool:
    """Describes groups of jobs in `workers` processes, or in this one where it is 0.

    A process that dies is replaced and its jobs are tried once more one by one, so that one
    picture that crashes a decoder costs one product.
    """

    def __init__(self, factory: DescriberFactory, workers: int) -> None:
        self._factory = factory
        self._workers = workers
        self._local = threading.local()
        self._started: list[_Worker] = []
        self._stopping = False
        self._threads = ThreadPoolExecutor(max(1, workers), thread_name_prefix="describe")

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
        if not hasattr(self._local, "describer"):
            self._local.describer = self._factory()
        return describe_jobs(self._local.describer, jobs)

    def _in_worker(self, jobs: Sequence[Job]) -> list[Done]:
        try:
            return self._asked(jobs)
        except WorkerDied as died:
            if len(jobs) == 1:
                return [Done(jobs[0], messages=(str(died),))]
        return [done for job in jobs for done in self._in_worker([job])]

    def _asked(self, jobs: Sequence[Job]) -> list[Done]:
        if self._stopping:
            raise WorkerDied("the run was stopped")
        worker: _Worker | None = getattr(self._local, "worker", None)
        if worker is None or not worker.alive:
            worker = self._local.worker = _Worker(self._factory)
            self._started.append(worker)
        return worker.described(jobs)


class _Worker:
    def __init__(self, factory: DescriberFactory) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self._factory: DescriberFactory | None = factory

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def described(self, jobs: Sequence[Job]) -> list[Done]:
        """The results of a group; raises what the describer raised, or WorkerDied."""
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
        done: list[Done] = value
        return done

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
