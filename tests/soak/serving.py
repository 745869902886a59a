"""A service in a process of its own under a limit of open files, with an eye on its health."""

from __future__ import annotations

import http.client
import json
import re
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.service.live import ROOT, free_port, start_process, wait_ready

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
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = start_process(Path(folder), port, TEST_DOUBLE_COUNT="20", **settings)
        with eyed(process, port, open_files) as found:
            yield found


@contextmanager
def eyed(
    process: subprocess.Popen[bytes], port: int, open_files: int = OPEN_FILES
) -> Iterator[Watched]:
    """A service that was just started, under the limit of files; ended at the end."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (open_files, open_files))
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(CLIENT_FILES, hard), hard))
    try:
        wait_ready(f"http://127.0.0.1:{port}", process)
        found = Watched(port, process.pid)
        with _probed(found):
            yield found
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def _probed(service: Watched) -> Iterator[None]:
    """Asks for its health from a process of its own, which waits for nobody's attacks."""
    command = [sys.executable, "-m", "tests.soak.serving", str(service.port)]
    prober = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield
    finally:
        told = json.loads(prober.communicate()[0])
        service.times_ms, service.failures = told["times_ms"], told["failures"]


def probe(port: int) -> None:
    """Asks for the health again and again until standard input ends; then says how it was."""
    times_ms, failures = [], []
    while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
        start = time.perf_counter()
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            line.request("GET", "/healthz")
            if line.getresponse().status != 200:
                failures.append("not 200")
        except (OSError, http.client.HTTPException) as error:
            failures.append(repr(error))
        finally:
            line.close()
        times_ms.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"times_ms": times_ms, "failures": failures}))


if __name__ == "__main__":
    probe(int(sys.argv[1]))
