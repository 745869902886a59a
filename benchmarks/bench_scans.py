"""Which scan is quickest for a partition of a size, unfiltered and under filters.

    python benchmarks/bench_scans.py --rows 20000 50000 150000 500000 1000000

Measures the four ways of finding the top 20 of a block: all vectors in single precision, 8-bit
codes compared again, lists of near rows (FAISS IVF over such codes) compared again, and reading
only the rows that pass. Says the quickest with a recall of 0.999 or more; the thresholds in
thatlook.search.index are set by it (docs/catalog.md).

Times are medians of one thread's own CPU time in milliseconds, so that a busy machine does not
count; every query has a mask of its own. Vectors and queries are those of bench_search.py.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import faiss
import numpy as np

from reference import near, peak_mb, unit_vectors
from thatlook.search.index.listed import ListScan
from thatlook.search.index.quantised import QuantisedScan
from thatlook.search.index.scan import FloatScan, Found, Mask, Scan, search, search_rows

K = 20
LISTS_FROM = 50_000
WANTED = 0.999

Search = Callable[[np.ndarray, Mask | None], Found]


class AllLists(ListScan):
    """Looks into its lists under every filter."""

    def under(self, share: float) -> Scan:  # noqa: ARG002
        return self


def ways(vectors: np.ndarray) -> Iterator[tuple[str, Search]]:
    """Each way by name, as a search for one query."""
    yield "float", scanned(FloatScan(vectors), vectors)
    yield "8-bit", scanned(QuantisedScan.of(vectors), vectors)
    yield "picked", lambda query, mask: search_rows(vectors, np.flatnonzero(mask), query, K)[0]
    if len(vectors) < LISTS_FROM:
        return
    start = time.thread_time()
    lists = AllLists.of(vectors)
    seconds = time.thread_time() - start
    if lists is None:
        print(f"{len(vectors)} rows: lists would miss too much ({seconds:.0f} s)")
        return
    print(f"{len(vectors)} rows: lists built in {seconds:.0f} s, {lists.probes} looked into")
    yield "lists", scanned(lists, vectors)


def scanned(scan: Scan, vectors: np.ndarray) -> Search:
    """The search by this scan, whatever the mask."""
    scan.rows_below = 0.0
    return lambda query, mask: search(scan, vectors, query, K, mask)[0]


def measured(
    found_by: Search, queries: np.ndarray, masks: list[Mask | None], right: list[set[int]]
) -> dict[str, float]:
    """Median CPU time in ms and recall."""
    found_by(queries[:1], masks[0])
    times, hits = [], 0
    for query, mask, wanted in zip(queries, masks, right, strict=True):
        start = time.thread_time()
        _, rows = found_by(query[None], mask)
        times.append(time.thread_time() - start)
        hits += len(wanted & set(rows[:K].tolist()))
    return {
        "median_ms": float(np.median(times)) * 1e3,
        "recall": hits / sum(map(len, right)),
    }


def measure(
    count: int, shares: list[float], queries: int, similarity: float
) -> Iterator[dict[str, object]]:
    """One row of the table per share that passes."""
    vectors = unit_vectors(count, np.random.default_rng(0))
    asked = near(vectors, queries, similarity)
    found_by = dict(ways(vectors))
    rng = np.random.default_rng(2)
    for share in shares:
        bits = [rng.random(count, np.float32) < share if share < 1 else None for _ in asked]
        truth = scanned(FloatScan(vectors), vectors)
        right = [set(truth(q[None], m)[1][:K].tolist()) for q, m in zip(asked, bits, strict=True)]
        numbers = {
            name: measured(way, asked, bits, right)
            for name, way in found_by.items()
            if not (name == "picked" and share == 1)
        }
        good = [name for name, found in numbers.items() if found["recall"] >= WANTED]
        best = min(good, key=lambda name: numbers[name]["median_ms"])
        yield {"rows": count, "share": share, "best": best, **numbers}


def main() -> None:
    """Prints one line per size and share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000, 50_000, 150_000])
    parser.add_argument("--shares", type=float, nargs="+", default=[1, 0.6, 0.3, 0.15, 0.02])
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--similarity", type=float, default=0.8, help="of a query and its row")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    faiss.omp_set_num_threads(1)
    table = []
    for count in args.rows:
        for line in measure(count, args.shares, args.queries, args.similarity):
            table.append(line)
            shown = "  ".join(
                f"{name} {found['median_ms']:.3f} ({found['recall']:.4f})"
                for name, found in line.items()
                if isinstance(found, dict)
            )
            print(f"{count:>8} {line['share']:>4.0%}  {shown}  best: {line['best']}", flush=True)
    print(f"memory at most {peak_mb():.0f} MB")
    if args.out:
        args.out.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
