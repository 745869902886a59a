"""Several worker processes on one folder; kill -9 of one, and of all, while products are put."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pytest

from tests.service.conftest import photo_bytes
from tests.service.double import engine_on
from tests.service.live import LOG, free_port, start_process, wait_ready, wait_until
from thatlook.cli.serve import HEALTH_S
from thatlook.store.catalog import Catalog

KEY = "write-key-of-tests-1"
PICTURE = photo_bytes(64, 64)
pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


def put(address: str, product_id: str) -> int:
    """The status of a PUT; 0 where no answer came."""
    product = json.dumps({"title": product_id, "category": "topwear"}).encode()
    body = (
        b'--x\r\nContent-Disposition: form-data; name="product"\r\n\r\n' + product
        + b'\r\n--x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
        + PICTURE + b"\r\n--x--\r\n"
    )  # fmt: skip
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Authorization": f"Bearer {KEY}",
        "Connection": "close",
    }
    asked = urllib.request.Request(
        f"{address}/v1/products/{product_id}", body, headers, method="PUT"
    )
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return int(error.code)
    except (URLError, OSError):
        return 0


def put_many(address: str, name: str, acknowledged: list[str], stop: threading.Event) -> None:
    number = 0
    while not stop.is_set():
        product_id = f"{name}-{number}"
        if put(address, product_id) in {200, 201}:
            acknowledged.append(product_id)
        number += 1


def metrics_of(address: str) -> str:
    with urllib.request.urlopen(f"{address}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def log_of(folder: Path) -> list[dict[str, Any]]:
    """What the service logged, without uvicorn's lines before logs are set up."""
    lines = (folder / LOG).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def ready(folder: Path) -> set[int]:
    """The workers that said that they are ready, dead ones included."""
    return {line["pid"] for line in log_of(folder) if line["event"] == "ready"}


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    if not found.exists():
        pytest.skip("needs /proc")
    return [int(one) for one in found.read_text(encoding="ascii").split()]


def workers_of(pid: int) -> list[int]:
    """The worker processes: children that run Python, not multiprocessing's tracker."""
    return [
        child
        for child in children(pid)
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def assert_all_there(folder: Path, acknowledged: list[str]) -> None:
    assert acknowledged
    with engine_on(folder, count=0) as engine:
        for product_id in acknowledged:
            assert engine.catalog.vector(product_id).shape == (48,)
            assert engine.catalog.image(product_id).read_bytes() == PICTURE


@pytest.fixture
def started(tmp_path):
    """Starts services; what they logged is printed, and shown by pytest where a test fails."""
    running = []

    def start(workers: int) -> tuple[subprocess.Popen[bytes], str]:
        port = free_port()
        process = start_process(
            tmp_path, port, workers, THATLOOK_SERVE_WRITE_KEYS=f"t:{KEY}",
            THATLOOK_SERVE_WRITE_RATE="9999/second",
        )  # fmt: skip
        running.append(process)
        address = f"http://127.0.0.1:{port}"
        wait_ready(address, process)
        return process, address

    yield start
    for process in running:
        process.terminate()
        process.wait(30)
    print((tmp_path / LOG).read_text(encoding="utf-8"))


def test_a_killed_worker_loses_nothing_and_is_replaced(started, tmp_path):
    process, address = started(2)
    acknowledged, stop = [], threading.Event()
    threads = [
        threading.Thread(target=put_many, args=(address, f"p{n}", acknowledged, stop))
        for n in range(3)
    ]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(acknowledged) >= 6 and len(ready(tmp_path)) == 2)
    victim = workers_of(process.pid)[0]
    os.kill(victim, signal.SIGKILL)
    before = len(acknowledged)
    wait_until(lambda: len(acknowledged) >= before + 6)
    stop.set()
    for thread in threads:
        thread.join()
    assert len(acknowledged) >= 3
    assert_all_there(tmp_path, acknowledged)
    wait_until(lambda: len(ready(tmp_path) - {victim}) >= 2)
    assert set(workers_of(process.pid)) == ready(tmp_path) - {victim}
    assert len(ready(tmp_path)) == 3  # the two at first and one in the victim's place
    assert put(address, "after") == 201


def test_a_worker_killed_while_it_is_asked_for_its_health_is_replaced_at_once(started, tmp_path):
    process, _ = started(2)
    victim = workers_of(process.pid)[0]
    os.kill(victim, signal.SIGSTOP)
    time.sleep(2)  # uvicorn asks every half second: it waits for the answer now
    os.kill(victim, signal.SIGKILL)
    start = time.monotonic()
    while not any(line["event"].endswith("died") for line in log_of(tmp_path)):
        assert time.monotonic() - start < HEALTH_S / 2
        time.sleep(0.1)


def test_a_killed_service_loses_nothing_and_leaves_no_worker(started, tmp_path):
    process, address = started(2)
    acknowledged, stop = [], threading.Event()
    thread = threading.Thread(target=put_many, args=(address, "q", acknowledged, stop))
    thread.start()
    wait_until(lambda: len(acknowledged) >= 4)
    workers = workers_of(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_until(lambda: not any(Path(f"/proc/{one}").exists() for one in workers))
    stop.set()
    thread.join()
    assert acknowledged
    assert_all_there(tmp_path, acknowledged)


def test_metrics_count_all_workers(started, tmp_path, monkeypatch):
    folder = tmp_path / "metrics"
    folder.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    _, address = started(2)
    for _ in range(12):
        with urllib.request.urlopen(f"{address}/v1/info", timeout=10):
            pass
    for _ in range(4):  # whichever worker answers
        text = metrics_of(address)
        line = 'thatlook_requests_total{method="GET",route="/v1/info",status="200"} 12.0'
        assert line in text


def test_a_service_told_to_stop_answers_what_it_has(tmp_path):
    port = free_port()
    process = start_process(tmp_path, port, TEST_DOUBLE_DELAY_S="1.5")
    address = f"http://127.0.0.1:{port}"
    wait_ready(address, process)
    answers = []

    def ask() -> None:
        body = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        asked = urllib.request.Request(
            f"{address}/v1/looks", body + PICTURE + b"\r\n--x--\r\n", headers
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            answers.append(answer.status)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: "thatlook_queue_running 2.0" in metrics_of(address))  # /metrics is one
    process.send_signal(signal.SIGTERM)
    thread.join()
    assert answers == [200]
    assert process.wait(20) in {0, -signal.SIGTERM}


def test_a_service_that_cannot_start_says_so(tmp_path):
    Catalog.open(tmp_path / "catalog", model_key="another:0", dim=48).close()
    assert start_process(tmp_path, free_port()).wait(60) == 1
    process = start_process(tmp_path, free_port(), workers=2)
    assert process.wait(120) == 1
    tries = [line["again_in_s"] for line in log_of(tmp_path) if line["event"] == "not started yet"]
    assert sorted(tries[:2]) == [1, 1]
    assert max(tries) == 5


def test_serve_says_what_is_missing(tmp_path):
    command = [os.sys.executable, "-m", "thatlook", "serve", "--catalog", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search("no catalog here", done.stderr)
    other = tmp_path / "other"
    Catalog.open(other, model_key="another:0", dim=3).close()
    mixed = subprocess.run([*command[:-1], str(other)], capture_output=True, text=True, check=False)
    assert mixed.returncode == 1
    assert len(mixed.stderr.strip().splitlines()) == 1
    wrong = subprocess.run(
        [*command[:-1], str(tmp_path), "--queue", "-1"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
