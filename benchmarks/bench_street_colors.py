"""Whether the colors of worn articles are seen: the network's guess beside the pixels of the mask.

    python benchmarks/bench_street_colors.py --data ../shared/data [--model ENTRY.json ...]

Street photos name no colors, so the figures of `thatlook evaluate retrieval` say nothing of them:
a network that called nearly every worn article black had better figures than the one before it.
Here articles of street photos kept apart count whose pixels, by the labelled mask, have one color
name for at least half of them; the network is right where it says that name or a shade of it.
Without --model the shipped network is asked.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from thatlook.core.color import related, shares
from thatlook.core.image import Pixels
from thatlook.core.records import Box
from thatlook.core.taxonomy import CATEGORIES
from thatlook.data.scenes import photo, street_mask, street_scenes
from thatlook.vision.models.registry import ModelSpec, resolve
from thatlook.vision.models.session import Session
from thatlook.vision.stages.embedding import EmbeddingStage

MIN_PX = 400
CLEAR = 0.5


def articles(data: Path) -> Iterator[tuple[Pixels, Box, str]]:
    """Image, box and clear color of each article of the street photos kept apart."""
    scenes = [s for s in street_scenes(data / "street") if s.split == "val" and s.mask]
    for scene in tqdm(scenes, desc="street"):
        image = photo(scene.path)
        mask, _ = street_mask(scene.mask, image.shape[1::-1])
        for box, label in zip(scene.boxes, scene.labels, strict=True):
            if label >= len(CATEGORIES):
                continue
            x0, y0, x1, y1 = np.round(box).astype(int)
            own = (mask[y0:y1, x0:x1] == label + 1).astype(np.uint8) * 255
            if (own > 0).sum() < MIN_PX:
                continue
            seen = shares(np.ascontiguousarray(image[y0:y1, x0:x1]), own)
            name = max(seen, key=seen.get)
            if seen[name] >= CLEAR:
                yield image, Box(*box.tolist()), name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, action="append", default=[])
    args = parser.parse_args()
    found = list(articles(args.data))
    names = [name for _, _, name in found]
    dark = np.isin(names, ["black", "charcoal", "navy blue", "navy", "grey"])
    print(f"{len(found)} articles, by their pixels {Counter(names).most_common(8)}")
    print("| network | right | right of those not dark | called black | of those not dark |")
    print("| --- | --- | --- | --- | --- |")
    for spec in [ModelSpec.from_file(path) for path in args.model] or [resolve("embedding", "")]:
        stage = EmbeddingStage(Session(spec, 0))
        told = [
            max(one.probabilities["color"].items(), key=lambda item: item[1])[0]
            for image, box, _ in found
            for one in stage.run(image, [box])
        ]
        right = np.array([related(a, b) for a, b in zip(told, names, strict=True)])
        black = np.array(told) == "black"
        cells = (right.mean(), right[~dark].mean(), black.mean(), black[~dark].mean())
        print(f"| {spec.id} | {' | '.join(f'{x:.3f}' for x in cells)} |", flush=True)


if __name__ == "__main__":
    main()
