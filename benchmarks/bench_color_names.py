"""Color names from pixels against a shop's own: the share that agrees, and that nearly does.

On products of the Myntra catalog that no model wears, cut out from their plain background.

    python benchmarks/bench_color_names.py DATA_FOLDER [--products 700]
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from pathlib import Path

import numpy as np

from thatlook.core.color import name_of, related
from thatlook.core.image import cropped, decode, foreground, resized
from thatlook.core.taxonomy import category_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder that holds catalog/")
    parser.add_argument("--products", type=int, default=700)
    args = parser.parse_args()
    folder = args.data / "catalog"
    lines = (folder / "keypoints.jsonl").read_text().splitlines()
    worn = {json.loads(line)["file"] for line in lines}
    with (folder / "styles.csv").open(encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if f"{row['id']}.jpg" not in worn and category_of(row["articleType"]) != "other"
        ]
    random.Random(0).shuffle(rows)
    same = near = 0
    for row in rows[: args.products]:
        image = decode(folder / "images" / f"{row['id']}.jpg")
        crop = resized(cropped(image, foreground(image)), (32, 32))
        paper = np.median(np.concatenate([image[0], image[-1]]), axis=0)
        cloth = np.abs(crop.astype(int) - paper).max(axis=2) > 20
        name = name_of(crop, (cloth * 255).astype(np.uint8)) or ""
        same += name == row["baseColour"].lower()
        near += related(name, row["baseColour"].lower())
    count = len(rows[: args.products])
    print(json.dumps({"products": count, "same": same / count, "same_or_related": near / count}))


if __name__ == "__main__":
    main()
