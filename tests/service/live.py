"""A service that answers on a port: in a thread, or in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

ROOT = Path(__file__).resolve().parents[2]
START_S = 180.0
LOG = "service.log"


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def in_thread(app: Any) -> Iterator[str]:
    """Serves the app from a thread of this process; gives its address."""
    import uvicorn

    port = free_port()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        address = f"http://127.0.0.1:{port}"
        wait_ready(address)
        yield address
    finally:
        server.should_exit = True
        thread.join(20)


def wait_until(true: Callable[[], bool]) -> None:
    """Waits for a condition."""
    end = time.monotonic() + START_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def wait_ready(address: str, process: subprocess.Popen[bytes] | None = None) -> None:
    """Waits until /readyz says yes, as long as the process that should say it runs."""
    end = time.monotonic() + START_S
    while True:
        assert process is None or process.poll() is None
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


def start_process(
    folder: Path, port: int, workers: int = 1, **environment: str
) -> subprocess.Popen[bytes]:
    """Starts the double's service as a process with its own workers.

    What it logs is in `folder` / LOG.
    """
    settings = {
        "THATLOOK_SERVE_CATALOG": str(folder),
        "THATLOOK_SERVE_WORKERS": str(workers),
        **environment,
    }
    command = [sys.executable, "-m", "tests.service.double", str(port)]
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            command, cwd=ROOT, env=os.environ | settings, stdout=log, stderr=log
        )
