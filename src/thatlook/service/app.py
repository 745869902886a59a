"""The application: wires routes, limits and the engine; one per worker process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from multiprocessing import parent_process
from typing import Final

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from thatlook.core.errors import ThatlookError
from thatlook.core.settings import Settings, environment_beside
from thatlook.core.version import __version__
from thatlook.engine import Engine
from thatlook.service import (
    completions,
    describe,
    feedback,
    logs,
    metrics,
    operations,
    pages,
    photos,
    problems,
    products,
    reference,
    scenes,
    words,
)
from thatlook.service.envelope import Envelope
from thatlook.service.feeding import fed
from thatlook.service.settings import ServiceSettings
from thatlook.service.state import Fetch, Service
from thatlook.store.feed.fetch import Fetcher, FetchPolicy

logger = logging.getLogger("thatlook.service")

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
PICTURE_TYPES: Final = ("image/", "application/octet-stream", "binary/octet-stream")
PARENT_CHECK_S: Final = 1.0
START_WAITS_S: Final = (1.0, 5.0)
"""A worker that cannot open the catalog tries again after these. Giving up would end the others."""


def create_app(
    settings: ServiceSettings,
    opened: Callable[[], Engine],
    fetch: Fetch | None = None,
    rival: Callable[[], Engine] | None = None,
) -> FastAPI:
    """The application; `opened` gives the engine, and is called when the application starts.

    `fetch` gives the bytes at an address (default: public addresses only, within limits), `rival`
    the engine whose ranking is shown among the own one.
    """
    app = FastAPI(
        title="thatlook",
        version=__version__,
        docs_url=None,  # FastAPI's own pages load their scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan(settings, opened, fetch, rival),
    )
    app.add_middleware(
        Envelope, max_body_bytes=settings.max_body_bytes, foreign_photos=settings.photo_url
    )
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["X-Request-Id", "Retry-After"],
        )
    problems.install(app)
    describe.install(app)
    app.include_router(photos.router)
    app.include_router(completions.router)
    app.include_router(products.router)
    app.include_router(scenes.router)
    app.include_router(words.router)
    app.include_router(feedback.router)
    app.include_router(operations.router)
    pages.install(app, settings.language)
    reference.install(app)
    return app


def from_environment() -> FastAPI:
    """The application as THATLOOK_* and THATLOOK_SERVE_* in the environment describe it."""
    settings = ServiceSettings.load()
    logs.configure(settings.log_level)
    dials = Settings.load()
    if dials.threads == 0:
        dials = replace(dials, threads=settings.network_threads)
    rival = partial(open_rival, settings, dials.threads) if settings.rival else None
    return create_app(settings, lambda: Engine.open(settings.catalog, dials), rival=rival)


def open_rival(settings: ServiceSettings, threads: int = 0) -> Engine:
    """The engine of the second ranking. Raises as Engine.open does, and SettingsError.

    What its file sets beats the environment, which speaks of the catalog's own engine.
    """
    file = settings.rival_settings
    beside = environment_beside(file) if file else None
    dials = Settings.load(file or None, beside, threads=threads)
    return Engine.open(settings.rival, dials, create=False)


def _lifespan(
    settings: ServiceSettings,
    opened: Callable[[], Engine],
    fetch: Fetch | None,
    rival: Callable[[], Engine] | None,
) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = await _open(opened, START_WAITS_S if settings.workers > 1 else ())
        second = None if rival is None else await asyncio.to_thread(rival)
        fetched = fetch or _fetch(settings, engine.settings)
        service = Service.of(engine, settings, fetched, second)
        app.state.service = service
        app.state.guard = service.guard
        await service.photos.run(engine.analyzer.warm)
        if second is not None:
            await service.photos.run(second.analyzer.warm)
        service.ready = True
        logger.info("ready", extra={"pid": os.getpid()})
        feeding = ExitStack()
        if (cluster := engine.catalog.cluster) is not None:
            cluster.watch = metrics.SearchWatch()
            if settings.feed_search:
                feeding.enter_context(fed(cluster))
        watch = asyncio.create_task(_leave_with_parent()) if settings.workers > 1 else None
        try:
            yield
        finally:
            if watch is not None:
                watch.cancel()
                with suppress(asyncio.CancelledError):
                    await watch
            await asyncio.to_thread(feeding.close)
            await service.close()
            logger.info("stopped", extra={"pid": os.getpid()})

    return lifespan


async def _open(opened: Callable[[], Engine], waits_s: Iterable[float]) -> Engine:
    """The engine, where needed after these waits: files may just be replaced, the disk be busy."""
    for wait_s in waits_s:
        try:
            return await asyncio.to_thread(opened)
        except (ThatlookError, OSError) as error:
            logger.warning("not started yet", extra={"error": str(error), "again_in_s": wait_s})
        await asyncio.sleep(wait_s)
    return await asyncio.to_thread(opened)


def _fetch(settings: ServiceSettings, limits: Settings) -> Fetch:
    policy = FetchPolicy(
        max_bytes=limits.max_photo_bytes,
        content_types=PICTURE_TYPES,
        timeout_s=5.0,
        deadline_s=settings.deadline_s / 2,
        attempts=1,  # the caller may try again; meanwhile the thread is free for another
    )
    fetcher = Fetcher(policy)
    return lambda url: fetcher.get(url).data


async def _leave_with_parent() -> None:
    """Stops this worker when the process that started it was killed: nobody would stop it then."""
    parent = parent_process()
    if parent is None:
        return  # started by hand, not by uvicorn
    # Not by the parent's process id: that is another's already where the parent died early.
    while parent.is_alive():
        await asyncio.sleep(PARENT_CHECK_S)
    logger.error("parent gone")
    signal.raise_signal(signal.SIGTERM)
