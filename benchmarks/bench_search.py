"""Filtered top 20 of a large catalog, beside plain FAISS with an id selector.

    python benchmarks/bench_search.py --products 1000000 --out search.json
    python benchmarks/bench_search.py --products 1000000 --hnsw --folder /tmp/bench-search

Vectors are unit, 128 numbers, drawn around random middles. Queries are products' vectors with
noise (similarity 0.8 with their product). Three partitions hold 15 %, 2 % and 0.15 % of the
products; the rows "price" search all partitions under a price limit that lets as many pass.

Times are medians of single queries in milliseconds, and their ratios to the median of a
reference (reference.py) measured between groups of queries. One query is searched by one thread,
ours and FAISS's alike; "CPU" is that thread's own time, for a machine that is busy. Ours evaluates
its filters within its time; FAISS gets its selector ready made, and what making it from columns
would take is said beside it ("filter").

With `--folder` the catalog and the HNSW graph, which takes many minutes, are kept and used again
by the next run: `--store-only` (with `--hnsw`) makes them and stops.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from reference import DIM, near, peak_mb, reference_ms, unit_vectors
from thatlook.core.records import Price, Product
from thatlook.core.taxonomy import PRODUCT_CATEGORIES, PRODUCT_GENDERS
from thatlook.search.index import Filters, Query
from thatlook.store.catalog import Catalog, Row

K, BATCH = 20, 2000
EFS = (128, 1024)
SHARES = {("topwear", "female"): 0.15, ("dress", "female"): 0.02, ("neckwear", "male"): 0.0015}


@dataclass(frozen=True)
class Data:
    """The products as columns: vectors (n, dim), price (n,), partition (n,) into `keys`."""

    vectors: np.ndarray
    price: np.ndarray
    partition: np.ndarray
    keys: list[tuple[str, str]]


def made(count: int, dim: int = DIM) -> Data:
    """Random products, the shares of SHARES exact, the rest spread evenly."""
    rng = np.random.default_rng(0)
    vectors = unit_vectors(count, rng, dim)
    keys = [(c, g) for c in PRODUCT_CATEGORIES for g in PRODUCT_GENDERS]
    others = [n for n, key in enumerate(keys) if key not in SHARES]
    partition = np.array(others)[rng.integers(len(others), size=count)]
    start = 0
    for key, share in SHARES.items():
        stop = start + round(share * count)
        partition[start:stop] = keys.index(key)
        start = stop
    return Data(vectors, rng.permutation(count).astype(float), rng.permutation(partition), keys)


def rows(data: Data) -> Iterator[list[Row]]:
    """The products in batches."""
    for start in range(0, len(data.vectors), BATCH):
        stop = min(start + BATCH, len(data.vectors))
        yield [row(data, n) for n in range(start, stop)]


def row(data: Data, n: int) -> Row:
    """One product."""
    category, gender = data.keys[data.partition[n]]
    price = Price(Decimal(int(data.price[n])), "EUR")
    product = Product(id=f"p{n:07}", category=category, gender=gender, price=price)
    return Row(product=product, vector=data.vectors[n], row_hash="x")


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result of one call."""
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def truth(data: Data, allowed: np.ndarray, queries: np.ndarray) -> list[set[str]]:
    """The ids of the true best K of each query, in double precision."""
    places = np.flatnonzero(allowed)
    values = queries.astype(np.float64) @ data.vectors[places].astype(np.float64).T
    best = np.argpartition(-values, min(K, len(places)) - 1, axis=1)[:, :K]
    return [{f"p{n:07}" for n in places[row]} for row in best]


@dataclass(frozen=True)
class Case:
    """A query by name; `allowed` makes the mask of what may be found from the columns."""

    name: str
    query: Query
    allowed: Callable[[], np.ndarray]


def cases(data: Data) -> Iterator[Case]:
    """Three partitions, three price limits."""
    for (category, gender), share in SHARES.items():
        query = Query(category=category, genders=frozenset({gender}), k=K)
        key = data.keys.index((category, gender))
        yield Case(f"{share:.2%} partition", query, lambda key=key: data.partition == key)
    for share in SHARES.values():
        limit = share * len(data.vectors) - 1
        query = Query(k=K, filters=Filters(max_price=limit))
        yield Case(f"{share:.2%} price", query, lambda limit=limit: data.price <= limit)


