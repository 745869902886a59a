"""A process that changes a catalog until it is killed, and the check of what it left behind."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tests.postgres import Server
from tests.store.ingest.fake import Factory, picture
from thatlook.core.records import Product
from thatlook.search.index import ExactIndex, Query
from thatlook.store.catalog import Catalog, Row
from thatlook.store.catalog import blocks as catalog_blocks
from thatlook.store.catalog.backup import backup
from thatlook.store.catalog.versions import compare, opened, rollback, snapshot, versions
from thatlook.store.ingest import ingest, pipeline

Kill = Callable[[subprocess.Popen[str]], None]
"""Ends what a process does to a catalog, at once."""
DIM = 8
IDS = 120
INDEXED = 30
CATEGORIES = ("dress", "bag")


def vector_of(value: int) -> np.ndarray:
    values = np.random.default_rng(value).standard_normal(DIM)
    return (values / np.linalg.norm(values)).astype(np.float32)


def row_of(product_id: str, value: int) -> Row:
    product = Product(id=product_id, title=str(value), category=CATEGORIES[value % 2])
    return Row(product=product, vector=vector_of(value))


def step(rng: random.Random, value: int) -> dict:
    """A random change, as data."""
    kinds = {
        "upsert": 60, "remove": 20, "snapshot": 3, "rebuild": 17, "index": 8, "rollback": 6,
        "backup": 3,
    }  # fmt: skip
    kind = rng.choices(tuple(kinds), tuple(kinds.values()))[0]
    if kind == "index":
        return {"kind": kind, "ids": [f"f{n}" for n in range(INDEXED)], "value": value}
    ids = [f"p{n}" for n in sorted(rng.sample(range(IDS), rng.choice((1, 5, 40))))]
    return {"kind": kind, "ids": ids, "value": value}


def apply(catalog: Catalog, change: dict) -> None:
    if change["kind"] == "upsert":
        catalog.upsert([row_of(product_id, change["value"]) for product_id in change["ids"]])
    elif change["kind"] == "remove":
        catalog.remove(change["ids"])
    elif change["kind"] == "index":
        index(catalog, change)
    elif change["kind"] == "snapshot":
        for name in versions(catalog)[:-1]:
            shutil.rmtree(catalog.folder / "versions" / name)
        snapshot(catalog, f"v{change['value']}")
    elif change["kind"] == "rollback":
        there_and_back(catalog, change)
    elif change["kind"] == "backup":
        kept = backup_of(catalog.folder)
        old = kept.with_name("old-backup")
        shutil.rmtree(old, ignore_errors=True)
        if kept.exists():  # out of the way at once: a kill may come while it is removed
            kept.rename(old)
        backup(catalog, kept)
    else:
        shutil.rmtree(catalog.folder / "cache", ignore_errors=True)
        catalog.search(vector_of(change["value"])[None], Query())
        catalog.warm()


def there_and_back(catalog: Catalog, change: dict) -> None:
    """Changes products and takes that back by a version: in the end nothing has changed."""
    name = f"r{change['value']}"
    snapshot(catalog, name)
    catalog.upsert([row_of(product_id, change["value"]) for product_id in change["ids"]])
    compare(catalog, name, queries=5)
    rollback(catalog, name)
    shutil.rmtree(catalog.folder / "versions" / name)


def backup_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-backup")


def index(catalog: Catalog, change: dict) -> None:
    """An index run in small transactions; every other time the pictures are described again."""
    feed = catalog.folder.parent / "feed.csv"
    picture(feed.with_name("a.png"), (change["value"] // 2 % 200, 9, 9))
    facts = f"{change['value']},{CATEGORIES[change['value'] // 2 % 2]},a.png"
    rows = "".join(f"{product_id},{facts}\n" for product_id in change["ids"])
    feed.write_text("id,title,category,image_link\n" + rows)
    pipeline.STORE_ROWS = pipeline.GROUP_JOBS = 4
    ingest(feed, catalog, Factory("net"), workers=0)


def main(folder: str, seed: str, first: str) -> None:
    """Changes the catalog for ever; says each change before it begins and once it is done."""
    catalog_blocks.CACHED_FROM = 10
    rng, value = random.Random(int(seed)), int(first)
    with Catalog.open(folder, "net", DIM) as catalog:
        while True:
            value += 1
            change = step(rng, value)
            print(json.dumps(change), flush=True)
            apply(catalog, change)
            print("done", flush=True)


def run_and_kill(
    folder: Path, seed: int, first: int, seconds: float, kill: Kill
) -> tuple[list[dict], dict]:
    """The changes that were acknowledged, and the one that was under way ({} for none)."""
    code = (
        f"from tests.store.catalog.killed import main; main({str(folder)!r}, '{seed}', '{first}')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if kill is not kill_process else None,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert process.stdout is not None
    lines = [process.stdout.readline()]  # it is up and has begun
    if seed % 2:  # however slow the machine, something is acknowledged before every other kill
        lines.append(process.stdout.readline())
    time.sleep(seconds)
    kill(process)
    lines += process.stdout.read().splitlines()
    process.stdout.close()
    process.wait()
    lines = [
        line.strip() for line in lines if line.strip() == "done" or line.rstrip().endswith("}")
    ]
    done = [json.loads(lines[n]) for n in range(len(lines) - 1) if lines[n + 1] == "done"]
    open_one = json.loads(lines[-1]) if lines and lines[-1] != "done" else {}
    return done, open_one


def expected_after(state: dict[str, int], changes: list[dict]) -> dict[str, int]:
    """Product id -> value, after these changes."""
    state = dict(state)
    for change in changes:
        for product_id in change["ids"]:
            if change["kind"] in {"upsert", "index"}:
                state[product_id] = change["value"]
            elif change["kind"] == "remove":
                state.pop(product_id, None)
    return state


def found_in(catalog: Catalog) -> dict[str, int]:
    return {s.product.id: int(s.product.title) for s in catalog.all_stored()}


def acceptable(found: dict[str, int], before: dict[str, int], after: dict[str, int]) -> bool:
    """Whether all of the last change is there or nothing; an index run may be there in part."""
    indexed = {i for i in (*before, *after, *found) if i.startswith("f")}
    if any(found.get(i) not in {before.get(i), after.get(i)} for i in indexed):
        return False
    rest = [{i: v for i, v in one.items() if i not in indexed} for one in (found, before, after)]
    return rest[0] in rest[1:]


def faults(folder: Path, state: dict[str, int], changes: list[dict], last: dict) -> Iterator[str]:
    """What is wrong with the catalog that was left; nothing where all promises held."""
    before = expected_after(state, changes)
    part_done = last | {"kind": "upsert"} if last and last["kind"] == "rollback" else last
    after = expected_after(before, [part_done] if last else [])
    with Catalog.open(folder, "net", DIM, create=False) as catalog:
        found = found_in(catalog)
        if not acceptable(found, before, after):
            yield f"{len(set(before.items()) - set(found.items()))} acknowledged products differ"
        yield from catalog.damages()
        exact = ExactIndex(DIM)
        entries = [c.entry for c in catalog.changes(0) if c.entry is not None]
        exact.upsert(entries, catalog.sequence)
        for category in CATEGORIES:
            query, vector = Query(category=category, k=20), vector_of(1)[None]
            if catalog.search(vector, query) != exact.search(vector, query):
                yield f"the answers for {category} are not the oracle's"
        for name in versions(catalog):
            with opened(catalog, name) as version:
                yield from version.damages()
    if backup_of(folder).exists():
        with Catalog.open(backup_of(folder), create=False) as copy:
            yield from copy.damages()


def kill_process(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)


def kill_server(server: Server) -> Kill:
    """Kills the database under a process, which ends by that, and starts it again."""

    def kill(process: subprocess.Popen[str]) -> None:
        server.kill()
        process.wait()
        server.start()

    return kill


def in_database(folder: Path, server: Server) -> None:
    """Makes the folder the address of a new catalog on a server."""
    folder.mkdir(parents=True)
    os.environ["PGPASSWORD"] = server.password
    (folder / "catalog.toml").write_text(f'store = "{server.new_url(password="")}"')


def rounds(
    folder: Path, kills: int, seed: int, kill: Kill = kill_process
) -> Iterator[tuple[int, int, list[str]]]:
    """Kills a process that changes a catalog, or its database, again and again; per kill what was
    found wrong.

    Yields (number of the kill, changes acknowledged before it, faults).
    """
    catalog_blocks_from, catalog_blocks.CACHED_FROM = catalog_blocks.CACHED_FROM, 10
    rng, state, value = random.Random(seed), {}, 0
    Catalog.open(folder, "net", DIM).close()
    try:
        for number in range(kills):
            seconds = rng.uniform(0.0, 0.5)
            done, last = run_and_kill(folder, seed + number, value, seconds, kill)
            wrong = list(faults(folder, state, done, last))
            with Catalog.open(folder, create=False) as catalog:
                state = found_in(catalog)
            value += len(done) + 1
            yield number, len(done), wrong
    finally:
        catalog_blocks.CACHED_FROM = catalog_blocks_from
