"""`thatlook recommend` as a whole process: with the optimised networks kept, and without.

    python benchmarks/bench_start.py PHOTO --catalog DIR [--rounds 11]

Both in turn, each a process of its own; medians, and the ratio of the two.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time


def seconds(photo: str, catalog: str, cache: str) -> float:
    command = [sys.executable, "-m", "thatlook", "recommend", photo, "--catalog", catalog, "--json"]
    environment = {**os.environ, "THATLOOK_CACHE": cache}
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photo")
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--rounds", type=int, default=11)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        first = seconds(args.photo, args.catalog, cache)
        kept, anew = [], []
        for _ in range(args.rounds):
            kept.append(seconds(args.photo, args.catalog, cache))
            anew.append(seconds(args.photo, args.catalog, ""))
    medians = [statistics.median(times) for times in (kept, anew)]
    print(
        json.dumps(
            {
                "kept_s": round(medians[0], 3),
                "anew_s": round(medians[1], 3),
                "first_s": round(first, 3),
                "anew_to_kept": round(medians[1] / medians[0], 2),
            }
        )
    )


if __name__ == "__main__":
    main()
