"""From which score on an article counts: F1 per category, by the threshold.

    python benchmarks/bench_thresholds.py --photos ../shared/data/street/images \\
        --labels ../shared/data/street/eye_labels.jsonl --split val
    python benchmarks/bench_thresholds.py --photos FOLDER/Training_Images \\
        --labels labels/foreign.jsonl

As a look tells it (the main person's articles, one per garment), by labels made by eye: right is a
box of the category that overlaps the label by half, wrong one that overlaps none by 0.3.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from thatlook.core.records import Box, Look
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import CATEGORIES
from thatlook.data.splits import split_of
from thatlook.vision.analyzer import Analyzer

THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
RIGHT, NEAR = 0.5, 0.3
Photo = tuple[Mapping[str, Any], Look]


def f1(photos: Sequence[Photo], category: str, threshold: float) -> float:
    right = wrong = labelled = 0
    for row, look in photos:
        true = [Box(*a["box"]) for a in row["articles"] if a["category"] == category]
        labelled += len(true)
        left = set(range(len(true)))
        for article in sorted(look.articles, key=lambda a: -a.score):
            if article.category != category or article.score < threshold:
                continue
            hit = next((n for n in left if true[n].iou(article.box) >= RIGHT), None)
            left.discard(hit if hit is not None else -1)
            right += hit is not None
            wrong += hit is None and all(box.iou(article.box) < NEAR for box in true)
    return 2 * right / max(1, right + wrong + labelled)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", required=True, type=Path)
    parser.add_argument("--labels", required=True, type=Path)
    parser.add_argument("--split", default="all", choices=("all", "train", "val"))
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.labels.read_text(encoding="utf-8").splitlines()]
    chosen = [
        row
        for row in rows
        if args.split in ("all", split_of(row["file"]))
        and "odd" not in row["person"].get("notes", ())
    ]
    settings = replace(Settings.load(), article_threshold=min(THRESHOLDS))
    analyzer = Analyzer.open(settings)
    photos = [(row, analyzer.parse(args.photos / row["file"])) for row in tqdm(chosen)]
    for category in CATEGORIES:
        told = {str(t): round(f1(photos, category, t), 3) for t in THRESHOLDS}
        print(json.dumps({"photos": len(photos), "category": category, "f1": told}))


if __name__ == "__main__":
    main()
