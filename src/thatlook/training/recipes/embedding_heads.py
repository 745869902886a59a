"""The embedding network's type, color and pattern heads fitted anew; all else of it is kept.

What the network sees of a worn article is sound, and what it calls it is not: its words came from
product photos. Linear heads on features that stay can be fitted in minutes: each view is read once,
then only the heads learn, on products, flat-lay photos, rendered looks and worn articles that an
eye read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from thatlook.core.errors import DataError
from thatlook.core.progress import Progress
from thatlook.data.items import HEADS, Item
from thatlook.data.scenes import photo
from thatlook.training import loop
from thatlook.training.nets import EmbeddingNet
from thatlook.training.products import ItemViews, plain_crop
from thatlook.training.recipes.embedding import items_of
from thatlook.training.restore import restored_embedding
from thatlook.training.scenes import tensor
from thatlook.vision.models.registry import resolve

VIEWS: Final = {"street": 4}
"""How many views of an item are read, the first as it is asked in use; two of others."""
FITTED: Final = HEADS[:3]
_WEIGHTS: Final = (1.0, 1.0, 0.5)
READ_AT_ONCE: Final = 32
SHOWN: Final = 12


@dataclass(frozen=True, kw_only=True)
class HeadsOptions:
    """`data` is the folder with street/ and catalog/, `sample` that of the rendered sample,
    `eye_labels` that of labels made by eye (None: the street photos' own), `boxes` JSON of the
    products' own articles by id; `model` a registry entry ("" for what ships).
    """

    data: Path
    out: Path
    eye_labels: Path | None = None
    sample: Path | None = None
    boxes: Path | None = None
    model: str = ""
    epochs: int = 14
    batch: int = 256
    rate: float = 2e-3
    seed: int = 0
    threads: int = 2


def run(options: HeadsOptions) -> int:
    """Fit the heads and write OUT/best.pt; the exit status. The heads keep
    the classes that the network has. Raises DataError, ModelError."""
    loop.seed_all(options.seed, options.threads)
    items = items_of(options.data, options.boxes, options.sample, None, options.eye_labels)
    spec = resolve("embedding", options.model)
    words = {head: spec.names(head) if head in spec.labels else () for head in HEADS}
    model = restored_embedding(spec)
    train = taught(items, words)
    features, classes = read(model, train, words, options.seed)
    print(f"{len(train)} items, {len(features)} views", flush=True)
    fit(model, features, classes, options)
    options.out.mkdir(parents=True, exist_ok=True)
    told = {head: list(names) for head, names in words.items()}
    loop.save(options.out / "best.pt", {"average": model.state_dict(), "words": told})
    return 0


def taught(items: Sequence[Item], words: dict[str, tuple[str, ...]]) -> list[Item]:
    """The training items of which a type, color or pattern is one of the network's `words`.

    Says which words of the data the network does not have: they teach nothing. Raises DataError
    where no item is left.
    """
    train = [item for item in items if item.split == "train"]
    for index, head in enumerate(FITTED):
        own = Counter(item.labels[index] for item in train if item.labels[index])
        unknown = [word for word, _ in own.most_common() if word not in words[head]]
        if unknown:
            shown = ", ".join(unknown[:SHOWN]) + (", ..." if len(unknown) > SHOWN else "")
            print(f"{head}: no class of the network, teaches nothing: {shown}", flush=True)
    known = [set(words[head]) for head in FITTED]
    found = [
        item
        for item in train
        if any(word in names for word, names in zip(item.labels, known, strict=False))
    ]
    if not found:
        raise DataError(
            "no training item has a type, color or pattern that the network knows; a new network "
            "learns others: `thatlook train embedding` without --shipped"
        )
    return found


def read(
    model: EmbeddingNet, items: Sequence[Item], words: dict[str, tuple[str, ...]], seed: int
) -> tuple[Tensor, Tensor]:
    """Pooled features (views, d) of the items' views and their classes (views, FITTED), -1 where
    one is not known.
    """
    streets = sorted({item.crops[0][0] for item in items if item.kind == "street"})
    views = ItemViews(items, words, streets)
    found, classes = [], []
    with torch.no_grad():
        keys = list(_keys(items))
        for start in Progress(range(0, len(keys), READ_AT_ONCE), desc="read"):
            batch = keys[start : start + READ_AT_ONCE]
            images = [_view(views, items, row, view, seed) for row, view in batch]
            found.append(model.features(tensor(images)))
            classes += [views.classes[row, : len(FITTED)] for row, _ in batch]
    return torch.cat(found), torch.from_numpy(np.stack(classes))


def _keys(items: Sequence[Item]) -> Iterator[tuple[int, int]]:
    for row, item in enumerate(items):
        for view in range(VIEWS.get(item.kind, 2)):
            yield row, view


def _view(
    views: ItemViews, items: Sequence[Item], row: int, view: int, seed: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The item's crop as it is asked in use, or changed as a photo may be."""
    if view == 0:
        path, box = items[row].crops[0]
        return plain_crop(photo(path), box)
    return views[row, seed + view].image


def fit(model: EmbeddingNet, features: Tensor, classes: Tensor, options: HeadsOptions) -> None:
    """Train the FITTED heads of `model` on features that stay."""
    heads = [cast("nn.Linear", head) for head in list(model.heads)[: len(FITTED)]]
    weights = [weight for head in heads for weight in head.parameters()]
    adam = torch.optim.AdamW(weights, options.rate, weight_decay=0.01)
    size = min(options.batch, len(features))
    steps = options.epochs * (len(features) // size)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, options.rate, total_steps=steps + 1)
    for epoch in range(options.epochs):
        order, total = torch.randperm(len(features)), 0.0
        for start in range(0, len(order) - size + 1, size):
            rows = order[start : start + size]
            seen = functional.dropout(features[rows], 0.3)
            loss = sum(
                (
                    weight * _loss(head(seen), classes[rows, k])
                    for k, (head, weight) in enumerate(zip(heads, _WEIGHTS, strict=True))
                ),
                torch.zeros(()),
            )
            adam.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            cycle.step()
            total += loss.item()
        print(f"epoch {epoch} loss {total * size / len(order):.4f}", flush=True)


def _loss(logits: Tensor, classes: Tensor) -> Tensor:
    """The sum over known classes by the size of the batch: rare labels do not count more."""
    plain = functional.cross_entropy(
        logits, classes, ignore_index=-1, reduction="sum", label_smoothing=0.05
    )
    return plain / len(classes)
