"""A search under filters: thatlook's index beside other stores of vectors, recall beside time."""

from __future__ import annotations

import multiprocessing
import statistics
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from bench_search import Case, Data, cases, made, truth
from beside.stores import DIM, STORES, Limit, Store
from beside.timing import Spent, in_turn, summed_up
from reference import near
from thatlook.core.records import Vector

OURS = "thatlook"
OPENINGS = 3


def search_times(count: int, queries: int, names: list[str]) -> dict[str, Any]:
    """What searches of `count` products cost each store, how many of the true best they find, and
    what it takes to write and to open them.
    """
    data = made(count, DIM)
    with TemporaryDirectory() as temporary:
        folders = {name: Path(temporary) / f"{n}" for n, name in enumerate(names)}
        written = {name: _written_s(name, folders[name], data) for name in names}
        opening = {name: _opening(name, folders[name], data) for name in names}
        stores = {name: STORES[name](folders[name], data) for name in names}
        found = {case.name: _case(stores, data, case, queries) for case in cases(data)}
    return {"products": count, "written_s": written, "opening": opening, "cases": found}


def _written_s(name: str, folder: Path, data: Data) -> float:
    folder.mkdir()
    start = perf_counter()
    STORES[name].write(folder, data)
    return perf_counter() - start


def _opening(name: str, folder: Path, data: Data) -> dict[str, float]:
    """Seconds until the first answer and MB of memory, medians of processes of their own."""
    asked = (name, folder, data.vectors[0], len(data.vectors), data.keys)
    told = []
    for _ in range(OPENINGS):
        # An executor, not a pool: it says so where the process dies.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
            told.append(alone.submit(_opened, *asked).result())
    seconds, memory = zip(*told, strict=True)
    return {"seconds": statistics.median(seconds), "memory_mb": statistics.median(memory)}


def _opened(
    name: str, folder: Path, vector: Vector, count: int, keys: list[tuple[str, str]]
) -> tuple[float, float]:
    """Opens and asks every filter once; seconds to the first answer, and MB that are held then."""
    # The filters depend on the number of products alone; memory that was given back after making
    # the products would hide what the store takes.
    data = Data(np.broadcast_to(vector, (count, DIM)), np.empty(0), np.empty(0), keys)
    limits = [Limit.of(case, data) for case in cases(data)]
    before, start = _resident_mb(), perf_counter()
    store: Store = STORES[name](folder, data)
    store.search(vector, limits[0])
    seconds = perf_counter() - start
    for limit in limits:
        store.search(vector, limit)
    return seconds, _resident_mb() - before


def _resident_mb() -> float:
    """The memory that this process holds now, mapped files included, in MB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _case(stores: Mapping[str, Store], data: Data, case: Case, count: int) -> dict[str, Any]:
    """One filter: times in turn, and the share of the true best that each store finds."""
    allowed, limit = case.allowed(), Limit.of(case, data)
    queries = near(data.vectors[allowed], count)
    wanted = truth(data, allowed, queries)
    right = dict.fromkeys(stores, 0)
    rounds: list[dict[str, Spent]] = []
    for number, (query, best) in enumerate(zip(queries, wanted, strict=True)):
        found: dict[str, set[int]] = {}
        calls = {
            name: partial(_ask, store, query, limit, found, name) for name, store in stores.items()
        }
        in_turn(calls, 0)  # the filter's first use, and the vectors' way into the caches
        rounds.append(in_turn(calls, number))
        for name, rows in found.items():
            right[name] += len({f"p{n:07}" for n in rows} & best)
    total = sum(map(len, wanted))
    times = summed_up(rounds, OURS)
    return {name: {**times[name], "recall": right[name] / total} for name in stores}


def _ask(store: Store, query: Vector, limit: Limit, found: dict[str, set[int]], name: str) -> None:
    found[name] = store.search(query, limit)
