"""What the browser's requests are doing on the current page."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """What happened on the current page: the status of its document, requests in trouble."""

    document: int | None
    troubles: tuple[str, ...]
    refused: str = ""
    """Why the page itself, or what it was redirected to, was not asked for."""
    forbidden: tuple[str, ...] = ()
    """What robots.txt kept the page from asking for, in words."""
    cooldown_s: float = 0.0
    """For how long the shop asked to be left alone, where that is longer than a crawl waits."""


class Traffic:
    """Requests by their number: held for their turn, sent, over. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: set[str] = set()
        self._sent: dict[str, float] = {}
        self._moved = time.monotonic()
        self._document: int | None = None
        self._troubles: list[str] = []
        self._refused = ""
        self._forbidden: list[str] = []
        self._rest_s = 0.0

    def begin(self) -> None:
        """Starts a new page: what happened on the last one no longer counts."""
        with self._lock:
            self._held.clear()
            self._sent.clear()
            self._document, self._troubles = None, []
            self._refused, self._forbidden, self._rest_s = "", [], 0.0
            self._moved = time.monotonic()

    def hold(self, number: str) -> None:
        """A request waits for its turn."""
        with self._lock:
            self._held.add(number)

    def send(self, number: str) -> None:
        """A request goes out."""
        with self._lock:
            self._held.discard(number)
            self._sent[number] = time.monotonic()

    def over(self, number: str) -> None:
        """A request was answered, failed, or went away."""
        with self._lock:
            self._held.discard(number)
            self._sent.pop(number, None)
            self._moved = time.monotonic()

    def document(self, status: int) -> None:
        """The page itself was answered."""
        with self._lock:
            self._document = status

    def refuse(self, reason: str) -> None:
        """The page itself must not be asked for."""
        with self._lock:
            self._refused = reason

    def forbid(self, reason: str) -> None:
        """A request of the page must not be made, by robots.txt."""
        with self._lock:
            self._forbidden.append(reason)

    def trouble(self, message: str) -> None:
        """A request of the page went wrong in a way that may pass."""
        with self._lock:
            self._troubles.append(message)

    def rest(self, seconds: float) -> None:
        """The shop asked to be left alone, for longer than a crawl waits."""
        with self._lock:
            self._rest_s = max(self._rest_s, seconds)

    def seen(self) -> PageOutcome:
        """What happened since `begin`."""
        with self._lock:
            troubles, forbidden = tuple(self._troubles), tuple(self._forbidden)
            return PageOutcome(self._document, troubles, self._refused, forbidden, self._rest_s)

    def quiet_s(self) -> float:
        """For how long no request has been under way or waited; 0 while one does."""
        with self._lock:
            busy = self._held or self._sent
            return 0.0 if busy else time.monotonic() - self._moved

    def holding(self) -> bool:
        """Whether a request waits for its turn, which may take as long as the host asked for."""
        with self._lock:
            return bool(self._held)

    def unanswered_s(self) -> float:
        """For how long the oldest request that was sent has had no answer; 0 without one."""
        with self._lock:
            return time.monotonic() - min(self._sent.values()) if self._sent else 0.0
