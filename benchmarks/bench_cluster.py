"""The search cluster beside the built-in search, over one catalog, in one run.

    python benchmarks/bench_cluster.py [--products 100000] [--photos DIR] [--out FILE]

Feeds synthetic products to Milvus (the standalone server of the PyPI package `milvus`, which is
started and stopped; `--search URL` asks another), waits until they are indexed, and prints: how
quickly they were fed and indexed, what they take of memory, recall@20 and times under filters of
15, 2 and 0.15 %, and photo to products with the search's share. `--settings 'ef=256'` tries other
parameters. Ratios are to the reference of `reference.py`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.engines import Engine, Standalone

import thatlook
from bench_search import Data, cases, made, measured, ours, rows, timed, truth
from reference import near, quiet_reference_ms
from thatlook.cli.demo import sample
from thatlook.store.catalog import Catalog
from thatlook.vision.analyzer import Analyzer

INDEXED_S = 900
SETTLED_S = 10


@contextmanager
def milvus(folder: Path, args: argparse.Namespace) -> Iterator[tuple[str, Engine | None]]:
    """The address of a collection of its own, and the server where it is ours."""
    if args.search:
        yield args.search, None
        return
    engine = Standalone(folder)
    engine.start()
    try:
        yield f"milvus://127.0.0.1:{engine.port}/bench?timeout=60&{args.settings}", engine
    finally:
        engine.stop()


def resident_mb(engine: Engine | None) -> float:
    """The memory that the server has of its own, in MB; 0 where it is not ours (Linux)."""
    if engine is None or engine.process is None:
        return 0.0
    status = Path(f"/proc/{engine.process.pid}/status").read_text()
    return next(int(x.split()[1]) for x in status.splitlines() if x.startswith("VmRSS")) / 1024


def fed(catalog: Catalog, engine: Engine | None) -> dict[str, float]:
    """Feeds all, has it indexed; the times, and the growth of the server."""
    assert catalog.cluster is not None
    before, count = resident_mb(engine), catalog.info().products
    spent = cpu_s(engine)
    seconds, _ = timed(catalog.cluster.feed().catch_up)
    index, begun = catalog.cluster.engine, time.perf_counter()
    index.settle()
    while pending(index) and time.perf_counter() - begun < INDEXED_S:
        time.sleep(1)
    indexed = time.perf_counter() - begun
    time.sleep(SETTLED_S)  # the indexed parts take the place of the growing ones
    return {
        "fed_rows_per_s": round(count / seconds),
        "indexed_s": round(indexed, 1),
        "server_cpu_s": round(cpu_s(engine) - spent, 1),
        "server_bytes_per_product": round((resident_mb(engine) - before) * 1e6 / count),
        "store_bytes_per_product": round(catalog.info().size_bytes / count),
    }


def cpu_s(engine: Engine | None) -> float:
    """Processor time that the server has used (Linux)."""
    if engine is None or engine.process is None:
        return 0.0
    fields = Path(f"/proc/{engine.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def pending(index: Any) -> int:
    """Rows that are not indexed yet."""
    told = index._client.call("describe_index", index_name="vector")
    return int(told.get("pending_index_rows", 0) or 0)


class Share:
    """The part of the time that the engine itself takes."""

    def __init__(self) -> None:
        self.ms: list[float] = []

    def asked(self, seconds: float) -> None:
        self.ms.append(seconds * 1e3)

    def stale(self, hits: int) -> None:
        pass


def compared(folder: Catalog, cluster: Catalog, data: Data, count: int) -> dict[str, Any]:
    """Per filter both searches' times and recall, printed as they come."""
    result = {}
    for case in cases(data):
        allowed = case.allowed()
        queries = near(data.vectors[allowed], count)
        wanted = truth(data, allowed, queries)
        share = Share()
        cluster.cluster.watch = share
        for name, one in (("built in", folder), ("Milvus", cluster)):
            found = measured(ours(one, case.query), queries, wanted)
            if share.ms and name == "Milvus":
                found["engine_median_ms"] = statistics.median(share.ms)
            result[f"{case.name}, {name}"] = found
            shown = "  ".join(f"{key} {value:.3f}" for key, value in found.items())
            print(f"{case.name:<16} {name:<9} {shown}", flush=True)
    return result


def photos_to_products(places: dict[str, Path], photos: list[Path], rounds: int) -> dict[str, Any]:
    """The median of a photo's time and of its search's share, photo by photo in turn."""
    settings = thatlook.Settings.load(threads=2)
    engines = {name: thatlook.open(place, settings) for name, place in places.items()}
    found: dict[str, list[float]] = {"reference": []}
    for number in range(-1, rounds):
        for photo in photos:
            found["reference"].append(quiet_reference_ms())
            for name, engine in engines.items():
                begun = time.perf_counter()
                result = engine.recommend(photo)
                if number < 0:
                    continue
                searches = max(1, len(result.recommendations))
                found.setdefault(f"{name}, photo", []).append((time.perf_counter() - begun) * 1e3)
                found.setdefault(f"{name}, search", []).append(result.timing_ms["search"])
                found.setdefault(f"{name}, search of one article", []).append(
                    result.timing_ms["search"] / searches
                )
    for engine in engines.values():
        engine.close()
    reference = statistics.median(found["reference"])
    return {
        name: {"p50_ms": round(float(np.median(v)), 2), "ratio": round(np.median(v) / reference, 2)}
        for name, v in found.items()
    }


def main() -> None:
    """Builds, feeds, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--photos", type=Path, help="JPEGs; default: the sample's looks")
    parser.add_argument("--search", default="", help="a collection that is filled and dropped")
    parser.add_argument("--settings", default="", help="of the collection, as NAME=VALUE&...")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    photos = sorted((args.photos or sample() / "images" / "looks").glob("*.jpg"))[:20]
    analyzer = Analyzer.open(thatlook.Settings.load())
    data = made(args.products, analyzer.dim)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "shop"
        with Catalog.open(folder, analyzer.key, analyzer.dim) as catalog:
            for batch in rows(data):
                catalog.upsert(batch)
            catalog.warm()
        with milvus(Path(temporary) / "milvus", args) as (address, server):
            file = Path(temporary) / "cluster.toml"
            file.write_text(f'store = "shop"\nsearch = "{address}"\n')
            with Catalog.open(folder) as plain, Catalog.open(file) as cluster:
                result: dict[str, Any] = {"products": args.products, **fed(cluster, server)}
                print(json.dumps(result), flush=True)
                result["cases"] = compared(plain, cluster, data, args.queries)
                places = {"built in": folder, "Milvus": file}
                result["photos"] = photos_to_products(places, photos, args.rounds)
                print(json.dumps(result["photos"], indent=1))
                cluster.cluster.engine.drop()
    if args.out:
        args.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
