"""How many connections there may be, and how long each may make the service wait.

uvicorn has no limit for the time a request's head takes to come, nor one of connections that leaves
room for others: here are both, as its HTTP protocol with a clock.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from thatlook.service import metrics
from thatlook.service.keys import network_of
from thatlook.service.settings import ServiceSettings

ANSWER_S: Final = 15.0
"""How much longer than a request's deadline its answer may take to be read."""
MAX_FILES: Final = 65_536
MAX_BACKLOG: Final = 2048
FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 2\r\n"
    b"Content-Length: 0\r\n\r\n"
)
_HEAD: Final = object()


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a worker grants: see ServiceSettings.

    `proxies` are the networks whose members speak for many: they have no limit of their own.
    """

    connections: int
    backlog: int
    per_address: int
    header_s: float
    exchange_s: float
    proxies: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: ServiceSettings, proxies: str) -> ConnectionLimits:
        """The limits of a service; never more connections than half the files it may open.

        All of the backlog may be accepted before the first of it is counted: an eighth of them.
        """
        files = _open_files()
        return cls(
            connections=min(settings.connections, max(1, files // 2)),
            backlog=min(MAX_BACKLOG, max(16, files // 8)),
            per_address=settings.connections_per_address,
            header_s=settings.header_s,
            exchange_s=settings.deadline_s + ANSWER_S,
            proxies=tuple(part.strip() for part in proxies.split(",") if part.strip()),
        )

    def is_proxy(self, address: str) -> bool:
        """Whether the address may name the callers it speaks for."""
        return any(one == "*" or _within(address, one) for one in self.proxies)


class BoundedProtocol(H11Protocol):
    """One connection: closed when its client lets the service wait too long.

    A new one above a limit takes the place of the one that has waited longest for its client (for
    a head, a body, or an answer to be read); where all others are being answered it gets 503.
    """

    def __init__(self, *given: Any, limits: ConnectionLimits, **named: Any) -> None:
        super().__init__(*given, **named)
        self.limits = limits
        self.address = ""
        self.since = 0.0
        self._awaited: object = None
        self._clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Counts the connection and starts the clock for its first head."""
        super().connection_made(transport)
        self.address = network_of(self.client[0] if self.client else "")
        self._await(_HEAD, self.limits.header_s)
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads on; the first byte of a head starts its clock, and no later one."""
        super().data_received(data)
        if self._answering:
            self._await(self.cycle, self.limits.exchange_s)
        else:
            self._await(_HEAD, self.limits.header_s)

    def on_response_complete(self) -> None:
        """Starts the clock of the next request where it is here, else of the answer being read."""
        super().on_response_complete()
        self._await(self.cycle if self._answering else None, self.limits.exchange_s)

    @property
    def waits_for_client(self) -> bool:
        """Whether the client is what this connection waits for."""
        return not self._answering or self.cycle.more_body or self.flow.write_paused

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def drop(self, why: str) -> None:
        """Closes at once, whatever is unsent."""
        metrics.REFUSED.labels(why).inc()
        self.connections.discard(self)
        self.transport.abort()

    def _await(self, awaited: object, seconds: float) -> None:
        """Starts the clock for what is waited for now, unless it runs for that already."""
        if self._clock is not None and awaited is self._awaited:
            return
        self._stop_clock()
        self._awaited, self.since = awaited, self.loop.time()
        self._clock = self.loop.call_later(seconds, self.drop, "slow")

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _make_room(self) -> None:
        everyone = [one for one in self.connections if isinstance(one, BoundedProtocol)]
        own = [one for one in everyone if one.address == self.address]
        if len(own) > self.limits.per_address and not self.limits.is_proxy(self.address):
            self._replace_one(own)
        elif len(everyone) > self.limits.connections:
            busiest = Counter(one.address for one in everyone).most_common(1)[0][0]
            self._replace_one(one for one in everyone if one.address == busiest)

    def _replace_one(self, candidates: Iterable[BoundedProtocol]) -> None:
        waiting = [one for one in candidates if one is not self and one.waits_for_client]
        if waiting:
            min(waiting, key=lambda one: one.since).drop("connections")
            return
        self.transport.write(FULL)
        self.connections.discard(self)
        self.transport.close()
        metrics.REFUSED.labels("connections").inc()


def _within(address: str, network: str) -> bool:
    try:
        parsed = ipaddress.ip_network(address, strict=False)
        return parsed.subnet_of(ipaddress.ip_network(network, strict=False))  # type: ignore[arg-type]
    except (ValueError, TypeError):  # a name, a path of a socket, or the other version
        return address == network


def _open_files() -> int:
    """How many files this process and its workers may open, raised to what it may be."""
    if os.name != "posix":
        return MAX_FILES
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= MAX_FILES:
        return MAX_FILES
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError):  # macOS has another, lower limit
        return soft
    return wanted
