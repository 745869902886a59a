"""Describes pictures on a Ray cluster: the one importer of ray.

Each worker is an actor that loads the networks once. The machine that runs the ingest reads and
fetches the pictures and stores the rows, so that the others need neither the shop's files nor its
catalog: they get pictures and give vectors.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from thatlook.core.closing import Closing
from thatlook.core.errors import CatalogError, MissingExtraError, ThatlookError
from thatlook.core.processes import WorkerDied, available_cores
from thatlook.core.settings import Settings
from thatlook.store.ingest.describing import (
    MAX_IMAGES,
    DescribeJob,
    DescribeOutcome,
    PictureFile,
    read_picture,
)

LOCAL: Final = "local"
"""In place of a cluster's address: one of this machine alone, made for this run."""
OBJECT_STORE_BYTES: Final = 200_000_000
"""Of a local cluster: groups of pictures on their way."""


class RayCluster(Closing):
    """A Ray cluster that workers are started on, within a `with`; its workers' `start` for a Pool.

    `address` is LOCAL or what `ray.init` takes: "auto", "HOST:6379", "ray://HOST:10001". Raises
    MissingExtraError without the extra `cluster`, CatalogError where no cluster answers.
    """

    def __init__(self, address: str) -> None:
        self._ray = _ray()
        self._own = not self._ray.is_initialized()
        if self._own:
            self._connect(address)
        self._started = 0
        self._lock = threading.Lock()

    def close(self) -> None:
        """Leaves the cluster, where it was entered here."""
        if self._own:
            self._ray.shutdown()

    @property
    def cores(self) -> int:
        """How many cores all machines of the cluster have."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 0)))

    def start(self, factory: Callable[[], Any]) -> RayWorker:
        """A worker on a free core; past the cluster's cores on any, as a machine may be gone."""
        with self._lock:
            self._started += 1
            free = self._started <= self.cores
        return RayWorker(self._ray, factory, cores=1 if free else 0)

    def _connect(self, address: str) -> None:
        # Nobody is told of the run: no usage statistics, no dashboard.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        try:
            if address == LOCAL:
                self._ray.init(
                    num_cpus=available_cores(),
                    object_store_memory=OBJECT_STORE_BYTES,
                    include_dashboard=False,
                    _node_ip_address="127.0.0.1",
                    **quiet,
                )
            else:
                self._ray.init(address, **quiet)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise CatalogError(
                f"no Ray cluster answers at {address} ({error}); start one with: ray start --head"
            ) from error


class RayWorker:
    """An actor of a cluster that does groups of jobs; see `Worker`."""

    def __init__(self, ray: Any, factory: Callable[[], Any], cores: int) -> None:
        self._ray = ray
        self._settings = Settings()
        self._actor = ray.remote(_Actor).options(num_cpus=cores).remote(factory)
        self.alive = True

    def done(self, jobs: Sequence[DescribeJob]) -> list[DescribeOutcome]:
        """The results of a group; raises what the work raised, or WorkerDied."""
        files = {
            file: read_picture(file, self._settings)
            for job in jobs
            for file in job.files[:MAX_IMAGES]
        }
        errors = self._ray.exceptions
        try:
            found: list[DescribeOutcome] = self._ray.get(self._actor.described.remote(jobs, files))
        except errors.RayTaskError as error:
            if isinstance(error.cause, ThatlookError):
                raise error.cause from error
            raise
        except errors.RayActorError as error:
            self.alive = False
            raise WorkerDied("the actor that read the picture died") from error
        return found

    def kill(self) -> None:
        """Ends it now."""
        self.alive = False
        self._ray.kill(self._actor)

    def close(self) -> None:
        """Ends it."""
        if self.alive:
            self.kill()


class _Actor:
    """What runs on the cluster. The networks are opened at the first group, so that what is wrong
    with them is raised there and not by the actor's death.
    """

    def __init__(self, factory: Callable[[], Any]) -> None:
        self._factory = factory
        self._work: Any = None

    def described(
        self, jobs: Sequence[DescribeJob], files: Mapping[str, PictureFile]
    ) -> list[DescribeOutcome]:
        if self._work is None:
            self._work = self._factory()
        found: list[DescribeOutcome] = self._work(jobs, files=files)
        return found


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("indexing on Ray", "cluster") from error
    return ray
