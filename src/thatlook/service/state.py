"""What the routes share: the engine, the queues, the guard. One per worker process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request

from thatlook.core.errors import CatalogError
from thatlook.engine import Engine
from thatlook.service import metrics
from thatlook.service.keys import Guard
from thatlook.service.pictures import Thumbnails
from thatlook.service.problems import RETRY, Problem
from thatlook.service.queue import Uploads, WorkQueue, deadline
from thatlook.service.rival import Rival
from thatlook.service.settings import ServiceSettings
from thatlook.store.feedback.book import FILE_NAME, Bounds, Feedback

logger = logging.getLogger("thatlook.service")

Fetch = Callable[[str], bytes]
"""The bytes at an address; raises FetchError."""

LOOKUP_THREADS = 4
LOOKUPS_WAITING = 256
FETCH_THREADS = 4


@dataclass(slots=True, eq=False)
class Service:
    """The parts of a running service."""

    engine: Engine
    settings: ServiceSettings
    guard: Guard
    photos: WorkQueue
    lookups: WorkQueue
    fetches: WorkQueue
    uploads: Uploads
    thumbnails: Thumbnails
    fetch: Fetch
    feedback: Feedback | None = None
    rival: Rival | None = None
    ready: bool = False
    _counted: tuple[int, dict[str, Any]] | None = None

    @classmethod
    def of(
        cls,
        engine: Engine,
        settings: ServiceSettings,
        fetch: Fetch,
        rival: Engine | None = None,
    ) -> Service:
        """A service on an engine. Raises SettingsError for keys or rates that cannot be,
        CatalogError where feedback is to be kept and cannot.
        """
        return cls(
            engine=engine,
            settings=settings,
            guard=Guard(settings),
            photos=WorkQueue(settings.at_a_time, settings.queue),
            lookups=WorkQueue(LOOKUP_THREADS, LOOKUPS_WAITING),
            fetches=WorkQueue(FETCH_THREADS, settings.queue),
            uploads=Uploads(settings.uploads, settings.slots_per_caller),
            thumbnails=Thumbnails(),
            fetch=fetch,
            feedback=feedback_of(settings, engine.catalog.home),
            rival=None if rival is None else Rival(rival, engine),
        )

    async def lookup(self, job: Callable[[], Any]) -> Any:
        """What a short job gives that reads the catalog or a picture. Raises Problem 503."""
        async with deadline(self.settings.deadline_s):
            return await self.lookups.run(job)

    async def fetched(self, url: str, allowed: bool, field: str) -> bytes:
        """The bytes at an address that a caller named. Raises Problem 403, FetchError."""
        if not allowed:
            words = f"{field} is off in this service; send the picture itself"
            raise Problem(403, f"{field}_is_off", words)
        return await self.fetches.run(lambda: self.fetch(url))

    def counts(self) -> dict[str, Any]:
        """How many products there are, by category and with what values; again after a change."""
        sequence = self.engine.catalog.sequence
        if self._counted is None or self._counted[0] != sequence:
            info = self.engine.catalog.info()
            categories = {name: sum(found.values()) for name, found in info.categories.items()}
            offered = self.engine.catalog.offered().to_dict()
            counts = {"products": info.products, "categories": categories, "offered": offered}
            self._counted = (sequence, counts)
        return self._counted[1]

    def metrics(self) -> bytes:
        """The metrics of all workers, as of now."""
        if self.engine.catalog.cluster is not None:
            metrics.observe_search(self.engine.catalog.cluster)
        return metrics.exposition()

    async def close(self) -> None:
        """Waits for the jobs that run, then closes the engine."""
        self.ready = False
        for queue in (self.photos, self.lookups, self.fetches):
            await asyncio.to_thread(queue.close)
        if self.feedback is not None:
            self.feedback.close()
        if self.rival is not None:
            self.rival.engine.close()
        self.engine.close()


def feedback_of(settings: ServiceSettings, home: Path) -> Feedback | None:
    """Where feedback is kept; None where it is off. What is too old goes in both cases.

    Raises CatalogError where it is to be kept and cannot.
    """
    bounds = Bounds(settings.feedback_days, settings.feedback_rows)
    if settings.feedback:
        book = Feedback.open(home, bounds, create=True)
        book.purge()
        return book
    if (home / FILE_NAME).is_file():
        try:
            with Feedback.open(home, bounds) as left:
                left.purge()
        except CatalogError as error:  # a service that needs no feedback starts without it
            logger.warning("old feedback not dropped", extra={"error": str(error)})
    return None


def service_of(request: Request) -> Service:
    """The service of the request's app. Raises Problem 503 before it is ready."""
    found: Service | None = getattr(request.app.state, "service", None)
    if found is None:
        raise Problem(503, "starting", "the service is starting", headers=RETRY)
    return found
