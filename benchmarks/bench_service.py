"""The service under load: wrk from another process, on loopback, against `thatlook serve`.

    python benchmarks/bench_service.py [--catalog DIR] [--photo FILE] [--requests 2000]

Without a catalog the bundled sample is indexed into a temporary one. Prints the single-request
median, latency at 8 parallel clients, memory before and after, and what a full queue does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent / "src" / "thatlook" / "sample"


@contextmanager
def served(catalog: Path, *arguments: str) -> Iterator[tuple[str, int]]:
    """A service; gives its address and process id."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "thatlook", "serve", "--catalog", str(catalog)]
    environment = os.environ | {
        "THATLOOK_SERVE_RATE": "1000000/second",
        "THATLOOK_SERVE_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen([*command, "--port", str(port), *arguments], env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_ready(address)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(60)


def wait_ready(address: str) -> None:
    """Waits until the service is ready."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{address} is not ready after a minute")


def wrk(address: str, photo: Path, clients: int, seconds: float) -> dict[str, Any]:
    """What wrk measured with so many clients at once."""
    command = [
        "wrk", "-t", str(min(2, clients)), "-c", str(clients), "-d", f"{seconds:.0f}s",
        "--timeout", "60s", "-s", str(HERE / "service_photo.lua"), f"{address}/v1/recommendations",
    ]  # fmt: skip
    done = subprocess.run(
        command, env=os.environ | {"PHOTO": str(photo)}, capture_output=True, text=True, check=True
    )
    line = [line for line in done.stdout.splitlines() if line.startswith("{")][-1]
    found: dict[str, Any] = json.loads(line)
    return found


def resident_mb(pid: int) -> float:
    """The process's resident memory in MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def under_load(catalog: Path, photo: Path, requests: int, arguments: list[str]) -> None:
    """One client, then eight, with the memory on the way."""
    with served(catalog, *arguments) as (address, pid):
        wrk(address, photo, 8, 5)  # buffers are taken
        alone = wrk(address, photo, 1, 10)
        print("1 client ", json.dumps(alone))
        before, done, rounds = resident_mb(pid), 0, []
        while done < requests:
            rounds.append(wrk(address, photo, 8, 20))
            done += rounds[-1]["requests"]
            print("8 clients", json.dumps(rounds[-1]), f"{resident_mb(pid):.0f} MB")
        worst = max(found["p99_ms"] for found in rounds)
        print(f"p99 at 8 clients is {worst / alone['p50_ms']:.1f} times the median of one")
        print(f"memory {before:.0f} -> {resident_mb(pid):.0f} MB over {done} requests")


def sweep(catalog: Path, photo: Path) -> None:
    """Photos at a time against threads of each network: what the defaults were chosen by."""
    for threads, each in ((1, 0), (2, 0), (2, 2), (4, 1), (3, 1)):
        os.environ["THATLOOK_THREADS"] = str(each)
        with served(catalog, "--threads", str(threads)) as (address, _):
            wrk(address, photo, 8, 3)
            alone, eight = wrk(address, photo, 1, 5), wrk(address, photo, 8, 8)
        rate = eight["requests"] / eight["seconds"]
        print(
            f"threads {threads}, each network {each or 'all cores'}: one client "
            f"{alone['p50_ms']:.0f} ms; eight {eight['p50_ms']:.0f}, p99 {eight['p99_ms']:.0f} ms "
            f"({eight['p99_ms'] / alone['p50_ms']:.1f} times), {rate:.1f} photos/s"
        )


def overfull(catalog: Path, photo: Path, arguments: list[str]) -> None:
    """More clients than places: 503, and back to normal."""
    with served(catalog, *arguments, "--queue", "2") as (address, _):
        print("queue of 2, 32 clients", json.dumps(wrk(address, photo, 32, 10)))
        print("and after it, 1 client", json.dumps(wrk(address, photo, 1, 5)))


def main() -> None:
    """Runs both parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", type=Path)
    parser.add_argument("--photo", type=Path, default=SAMPLE / "images" / "looks" / "look_001.jpg")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--threads", default="0", help="photos at a time; 0: one per core")
    parser.add_argument("--sweep", action="store_true", help="only try numbers of threads")
    args = parser.parse_args()
    if shutil.which("wrk") is None:
        print("needs wrk: apt-get install wrk")
        return
    with tempfile.TemporaryDirectory() as folder:
        catalog = args.catalog or Path(folder) / "catalog"
        if args.catalog is None:
            command = [sys.executable, "-m", "thatlook", "index", str(SAMPLE / "products.csv")]
            subprocess.run([*command, "--catalog", str(catalog)], check=True)
        if args.sweep:
            sweep(catalog, args.photo)
            return
        arguments = ["--threads", args.threads]
        under_load(catalog, args.photo, args.requests, arguments)
        overfull(catalog, args.photo, arguments)


if __name__ == "__main__":
    main()
