"""More slow clients than a service may have files open; says how its health was told meanwhile.

    python -m tests.soak.slow_clients --clients 1050 --seconds 30

Each kind in turn (nothing sent, half a head, no body, an answer that is not read) is opened at once
and kept up: a connection that the service closes is opened again. The service may open 1,024 files.
The exit status is 1 where /healthz failed, or took longer than --worst-ms.
"""

from __future__ import annotations

import argparse
import selectors
import socket
import sys
import time
from contextlib import suppress

from tests.service.test_connections import BODY, HALF
from tests.soak.serving import OPEN_FILES, Watched, watched

BIG = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
KINDS = {"nothing sent": b"", "half a head": HALF, "no body": BODY, "answers not read": BIG}


def attack(service: Watched, clients: int, sent: bytes, seconds: float) -> int:
    """Keeps so many slow connections open; returns how many were opened in all."""
    ready = selectors.DefaultSelector()
    opened, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        while len(ready.get_map()) < clients and time.monotonic() < end:
            line = _opened(service.port, sent)
            ready.register(line, selectors.EVENT_READ)
            opened += 1
        for key, _ in ready.select(timeout=0.05):
            _drop_if_closed(ready, key.fileobj, reads=sent is not BIG)
    for key in list(ready.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    return opened


def _opened(port: int, sent: bytes) -> socket.socket:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.settimeout(20)
    line.connect(("127.0.0.1", port))
    with suppress(ConnectionError):  # closed already: found by the next look
        line.sendall(sent)
    line.setblocking(False)
    return line


def _drop_if_closed(ready: selectors.BaseSelector, line: object, *, reads: bool) -> None:
    assert isinstance(line, socket.socket)
    try:
        gone = not line.recv(65536, 0 if reads else socket.MSG_PEEK)
    except BlockingIOError:
        return
    except ConnectionError:
        gone = True
    if gone:
        ready.unregister(line)
        line.close()


def main() -> int:
    """Prints a line per kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1050)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--worst-ms", type=float, default=1000)
    args = parser.parse_args()
    bad = False
    for name, sent in KINDS.items():
        with watched() as service:
            opened = attack(service, args.clients, sent, args.seconds)
            files = service.open_files()
        print(f"{name}: {args.clients} clients at a time, {opened} connections opened")
        print(f"  {service.told()}; {files} of {OPEN_FILES} files", flush=True)
        bad |= bool(service.failures) or max(service.times_ms) > args.worst_ms
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