Searcher = Callable[[np.ndarray], set[str]]


def measured(search: Searcher, queries: np.ndarray, wanted: list[set[str]]) -> dict[str, float]:
    """Median and 95th percentile in ms, the median's ratio to the reference, and recall."""
    search(queries[:1])
    times, cpu, references, hits = [], [], [], 0
    for index, (query, right) in enumerate(zip(queries, wanted, strict=True)):
        if index % 5 == 0:  # not before each: it empties the caches that a query finds full
            references.append(reference_ms())
        spent = time.thread_time()
        seconds, found = timed(lambda query=query: search(query[None]))
        cpu.append((time.thread_time() - spent) * 1e3)
        times.append(seconds * 1e3)
        hits += len(found & right)
    median, reference = float(np.median(times)), float(np.median(references))
    return {
        "median_ms": median,
        "p95_ms": float(np.quantile(times, 0.95)),
        "cpu_median_ms": float(np.median(cpu)),
        "reference_ms": reference,
        "ratio": median / reference,
        "recall": hits / sum(map(len, wanted)),
    }


@dataclass(frozen=True)
class Rival:
    """A FAISS index of all products; `ef` is HNSW's breadth of search, 0 for another index."""

    name: str
    index: Any
    ef: int = 0

    def under(self, allowed: np.ndarray) -> Searcher:
        """Its search with an id selector."""
        selector, bits = selector_of(allowed)
        kind = faiss.SearchParametersHNSW if self.ef else faiss.SearchParameters
        parameters = kind(sel=selector, **({"efSearch": self.ef} if self.ef else {}))

        def search(query: np.ndarray) -> set[str]:
            assert bits is not None  # kept alive with the selector
            _, found = self.index.search(query, K, params=parameters)
            return {f"p{n:07}" for n in found[0] if n >= 0}

        return search


def selector_of(allowed: np.ndarray) -> tuple[Any, np.ndarray]:
    """FAISS's selector of a mask, and the bits that must live as long."""
    bits = np.packbits(allowed, bitorder="little")
    return faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits)), bits


