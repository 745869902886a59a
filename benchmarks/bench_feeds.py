"""How quickly feeds are read, and in how much memory.

    python benchmarks/bench_feeds.py --mb 5000 --format csv

Writes a feed of this size, reads it in a fresh process, and prints rows per second and the
process's largest memory. (A run of 5 GB needs that much disk.)
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FORMATS = ("csv", "tsv", "jsonl", "xml", "parquet")
READ = """
import json, pathlib, sys, time
from thatlook.feed import FeedRow, read_feed
def peak():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
before, start, rows = peak(), time.perf_counter(), 0
for row in read_feed(sys.argv[1]):
    rows += isinstance(row, FeedRow)
seconds = time.perf_counter() - start
print(json.dumps({"rows": rows, "seconds": seconds, "peak_mb": peak(), "start_mb": before}))
"""


def row(number: int) -> dict[str, str]:
    """One product with a long description."""
    return {
        "id": f"p{number}",
        "title": f"Dress number {number}, with flowers",
        "description": "A long text about a dress. " * 20,
        "link": f"https://shop.example/{number}",
        "image_link": f"https://shop.example/{number}.jpg",
        "price": f"{number % 100}.99 EUR",
        "brand": f"Brand {number % 1000}",
        "product_type": "Clothing > Dresses",
    }


def write(path: Path, mb: int) -> None:
    """A feed of about this size."""
    wanted = mb * 1_000_000
    kind = path.suffix[1:]
    if kind == "parquet":
        batch = [row(n) for n in range(50_000)]
        size = sum(len(text) for text in batch[0].values())
        table = pa.Table.from_pylist(batch)
        with pq.ParquetWriter(path, table.schema, compression="none") as writer:
            for _ in range(max(1, wanted // (size * len(batch)))):
                writer.write_table(table)
        return
    with path.open("w", encoding="utf-8") as file:
        if kind in {"csv", "tsv"}:
            file.write(("," if kind == "csv" else "\t").join(row(0)) + "\n")
        elif kind == "xml":
            file.write('<rss xmlns:g="http://base.google.com/ns/1.0"><channel>\n')
        for number in count():
            file.write(written(kind, row(number)))
            if number % 1000 == 0 and file.tell() >= wanted:
                break
        if kind == "xml":
            file.write("</channel></rss>")


def written(kind: str, one: dict[str, str]) -> str:
    """A row in one of the text formats."""
    if kind == "csv":
        return ",".join(f'"{text}"' for text in one.values()) + "\n"
    if kind == "tsv":
        return "\t".join(one.values()) + "\n"
    if kind == "jsonl":
        return json.dumps(one) + "\n"
    return "<item>" + "".join(f"<g:{k}>{v}</g:{k}>" for k, v in one.items()) + "</item>\n"


def main() -> None:
    """Prints one line per format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=100)
    parser.add_argument("--format", choices=FORMATS, action="append")
    args = parser.parse_args()
    for kind in args.format or FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"feed.{kind}"
            write(path, args.mb)
            size = path.stat().st_size
            done = subprocess.run(
                [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True
            )
        told = json.loads(done.stdout)
        rate, speed = told["rows"] / told["seconds"], size / 1e6 / told["seconds"]
        print(
            f"{kind:<8} {size / 1e6:7.0f} MB {told['rows']:>9} rows {rate:9.0f} rows/s "
            f"{speed:6.0f} MB/s, memory {told['start_mb']:.0f} to {told['peak_mb']:.0f} MB"
        )


if __name__ == "__main__":
    main()
