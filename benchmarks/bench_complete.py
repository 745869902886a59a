"""How long what goes with a product takes beside products that are like it.

python benchmarks/bench_complete.py --catalog CATALOG [--photos FOLDER]

A completion is a search per missing category, with reasons; `similar` is one search. Both are
medians of the same run over the same products, drawn at random. With photos, also what a
completion of a photo costs beyond parsing it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import thatlook
from thatlook.core.taxonomy import OTHER

PRODUCTS = 40


def median_ms(ask: Callable[[str], object], ids: list[str]) -> float:
    """The median of the processor time that asking for each takes, in milliseconds."""
    spent = []
    for product_id in ids:
        start = time.process_time()
        ask(product_id)
        spent.append((time.process_time() - start) * 1000)
    return statistics.median(spent)


def main() -> None:
    """Prints both medians, in processor time, and how often the one is in the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--photos", type=Path)
    given = parser.parse_args()
    with thatlook.open(given.catalog) as engine:
        count = engine.catalog.info().products
        products = (s.product for s in engine.catalog.all_stored() if s.status == "active")
        every = (p.id for p in products if p.category != OTHER)
        ids = list(islice(every, 0, None, max(1, count // PRODUCTS)))
        engine.complete(ids[:1])  # loads the network and the partitions
        like = median_ms(engine.similar, ids)
        goes = median_ms(lambda one: engine.complete([one]), ids)
        photos = _photos(engine, given.photos) if given.photos else None
    print(f"{count} products; medians of {len(ids)}, processor time")
    print(f"similar   {like:7.2f} ms")
    print(f"complete  {goes:7.2f} ms  {goes / like:.1f} times similar")
    if photos:
        print(f"of a photo {photos[0]:7.2f} ms beyond parsing, which takes {photos[1]:.2f} ms")


def _photos(engine: thatlook.Engine, folder: Path) -> tuple[float, float]:
    """The medians of what completing takes beyond parsing, photo by photo, and of parsing."""
    beyond, parsing = [], []
    for photo in islice(sorted(folder.glob("*.jpg")), PRODUCTS):
        parsing.append(median_ms(engine.parse, [str(photo)] * 3))
        beyond.append(median_ms(engine.complete, [str(photo)] * 3) - parsing[-1])
    return statistics.median(beyond), statistics.median(parsing)


if __name__ == "__main__":
    main()
