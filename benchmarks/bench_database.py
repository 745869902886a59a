"""A catalog in PostgreSQL beside the same one in a folder: medians in milliseconds, their ratio.

    python benchmarks/bench_database.py PHOTO --catalog DIR --at postgresql://USER@HOST/DATABASE

The catalog is copied to both places, and asked in turn. "After a change" is asked when another
connection has just written, so that the index follows.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from thatlook.core.settings import Settings
from thatlook.engine import Engine
from thatlook.store.catalog import Catalog, Row
from thatlook.store.catalog.copying import copy_catalog

WORDS = "red shirt for men"


def row_of(catalog: Catalog, product_id: str, name: str) -> Row:
    """A new product that looks like another."""
    stored = catalog.stored(product_id)
    product = replace(stored.product, id=name)
    return Row(product=product, vector=stored.vector, image=stored.image)


def tasks(engine: Engine, photo: str, ids: list[str]) -> dict[str, Callable[[int], object]]:
    """What is timed, by name; each is called with the number of the round."""
    catalog = engine.catalog

    def put(turn: int, count: int) -> int:
        rows = [row_of(catalog, ids[n], f"new-{turn}-{count}-{n}") for n in range(count)]
        started = time.perf_counter()
        catalog.upsert(rows)
        return time.perf_counter() - started

    def after_a_change(turn: int) -> object:
        with Catalog.open(catalog.address, catalog.model_key, catalog.dim) as other:
            other.upsert([row_of(catalog, ids[turn], "again")])
        started = time.perf_counter()
        engine.similar(ids[turn], k=10)
        return time.perf_counter() - started

    return {
        "photo to products": lambda _: engine.recommend(photo, k=10),
        "similar products": lambda turn: engine.similar(ids[turn], k=10),
        "similar products after a change": after_a_change,
        "words to products": lambda _: engine.search(WORDS, k=10),
        "one product put": lambda turn: put(turn, 1),
        "128 products put": lambda turn: put(turn, 128),
        "what is in it (info)": lambda _: catalog.info(),
    }


def seconds(task: Callable[[int], object], turn: int) -> float:
    """How long the task took, as it says itself or from call to return."""
    started = time.perf_counter()
    told = task(turn)
    return told if isinstance(told, float) else time.perf_counter() - started


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo")
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--at", required=True, help="a database without a catalog")
    parser.add_argument("--rounds", type=int, default=30)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        places = (Path(folder) / "c", args.at)
        engines = []
        for place in places:
            copy_catalog(args.catalog, place)
            engines.append(Engine.open(place, Settings.load(), create=False))
        ids = [stored.product.id for stored in engines[0].catalog.all_stored()]
        both = [tasks(engine, args.photo, ids[:: len(ids) // 200]) for engine in engines]
        print(f"{len(ids)} products{'':>19} folder  PostgreSQL  ratio")
        for name in both[0]:
            taken = [[seconds(one[name], n) for one in both] for n in range(args.rounds + 1)][1:]
            medians = [1000 * statistics.median(column) for column in zip(*taken, strict=True)]
            print(f"{name:<32} {medians[0]:8.2f} {medians[1]:10.2f} {medians[1] / medians[0]:7.2f}")
        for engine in engines:
            engine.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
