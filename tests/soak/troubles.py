"""A full disk, a folder that cannot be written, a clock that goes back; says what came of them.

    python -m tests.soak.troubles --count 200

Each time a catalog is changed (upserts, removals, index runs, snapshots, rollbacks, caches): on a
disk of its own (Linux: a namespace with a tmpfs) with a few kilobytes left, and with a clock that
jumps. A change must be done, or told by name with nothing lost; afterwards the catalog goes on. A
folder of somebody else's is read as nobody. The exit status is 1 where anything else came.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from traceback import format_exception
from types import SimpleNamespace

from tests.service.live import ROOT
from tests.store.catalog import killed
from thatlook.core.errors import CatalogReadOnlyError, ThatlookError
from thatlook.search.index import Query
from thatlook.store.catalog import Catalog, blocks, schema, store
from thatlook.store.ingest import turn

DISK_MB = 24
LEFT = (0, 0, 4096, 40_000, 400_000)
NOBODY = 65534


class Changes:
    """Changes a catalog one by one; what came of each, and the faults that were found after it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.dice = random.Random(seed)
        self.told: Counter[str] = Counter()
        self.faults: list[str] = []
        self._state: dict[str, int] = {}
        self._value = 0
        Catalog.open(folder, "net", killed.DIM).close()

    def run(self, count: int, before: Callable[[], None], after: Callable[[], None]) -> None:
        """Makes `count` changes, each between these two."""
        for _ in range(0, count, 10):
            with Catalog.open(self.folder, "net", killed.DIM) as catalog:
                for _ in range(min(10, count)):
                    self._one(catalog, before, after)

    def _one(self, catalog: Catalog, before: Callable[[], None], after: Callable[[], None]) -> None:
        self._value += 1
        change = killed.step(self.dice, self._value)
        before()
        try:
            killed.apply(catalog, change)
            self.told["done"] += 1
            done, last = [change], {}
        except ThatlookError as error:
            self.told[type(error).__name__] += 1
            done, last = [], change
        except Exception as error:  # noqa: BLE001 - what must not be is what is looked for
            self.faults.append(f"{change['kind']}: {''.join(format_exception(error)[-4:])}")
            done, last = [], change
        after()
        self.faults += killed.faults(self.folder, self._state, done, last)
        self._state = killed.found_in(catalog)


def full_disk(folder: Path, count: int, seed: int) -> Changes:
    """Changes on a disk (mounted at `folder`) that is nearly full each time."""
    changes = Changes(folder, seed)
    ballast = folder / "ballast"

    def fill() -> None:
        disk = os.statvfs(folder)
        size = disk.f_bavail * disk.f_frsize - changes.dice.choice(LEFT)
        with suppress(OSError), ballast.open("wb") as file:
            file.write(bytes(max(0, size)))

    changes.run(count, fill, lambda: ballast.unlink(missing_ok=True))
    return changes


def clock_back(folder: Path, count: int, seed: int) -> Changes:
    """Changes with a clock that jumps, back more than forth."""
    now = [datetime.now(UTC)]

    def jump() -> None:
        now[0] -= timedelta(hours=changes.dice.uniform(-500, 1000))

    def seconds() -> float:
        return now[0].timestamp()

    clock = SimpleNamespace(now=lambda zone=None: now[0].astimezone(zone))
    for module in (schema, store, turn):
        vars(module)["datetime"] = clock
    vars(blocks)["time"] = SimpleNamespace(time=seconds)
    changes = Changes(folder, seed)
    changes.run(count, jump, lambda: None)
    return changes


def on_a_disk(count: int, seed: int) -> int:
    """Runs `full_disk` in a process that has a small disk to itself."""
    with tempfile.TemporaryDirectory() as place:
        disk = Path(place) / "c"
        disk.mkdir()
        command = f"mount -t tmpfs -o size={DISK_MB}m tmpfs {disk} && exec {sys.executable} -m "
        command += f"tests.soak.troubles --disk {disk} --count {count} --seed {seed}"
        apart = ["unshare", "-rm", "sh", "-c", command]
        return subprocess.run(apart, cwd=ROOT, check=False).returncode


def foreign_folder() -> list[str]:
    """What is wrong with how a folder is used in which nothing can be written."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = Path(place) / "c"
        with Catalog.open(folder, "net", killed.DIM) as catalog:
            catalog.upsert([killed.row_of("1", 1)])
            catalog.settle()
        shutil.rmtree(folder / "cache", ignore_errors=True)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        files = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
        child = os.fork()
        if not child:
            os._exit(_as_nobody(folder))
        faults = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        changed = {path: path.stat().st_mtime_ns for path in folder.rglob("*")} != files
        return ["something was written"] * changed + ["see above"] * bool(faults)


def _as_nobody(folder: Path) -> int:
    """Reads and writes as a user who may not write; how many faults there were: answers that did
    not come, and a change that was not refused as such.
    """
    if not os.getuid():
        os.setuid(NOBODY)
    steps: dict[str, Callable[[Catalog], object]] = {
        "search": lambda c: c.search(killed.vector_of(1)[None], Query()),
        "words": lambda c: c.by_words([[(str(1),)]], Query()),
        "info": lambda c: c.info().products,
        "upsert": lambda c: c.upsert([killed.row_of("2", 2)]),
    }
    faults = 0
    for name, step in steps.items():
        try:
            with Catalog.open(folder, "net", killed.DIM, create=False) as catalog:
                told, refused = str(step(catalog)), False
        except CatalogReadOnlyError as error:
            told, refused = f"{type(error).__name__}: {error}", True
        except Exception as error:  # noqa: BLE001 - as above
            told, refused = repr(error), name != "upsert"
        print(f"a foreign folder: {name}: {told}")
        faults += refused != (name == "upsert")
    sys.stdout.flush()
    return faults


def said(name: str, changes: Changes) -> int:
    """Prints what came of the changes; how many faults there were."""
    told = dict(sorted(changes.told.items()))
    print(f"{name}: {told}, {len(changes.faults)} faults {changes.faults[:3]}", flush=True)
    return len(changes.faults)


def main() -> int:
    """Prints the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--disk", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.disk:
        return int(bool(said("a full disk", full_disk(args.disk, args.count, args.seed))))
    start = time.monotonic()
    bad = on_a_disk(args.count, args.seed)
    with tempfile.TemporaryDirectory() as place:
        bad += said("a clock set back", clock_back(Path(place) / "c", args.count, args.seed))
    bad += len(foreign_folder())
    print(f"{time.monotonic() - start:.0f} s")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
