"""thatlook beside what else one could take: times of a photo, of a product, and of a search.

    PYTHONPATH=benchmarks python -m beside [--catalog DIR] [--photos DIR] [--pictures DIR]
        [--rounds 5] [--threads 2] [--only photos,products,search] [--out beside.json]

Prints each network's size beside what its authors publish, then the ratios. Everything is measured
in turn in this one process; ratios are medians of the rounds' own ratios.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faiss
import torch

import thatlook
from beside.networks import sizes
from beside.photos import PHOTOS, PICTURES, photo_times, product_times
from beside.timing import machine
from thatlook.cli.demo import sample

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
    parser.add_argument("--out", type=Path, help="a JSON file for all numbers")
    args = parser.parse_args()
    args.only = args.only.split(",")
    if unknown := set(args.only) - set(PARTS):
        parser.error(f"--only takes {', '.join(PARTS)}, not {', '.join(sorted(unknown))}")
    args.vectors = [int(size) for size in args.vectors.split(",")]
    return args


def told_sizes() -> list[dict[str, Any]]:
    """Prints every network's size beside the published."""
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


def main() -> None:
    """Measures, prints."""
    args = parsed()
    torch.set_num_threads(args.threads)
    faiss.omp_set_num_threads(args.threads)
    result: dict[str, Any] = {"machine": machine(), "threads": args.threads, "sizes": told_sizes()}
    print(json.dumps(result["machine"]))
    if {"photos", "products"} & set(args.only):
        result |= networks(args)
    result["load_after"] = machine()["load_1_min"]
    print(f"load of one minute at the end: {result['load_after']}")
    if args.out:
        args.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
