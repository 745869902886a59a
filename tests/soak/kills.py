"""kill -9 at random moments; says how many acknowledged changes were lost, and what was broken.

    python -m tests.soak.kills --kills 200 --services 20 --upgrades 50 --clients 30 --databases 30

Kills a process that changes a catalog (index runs, upserts, removals, snapshots, comparisons,
rollbacks, backups, caches), a service of two workers (PUT and DELETE from several clients), and a
process that upgrades a catalog of the first version; then a process that changes a catalog in
PostgreSQL, and PostgreSQL itself under it. The exit status is 1 where anything
acknowledged was lost, or a catalog did not open or answered wrongly.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from tqdm import tqdm

from tests.postgres import Server, why_missing
from tests.service.double import engine_on
from tests.service.live import ROOT, free_port, start_process, wait_ready
from tests.service.test_workers import KEY, put, workers_of
from tests.store.catalog.killed import in_database, kill_server, rounds
from tests.store.catalog.test_schema import written_by_the_first
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.opening import FILE_NAME

CLIENTS = 3
UPGRADED_ROWS = 3000


def catalogs(kills: int, seed: int) -> Iterator[tuple[int, list[str]]]:
    """Per kill of a process on one catalog: the changes acknowledged, and the faults."""
    with tempfile.TemporaryDirectory() as folder:
        for _, done, faults in rounds(Path(folder) / "c", kills, seed):
            yield done, faults


def clients(kills: int, seed: int) -> Iterator[tuple[int, list[str]]]:
    """The same per kill of a process on one catalog in PostgreSQL."""
    with server() as postgres, tempfile.TemporaryDirectory() as folder:
        in_database(Path(folder) / "c", postgres)
        for _, done, faults in rounds(Path(folder) / "c", kills, seed):
            yield done, faults


def databases(kills: int, seed: int) -> Iterator[tuple[int, list[str]]]:
    """The same per kill of PostgreSQL under such a process."""
    with server() as postgres, tempfile.TemporaryDirectory() as folder:
        in_database(Path(folder) / "c", postgres)
        for _, done, faults in rounds(Path(folder) / "c", kills, seed, kill_server(postgres)):
            yield done, faults


@contextmanager
def server() -> Iterator[Server]:
    """A PostgreSQL server of our own; exits with a word where none can be started."""
    if why := why_missing():
        sys.exit(why)
    started = Server()
    try:
        yield started
    finally:
        started.close()


def services(kills: int, seed: int) -> Iterator[tuple[int, list[str]]]:
    """The same per kill of a service of two workers, or of one of them."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        for kill in range(kills):
            clients = served(Path(folder), f"k{kill}", dice)
            faults = [fault for client in clients for fault in client.faults(Path(folder))]
            yield sum(client.acknowledged for client in clients), faults


def served(folder: Path, name: str, dice: random.Random) -> list[Client]:
    """What the clients of a service know that was killed while they worked."""
    settings = {"WRITE_KEYS": f"t:{KEY}", "WRITE_RATE": "9999/second"}
    named = {f"THATLOOK_SERVE_{key}": value for key, value in settings.items()}
    port = free_port()
    process = start_process(folder, port, 2, **named)
    address = f"http://127.0.0.1:{port}"
    wait_ready(address, process)
    clients = [Client(address, f"{name}-{n}") for n in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(dice.uniform(0.3, 2.0))
    if dice.random() < 0.5:  # a worker first: the other goes on, and then both
        os.kill(dice.choice(workers_of(process.pid)), signal.SIGKILL)
        time.sleep(dice.uniform(0.1, 1.0))
    workers = workers_of(process.pid)
    for pid in (process.pid, *workers):
        os.kill(pid, signal.SIGKILL)
    process.wait()
    for client in clients:
        client.stopped.set()
        client.join()
    return clients


class Client(threading.Thread):
    """Puts products and removes some of them; remembers what it was told."""

    def __init__(self, address: str, name: str) -> None:
        super().__init__()
        self.address, self.prefix = address, name
        self.stopped = threading.Event()
        self.known: dict[str, bool] = {}
        self.acknowledged = 0

    def run(self) -> None:
        number = 0
        while not self.stopped.is_set():
            self._change(f"{self.prefix}-{number}", removes=number % 3 == 0)
            number += 1

    def _change(self, product_id: str, *, removes: bool) -> None:
        if put(self.address, product_id) not in {200, 201}:
            return
        self.known[product_id] = True
        self.acknowledged += 1
        if removes:
            del self.known[product_id]  # until it is told, nobody knows
            if _removed(f"{self.address}/v1/products/{product_id}"):
                self.known[product_id] = False
                self.acknowledged += 1

    def faults(self, folder: Path) -> Iterator[str]:
        """What the catalog has not as it was told."""
        with engine_on(folder, count=0) as engine:
            states = engine.catalog.states(list(self.known))
            for product_id, there in self.known.items():
                if (product_id in states) != there:
                    yield f"{product_id}: {'lost' if there else 'there again'}"
                elif there and not engine.catalog.image(product_id).stat().st_size:
                    yield f"{product_id}: its picture is empty"
            yield from engine.catalog.damages()


def _removed(address: str) -> bool:
    headers = {"Authorization": f"Bearer {KEY}", "Connection": "close"}
    asked = urllib.request.Request(address, headers=headers, method="DELETE")
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status == 204
    except (URLError, OSError):
        return False


def upgrades(kills: int, seed: int) -> Iterator[tuple[int, list[str]]]:
    """The same per kill of a process that opens a catalog of the first version."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        old = Path(place) / "old"
        old.mkdir()
        written_by_the_first(old / FILE_NAME, UPGRADED_ROWS)
        for _ in range(kills):
            folder = Path(shutil.copytree(old, Path(place) / "new"))
            code = (
                "from thatlook.store.catalog import Catalog; print('go', flush=True); "
                f"Catalog.open({str(folder)!r}).close()"
            )
            process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=-1)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(dice.uniform(0, 0.05))
            process.kill()
            process.wait()
            process.stdout.close()
            with Catalog.open(folder, create=False) as catalog:
                lost = UPGRADED_ROWS - catalog.info().products
                faults = ([f"{lost} products lost"] if lost else []) + catalog.damages()
            shutil.rmtree(folder)
            yield UPGRADED_ROWS, faults


def main() -> int:
    """Prints the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--upgrades", type=int, default=50)
    parser.add_argument("--clients", type=int, default=30)
    parser.add_argument("--databases", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    bad = False
    for name, kind, kills in (
        ("catalog", catalogs, args.kills),
        ("service", services, args.services),
        ("upgrade", upgrades, args.upgrades),
        ("client of PostgreSQL", clients, args.clients),
        ("PostgreSQL", databases, args.databases),
    ):
        if not kills:
            continue
        told = []
        for done, found in tqdm(kind(kills, args.seed), total=kills, unit="kill", desc=name):
            told.append((done, found))
            if found:
                print(f"{name} {len(told)}: {found}", flush=True)
        faults = [fault for _, found in told for fault in found]
        done = sum(done for done, _ in told)
        print(f"{name}: {kills} kills, {done} acknowledged, {len(faults)} faults", flush=True)
        bad |= bool(faults)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
