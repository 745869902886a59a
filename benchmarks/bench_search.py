"""Filtered top 20 of a large catalog, beside plain FAISS with an id selector.

    python benchmarks/bench_search.py --products 1000000 --out search.json
    python benchmarks/bench_search.py --products 100000 --hnsw

Vectors are unit, 128 numbers, drawn around random middles. Queries are products' vectors with
noise (similarity 0.8 with their product). Three partitions hold 15 %, 2 % and 0.15 % of the
products; the rows "price" search all partitions under a price limit that lets as many pass.
Times are medians of single queries in milliseconds.
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

from thatlook.catalog import Catalog, Row
from thatlook.index import Filters, Query
from thatlook.records import Price, Product
from thatlook.taxonomy import PRODUCT_CATEGORIES, PRODUCT_GENDERS

DIM, K, BATCH = 128, 20, 2000
SHARES = {("topwear", "female"): 0.15, ("dress", "female"): 0.02, ("neckwear", "male"): 0.0015}


@dataclass(frozen=True)
class Data:
    """The products as columns: vectors (n, DIM), price (n,), partition (n,) into `keys`."""

    vectors: np.ndarray
    price: np.ndarray
    partition: np.ndarray
    keys: list[tuple[str, str]]


def made(count: int) -> Data:
    """Random products, the shares of SHARES exact, the rest spread evenly."""
    rng = np.random.default_rng(0)
    middles = rng.standard_normal((max(10, count // 100), DIM)).astype(np.float32)
    vectors = middles[rng.integers(len(middles), size=count)]
    vectors += 0.7 * rng.standard_normal((count, DIM), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
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


def noisy(data: Data, allowed: np.ndarray, count: int) -> np.ndarray:
    """Queries near products that may be found."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((count, DIM))
    noise *= 0.75 / np.linalg.norm(noise, axis=1, keepdims=True)
    found = data.vectors[rng.choice(np.flatnonzero(allowed), count)] + noise
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def truth(data: Data, allowed: np.ndarray, query: np.ndarray) -> set[str]:
    """The ids of the true best K, in double precision."""
    places = np.flatnonzero(allowed)
    values = data.vectors[places].astype(np.float64) @ query.astype(np.float64)
    return {f"p{n:07}" for n in places[np.argsort(-values)[:K]]}


def cases(data: Data) -> Iterator[tuple[str, np.ndarray, Query]]:
    """Name, mask of what may be found, and the query."""
    for (category, gender), share in SHARES.items():
        allowed = data.partition == data.keys.index((category, gender))
        yield (
            f"{share:.2%} partition",
            allowed,
            Query(category=category, genders=frozenset({gender}), k=K),
        )
    for share in SHARES.values():
        limit = share * len(data.vectors) - 1
        filters = Filters(max_price=limit)
        yield f"{share:.2%} price", data.price <= limit, Query(k=K, filters=filters)


Searcher = Callable[[np.ndarray], set[str]]


def measured(search: Searcher, queries: np.ndarray, wanted: list[set[str]]) -> dict[str, float]:
    """Median and 95th percentile in ms, and recall."""
    search(queries[:1])
    times, hits = [], 0
    for query, right in zip(queries, wanted, strict=True):
        seconds, found = timed(lambda query=query: search(query[None]))
        times.append(seconds)
        hits += len(found & right)
    return {
        "median_ms": float(np.median(times)) * 1e3,
        "p95_ms": float(np.quantile(times, 0.95)) * 1e3,
        "recall": hits / sum(map(len, wanted)),
    }


def plain_faiss(index: Any, allowed: np.ndarray, ef: int = 0) -> Searcher:
    """FAISS with an id selector after or in its search."""
    bits = np.packbits(allowed, bitorder="little")
    selector = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits))
    kind = faiss.SearchParametersHNSW if ef else faiss.SearchParameters
    parameters = kind(sel=selector, efSearch=ef) if ef else kind(sel=selector)

    def search(query: np.ndarray) -> set[str]:
        assert bits is not None  # kept alive with the selector
        _, found = index.search(query, K, params=parameters)
        return {f"p{n:07}" for n in found[0] if n >= 0}

    return search


def main() -> None:
    """Builds, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--hnsw", action="store_true", help="slow to build")
    parser.add_argument("--folder", type=Path, help="keep the catalog here, or use it again")
    parser.add_argument("--store-only", action="store_true", help="stop once it is stored")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    faiss.omp_set_num_threads(args.threads)
    data, result = made(args.products), {"products": args.products}
    if args.store_only:
        print(json.dumps(stored(args.folder, data)))
        return
    rivals: dict[str, tuple[Any, int]] = {}
    flat = faiss.IndexFlatIP(DIM)
    flat.add(data.vectors)
    rivals["FAISS flat, id selector"] = (flat, 0)
    if args.hnsw:
        graph = faiss.IndexHNSWFlat(DIM, 32, faiss.METRIC_INNER_PRODUCT)
        result["hnsw_build_s"], _ = timed(lambda: graph.add(data.vectors))
        rivals["FAISS HNSW32 ef 128, id selector"] = (graph, 128)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        result |= stored(folder, data) | opened(folder, data)
        with Catalog.open(folder, create=False) as catalog:
            result["first_query_all_partitions_s"], _ = timed(
                lambda: catalog.search(data.vectors[:1], Query(k=K))
            )
            result["cases"] = {}
            for name, allowed, query in cases(data):
                queries = noisy(data, allowed, args.queries)
                wanted = [truth(data, allowed, one) for one in queries]
                found = {"thatlook": measured(ours(catalog, query), queries, wanted)}
                for rival, (index, ef) in rivals.items():
                    found[rival] = measured(plain_faiss(index, allowed, ef), queries, wanted)
                result["cases"][name] = found
                for who, numbers in found.items():
                    shown = f"{numbers['median_ms']:8.2f} ms  {numbers['p95_ms']:8.2f} p95"
                    print(f"{name:<18} {who:<34} {shown}  recall {numbers['recall']:.4f}")
            result |= changed(catalog, folder, data)
    print(json.dumps({k: v for k, v in result.items() if k != "cases"}, indent=1))
    if args.out:
        args.out.write_text(json.dumps(result, indent=1))


def ours(catalog: Catalog, query: Query) -> Searcher:
    """The catalog's answers as ids."""
    return lambda vector: {hit.product_id for hit in catalog.search(vector, query)[0]}


def stored(folder: Path, data: Data) -> dict[str, Any]:
    """How quickly rows are stored, and how large they are."""
    found: dict[str, Any] = {}
    if (folder / "catalog.sqlite").exists():
        return found
    with Catalog.open(folder, "synthetic", DIM) as catalog:
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
