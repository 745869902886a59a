"""Words to products in a large catalog, and what the index of words adds to it.

    python benchmarks/bench_words.py --catalog DIR --products 100000

The products of DIR, an indexed catalog, are copied under other ids, with a little noise on their
vectors, until there are so many. Asked are the queries of free_queries.txt, the first 20 products
of each. Times are medians of single queries in milliseconds and their ratio to the median of a
reference (reference.py); "CPU" is the time of the thread alone, for a machine that is busy.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from reference import reference_ms
from thatlook.search.stored import Stored
from thatlook.search.words.request import WordRequest
from thatlook.search.words.searcher import WordSearch
from thatlook.search.words.tower import Tower
from thatlook.store.catalog import Catalog, Row
from thatlook.vision.models.registry import resolve

QUERIES = Path(__file__).with_name("free_queries.txt")
K, ROUNDS, NOISE = 20, 5, 0.02


def copies(products: Sequence[Stored], count: int) -> Iterator[list[Row]]:
    """Rows of so many products, those given over and over."""
    rng = np.random.default_rng(0)
    made = 0
    while made < count:
        rows = []
        for one in products[: count - made]:
            vector = one.vector + rng.normal(0, NOISE, len(one.vector)).astype(np.float32)
            rows.append(
                Row(
                    product=replace(one.product, id=f"{one.product.id}-{made + len(rows)}"),
                    vector=vector / np.linalg.norm(vector),
                    attributes=one.attributes,
                    box=one.box,
                    article_score=one.article_score,
                    found=one.found,
                    image=one.image,
                    image_hash=one.image_hash,
                    outline=one.outline,
                    pictures=one.pictures,
                )
            )
        made += len(rows)
        yield rows


def timed(search: WordSearch, texts: Sequence[str]) -> tuple[list[float], list[float]]:
    """Wall and CPU milliseconds of every query, ROUNDS times; the first round only warms up."""
    wall, cpu = [], []
    for turn in range(ROUNDS + 1):
        for text in texts:
            start, own = time.perf_counter(), time.thread_time()
            search.find(WordRequest(text=text, k=K))
            if turn:
                wall.append((time.perf_counter() - start) * 1000)
                cpu.append((time.thread_time() - own) * 1000)
    return wall, cpu


def size_bytes(folder: Path) -> int:
    """Of the catalog's one file, everything of the log moved into it."""
    return sum(path.stat().st_size for path in folder.glob("catalog.sqlite*"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--products", type=int, default=100_000)
    options = parser.parse_args()
    with (
        Catalog.open(options.catalog, create=False) as source,
        tempfile.TemporaryDirectory() as out,
    ):
        products = [one for one in source.all_stored() if one.vector is not None]
        key, dim = source.model_key, source.dim
        with Catalog.open(Path(out), model_key=key, dim=dim) as catalog:
            for rows in copies(products, options.products):
                catalog.upsert(rows)
            catalog.settle()
            before = size_bytes(Path(out))
            start = time.perf_counter()
            catalog.lines()
            made_s = time.perf_counter() - start
            catalog.settle()
            after = size_bytes(Path(out))
            search = WordSearch(catalog, Tower.of(resolve("text")))
            texts = QUERIES.read_text(encoding="utf-8").splitlines()
            reference = reference_ms()
            wall, cpu = timed(search, texts)
    found = {
        "products": options.products,
        "p50_ms": round(float(np.median(wall)), 2),
        "p95_ms": round(float(np.quantile(wall, 0.95)), 2),
        "cpu_p50_ms": round(float(np.median(cpu)), 2),
        "cpu_p95_ms": round(float(np.quantile(cpu, 0.95)), 2),
        "p50_by_reference": round(float(np.median(wall)) / reference, 2),
        "words_made_s": round(made_s, 1),
        "bytes_before": before,
        "bytes_after": after,
        "growth": round(after / before - 1, 4),
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
