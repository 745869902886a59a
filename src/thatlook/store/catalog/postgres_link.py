"""Connections to PostgreSQL that give up a server from which nothing comes any more."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from math import ceil
from typing import Any, Final, Self

import psycopg
from psycopg.errors import ConnectionTimeout
from psycopg.waiting import Ready

SILENT_S: Final = 5.0
"""After so long without a word the server is asked whether it is there, and has as long for it."""

SERVER_SETTINGS: Final = (
    # A client that is gone without a word keeps no lock for hours, as it would by the defaults.
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "20000"),
    ("idle_in_transaction_session_timeout", "300000"),
)
"""What the server is to do about a client that is silent."""


class ServerSilentError(psycopg.OperationalError):
    """The server answers neither a statement nor a new connection."""


class Link(psycopg.Connection[Any]):
    """A connection whose statements end where their server is silent.

    TCP tells late of a machine that is gone, and never of a pooler or a server that takes what is
    sent and does nothing. So while a statement takes long, the server is asked on a connection of
    its own whether it answers at all; a slow statement goes on. Raises ServerSilentError, and is
    closed then.
    """

    place: Mapping[str, Any]

    @classmethod
    def to(cls, **place: Any) -> Self:
        """A connection to what psycopg.connect calls this place."""
        link = cls.connect(**place)
        link.place = place
        return link

    def wait(self, gen: Generator[Any, Any, Any], *given: Any, **named: Any) -> Any:
        """See psycopg: runs what waits for the server's next word."""
        return super().wait(self._watched(gen), *given, **named)

    def _watched(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """The same, but it is told when nothing came for long."""
        try:
            waits_for = next(gen)
            heard_at = time.monotonic()
            while True:
                ready = yield waits_for
                if ready != Ready.NONE:
                    heard_at = time.monotonic()
                elif time.monotonic() - heard_at > SILENT_S:
                    self._check_server()
                    heard_at = time.monotonic()
                waits_for = gen.send(ready)
        except StopIteration as end:
            return end.value

    def _check_server(self) -> None:
        """Raises ServerSilentError unless the server says anything, be it that it is full."""
        place = {**self.place, "connect_timeout": ceil(SILENT_S)}  # a part of a second is no limit
        try:
            psycopg.connect(**place).close()
        except ConnectionTimeout as error:
            self.close()
            raise ServerSilentError("the server does not answer any more") from error
        except psycopg.OperationalError:
            return
