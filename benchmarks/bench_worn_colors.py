"""How often a worn article is called a color that an eye read in it, or a shade of one.

    python benchmarks/bench_worn_colors.py --photos ../shared/data/street/images \\
        --labels ../shared/data/street/eye_labels.jsonl --split val
    python benchmarks/bench_worn_colors.py --photos FOLDER/Training_Images \\
        --labels labels/foreign.jsonl

By the head of the embedding network alone, and as it is corrected by the article's pixels. Boxes
are those of the labels. Needs the extra train.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from thatlook.core.settings import Settings
from thatlook.data.splits import split_of
from thatlook.data.worn import read_worn
from thatlook.training.worn_color import measure_color, read_colors
from thatlook.vision.models.registry import resolve
from thatlook.vision.worn_color import WornColor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", required=True, type=Path)
    parser.add_argument("--labels", required=True, type=Path)
    parser.add_argument("--split", default="all", choices=("all", "train", "val"))
    args = parser.parse_args()
    side = args.split
    photos = read_worn(args.labels, lambda name: side in ("all", split_of(name)))
    worn = [photo for photo in photos if photo.articles]
    correction = WornColor.of(resolve("embedding"))
    if correction is None:
        parser.error("the network that ships has no worn_color")
    found = list(read_colors(worn, args.photos, Settings.load()))
    told = {name: round(value, 3) for name, value in measure_color(found, correction).items()}
    print(json.dumps({"photos": len(worn), **told}))


if __name__ == "__main__":
    main()
