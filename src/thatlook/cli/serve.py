"""`thatlook serve`."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from thatlook.cli.command import Command
from thatlook.cli.options import catalog_option
from thatlook.core.ports import why_not_free

if TYPE_CHECKING:
    from thatlook.service.settings import ServiceSettings

NEEDED: Final = (
    *("fastapi", "fastapi_swagger", "uvicorn", "python_multipart", "limits"),
    "prometheus_client",
)
APP: Final = "thatlook.service.app:from_environment"
METRIC_FILES: Final = "PROMETHEUS_MULTIPROC_DIR"
STOP_S: Final = 20
"""How long a stopping worker waits for the requests it has."""
HEALTH_S: Final = 60
"""A worker that has not answered for so long is killed and replaced. Generous: on a machine that is
busy a worker that only starts is slow too, and to start it over again makes it slower."""


@click.command(
    "serve",
    cls=Command,
    extra="serve",
    needs=NEEDED,
    examples=("thatlook serve --catalog catalog --port 8000",),
)
@catalog_option
@click.option("--host", default="127.0.0.1", help="default: this machine only")
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, help="default 8000")
@click.option("--workers", type=int, metavar="N", help="processes (default 1)")
@click.option("--threads", type=int, metavar="N", help="photos at a time in each worker")
@click.option("--queue", type=int, metavar="N", help="photos that may wait for a thread")
@click.option("--photo-url", is_flag=True, help="fetch photos by their address")
@click.option(
    "--cors-origins", metavar="ORIGINS", help="whose pages may call: https://shop.example,..."
)
@click.option("--keys-file", metavar="FILE", help="lines of: read NAME:KEY, write NAME:KEY")
def command(catalog: str, host: str, port: int, photo_url: bool, **given: Any) -> int:
    """HTTP service and web page.

    THATLOOK_SERVE_* set what is not an option (docs/service.md). Serves until it is told to stop:
    exit status 0; or until a worker cannot start: 1.
    """
    if why := why_not_free(host, port):
        told = f"port {port} of {host} cannot be listened on: {why}; choose another with --port"
        print(f"thatlook: {told}", file=sys.stderr)
        return 1

    from thatlook.core.settings import Settings
    from thatlook.engine import Engine
    from thatlook.service.app import open_rival
    from thatlook.service.keys import Guard
    from thatlook.service.settings import ServiceSettings
    from thatlook.service.state import feedback_of
    from thatlook.store.catalog.address import Address

    place = catalog if "://" in catalog else str(Path(catalog).resolve())
    given["photo_url"] = photo_url or None  # not asked for: as the environment says
    settings = ServiceSettings.load(catalog=place, **given)
    Guard(settings)  # a mistake in the keys or rates is told here, not by every worker
    Address.of(catalog).check_folder()
    # Another network's catalog, damaged weights, a full disk: told here in one line.
    with Engine.open(catalog, Settings.load()) as engine:
        if feedback := feedback_of(settings, engine.catalog.home):
            feedback.close()
    if settings.rival:
        open_rival(settings).close()
    os.environ.update(settings.to_environment())
    # uvicorn stops on SIGTERM and then raises it again; by then all is done, and well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if settings.workers == 1:
        return serve(APP, host, port, settings)
    with tempfile.TemporaryDirectory(prefix="thatlook-metrics-") as folder:
        os.environ.setdefault(METRIC_FILES, folder)
        return serve(APP, host, port, settings)


def serve(app: str, host: str, port: int, settings: ServiceSettings) -> int:
    """Runs the app that the factory `app` ("module:name") makes, in as many workers as asked for.

    Returns 0 when it was told to stop, 1 when a worker could not start.
    """
    import uvicorn
    from uvicorn.config import STARTUP_FAILURE

    from thatlook.service import logs
    from thatlook.service.connections import BoundedProtocol, ConnectionLimits
    from thatlook.service.workers import Workers

    logs.configure(settings.log_level)  # of the process that watches over the workers
    print(f"thatlook serves http://{host}:{port}/", file=sys.stderr)
    proxies = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")  # uvicorn's own variable
    limits = ConnectionLimits.of(settings, proxies)
    config = uvicorn.Config(
        app,
        factory=True,
        http=partial(BoundedProtocol, limits=limits),  # type: ignore[arg-type] # makes a protocol
        ws="none",
        backlog=limits.backlog,
        host=host,
        port=port,
        workers=settings.workers,
        log_config=None,
        log_level=settings.log_level,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_S,
        timeout_worker_healthcheck=HEALTH_S,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=32_768,
    )
    if settings.workers == 1:
        server = uvicorn.Server(config)
        # How uvicorn passes signals on when all is done, and leaves when it could not start.
        with suppress(KeyboardInterrupt, SystemExit):
            server.run()
        return 0 if server.started else 1
    # As uvicorn.run does it, which does not say that its workers could not start.
    workers = Workers(config, sockets=[config.bind_socket()])
    workers.run()
    return 1 if any(one.exitcode == STARTUP_FAILURE for one in workers.processes) else 0
