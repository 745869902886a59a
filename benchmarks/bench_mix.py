"""How much of what a network says should be in its vector: weights tried on products kept apart.

    python benchmarks/bench_mix.py --data ../shared/data --sample ../shared/sample \
      --boxes runs/own.json --cache runs/vectors --checkpoint runs/embedding/last.pt

A checkpoint says a learned vector, pooled features and guesses of type, color and pattern; the
exported vector joins them (`thatlook.training.recipes.embedding.Mix`). More of the guesses finds
more products of the same words, more of the look finds the very thing: the trade is chosen here.
Mixes are drawn at random, then near the best; the best has the highest sum of precision@10 by type
and by both in the whole shop, a point lost on color (below --color) or on degraded photos finding
themselves (below --found) counting four. All is measured on the val side, so the figures of what is
chosen are a little better than fresh products will see. A first run reads all crops: minutes.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from thatlook.core.image import Pixels
from thatlook.core.records import Box
from thatlook.data.items import EXPAND, SIDE
from thatlook.evaluate.retrieval.cache import Vectors
from thatlook.evaluate.retrieval.crops import Crop
from thatlook.evaluate.retrieval.finder import Finder
from thatlook.evaluate.retrieval.metrics import mean
from thatlook.evaluate.retrieval.run import _rendered
from thatlook.evaluate.retrieval.shop import degraded_trial, products, shop_trials
from thatlook.evaluate.retrieval.trials import Trial, measure
from thatlook.training.nets import TOP
from thatlook.training.products import plain_crop
from thatlook.training.recipes.embedding import (
    MIX,
    Mix,
    fit_pca,
    fuse_embedding,
    project_look,
    restored_embedding_net,
)
from thatlook.training.scenes import tensor
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session

Floats = NDArray[np.float32]
GENERAL = (0.35, 0.5, 0.7, 1.0, 1.4)
WORDS = ("type", "color", "both")
FIGURES = (*WORDS, "degraded", "rendered", *(f"{word}, proportional" for word in WORDS))
"""The last three with the types mixed as in the shop."""
MIN_PATTERN = 0.2
"""No figure asks for equal patterns; a shopper does."""


class Raw:
    """All that a checkpoint says of a crop, side by side."""

    name = "crops"

    def __init__(self, checkpoint: Path) -> None:
        digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
        self.key = f"all of {digest}, {SIDE} px, grown by {EXPAND}"
        self.net = restored_embedding_net(checkpoint)
        heads = [head.out_features for head in self.net.heads[:3]]
        self.lengths = (self.net.project.out_features, TOP, *heads)

    def encode(self, crops: Sequence[tuple[Pixels, Box]]) -> Floats:
        pixels = [plain_crop(image, (b.x0, b.y0, b.x1, b.y1)) for image, b in crops]
        with torch.no_grad():
            features = self.net.features(tensor(pixels))
            learned, *logits = self.net.read(features)
        seen = functional.normalize(features[:, :TOP], dim=1)
        return torch.cat([learned, seen, *logits[:3]], 1).numpy()


@dataclass(frozen=True)
class Mixed:
    """The vectors of a mix, as a trial asks for them."""

    raw: Vectors
    lengths: tuple[int, ...]
    axes: tuple[torch.Tensor, torch.Tensor]
    mix: Mix

    def of(self, crops: Sequence[Crop]) -> Floats:
        learned, seen, *logits = split(self.raw.of(crops), self.lengths)
        return fuse_embedding(project_look(learned, seen, self.axes), logits, self.mix).numpy()


def split(rows: Floats, lengths: Sequence[int]) -> list[torch.Tensor]:
    ends = np.cumsum([0, *lengths])
    return [torch.from_numpy(rows[:, a:b]) for a, b in pairwise(ends)]


class Bench:
    """Figures of mixes, each measured once."""

    def __init__(self, raw: Vectors, lengths: tuple[int, ...], trials: Sequence[Trial]) -> None:
        self.raw, self.lengths, self.trials = raw, lengths, trials
        shop = trials[0]
        held = set(shop.apart.queries)
        train = [
            crop
            for crop, key in zip(shop.gallery, shop.apart.gallery, strict=True)
            if key not in held
        ]
        self._known = [x.numpy() for x in split(raw.of(train[::4]), lengths)[:2]]
        self._axes: dict[tuple[float, int], tuple[torch.Tensor, torch.Tensor]] = {}

    def figures(self, mix: Mix) -> tuple[float, ...]:
        key = mix.general, mix.axes
        if key not in self._axes:
            self._axes[key] = fit_pca(*self._known, mix)
        vectors = Mixed(self.raw, self.lengths, self._axes[key], mix)
        shop, *found = (measure(trial, vectors) for trial in self.trials)
        words = [shop.figure(word, "p10") for word in WORDS]
        shares = self.trials[0].proportions
        mixed = [mean(shop.values[word]["p10"], shares) for word in WORDS]
        main = [trial.main for trial in self.trials[1:]]
        ones = [m.figure(notion, "r1") for m, notion in zip(found, main, strict=True)]
        return (*words, *ones, *mixed)


def worth(figures: Sequence[float], args: argparse.Namespace) -> float:
    kind, color, both, degraded, *_ = figures
    return kind + both + 4 * min(0, color - args.color) + 4 * min(0, degraded - args.found)


def drawn(rng: np.random.Generator, axes: int) -> Mix:
    shares = (1.8, rng.uniform(1, 2.6), rng.uniform(1.4, 2.8), rng.uniform(MIN_PATTERN, 0.9))
    logit_weights = (rng.uniform(0, 2), rng.uniform(0, 2), rng.uniform(0, 2))
    return Mix(shares, logit_weights, float(rng.choice(GENERAL)), axes)


def moved(mix: Mix, rng: np.random.Generator) -> Mix:
    """A mix near one: about half of its numbers change, by about 0.15."""
    look, *rest = mix.shares

    def step(values: Sequence[float]) -> list[float]:
        pushes = rng.normal(0, 0.15, len(values)) * (rng.random(len(values)) < 0.5)
        return np.maximum(0, np.array(values) + pushes).tolist()

    general = float(rng.choice(GENERAL)) if rng.random() < 0.2 else mix.general
    kind, color, pattern = step(rest)
    shares = (look, kind, color, max(MIN_PATTERN, pattern))
    return replace(
        mix, shares=shares, logit_weights=tuple(step(mix.logit_weights)), general=general
    )


def rounded(mix: Mix) -> Mix:
    return replace(
        mix,
        shares=tuple(round(x, 2) for x in mix.shares),
        logit_weights=tuple(round(x, 2) for x in mix.logit_weights),
    )


def trials_of(args: argparse.Namespace) -> Iterator[Trial]:
    finder = Finder(Session(resolve("article", ""), args.threads), args.cache)
    items = products(args.data / "catalog", args.boxes, finder)
    yield shop_trials(items)[1]
    yield degraded_trial(items)
    for trial in _rendered(args.sample / "pairs", finder):
        if trial.name == "rendered_detected":
            yield trial


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sample", type=Path, required=True)
    parser.add_argument("--boxes", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--color", type=float, default=0.604)
    parser.add_argument("--found", type=float, default=0.903)
    parser.add_argument("--axes", type=int, default=MIX.axes)
    parser.add_argument("--random", type=int, default=60)
    parser.add_argument("--near", type=int, default=60)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    raw = Raw(args.checkpoint)
    bench = Bench(Vectors(raw, args.cache), raw.lengths, list(trials_of(args)))
    rng = np.random.default_rng(args.seed)
    plain = Mix((1.8, 1.5, 1.6, 0.5), (0, 0, 0), 1.5, args.axes)
    tried = [(mix, bench.figures(mix)) for mix in (plain, replace(MIX, axes=args.axes))]
    for _ in range(args.random):
        mix = rounded(drawn(rng, args.axes))
        tried.append((mix, bench.figures(mix)))
    first = tried[:2]
    for _ in range(args.near):
        tried.sort(key=lambda one: -worth(one[1], args))
        mix = rounded(moved(tried[rng.integers(5)][0], rng))
        tried.append((mix, bench.figures(mix)))
    tried.sort(key=lambda one: -worth(one[1], args))
    print(f"| shares; logit_weights; general; axes | {' | '.join(FIGURES)} |")
    print(f"|{' --- |' * (1 + len(FIGURES))}")
    for mix, figures in [*first, *tried[:6]]:
        told = f"{mix.shares}; {mix.logit_weights}; {mix.general}; {mix.axes}"
        print(f"| {told} | {' | '.join(f'{x:.3f}' for x in figures)} |")


if __name__ == "__main__":
    main()
