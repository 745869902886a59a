"""Whether photos that come together should be batched: the networks at batch 1 and batch 4.

    python benchmarks/bench_batching.py [--rounds 20] [--threads 4]

For each network the time per crop or photo: one at a time, four in one batch, and four at a time
in as many threads with one core each. The service does what is quickest here.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from thatlook.vision.models.registry import IMAGE_TASKS, ModelSpec, resolve
from thatlook.vision.models.session import Session

SIDES = {"article": (384, 256), "person": (256, 192), "embedding": (224, 224)}
"""Height and width where the registry entry leaves them open."""


def batch_of(spec: ModelSpec, count: int) -> dict[str, np.ndarray]:
    """Noise in the network's input shape."""
    height, width = SIDES[spec.task]
    height, width = int(spec.input.get("height", height)), int(spec.input.get("width", width))
    noise = np.random.default_rng(0).normal(size=(count, 3, height, width)).astype(np.float32)
    return {str(spec.input.get("name", "image")): noise}


def median_ms(job: Callable[[], object], rounds: int) -> float:
    """The median time of a job."""
    times = []
    job()
    for _ in range(rounds):
        start = time.perf_counter()
        job()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    """Prints a row per network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=4)
    args = parser.parse_args()
    print("network      one at a time   batch of 4   4 threads   (ms per photo)")
    for task in IMAGE_TASKS:
        spec = resolve(task)
        wide, narrow = Session(spec, args.threads), Session(spec, 1)
        one, four = batch_of(spec, 1), batch_of(spec, 4)
        with ThreadPoolExecutor(4) as pool:
            alone = median_ms(lambda one=one, wide=wide: wide.run(one), args.rounds)
            batched = median_ms(lambda four=four, wide=wide: wide.run(four), args.rounds) / 4
            beside = (
                median_ms(
                    lambda one=one, narrow=narrow, pool=pool: list(pool.map(narrow.run, [one] * 4)),
                    args.rounds,
                )
                / 4
            )
        print(f"{task:<12} {alone:>13.1f} {batched:>12.1f} {beside:>11.1f}")


if __name__ == "__main__":
    main()
