"""`thatlook serve`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from thatlook.cli.command import Command
from thatlook.core.errors import CatalogError, MissingExtraError
from thatlook.core.settings import Settings
from thatlook.engine import Engine
from thatlook.service.settings import ServiceSettings

NEEDED: Final = ("fastapi", "uvicorn", "python_multipart", "limits", "prometheus_client")
APP: Final = "thatlook.service.app:from_environment"
METRIC_FILES: Final = "PROMETHEUS_MULTIPROC_DIR"
STOP_S: Final = 20
"""How long a stopping worker waits for the requests it has."""
HEALTH_S: Final = 60
"""A worker that has not answered for so long is killed and replaced. Generous: on a machine that is
busy a worker that only starts is slow too, and to start it over again makes it slower."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `thatlook serve`. The rest is set by THATLOOK_SERVE_*."""
    parser.add_argument("--catalog", required=True, metavar="DIR", help="the catalog's folder")
    parser.add_argument("--host", default="127.0.0.1", help="default: this machine only")
    parser.add_argument("--port", type=int, default=8000, help="default 8000")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default 1)")
    parser.add_argument("--threads", type=int, metavar="N", help="photos at a time in each worker")
    parser.add_argument("--queue", type=int, metavar="N", help="photos that may wait for a thread")
    parser.add_argument(
        "--photo-url", action="store_true", default=None, help="fetch photos by their address"
    )
    parser.add_argument(
        "--cors-origins", metavar="ORIGINS", help="whose pages may call: https://shop.example,..."
    )
    parser.add_argument(
        "--keys-file", metavar="FILE", help="lines of: read NAME:KEY, write NAME:KEY"
    )


def run(args: argparse.Namespace) -> int:
    """Serves until it is told to stop: 0; or until a worker cannot start: 1.

    Raises MissingExtraError, SettingsError, ModelError, CatalogError where there is no such
    folder or its vectors come from another network.
    """
    if any(find_spec(name) is None for name in NEEDED):
        raise MissingExtraError("thatlook serve", "serve")
    names = ("workers", "threads", "queue", "photo_url", "cors_origins", "keys_file")
    given: dict[str, Any] = {name: getattr(args, name) for name in names}
    settings = ServiceSettings.load(catalog=str(Path(args.catalog).resolve()), **given)
    settings.keys()  # a mistake in the keys is told here, not by every worker
    if "://" not in args.catalog and not Path(args.catalog).is_dir():
        raise CatalogError(
            f"{args.catalog}: no catalog here; "
            f"make one with: thatlook index FEED --catalog {args.catalog}"
        )
    with Engine.open(args.catalog, Settings.load()):
        pass  # another network's catalog, damaged weights: told here in one line
    os.environ.update(settings.to_environment())
    # uvicorn stops on SIGTERM and then raises it again; by then all is done, and well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if settings.workers == 1:
        return serve(APP, args.host, args.port, settings)
    with tempfile.TemporaryDirectory(prefix="thatlook-metrics-") as folder:
        os.environ.setdefault(METRIC_FILES, folder)
        return serve(APP, args.host, args.port, settings)


def serve(app: str, host: str, port: int, settings: ServiceSettings) -> int:
    """Runs the app that the factory `app` ("module:name") makes, in as many workers as asked for.

    Returns 0 when it was told to stop, 1 when a worker could not start.
    """
    import uvicorn
    from uvicorn.config import STARTUP_FAILURE

    from thatlook.service import logs
    from thatlook.service.workers import Workers

    logs.configure(settings.log_level)  # of the process that watches over the workers
    print(f"thatlook serves http://{host}:{port}/", file=sys.stderr)
    config = uvicorn.Config(
        app,
        factory=True,
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


SERVE = Command(add_arguments, run)
