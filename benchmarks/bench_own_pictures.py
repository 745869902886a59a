"""The picture of a product of the catalog, asked with as a photo: what its own product scores.

python benchmarks/bench_own_pictures.py --catalog DIR --images ../shared/data/catalog/images
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np

from thatlook.core.records import Result
from thatlook.engine import Engine


def own_scores(result: Result, product_id: str) -> list[tuple[int, float]]:
    """Where the product stands in the rows that show it, and its score there."""
    return [
        (place, match.score)
        for row in result.recommendations
        for place, match in enumerate(row.matches)
        if product_id in {product.id for product in (match.product, *match.variants)}
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", required=True, type=Path)
    parser.add_argument("--images", required=True, type=Path, help="ID.jpg of each product")
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=2)
    args = parser.parse_args()
    pictures = sorted(args.images.glob("*.jpg"))
    chosen = random.Random(args.seed).sample(pictures, args.count)
    with Engine.open(args.catalog) as engine:
        found = [own_scores(engine.recommend(path, age="any"), path.stem) for path in chosen]
    best = [max(rows, key=lambda row: row[1]) for rows in found if rows]
    scores = np.array([score for _, score in best])
    told = {
        "pictures": len(chosen),
        "shown": len(best),
        "first": sum(place == 0 for place, _ in best),
        "above 0.97": int((scores > 0.97).sum()),
        "lowest": round(float(scores.min()), 4),
        "median": round(float(np.median(scores)), 4),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
