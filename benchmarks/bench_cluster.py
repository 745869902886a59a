"""The search cluster beside the built-in search, over the same catalogs, in one run.

    python benchmarks/bench_cluster.py [--products 100000] [--catalog DIR --photos DIR] [--out FILE]
        [--only-photos]

Feeds synthetic products to Milvus (the standalone server of the PyPI package `milvus`, which is
started and stopped; `--search HOST:PORT` asks another), waits until they are indexed, and prints:
how quickly they were fed and indexed, what they take of memory, recall@20 and times under filters
of 15, 2 and 0.15 %. Then photo to products with the search's share, in those or in the products of
`--catalog`, repeated with noise in their vectors until there are as many: from the folder with its
built-in search, and from PostgreSQL (Debian's server, which is started and stopped; `--store URL`
names another, `--store folder` takes the folder) with Milvus; also how often a photo asks each.
`--only-photos` measures nothing else. `--settings 'ef=256'` tries other parameters. Ratios are to
the reference of `reference.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.engines import Engine, Standalone
from tests.postgres import Server, why_missing

import thatlook
from bench_search import Data, cases, made, measured, ours, rows, timed, truth
from reference import near, quiet_reference_ms
from thatlook.cli.demo import sample
from thatlook.core.errors import SearchUnavailableError
from thatlook.search.index import Query
from thatlook.store.catalog import Catalog, Row
from thatlook.vision.analyzer import Analyzer

INDEXED_S = 900
SETTLED_S = 10
TICK_MS = 200
"""As a server has it by default; the tests' own ticks faster, for strong consistency."""
NOISE = 0.5
"""The length of the noise beside a unit vector: a likeness of 0.89."""


@contextmanager
def milvus(folder: Path, args: argparse.Namespace) -> Iterator[tuple[str, Engine | None]]:
    """Where the server is, and the server where it is ours."""
    if args.search:
        yield args.search, None
        return
    engine = Standalone(folder, **{"proxy.timeTickInterval": TICK_MS})
    engine.start()
    try:
        yield f"127.0.0.1:{engine.port}", engine
    finally:
        engine.stop()


def grown(kept: Catalog, count: int) -> Iterator[list[Row]]:
    """The products of a catalog, again and again with noise in their vectors."""
    stored = [one for one in kept.all_stored() if one.vector is not None]
    rng, dim = np.random.default_rng(0), kept.dim or 0
    for start in range(0, count, len(stored)):
        batch = []
        for one in stored[: count - start]:
            noise = rng.standard_normal(dim) * (NOISE / dim**0.5 if start else 0)
            vector = one.vector + noise
            row = {e.name: getattr(one, e.name) for e in fields(Row) if hasattr(one, e.name)}
            row["product"] = replace(one.product, id=f"{one.product.id}-{start}")
            row["vector"] = (vector / np.linalg.norm(vector)).astype(np.float32)
            batch.append(Row(**row))
        yield batch


def resident_mb(engine: Engine | None) -> float:
    """The memory that the server has of its own, in MB; 0 where it is not ours (Linux)."""
    if engine is None or engine.process is None:
        return 0.0
    status = Path(f"/proc/{engine.process.pid}/status").read_text()
    return next(int(x.split()[1]) for x in status.splitlines() if x.startswith("VmRSS")) / 1024


def fed(catalog: Catalog, engine: Engine | None, empty_mb: float = 0.0) -> dict[str, float]:
    """Feeds all, has it indexed; the times, and what the server has more of than an empty one."""
    assert catalog.cluster is not None
    count, spent = catalog.info().products, cpu_s(engine)
    seconds, _ = timed(catalog.cluster.feed().catch_up)
    index, begun = catalog.cluster.engine, time.perf_counter()
    index.settle()
    while pending(index) and time.perf_counter() - begun < INDEXED_S:
        time.sleep(1)
    found = {
        "fed_rows_per_s": round(count / seconds),
        "indexed_s": round(time.perf_counter() - begun, 1),
        "server_cpu_s": round(cpu_s(engine) - spent, 1),
        "store_bytes_per_product": round(catalog.info().size_bytes / count),
    }
    if engine is not None:
        engine.kill()  # what it had for feeding and indexing goes
        engine.start()
        found["loaded_s"] = round(timed(lambda: answering(catalog))[0], 1)
        loaded = resident_mb(engine) - empty_mb
        found["server_bytes_per_product"] = round(loaded * 2**20 / count)
    return found


def answering(catalog: Catalog) -> None:
    """Waits until a question that every part has to answer is answered."""
    while True:
        try:
            catalog.search(np.eye(1, catalog.dim or 1, dtype=np.float32), Query(k=20))
        except SearchUnavailableError:
            time.sleep(0.2)
        else:
            time.sleep(SETTLED_S)
            return


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


def statements_of(catalog: Catalog) -> list[str]:
    """The statements that a catalog in PostgreSQL is asked from now on; none where it is a file."""
    found: list[str] = []
    engine = getattr(catalog._store.database, "_engine", None)
    if engine is not None:
        from sqlalchemy import event

        event.listen(engine, "before_cursor_execute", lambda *told: found.append(told[2]))
    return found


