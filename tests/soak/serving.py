"""A service in a process of its own under a limit of open files, with an eye on its health."""

from __future__ import annotations

import http.client
import re
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.service.live import free_port, start_process, wait_ready

OPEN_FILES = 1024
PAUSE_S = 0.05
CLIENT_FILES = 4096
WRITE_KEY = "write-key-of-soak-1"


@dataclass
class Watched:
    """A running service; how long /healthz took each time it was asked, in ms."""

    port: int
    pid: int
    times_ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def resident_mb(self) -> float:
        """What the process holds in memory."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def open_files(self) -> int:
        """How many files and sockets it holds open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def ask(self) -> None:
        """Asks for its health once, over a new connection."""
        start = time.perf_counter()
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request("GET", "/healthz")
            if line.getresponse().status != 200:
                self.failures.append("not 200")
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(repr(error))
        finally:
            line.close()
        self.times_ms.append((time.perf_counter() - start) * 1000)

    def told(self) -> str:
        """One line of what was seen."""
        times = sorted(self.times_ms)
        middle, late = times[len(times) // 2], times[int(len(times) * 0.99)]
        return (
            f"/healthz asked {len(times)} times: median {middle:.0f} ms, p99 {late:.0f} ms, "
            f"at most {times[-1]:.0f} ms, {len(self.failures)} failures {self.failures[:3]}"
        )


@contextmanager
def watched(open_files: int = OPEN_FILES, **settings: str) -> Iterator[Watched]:
    """A service on the double whose health is asked all the while."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = start_process(Path(folder), port, TEST_DOUBLE_COUNT="20", **settings)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (open_files, open_files))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(CLIENT_FILES, hard), hard))
        try:
            wait_ready(f"http://127.0.0.1:{port}", process)
            found, stop = Watched(port, process.pid), threading.Event()
            prober = threading.Thread(target=_probe, args=(found, stop))
            prober.start()
            try:
                yield found
            finally:
                stop.set()
                prober.join()
        finally:
            process.terminate()
            process.wait(60)


def _probe(service: Watched, stop: threading.Event) -> None:
    while not stop.wait(PAUSE_S):
        service.ask()