def graph(data: Data, args: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    """An HNSW index of all vectors, built or read from the folder, and how it was built."""
    m = args.hnsw_m
    path = args.folder / f"hnsw{m}.faiss" if args.folder else None
    if path and path.exists():
        index = faiss.read_index(str(path))
        if index.ntotal != len(data.vectors):
            sys.exit(f"{path} holds {index.ntotal} vectors, not {len(data.vectors)}: delete it")
    else:
        index = faiss.IndexHNSWFlat(DIM, m, faiss.METRIC_INNER_PRODUCT)
        seconds, _ = timed(lambda: index.add(data.vectors))
        print(f"HNSW{m} built in {seconds:.0f} s", flush=True)
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            faiss.write_index(index, str(path))
    return index, {"hnsw": {"M": m, "efConstruction": index.hnsw.efConstruction}}


def main() -> None:
    """Builds, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--hnsw", action="store_true", help="slow to build")
    parser.add_argument("--hnsw-m", type=int, default=32, help="neighbours per node")
    parser.add_argument("--folder", type=Path, help="keep catalog and graph here, or use them")
    parser.add_argument("--store-only", action="store_true", help="stop once all is stored")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.store_only and not args.folder:
        parser.error("--store-only needs --folder")
    faiss.omp_set_num_threads(args.threads)
    data, result = made(args.products), {"products": args.products}
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        result |= stored(folder, data)
        rivals = []
        if args.hnsw:
            index, facts = graph(data, args)
            result |= facts
            name = f"FAISS HNSW{args.hnsw_m}"
            rivals = [Rival(f"{name} ef {ef}, id selector", index, ef) for ef in EFS]
        if not args.store_only:
            flat = faiss.IndexFlatIP(DIM)
            flat.add(data.vectors)
            rivals.insert(0, Rival("FAISS flat, id selector", flat))
            result |= opened(folder, data)
            with Catalog.open(folder, create=False) as catalog:
                result["first_query_all_partitions_s"], _ = timed(
                    lambda: catalog.search(data.vectors[:1], Query(k=K))
                )
                result["cases"] = compared(catalog, data, rivals, args.queries)
                result |= changed(catalog, folder, data)
    result["peak_mb"] = peak_mb()
    print(json.dumps({k: v for k, v in result.items() if k != "cases"}, indent=1))
    if args.out:
        args.out.write_text(json.dumps(result, indent=1))


def compared(
    catalog: Catalog, data: Data, rivals: list[Rival], count: int
) -> dict[str, dict[str, Any]]:
    """Per case everybody's numbers, printed as they come."""
    result: dict[str, dict[str, Any]] = {}
    for case in cases(data):
        allowed = case.allowed()
        queries = near(data.vectors[allowed], count)
        wanted = truth(data, allowed, queries)
        found: dict[str, Any] = {"thatlook": measured(ours(catalog, case.query), queries, wanted)}
        for rival in rivals:
            found[rival.name] = measured(rival.under(allowed), queries, wanted)
        for who, numbers in found.items():
            shown = f"{numbers['median_ms']:8.2f} ms  {numbers['p95_ms']:8.2f} p95"
            shown += f"  {numbers['cpu_median_ms']:8.2f} CPU  {numbers['ratio']:6.2f} x reference"
            print(f"{case.name:<16} {who:<34} {shown}  recall {numbers['recall']:.4f}", flush=True)
        making = [timed(lambda case=case: selector_of(case.allowed()))[0] for _ in range(9)]
        found["filter_ms"] = float(np.median(making)) * 1e3
        print(f"{case.name:<16} {'(filter, for FAISS)':<34} {found['filter_ms']:8.2f} ms")
        result[case.name] = found
    return result


def ours(catalog: Catalog, query: Query) -> Searcher:
    """The catalog's answers as ids."""
    return lambda vector: {hit.product_id for hit in catalog.search(vector, query)[0]}


def stored(folder: Path, data: Data) -> dict[str, Any]:
    """How quickly rows are stored, and how large they are."""
    found: dict[str, Any] = {}
    if (folder / "catalog.sqlite").exists():
        return found
    with Catalog.open(folder, "synthetic", data.vectors.shape[1]) as catalog:
        seconds, _ = timed(lambda: [catalog.upsert(batch) for batch in rows(data)])
        found["stored_rows_per_s"] = round(len(data.vectors) / seconds)
        found["bytes_per_product"] = catalog.info().size_bytes / len(data.vectors)
    return found


def opened(folder: Path, data: Data) -> dict[str, Any]:
    """Seconds until every partition can be searched: from SQLite alone, and from the cache."""
    found: dict[str, Any] = {}
    shutil.rmtree(folder / "cache", ignore_errors=True)
    with Catalog.open(folder, create=False) as catalog:
        found["rebuilt_from_sqlite_s"], _ = timed(catalog.warm)
    opening = []
    for _ in range(3):
        seconds, catalog = timed(lambda: Catalog.open(folder, create=False))
        more, _ = timed(lambda catalog=catalog: catalog.search(data.vectors[:1], Query(k=K)))
        opening.append(seconds + more)
        catalog.close()
    found["opened_from_cache_s"] = min(opening)
    found["cache_bytes"] = sum(p.stat().st_size for p in (folder / "cache").iterdir())
    return found


def changed(catalog: Catalog, folder: Path, data: Data) -> dict[str, float]:
    """A durable upsert, and how soon another process's catalog finds it, in ms."""
    key = next(iter(SHARES))
    query = Query(category=key[0], genders=frozenset({key[1]}), k=1)
    upserts, seen = [], []
    with Catalog.open(folder, "synthetic", DIM) as writer:
        for n in range(20):
            product = Product(id=f"new{n}", category=key[0], gender=key[1])
            vector = np.roll(data.vectors[n], 1)
            new = Row(product=product, vector=np.ascontiguousarray(vector))
            seconds, _ = timed(lambda new=new: writer.upsert([new]))
            upserts.append(seconds * 1e3)
            seconds, answers = timed(lambda v=vector: catalog.search(v[None], query))
            if answers[0][0].product_id != product.id:
                sys.exit("an upsert was not visible at the next query")
            seen.append(seconds * 1e3)
        writer.remove([f"new{n}" for n in range(20)])
    return {
        "durable_upsert_median_ms": float(np.median(upserts)),
        "query_that_sees_it_median_ms": float(np.median(seen)),
    }


if __name__ == "__main__":
    main()
