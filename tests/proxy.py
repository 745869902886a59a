"""A TCP proxy on this machine whose network can be cut: then nothing passes, and nobody is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Proxy:
    """Passes bytes between its port and another one of this machine, unless it is cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._whole = threading.Event()
        self._whole.set()
        self._sockets: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._start(self._accept)

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self._whole.set()
        for one in (self._listening, *self._sockets):
            with _closed_already():
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with _closed_already():
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [client, server]
                self._start(self._pass, client, server)
                self._start(self._pass, server, client)

    def _pass(self, source: socket.socket, to: socket.socket) -> None:
        with _closed_already():
            while data := source.recv(65536):
                self._whole.wait()
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)

    def _start(self, job, *given) -> None:
        threading.Thread(target=job, args=given, daemon=True).start()


@contextmanager
def _closed_already() -> Iterator[None]:
    """Ends quietly where the other side, or `close`, was quicker."""
    try:
        yield
    except OSError:
        return


@contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    """A proxy to a port, for the block."""
    opened = Proxy(target)
    try:
        yield opened
    finally:
        opened.close()
