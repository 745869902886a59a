"""thatlook beside what else one could take: times of a photo, of a product, and of a search.

    PYTHONPATH=benchmarks python -m beside [--catalog DIR] [--photos DIR] [--pictures DIR]
        [--rounds 5] [--threads 2] [--only photos,products,search]
        [--vectors 10000,100000] [--stores NAME,NAME]
        [--plot photo.svg] [--out beside.json]

Prints each network's size beside what its authors publish, then the ratios. Everything is measured
in turn in this one process; ratios are medians of the rounds' own ratios. PyTorch is imported where
it runs, because the processes that open a store alone import this file too.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faiss

import thatlook
from beside.searching import OURS, search_times
from beside.stores import STORES, why_missing
from beside.timing import machine
from thatlook.cli.demo import sample
from thatlook.render.svg import bars

PARTS = ("photos", "products", "search")


def parsed() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", type=Path, help="default: the sample that ships")
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs; default: the sample's")
    parser.add_argument("--pictures", type=Path, help="of products; default: the sample's")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas between")
    parser.add_argument("--vectors", default="10000,100000", help="sizes of the search")
    parser.add_argument("--queries", type=int, default=30, help="per filter")
    parser.add_argument("--stores", default=",".join(STORES), help="which are searched")
    parser.add_argument("--plot", type=Path, help="an SVG file for the photo's times")
    parser.add_argument("--out", type=Path, help="a JSON file for all numbers")
    args = parser.parse_args()
    args.only, args.stores = args.only.split(","), args.stores.split(",")
    if unknown := {*args.only, *args.stores} - {*PARTS, *STORES}:
        known = "; ".join((", ".join(PARTS), ", ".join(STORES)))
        parser.error(f"there are {known}; not {', '.join(sorted(unknown))}")
    if "search" in args.only and OURS not in args.stores:
        parser.error(f"--stores needs {OURS}, which the ratios are to")
    args.vectors = [int(size) for size in args.vectors.split(",")]
    return args


def told_sizes() -> list[dict[str, Any]]:
    """Prints every network's size beside the published."""
    from beside.networks import sizes

    print(
        "network, side: parameters in millions (published), billions of multiply-adds (published)"
    )
    rows = []
    for there, here in sizes():
        print(
            f"{there.name}, {there.side_px}: {here.parameters_m:.2f} ({there.parameters_m}), "
            f"{here.gmacs:.2f} ({there.gmacs}); {there.source}"
        )
        rows.append({"name": there.name, "parameters_m": here.parameters_m, "gmacs": here.gmacs})
    return rows


def told_times(title: str, times: dict[str, dict[str, float]]) -> None:
    """Prints a table, ratios first."""
    print(f"\n{title}\n\n| | ratio | of processor time | ms | ms of processor time |")
    print("| --- | --- | --- | --- | --- |")
    for name, row in times.items():
        print(
            f"| {name} | {row['ratio']:.2f} | {row['cpu_ratio']:.2f} "
            f"| {row['ms']:.1f} | {row['cpu_ms']:.1f} |",
            flush=True,
        )


def networks(args: argparse.Namespace) -> dict[str, Any]:
    """The parts that run networks."""
    import torch

    from beside.photos import PHOTOS, PICTURES, photo_times, product_times

    torch.set_num_threads(args.threads)
    result: dict[str, Any] = {}
    photos = sorted((args.photos or sample() / "images" / "looks").glob("*.jpg"))[:PHOTOS]
    pictures = sorted((args.pictures or sample() / "images" / "products").glob("*.jpg"))[:PICTURES]
    settings = thatlook.Settings.load(threads=args.threads)
    with (
        TemporaryDirectory() as folder,
        thatlook.open(args.catalog or Path(folder) / "catalog", settings) as engine,
    ):
        if args.catalog is None:
            engine.index(sample() / "products.csv", sample())
        if "photos" in args.only:
            result["photo"] = photo_times(engine, photos, args.rounds, args.threads)
            told_times("One photo", result["photo"]["times"])
            print(json.dumps({k: v for k, v in result["photo"].items() if k != "times"}))
        if "products" in args.only:
            result["product"] = product_times(engine, pictures, args.rounds, args.threads)
            for base, times in result["product"]["times"].items():
                told_times(f"One product's picture, beside {base}", times)
    return result


def drawn(times: dict[str, dict[str, float]]) -> str:
    """Milliseconds per photo as a picture that stands alone."""
    names = {name: name if name == OURS else f"stack, {name}" for name in times}
    inline = str(bars({f"{names[n]}, ms": round(row["ms"]) for n, row in times.items()}, 0))
    more = 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="13"'
    return inline.replace("<svg ", f'<svg {more} style="background:#fff" ', 1) + "\n"


def told_search(found: dict[str, Any]) -> None:
    """Prints a table: per filter each store's time as a multiple of thatlook's, with its recall."""
    cases = found["cases"]
    print(
        f"\n| {found['products']:,} products | {' | '.join(cases)} | opened, s | MB | written, s |"
    )
    print(f"| --- |{' --- |' * (len(cases) + 3)}")
    for name, opening in found["opening"].items():
        cells = [searched(case[name], ours=name == OURS) for case in cases.values()]
        cells += [f"{opening['seconds']:.2g}", f"{opening['memory_mb']:.0f}"]
        print(f"| {name} | {' | '.join(cells)} | {found['written_s'][name]:.2g} |", flush=True)


def searched(row: dict[str, float], *, ours: bool) -> str:
    """A cell: the ratio, the recall where something is missed; thatlook's has its milliseconds."""
    told = f"1 ({row['ms']:.2f} ms)" if ours else f"{row['ratio']:.2g}"
    return told if row["recall"] > 0.9995 else f"{told} (recall {row['recall']:.3f})"


def searches(args: argparse.Namespace) -> list[dict[str, Any]]:
    """The part that searches; says which stores are left out, and why."""
    missing = {name: why for name in args.stores if (why := why_missing(name))}
    for name, why in missing.items():
        print(f"without {name}: {why}")
    found = []
    for count in args.vectors:
        stores = [name for name in args.stores if name not in missing]
        found.append(search_times(count, args.queries, stores))
        told_search(found[-1])
    return found


def main() -> None:
    """Measures, prints."""
    args = parsed()
    faiss.omp_set_num_threads(args.threads)
    result: dict[str, Any] = {"machine": machine(), "threads": args.threads, "sizes": told_sizes()}
    print(json.dumps(result["machine"]))
    if {"photos", "products"} & set(args.only):
        result |= networks(args)
    if args.plot and "photo" in result:
        args.plot.write_text(drawn(result["photo"]["times"]))
    if "search" in args.only:
        result["search"] = searches(args)
    result["load_after"] = machine()["load_1_min"]
    print(f"load of one minute at the end: {result['load_after']}")
    if args.out:
        args.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
