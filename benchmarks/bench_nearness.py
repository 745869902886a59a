"""How near: what the words of the scores are worth to an eye, and where they part.

    python benchmarks/bench_nearness.py --catalog DIR --data ../shared/data

Of products that an eye judged beside a worn article (labels/street_pairs.jsonl), on the val side of
the photos and on both: per band of the score the number of pairs, and the share that was accepted.
Then the same per word, as the settings draw the lines.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from asked import analyzer
from thatlook.core.records import NEARNESS
from thatlook.core.settings import Settings
from thatlook.search.ranking import Calibration, NearnessScale
from thatlook.store.catalog import Catalog
from thatlook.training.calibrate_worn import JudgedPair, judged_pairs
from thatlook.vision.models.registry import resolve

PAIRS = Path(__file__).resolve().parents[1] / "labels" / "street_pairs.jsonl"
BANDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0)


def scores(pairs: Sequence[JudgedPair], settings: Settings) -> list[float]:
    entry = resolve("embedding", settings.embedding_model).details.get("calibration", {})
    curve = Calibration.of(entry).curve("", worn=True)
    return [curve.score(curve.worth(pair.similarity, pair.agreement)) for pair in pairs]


def told(name: str, chosen: Sequence[JudgedPair]) -> dict[str, object]:
    val = [pair.accepted for pair in chosen if pair.split == "val"]
    both = [pair.accepted for pair in chosen]
    return {
        "of": name,
        "val": len(val),
        "val_accepted": round(float(np.mean(val)), 3) if val else None,
        "both": len(both),
        "both_accepted": round(float(np.mean(both)), 3) if both else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", required=True, type=Path, help="the shared catalog, indexed")
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    settings = Settings.load()
    images = args.data / "street" / "images"
    with Catalog.open(args.catalog, create=False) as catalog:
        pairs = list(judged_pairs(PAIRS, images, catalog, analyzer(), settings))
    found = list(zip(pairs, scores(pairs, settings), strict=True))
    for low, high in pairwise(BANDS):
        name = f"{low} to {high}"
        print(json.dumps(told(name, [pair for pair, score in found if low <= score < high])))
    scale = NearnessScale(settings.very_close_score, settings.similar_score)
    for word in NEARNESS:
        print(json.dumps(told(word, [p for p, score in found if scale.word(score) == word])))


if __name__ == "__main__":
    main()