def compared(
    folder: Catalog, cluster: Catalog, data: Data, count: int, server: Engine | None
) -> dict[str, Any]:
    """Per filter both searches' times and recall, printed as they come."""
    result = {}
    for case in cases(data):
        allowed = case.allowed()
        queries = near(data.vectors[allowed], count)
        wanted = truth(data, allowed, queries)
        share = Share()
        cluster.cluster.watch = share
        for name, one in (("built in", folder), ("Milvus", cluster)):
            spent = cpu_s(server)
            found = measured(ours(one, case.query), queries, wanted)
            if name == "Milvus":
                found["engine_median_ms"] = statistics.median(share.ms)
                found["engine_cpu_ms"] = (cpu_s(server) - spent) * 1e3 / len(share.ms)
            result[f"{case.name}, {name}"] = found
            shown = "  ".join(f"{key} {value:.3f}" for key, value in found.items())
            print(f"{case.name:<16} {name:<9} {shown}", flush=True)
    return result


def filtered(
    places: dict[str, Path], data: Data, count: int, server: Engine | None
) -> dict[str, Any]:
    """What feeding takes, then each filter's times and recall."""
    with Catalog.open(places["built in"]) as plain, Catalog.open(places["Milvus"]) as cluster:
        told: dict[str, Any] = fed(cluster, server, resident_mb(server))
        print(json.dumps(told), flush=True)
        return told | {"cases": compared(plain, cluster, data, count, server)}


def photos_to_products(places: dict[str, Path], photos: list[Path], rounds: int) -> dict[str, Any]:
    """A photo's time and its search's share, in ms, photo by photo in turn."""
    settings = thatlook.Settings.load(threads=2)
    engines = {name: thatlook.open(place, settings) for name, place in places.items()}
    found: dict[str, list[float]] = {"reference": []}
    share, statements = Share(), statements_of(engines["Milvus"].catalog)
    for number in range(-1, rounds):
        for photo in photos:
            found["reference"].append(quiet_reference_ms())
            if number == 0 and not share.ms:
                engines["Milvus"].catalog.cluster.watch = share
                statements.clear()
            for name, engine in engines.items():
                begun = time.perf_counter()
                result = engine.recommend(photo)
                if number < 0:
                    continue
                found.setdefault(f"{name}, photo", []).append((time.perf_counter() - begun) * 1e3)
                found.setdefault(f"{name}, search", []).append(result.timing_ms["search"])
    asked = {"questions": share.ms, "statements": statements}
    for what, times in asked.items():
        found[f"Milvus, {what} of a photo"] = [len(times) / len(found["Milvus, search"])]
    found["Milvus, one question"] = share.ms
    for engine in engines.values():
        engine.close()
    reference = statistics.median(found["reference"])
    return {
        name: {
            "p50": round(float(np.median(values)), 2),
            "p10": round(float(np.quantile(values, 0.1)), 2),
            "ratio": round(float(np.median(values)) / reference, 2),
        }
        for name, values in found.items()
    }


@contextmanager
def stored(args: argparse.Namespace) -> Iterator[str]:
    """What a `catalog.toml` says of its store; "" for the folder."""
    if args.store == "folder":
        yield ""
    elif args.store:
        yield f'store = "{args.store}"\n'
    elif why := why_missing():
        raise SystemExit(f"{why}; --store names a server, --store folder needs none")
    else:
        with closing(Server()) as server:
            os.environ["BENCH_PASSWORD"] = server.password
            place = server.new_url(password="")
            yield f'store = "{place}"\nstore_password_env = "BENCH_PASSWORD"\n'


@contextmanager
def both(
    folder: Path,
    address: str,
    batches: Iterator[list[Row]],
    network: tuple[str, int],
    store: str = "",
) -> Iterator[dict[str, Path]]:
    """The places of one catalog with either search; the collection goes when the block ends."""
    with Catalog.open(folder, *network) as catalog:
        for batch in batches:
            catalog.upsert(batch)
        catalog.warm()
        file = (folder / "cluster" if store else folder) / "cluster.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'{store}search = "{address}"\n')
        if store:
            with Catalog.open(file, *network) as copied:
                copied.copy_from(catalog, lambda _count: None)
    yield {"built in": folder, "Milvus": file}
    with Catalog.open(file) as cluster:
        cluster.cluster.engine.drop()


def main() -> None:
    """Builds, feeds, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--catalog", type=Path, help="whose products the photos are to find")
    parser.add_argument("--photos", type=Path, help="JPEGs; default: the sample's looks")
    parser.add_argument("--search", default="", help="a server; default: one is started")
    parser.add_argument("--store", default="", help="PostgreSQL's address, or folder")
    parser.add_argument("--only-photos", action="store_true", help="photo to products alone")
    parser.add_argument("--settings", default="", help="of the collection, as NAME=VALUE&...")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    photos = sorted((args.photos or sample() / "images" / "looks").glob("*.jpg"))[:20]
    analyzer = Analyzer.open(thatlook.Settings.load())
    network = (analyzer.key, analyzer.dim)
    result: dict[str, Any] = {"products": args.products}
    with ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (base / "milvus").mkdir()
        place, server = stack.enter_context(milvus(base / "milvus", args))
        data = made(args.products, analyzer.dim)
        address = f"milvus://{place}/bench?timeout=60&{args.settings}"
        if not args.only_photos:
            with both(base / "synthetic", address, rows(data), network) as places:
                result |= filtered(places, data, args.queries, server)
        batches = rows(data)
        if args.catalog:
            kept = stack.enter_context(Catalog.open(args.catalog, create=False))
            batches = grown(kept, args.products)
        store = stack.enter_context(stored(args))
        with both(base / "grown", address, batches, network, store) as places:
            with Catalog.open(places["Milvus"]) as other:
                result["grown"] = fed(other, server)
            result["photos"] = photos_to_products(places, photos, args.rounds)
    print(json.dumps({name: result[name] for name in ("photos",)}, indent=1))
    if args.out:
        args.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
