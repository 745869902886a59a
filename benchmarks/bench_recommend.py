"""One photo to products, warm: the median of each stage, and its ratio to a reference.

The reference is 512 float32 matrix products of 64 x 64 in NumPy on one core, measured between the
photos: these machines are shared, and a ratio survives a busy neighbour better than milliseconds.

    python benchmarks/bench_recommend.py [--catalog DIR] [--photos DIR] [--rounds 20] [--threads 4]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import thatlook
from reference import quiet_reference_ms
from thatlook.cli.demo import sample


def measured(engine: thatlook.Engine, photos: list[Path], rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = defaultdict(list)
    for photo in photos:
        engine.recommend(photo)  # warm
    for _ in range(rounds):
        for photo in photos:
            times["reference"].append(quiet_reference_ms())
            start = time.perf_counter()
            result = engine.recommend(photo)
            times["total"].append((time.perf_counter() - start) * 1000)
            for name, value in result.timing_ms.items():
                times[name].append(value)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", type=Path, help="default: the sample that ships, indexed now")
    parser.add_argument(
        "--photos", type=Path, help="a folder of JPEGs; default: the sample's looks"
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=4)
    args = parser.parse_args()
    folder = args.photos or sample() / "images" / "looks"
    photos = sorted(folder.glob("*.jpg"))[:20]
    with tempfile.TemporaryDirectory() as temporary:
        settings = thatlook.Settings.load(threads=args.threads)
        with thatlook.open(args.catalog or Path(temporary) / "catalog", settings) as engine:
            if args.catalog is None:
                engine.index(sample() / "products.csv", sample())
            products = engine.catalog.info().to_dict()["products"]
            times = measured(engine, photos, args.rounds)
    reference = statistics.median(times["reference"])
    rows = {
        name: {
            "median_ms": round(statistics.median(values), 2),
            "ratio": round(statistics.median(values) / reference, 2),
        }
        for name, values in times.items()
    }
    print(json.dumps({"photos": len(photos), "products": products, "times": rows}, indent=1))


if __name__ == "__main__":
    main()
