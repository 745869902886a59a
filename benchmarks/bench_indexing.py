"""Indexing a real feed with the shipped networks: products per second, memory, the second run.

python benchmarks/bench_indexing.py styles.csv --images images/ --workers 4
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path

import thatlook


def resident_mb(process: int) -> float:
    """The memory of a process and its descendants, in MB (Linux)."""
    total = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(
                line.split(":", 1) for line in status.read_text().splitlines() if ":" in line
            )
        except OSError:
            continue
        if int(lines["PPid"]) == process or int(lines["Pid"]) == process:
            total += int(lines.get("RssAnon", "0 kB").split()[0]) / 1024
            total += int(lines.get("RssShmem", "0 kB").split()[0]) / 1024
    return total


class Peak:
    """Watches the memory of this process and its workers while a block runs."""

    def __enter__(self) -> Peak:
        self.mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            self.mb = max(self.mb, resident_mb(os.getpid()))


def main() -> None:
    """Prints both runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("feed")
    parser.add_argument("--images")
    parser.add_argument("--workers", type=int)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, thatlook.open(folder) as engine:
        for name in ("first run", "unchanged feed"):
            start = time.perf_counter()
            with Peak() as peak:
                report = engine.index(args.feed, args.images, workers=args.workers, progress=True)
            seconds = time.perf_counter() - start
            rate = (report.added + report.unchanged) / seconds
            print(f"{name}: {report}; {rate:.1f} products/s, {peak.mb:.0f} MB of memory at most")


if __name__ == "__main__":
    main()
