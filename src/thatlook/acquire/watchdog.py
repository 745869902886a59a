"""Ends the browser when the crawler is gone, however it went.

A killed crawler cannot close its Chromium, which would go on asking the shop with nobody
holding it back. This runs as a process of its own, reads process ids from its standard
input, and ends them when that input ends, as it does with the crawler.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import TracebackType
from typing import Self


class Watchdog:
    """A running watchdog; leaving the context ends it without harm to anybody."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "thatlook.acquire.watchdog"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        return self

    def watch(self, pids: list[int]) -> None:
        """Ends these processes, and no longer earlier ones, when this process is gone."""
        if self._process.stdin is not None:
            self._process.stdin.write((" ".join(map(str, pids)) + "\n").encode())
            self._process.stdin.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.watch([])
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=10)


def main() -> None:
    """Reads lines of process ids; ends those of the last line when the input ends."""
    last = ""
    for line in sys.stdin:
        last = line
    for pid in last.split():
        try:
            os.kill(int(pid), signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
