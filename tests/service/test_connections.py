"""Slow clients: who makes the service wait is closed, and everybody else is answered."""

from __future__ import annotations

import os
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.service.hostile import part
from tests.service.live import free_port, start_process, wait_ready
from tests.service.test_workers import wait_until
from thatlook.service.connections import ConnectionLimits
from thatlook.service.settings import ServiceSettings

HALF = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "
BODY = (
    b"POST /v1/looks HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    b"Content-Length: 5000\r\n\r\n"
)
CONNECTIONS, PER_ADDRESS = 40, 8
pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs 127.0.0.2 and file limits")


@pytest.fixture
def start(tmp_path):
    """Starts a service with these settings; gives its port."""
    with ExitStack() as ends:

        def started(**settings: str) -> int:
            port = free_port()
            named = {f"THATLOOK_SERVE_{name.upper()}": value for name, value in settings.items()}
            process = start_process(tmp_path, port, TEST_DOUBLE_COUNT="3", **named)
            ends.callback(process.wait, 60)
            ends.callback(process.terminate)
            wait_ready(f"http://127.0.0.1:{port}", process)
            return port

        yield started


@pytest.fixture
def lines() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def connected(port: int, lines: ExitStack, sent: bytes, source: str = "127.0.0.1") -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), 10, source_address=(source, 0))
    lines.enter_context(line)
    line.sendall(sent)
    return line


def closed(line: socket.socket) -> bool:
    """Whether the service has closed its end; waits up to the socket's timeout."""
    try:
        while line.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def still_open(line: socket.socket) -> bool:
    line.setblocking(False)
    try:
        while line.recv(65536):
            pass
    except BlockingIOError:
        return True
    except ConnectionError:
        pass
    return False


def cut_off(line: socket.socket) -> bool:
    """Whether the service ends a connection to which a byte is sent now and then."""
    for _ in range(400):
        try:
            line.sendall(b"-")
        except ConnectionError:
            return True
        time.sleep(0.05)
    return False


def healthy(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
        return answer.status == 200


def metric(port: int, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def test_health_is_told_beside_more_slow_clients_than_connections(start, lines):
    port = start(connections=str(CONNECTIONS), header_s="60")
    for sent in (b"", HALF, BODY):
        slow = []
        for _ in range(2):
            slow += [connected(port, lines, sent) for _ in range(CONNECTIONS)]
            assert healthy(port)
        assert closed(slow[0])  # the oldest made room
        assert sum(map(still_open, slow)) <= CONNECTIONS


def test_one_address_takes_no_more_than_its_own(start, lines):
    port = start(connections_per_address=str(PER_ADDRESS), header_s="60")
    other = connected(port, lines, HALF, "127.0.0.3")
    slow = [connected(port, lines, HALF, "127.0.0.2") for _ in range(PER_ADDRESS * 3)]
    assert all(closed(line) for line in slow[:-PER_ADDRESS])
    assert healthy(port)
    assert all(still_open(line) for line in slow[-PER_ADDRESS:])
    assert still_open(other)


def test_a_head_that_does_not_come_is_not_waited_for(start, lines):
    port = start(header_s="0.5")
    line = connected(port, lines, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert line.recv(65536).startswith(b"HTTP/1.1 200")
    assert cut_off(line)
    assert closed(connected(port, lines, HALF))
    assert metric(port, 'thatlook_refused_total{why="slow"}') >= 2


def test_a_body_that_does_not_come_gets_503_and_its_connection_ends(start, lines):
    port = start(header_s="0.5", deadline_s="0.5")
    line = connected(port, lines, BODY)
    answer = line.recv(65536)
    while b"deadline" not in answer:
        answer += line.recv(65536)
    assert answer.startswith(b"HTTP/1.1 503")
    assert cut_off(line)


def test_who_is_being_answered_is_not_closed_for_others(start, lines, photo, monkeypatch):
    monkeypatch.setenv("TEST_DOUBLE_DELAY_S", "1")
    port = start(connections="5", threads="1")
    body = part(photo)
    head = BODY.replace(b"5000", str(len(body)).encode())
    at_work = [connected(port, lines, head + body) for _ in range(3)]
    wait_until(lambda: metric(port, "thatlook_queue_waiting") == 2)
    for _ in range(20):
        connected(port, lines, HALF)
    for line in at_work:
        assert line.recv(65536).startswith(b"HTTP/1.1 200")


def test_limits_know_proxies_and_the_files_that_may_be_open(monkeypatch):
    settings = ServiceSettings(connections=10**6)
    monkeypatch.setattr("thatlook.service.connections._open_files", lambda: 1024)
    limits = ConnectionLimits.of(settings, "127.0.0.1, 10.0.0.0/8,fd00::/8")
    assert (limits.connections, limits.backlog) == (512, 128)
    told = {a: limits.is_proxy(a) for a in ("127.0.0.1", "10.1.2.3", "fd00::/64", "127.0.0.2", "")}
    assert [address for address, proxy in told.items() if proxy] == [
        "127.0.0.1", "10.1.2.3", "fd00::/64",
    ]  # fmt: skip
    assert ConnectionLimits.of(settings, "*").is_proxy("8.8.8.8")
