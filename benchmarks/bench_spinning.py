"""Whether the networks' threads should wait awake: a photo with threads that sleep, and that spin.

In turn each photo is parsed by networks as they are opened, whose threads sleep while they wait,
and by the same with threads that wait awake within a run. `--busy 1` keeps a core busy meanwhile.
Read the ratio of each pair, by the clock and by the processor.

    python benchmarks/bench_spinning.py [--photos DIR] [--threads 0] [--busy 0] [--rounds 20]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import time
from collections import defaultdict
from pathlib import Path

from thatlook.cli.demo import sample
from thatlook.core.settings import Settings
from thatlook.vision.analyzer import Analyzer
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session
from thatlook.vision.stages.article import ArticleStage
from thatlook.vision.stages.embedding import EmbeddingStage
from thatlook.vision.stages.person import PersonRules, PersonStage


class Spinning(Session):
    CONFIG = {  # noqa: RUF012 - as in Session
        "session.intra_op.allow_spinning": "1",
        "session.force_spinning_stop": "1",
    }


def analyzer(kind: type[Session], threads: int) -> Analyzer:
    settings = Settings.load(threads=threads)
    article, person, embedding = (
        kind(resolve(task, ""), threads) for task in ("article", "person", "embedding")
    )
    made = Analyzer(
        ArticleStage.of(article, settings),
        PersonStage(person, PersonRules.of(settings)),
        EmbeddingStage(embedding),
        settings,
    )
    made.warm()
    return made


def spent_ms(made: Analyzer, photo: Path) -> tuple[float, float]:
    """Milliseconds by the clock, and of the processor."""
    clock, cpu = time.perf_counter(), time.process_time()
    made.parse(photo)
    return (time.perf_counter() - clock) * 1000, (time.process_time() - cpu) * 1000


def busy() -> None:
    while True:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs; default: the sample's")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--busy", type=int, default=0, help="so many cores are kept busy")
    parser.add_argument("--rounds", type=int, default=20)
    args = parser.parse_args()
    made = {"sleeping": analyzer(Session, args.threads), "awake": analyzer(Spinning, args.threads)}
    folder = args.photos or sample() / "images" / "looks"
    photos = sorted(folder.glob("*.jpg"))[:6]
    others = [multiprocessing.Process(target=busy, daemon=True) for _ in range(args.busy)]
    for other in others:
        other.start()
    times: dict[str, list[float]] = defaultdict(list)
    for number in range(args.rounds):
        order = list(made) if number % 2 else list(reversed(made))
        for photo in photos:
            pair = {name: spent_ms(made[name], photo) for name in order}
            for name, (clock, cpu) in pair.items():
                times[f"{name} ms"].append(clock)
                times[f"{name} cpu ms"].append(cpu)
            times["sleeping to awake"].append(pair["sleeping"][0] / pair["awake"][0])
    for other in others:
        other.terminate()
    report = {name: round(statistics.median(values), 2) for name, values in times.items()}
    print(json.dumps({"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), **report}))


if __name__ == "__main__":
    main()
