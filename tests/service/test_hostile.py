"""Hostile uploads and addresses get a clean 4xx, and the service lives."""

from __future__ import annotations

import json
import socket

import pytest

from tests.service import hostile
from tests.service.double import engine_on
from tests.service.live import in_thread
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings

CASES = hostile.everything()
SOME = [case for place, case in enumerate(CASES) if "flipped" not in case.name or place % 5 == 0]
LIMIT = 2_000_000


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    settings = ServiceSettings(photo_url=True, rate="9999/second", max_body_bytes=LIMIT)
    with in_thread(create_app(settings, lambda: engine_on(folder, count=3))) as found:
        yield found


@pytest.fixture(scope="module")
def http(address):
    import httpx2

    with httpx2.Client(base_url=address, timeout=30) as client:
        yield client


@pytest.mark.parametrize("case", SOME, ids=lambda case: case.name)
def test_hostile_bodies(http, case):
    headers = {"Content-Type": case.kind} if case.kind else {}
    answer = http.post("/v1/recommendations", content=case.body, headers=headers)
    if case.fine and answer.status_code == 200:
        return
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"]
    assert "Traceback" not in answer.text
    assert len(answer.content) < 10_000


def test_there_are_hundreds_and_the_service_lives(http):
    assert len(CASES) >= 200
    assert http.get("/readyz").status_code == 200


def raw(address, head, *body):
    """What the service answers to bytes as they are."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(head.replace(b"\n", b"\r\n") + b"\r\n")
        try:
            for piece in body:
                line.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the service has closed: its answer may still be read
        return line.recv(65536)


def test_a_body_that_is_too_long_by_its_header_is_not_read(address):
    head = (
        b"POST /v1/looks HTTP/1.1\nHost: x\nContent-Type: application/json\n"
        b"Content-Length: 99999999\n"
    )
    answer = raw(address, head)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"problem+json" in answer


def test_a_body_that_is_too_long_without_a_length_is_cut(address):
    head = (
        b"POST /v1/looks HTTP/1.1\nHost: x\nContent-Type: multipart/form-data; boundary=x\n"
        b"Transfer-Encoding: chunked\n"
    )
    first = hostile.part(b"")[:-9]
    pieces = [b"%x\r\n%s\r\n" % (len(first), first)]
    pieces += [b"10000\r\n" + bytes(65536) + b"\r\n"] * (LIMIT // 65536 + 2)
    assert raw(address, head, *pieces).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "head",
    [
        b"BREW / HTTP/1.1\n\n",
        b"GET / HTTP/9.9\n\n",
        b"\x16\x03\x01\x02\x00\n",
        b"GET /%zz HTTP/1.1\nHost: x\n",
    ],
)
def test_odd_requests(address, http, head):
    answer = raw(address, head)
    assert answer[:9] == b"HTTP/1.1 "
    assert answer[9:10] != b"5"
    assert http.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2f..%2fpyproject.toml",
        "/examples/..%2fx.jpg",
    ],
)
def test_paths_stay_inside(http, path):
    answer = http.get(path)
    assert answer.status_code == 404


def test_a_json_problem_never_echoes_the_value(http):
    body = json.dumps({"photo_url": "http://e.example", "gender": "<b>secret</b>"})
    answer = http.post(
        "/v1/recommendations", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert "secret" not in answer.text
