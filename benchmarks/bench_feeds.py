"""How quickly feeds are read, and in how much memory.

    python benchmarks/bench_feeds.py
    python benchmarks/bench_feeds.py --gigabytes 5 --format csv --format jsonl.gz

Writes a feed of this size (before packing), reads it in a fresh process, and prints rows per
second and the process's largest memory: what is its own, and with the mapped files. The feed is
written to the temporary folder, or to `--folder`, and deleted at the end.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FORMATS = ("csv", "tsv", "jsonl", "xml", "parquet", "csv.gz", "jsonl.gz")
READ = """
import json, pathlib, sys, time
from thatlook.store.feed import FeedRow, read_feed
def memory(name):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))
before, start, rows, own = memory("VmHWM"), time.perf_counter(), 0, 0
for place, row in enumerate(read_feed(sys.argv[1])):
    rows += isinstance(row, FeedRow)
    if place % 10000 == 0:
        own = max(own, memory("RssAnon"))
seconds = time.perf_counter() - start
told = {"rows": rows, "seconds": seconds, "start_mb": before}
print(json.dumps(told | {"own_mb": max(own, memory("RssAnon")), "peak_mb": memory("VmHWM")}))
"""
WORDS = """dress with flowers in a light cotton for summer evenings, long sleeves, narrow waist,
    crêpe, soirée, Größe, naïve, machine wash at 30 degrees, imported, petite, tall"""
DESCRIPTIONS = [
    " ".join(np.random.default_rng(seed).choice(WORDS.split(), 200)) for seed in range(997)
]


def row(number: int) -> dict[str, str]:
    """One product with a long description, about 1.4 kB."""
    return {
        "id": f"p{number}",
        "title": f"Dress number {number}, with flowers",
        "description": DESCRIPTIONS[number % len(DESCRIPTIONS)],
        "link": f"https://shop.example/{number}",
        "image_link": f"https://shop.example/{number}.jpg",
        "price": f"{number % 100}.99 EUR",
        "brand": f"Brand {number % 1000}",
        "product_type": "Clothing > Dresses",
    }


def write(path: Path, kind: str, wanted: int) -> None:
    """A feed of about `wanted` bytes, written row by row."""
    if kind == "parquet":
        batch = [row(n) for n in range(50_000)]
        size = sum(len(text) for text in batch[0].values())
        table = pa.Table.from_pylist(batch)
        with pq.ParquetWriter(path, table.schema, compression="none") as writer:
            for _ in range(max(1, wanted // (size * len(batch)))):
                writer.write_table(table)
        return
    inner, size = kind.removesuffix(".gz"), 0
    with gzip.open(path, "wb", 1) if kind.endswith(".gz") else path.open("wb") as file:
        if inner in {"csv", "tsv"}:
            file.write((("," if inner == "csv" else "\t").join(row(0)) + "\n").encode())
        elif inner == "xml":
            file.write(b'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>\n')
        for start in count(0, 1000):
            if size >= wanted:
                break
            text = "".join(written(inner, row(start + n)) for n in range(1000))
            size += file.write(text.encode())
        if inner == "xml":
            file.write(b"</channel></rss>")


def written(kind: str, one: dict[str, str]) -> str:
    """A row in one of the text formats."""
    if kind == "csv":
        return ",".join(f'"{text}"' for text in one.values()) + "\n"
    if kind == "tsv":
        return "\t".join(one.values()) + "\n"
    if kind == "jsonl":
        return json.dumps(one, ensure_ascii=False) + "\n"
    return "<item>" + "".join(f"<g:{k}>{v}</g:{k}>" for k, v in one.items()) + "</item>\n"


def main() -> None:
    """Prints one line per format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=0.1)
    parser.add_argument("--format", choices=FORMATS, action="append")
    parser.add_argument("--folder", type=Path, help="where there is room for the feed")
    args = parser.parse_args()
    for kind in args.format or FORMATS:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            wanted, free = int(args.gigabytes * 1e9), shutil.disk_usage(folder).free
            if free < 1.5 * wanted:
                sys.exit(f"{folder}: {free / 1e9:.1f} GB are free, too few; name another --folder")
            path = Path(folder) / f"feed.{kind}"
            write(path, kind, wanted)
            size = path.stat().st_size
            done = subprocess.run(
                [sys.executable, "-c", READ, str(path)], stdout=subprocess.PIPE, check=True
            )
        told = json.loads(done.stdout)
        print(
            f"{kind:<8} {size / 1e6:7.0f} MB {told['rows']:>9} rows "
            f"{told['rows'] / told['seconds']:9.0f} rows/s, memory {told['start_mb']:.0f} to "
            f"{told['own_mb']:.0f} MB, {told['peak_mb']:.0f} MB with mapped files",
            flush=True,
        )


if __name__ == "__main__":
    main()
