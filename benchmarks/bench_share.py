"""Which share of the processor's time the networks take: of a photo's answer, and of indexing.

One thread, so that what a network takes is what its caller's thread takes; the rest is decoding,
resizing, reading the networks' answers, colors, search and storing.

    python benchmarks/bench_share.py --catalog DIR --photos DIR [--rounds 2]
        [--feed FEED --images DIR --products 400]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import thatlook
from thatlook.cli.demo import sample
from thatlook.vision.models.session import Session

PHOTOS = 20


@contextmanager
def networks_timed() -> Iterator[Callable[[], float]]:
    """Gives seconds of processor time that networks took within the block, in any thread."""
    spent: list[float] = []
    run = Session.run

    def timed(self: Session, inputs: Any) -> Any:
        start = time.thread_time()
        try:
            return run(self, inputs)
        finally:
            spent.append(time.thread_time() - start)

    Session.run = timed  # type: ignore[method-assign]
    try:
        yield lambda: sum(spent)
    finally:
        Session.run = run  # type: ignore[method-assign]


def shares(work: Callable[[], object], count: int) -> dict[str, float]:
    """What the work takes for each of so many, and the share of it that is the networks'."""
    with networks_timed() as in_networks:
        start = time.process_time()
        work()
        whole = time.process_time() - start
        inside = in_networks()
    return {
        "ms": round(whole * 1000 / count, 2),
        "outside_ms": round((whole - inside) * 1000 / count, 2),
        "share_outside": round(1 - inside / whole, 3),
    }


def of_photos(engine: thatlook.Engine, photos: list[Path], rounds: int) -> dict[str, float]:
    """A photo's answer, warm."""
    for photo in photos:
        engine.recommend(photo)
    asked = photos * rounds
    return shares(lambda: [engine.recommend(photo) for photo in asked], len(asked))


def of_indexing(feed: Path, images: Path | None, count: int) -> dict[str, float]:
    """The first products of a feed, in this process, into a new catalog."""
    with tempfile.TemporaryDirectory() as folder:
        with feed.open("rb") as whole:
            head = [line for _, line in zip(range(count + 1), whole, strict=False)]
        part = Path(folder) / feed.name
        part.write_bytes(b"".join(head))
        settings = thatlook.Settings.load(threads=1)
        with thatlook.open(Path(folder) / "catalog", settings) as engine:
            engine.analyzer.warm()
            return shares(lambda: engine.index(part, images, workers=0), len(head) - 1)


def main() -> None:
    """Prints both as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--photos", type=Path, default=sample() / "images" / "looks")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--feed", type=Path, default=sample() / "products.csv", help="CSV")
    parser.add_argument("--images", type=Path, help="of the feed")
    parser.add_argument("--products", type=int, default=400)
    args = parser.parse_args()
    photos = sorted(args.photos.glob("*.jpg"))[:PHOTOS]
    with thatlook.open(args.catalog, thatlook.Settings.load(threads=1)) as engine:
        found = {"photo": of_photos(engine, photos, args.rounds)}
    images = args.images or args.feed.parent
    found["product indexed"] = of_indexing(args.feed, images, args.products)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
