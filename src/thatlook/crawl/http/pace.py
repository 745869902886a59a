"""How fast a host may be asked: one request at a time gets its turn, none before its time."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

MAX_WAIT_S = 600.0
"""A Retry-After above this is not waited for; the page is left for the next run."""

SAFETY = 1.05
"""Pauses are this much longer than the limit asks, for what the network closes up again."""


class Pacer:
    """Gives every host at most `requests_per_second` turns. Safe for threads."""

    def __init__(
        self,
        requests_per_second: float,
        jitter: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pause_s = SAFETY / requests_per_second
        self._jitter = jitter
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._slower: dict[str, float] = {}
        self._free: dict[str, float] = {}

    def wait(self, host: str) -> None:
        """Returns when it is this caller's turn to ask `host`."""
        while (left := self.turn(host)) > 0:
            self._sleep(min(left, 1.0))

    def turn(self, host: str) -> float:
        """0 when the caller has the turn (and the next one is later), else seconds to wait."""
        with self._lock:
            now = self._now()
            left = self._free.get(host, 0.0) - now
            if left > 0:
                return left
            pause = max(self._pause_s, self._slower.get(host, 0.0))
            self._free[host] = now + pause * (1 + random.uniform(0, self._jitter))
            return 0.0

    def hold(self, host: str, seconds: float) -> None:
        """Lets nobody ask `host` for this long: what Retry-After says."""
        with self._lock:
            self._free[host] = max(self._free.get(host, 0.0), self._now() + seconds)

    def slow_down(self, host: str, pause_s: float) -> None:
        """Makes every pause at `host` at least this long: what robots.txt asks as Crawl-delay."""
        with self._lock:
            self._slower[host] = pause_s
