"""A TCP proxy on the loopback whose network can be cut: what is sent then arrives nowhere, or is
answered by a reset.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

CHUNK = 65_536
TICK_S = 0.05


class Cuttable:
    """Passes on what comes at `port` to another port, but not while it is cut.

    Connections of before stay open and silent, as behind a dropping firewall; new ones are taken
    and get no answer. Or both are reset at once, as by a load balancer that has lost its server.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._stopped = threading.Event()
        self._cut = threading.Event()
        self._resets = False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(TICK_S)
        self.port = int(self._listening.getsockname()[1])
        self._threads: list[threading.Thread] = []

    def cut(self, *, resets: bool = False) -> None:
        """Nothing passes from now on."""
        self._resets = resets
        self._cut.set()

    def mend(self) -> None:
        """What comes from now on passes; connections that lived through the cut are dead."""
        self._cut.clear()

    def serve(self) -> None:
        """Takes connections until it is stopped."""
        with self._listening:
            while not self._stopped.is_set():
                with suppress(TimeoutError):
                    self._start(self._connected, self._listening.accept()[0])
        for thread in self._threads:
            thread.join()

    def stop(self) -> None:
        """Ends all connections."""
        self._stopped.set()

    def _start(self, work, *given) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _connected(self, client: socket.socket) -> None:
        with client, ExitStack() as stack:
            if not self._cut.is_set():
                with suppress(OSError):
                    server = stack.enter_context(
                        closing(socket.create_connection(("127.0.0.1", self._target)))
                    )
                    back = threading.Thread(target=self._pass_on, args=(server, client))
                    back.start()
                    self._pass_on(client, server)
                    back.join()
            if self._cut.is_set() and self._resets:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            while self._cut.is_set() and not self._stopped.is_set():
                self._stopped.wait(TICK_S)

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        """Until either end closes, or the network is cut: what was on its way is lost."""
        source.settimeout(TICK_S)
        while not self._stopped.is_set() and not self._cut.is_set():
            try:
                data = source.recv(CHUNK)
                if not data:
                    break
                sink.sendall(data)
            except TimeoutError:
                continue
            except OSError:
                break
        if not self._cut.is_set():
            with suppress(OSError):
                sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def cuttable(target: int) -> Iterator[Cuttable]:
    """A proxy of a port of this machine while the block runs."""
    proxy = Cuttable(target)
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join()
