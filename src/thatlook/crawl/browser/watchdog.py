"""Ends the browser when the crawler is gone, however it went.

A killed crawler cannot close its Chromium, which would go on asking the shop with nobody
holding it back. This runs as a process of its own, is told on its standard input what there
is to end, and does so when that input ends, as it does with the crawler.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from thatlook.core.closing import Closing


class Watchdog(Closing):
    """A running watchdog."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "thatlook.crawl.browser.watchdog"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )

    def watch(self, pids: list[int], folder: Path | None) -> None:
        """Ends these processes and removes their folder, and nothing named earlier, when this
        process is gone.
        """
        if self._process.stdin is not None:
            told = {"pids": pids, "folder": str(folder) if folder else ""}
            self._process.stdin.write(json.dumps(told).encode() + b"\n")
            self._process.stdin.flush()

    def close(self) -> None:
        """Ends it without harm to anybody."""
        self.watch([], None)
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=10)


def main() -> None:
    """Reads lines; ends and removes what the last one names when the input ends."""
    last = '{"pids": [], "folder": ""}'
    for line in sys.stdin:
        last = line
    told = json.loads(last)
    for pid in told["pids"]:
        try:
            os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        except ProcessLookupError:
            continue
    if told["folder"]:
        _removed(Path(told["folder"]))


def _removed(folder: Path) -> None:
    """Removes a folder into which processes that are just ending may still write."""
    for _ in range(20):
        time.sleep(0.25)
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            time.sleep(0.5)
            if not folder.exists():
                return


if __name__ == "__main__":
    main()
