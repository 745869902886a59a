"""What ten million to a billion products take, on paper: from figures measured here.

    python benchmarks/scale.py [--set NAME=VALUE ...]

Prints what was measured, with the command that measures it, what is assumed, and the table of
docs/cluster.md. Nothing of that size was run.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SIZES = (10_000_000, 100_000_000, 1_000_000_000)


@dataclass(frozen=True)
class Figure:
    """A number that the table is made from, and where it comes from."""

    value: float
    unit: str
    source: str


CLUSTER = "bench_cluster.py --catalog DIR, 100,000 products"
MEASURED = {
    "engine_bytes": Figure(2733, "bytes a product in Milvus's memory", f"{CLUSTER}, just fed"),
    "store_bytes": Figure(2683, "bytes a product on the store's disk", CLUSTER),
    "index_core_s": Figure(0.000345, "core seconds to feed and index a product", CLUSTER),
    "fed_per_s": Figure(4196, "products a second that one worker feeds", CLUSTER),
    "question_core_s": Figure(0.00475, "core seconds of Milvus a question", "its time, as above"),
    "questions": Figure(4.65, "questions for a photo", CLUSTER),
    "embedded_per_core_s": Figure(29, "products embedded by a core in a second", "bench_indexing"),
    "photos_per_core_s": Figure(7.5, "photos answered by a core in a second", "bench_service.py"),
    "scanned_per_core_s": Figure(83e6, "rows that a core scans in a second, 8-bit codes",
                                 "bench_scans.py, 1,000,000 rows"),
}  # fmt: skip
ASSUMED = {
    "replicas": Figure(2, "copies of every part in memory", "one may fail"),
    "node_gb": Figure(256, "GB of memory of a query node", "a common size"),
    "usable": Figure(0.7, "of a node's memory is for data", "growing parts, compaction"),
    "graph_growth": Figure(1.7, "times the core seconds a product in full parts of 800,000",
                           "the depth of a graph grows as the logarithm of its size"),
    "index_cores": Figure(64, "cores that index", "two machines of 32"),
    "feeders": Figure(1, "worker that feeds", "the outbox is one sequence"),
    "embedding_cores": Figure(16, "cores of a machine that embeds", "a common size"),
    "core_hour": Figure(0.04, "dollars for a core's hour", "a list price of 2025, on demand"),
    "gb_hour": Figure(0.005, "dollars for an hour of a GB of memory", "the same"),
    "photos_s": Figure(50, "photos a second, day and night", "130 million a month"),
    "largest": Figure(0.15, "of the products in the largest category and gender", "the bench's"),
}  # fmt: skip


def planned(count: int, of: Mapping[str, float]) -> dict[str, str]:
    """The row of the table for so many products."""
    memory_gb = count * of["engine_bytes"] * of["replicas"] / 1e9
    nodes = math.ceil(memory_gb / (of["node_gb"] * of["usable"]))
    index_h = count * of["index_core_s"] * of["graph_growth"] / of["index_cores"] / 3600
    feed_h = count / of["fed_per_s"] / of["feeders"] / 3600
    embed_h = count / of["embedded_per_core_s"] / of["embedding_cores"] / 3600
    scan_s = count * of["largest"] / of["scanned_per_core_s"]
    photo_s = 1 / of["photos_per_core_s"] + of["questions"] * of["question_core_s"]
    million_h = 1e6 / of["photos_s"] / 3600
    computed = 1e6 * photo_s / 3600 * of["core_hour"]
    rented = million_h * nodes * of["node_gb"] * of["gb_hour"]
    return {
        "products": f"{count:,}",
        "memory of the search, GB": f"{memory_gb:,.0f}",
        "query nodes": f"{nodes:,}",
        "store, GB": f"{count * of['store_bytes'] / 1e9:,.0f}",
        "feeding, hours": f"{feed_h:,.1f}",
        "indexing, hours": f"{index_h:,.1f}",
        "embedding, machine hours": f"{embed_h:,.0f}",
        "exact scan instead, core seconds": f"{scan_s:,.2f}",
        "a million photos, $": f"{computed + rented:,.2f} ({computed:,.2f} computing, "
        f"{rented:,.2f} memory)",
    }


def lines(of: Mapping[str, float]) -> Iterator[str]:
    """The table in Markdown, a column for each size."""
    columns = [planned(count, of) for count in SIZES]
    names = list(columns[0])
    for number, name in enumerate(names):
        yield f"| {' | '.join([name, *(column[name] for column in columns)])} |"
        if number == 0:
            yield "| --- | --- | --- | --- |"


def main() -> None:
    """Prints figures, assumptions and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    args = parser.parse_args()
    figures = MEASURED | ASSUMED
    of = {name: figure.value for name, figure in figures.items()}
    for given in args.set:
        name, _, value = given.partition("=")
        if name not in of:
            parser.error(f"no figure {name!r}; known are {', '.join(of)}")
        of[name] = float(value)
    for title, group in (("measured", MEASURED), ("assumed", ASSUMED)):
        print(f"{title}:")
        for name, figure in group.items():
            print(f"  {name:<20} {of[name]:>12g} {figure.unit} ({figure.source})")
    print()
    print("\n".join(lines(of)))


if __name__ == "__main__":
    main()
