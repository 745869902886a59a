"""Losses compared on frozen features: how near neighbours get by each, all else equal.

    python benchmarks/bench_losses.py --data ../shared/data --cache runs/vectors --steps 600

Frozen features are pooled ImageNet features and a color histogram, the two baselines of `thatlook
evaluate retrieval` (whose --cache this shares: a first run embeds the shop, minutes). One linear
layer to 128 numbers learns on the training products by each loss, with batches, groups and seed
the same; figures are precision at 10 within category and gender on products kept apart. A whole
network learns more than this; the order of the losses is what is compared.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from thatlook.data.items import Item
from thatlook.evaluate.retrieval.cache import Vectors
from thatlook.evaluate.retrieval.crops import Crop
from thatlook.evaluate.retrieval.encoders import HistogramEncoder, imagenet
from thatlook.evaluate.retrieval.finder import Finder
from thatlook.evaluate.retrieval.shop import products
from thatlook.training.recipes.embedding import LOSSES, _groups, batches_of, figures, metric_loss
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session

DIM = 128


def learn(
    name: str, features: torch.Tensor, items: list[Item], args: argparse.Namespace
) -> nn.Linear:
    """The layer that the loss `name` teaches."""
    torch.manual_seed(args.seed)
    groups = _groups(items)
    layer = nn.Linear(features.shape[1], DIM)
    loss = metric_loss(name, DIM, 2048)
    adam = torch.optim.AdamW([*layer.parameters(), *loss.parameters()], lr=1e-3, weight_decay=1e-4)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, 2e-3, total_steps=args.steps)
    rng = np.random.default_rng(args.seed)
    for batch in batches_of(items, groups, rng, args.steps, 256):
        rows = torch.tensor(batch)
        noisy = functional.dropout(features[rows], 0.1)
        value = loss(functional.normalize(layer(noisy)), groups[rows])
        adam.zero_grad()
        value.backward()
        adam.step()
        cycle.step()
    return layer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--boxes", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    finder = Finder(Session(resolve("article", ""), 0), args.cache)
    items = products(args.data / "catalog", args.boxes, finder)
    crops = [Crop(*item.crops[0]) for item in items]
    deep = imagenet(args.cache / "imagenet")
    if isinstance(deep, str):
        raise SystemExit(f"the ImageNet features are {deep}")
    parts = [Vectors(e, args.cache).of(crops) for e in (deep, HistogramEncoder())]
    unit = [p / np.linalg.norm(p, axis=1, keepdims=True) for p in parts]
    joined = np.hstack([unit[0], 0.5 * unit[1]]).astype(np.float32)
    held = np.array([item.split == "val" for item in items])
    train, val = ([i for i in items if i.split == side] for side in ("train", "val"))
    features = torch.from_numpy((joined - joined[~held].mean(0)) / joined[~held].std())
    rows = [("frozen features", joined[held], 0.0)]
    for name in LOSSES:
        started = time.perf_counter()
        layer = learn(name, features[~held], train, args)
        with torch.no_grad():
            vectors = functional.normalize(layer(features[held])).numpy()
        rows.append((name, vectors, time.perf_counter() - started))
    print("| loss | type | color | both | seconds |\n| --- | --- | --- | --- | --- |")
    for name, vectors, spent in rows:
        got = figures(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), val)
        cells = " | ".join(f"{got[key]:.3f}" for key in ("p10_type", "p10_color", "p10_both"))
        print(f"| {name} | {cells} | {spent:.0f} |")


if __name__ == "__main__":
    main()
