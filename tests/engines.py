"""Milvus for the tests: Milvus Lite, and the standalone server of the PyPI package `milvus`.

The server listens on all addresses, whatever it is told: what is set to 127.0.0.1 is where its
parts look for each other. One runs on a machine at a time: its etcd wants PEER_PORT.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from abc import ABC, abstractmethod
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError

from tests.service.live import free_port

START_S: Final = 120
OTHERS_S: Final = 600
PEER_PORT: Final = 2380
_PARTS: Final = (
    "rootCoord", "proxy", "queryCoord", "queryNode", "indexNode", "dataCoord", "dataNode",
)  # fmt: skip


class Engine(ABC):
    """A process that answers at `port`; its data and its log are in `folder`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, collection: str, port: int | None = None, **settings: Any) -> str:
        """The address of a collection, as `catalog.toml` has it."""
        given = "&".join(f"{name}={value}" for name, value in settings.items())
        return f"milvus://127.0.0.1:{port or self.port}/{collection}?{given}"

    def start(self) -> None:
        """Starts the process and waits until it is healthy."""
        with ExitStack() as stack:
            log = stack.enter_context((self.folder / "log.txt").open("ab"))
            self.process = subprocess.Popen(
                self.command(),
                env={**os.environ, **self.environment()},
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + START_S
        while not self.healthy():
            if self.process.poll() is not None or time.monotonic() > end:
                told = self.told()
                self.kill()
                raise RuntimeError(f"did not start: {told}")
            time.sleep(0.1)

    def kill(self) -> None:
        """Ends the process as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Ends the process; what it is given time for does not matter to a test."""
        self.kill()

    def told(self) -> str:
        """The end of its log."""
        return (self.folder / "log.txt").read_text(errors="replace")[-2000:]

    @abstractmethod
    def command(self) -> list[str]:
        """What starts it."""

    def environment(self) -> dict[str, str]:
        return {}

    @abstractmethod
    def healthy(self) -> bool:
        """Whether it answers."""


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of the loopback."""
    with closing(socket.socket()) as trial:
        return trial.connect_ex(("127.0.0.1", port)) != 0


class Lite(Engine):
    """Milvus Lite as a server of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, free_port())

    def command(self) -> list[str]:
        data = ("--data-dir", str(self.folder / "data"))
        place = ("--host", "127.0.0.1", "--port", str(self.port))
        return [sys.executable, "-m", "milvus_lite", "server", *data, *place]

    def healthy(self) -> bool:
        from pymilvus import MilvusClient, MilvusException

        try:
            MilvusClient(f"http://127.0.0.1:{self.port}", timeout=1, dedicated=True).close()
        except MilvusException:
            return False
        return True


class Standalone(Engine):
    """The standalone server, its ticks short so that strong consistency answers soon."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        from milvus import MilvusServerConfig, _initialize_data_files

        config = MilvusServerConfig(data_dir=str(folder))
        for part in _PARTS:
            config.set(f"{part}.ip", "127.0.0.1")
        config.set("proxy.timeTickInterval", 20)
        # Its interim index is not exact: compose.yaml switches it off too.
        config.set("queryNode.segcore.interimIndex.enableIndex", "false")
        for name, value in settings.items():
            config.set(name, value)
        ports = [name for name in config.config_key_maps.values() if name.endswith("_port")]
        config.update(**{name: free_port() for name in ports})
        config.resolve()
        _initialize_data_files(str(folder))
        super().__init__(folder, int(config.get("proxy_port")))
        self._health_port = free_port()

    def command(self) -> list[str]:
        return [str(self.folder / "bin" / "milvus"), "run", "standalone"]

    def environment(self) -> dict[str, str]:
        return {
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(self._health_port),
            "MILVUS_RUN_DIR": str(self.folder / "run"),
            "LD_LIBRARY_PATH": str(self.folder / "bin"),
        }

    def healthy(self) -> bool:
        place = f"http://127.0.0.1:{self._health_port}/healthz"
        try:
            with urllib.request.urlopen(place, timeout=5) as answer:
                return b"OK" in answer.read()
        except (URLError, OSError):
            return False

    def start(self) -> None:
        """Waits for others on this machine that run one too, then starts it."""
        end = time.monotonic() + OTHERS_S
        while not is_free(PEER_PORT) and time.monotonic() < end:
            time.sleep(0.5)
        super().start()

    def stop(self) -> None:
        """Ends the process and frees the disk."""
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)
