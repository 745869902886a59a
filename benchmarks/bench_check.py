"""Whether anything costs more than at the last release: ratios compared with those stored then.

    make bench-check
    python benchmarks/bench_check.py [--rounds 15] [--write]

In one process, in turn with a reference (reference.py), on one core and by the processor's time:
a photo whole, its networks, the search of a look of five articles among 4,920 products, a JPEG of
12 megapixels, a feed's rows, a text's search. What counts is the median of each over the median of
the reference. More than stored by NOISE: exit status 1. Ratios depend on the processor; stored on
another one they are told and not judged. `--write` stores those of now (for a release).
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

import thatlook
from bench_feeds import write
from bench_ranking import looks
from bench_words import copies
from reference import quiet_reference_ms
from thatlook.cli.demo import sample
from thatlook.core.image import decode_photo
from thatlook.search.recommender import Recommender
from thatlook.search.request import SearchRequest
from thatlook.store.catalog import Catalog
from thatlook.store.feed import read_feed
from thatlook.vision.models.graphs import processor
from thatlook.vision.models.registry import resolve

STORED = Path(__file__).with_name("ratios.json")
NOISE = 0.25
"""What repeated runs of one version differ by, at most, on a busy machine: docs/benchmarks.md."""
PRODUCTS = 4_920
Jobs = Mapping[str, Callable[[], object]]


def large_jpeg() -> bytes:
    """A look of the sample as 3000 x 4000 px."""
    file = io.BytesIO()
    with Image.open(min((sample() / "images" / "looks").glob("*.jpg"))) as image:
        image.convert("RGB").resize((3000, 4000)).save(file, "JPEG", quality=90)
    return file.getvalue()


def filled(folder: Path, engine: thatlook.Engine) -> Catalog:
    """A catalog of the sample's products, over and over."""
    stored = [one for one in engine.catalog.all_stored() if one.vector is not None]
    catalog = Catalog.open(folder, engine.analyzer.key, engine.analyzer.dim)
    for rows in copies(stored, PRODUCTS):
        catalog.upsert(rows)
    return catalog


def jobs(folder: Path, engine: thatlook.Engine, catalog: Catalog) -> Jobs:
    photo = min((sample() / "images" / "looks").glob("*.jpg"))
    settings = engine.settings
    large = large_jpeg()
    feed = folder / "feed.csv"
    write(feed, "csv", 1_000_000)
    spec = resolve("embedding", settings.embedding_model)
    recommender, asked = Recommender.of(catalog, spec, settings), looks(catalog, 4)
    return {
        "photo": lambda: engine.recommend(photo),
        "networks": lambda: engine.parse(photo),
        "search": lambda: [recommender.for_look(look, SearchRequest()) for look in asked],
        "large photo": lambda: decode_photo(large, settings),
        "feed": lambda: sum(1 for _ in read_feed(feed)),
        "text": lambda: engine.search("red leather bag"),
    }


def cpu_ms(job: Callable[[], object]) -> float:
    start = time.process_time()
    job()
    return (time.process_time() - start) * 1000


def measured(work: Jobs, rounds: int) -> dict[str, float]:
    """The ratio of each job."""
    times: dict[str, list[float]] = defaultdict(list)
    for job in work.values():
        job()  # warm
    for _ in range(rounds):
        for name, job in work.items():
            times["reference"].append(cpu_ms(quiet_reference_ms))
            times[name].append(cpu_ms(job))
    reference = statistics.median(times.pop("reference"))
    return {name: round(statistics.median(values) / reference, 3) for name, values in times.items()}


def slower(found: Mapping[str, float], stored: Mapping[str, float]) -> Sequence[str]:
    """The jobs whose ratio is more than the stored one by NOISE."""
    return [name for name, ratio in stored.items() if found[name] > ratio * (1 + NOISE)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--write", action="store_true", help="store the ratios of now")
    args = parser.parse_args()
    settings = replace(thatlook.Settings.load(), threads=1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with thatlook.open(folder / "sample", settings) as engine:
            engine.index(sample() / "products.csv", sample())
            with filled(folder / "filled", engine) as catalog:
                found = measured(jobs(folder, engine, catalog), args.rounds)
    now = {"version": thatlook.__version__, "processor": processor(), "ratios": found}
    if args.write:
        STORED.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    for name, ratio in found.items():
        print(f"{name:12} {ratio:9.3f}  stored {stored['ratios'].get(name, float('nan')):9.3f}")
    if stored["processor"] != now["processor"]:
        print(f"stored on another processor ({stored['version']}): told, not judged")
        return 0
    late = slower(found, stored["ratios"])
    for name in late:
        print(f"{name} costs more than at {stored['version']} by over {NOISE:.0%}")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
