"""Training views of the embedding recipe's items: honest changes, never of the hue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from thatlook.data.items import EXPAND, HEADS, SIDE, Item, crop_window
from thatlook.data.scenes import Pixels, foreground_mask, photo
from thatlook.training import augment
from thatlook.training.augment import Rng
from thatlook.training.scenes import tensor


@dataclass(frozen=True)
class ItemView:
    """One view: image (SIDE, SIDE, 3), the item's row, and class indices per HEADS, -1 unknown."""

    image: Pixels
    row: int
    classes: NDArray[np.int64]


SHOP: Final = "shop"
"""A view as a catalog shows the thing: mirrored or not, a little larger or smaller."""

PHONE: Final = "phone"
"""A view as a phone takes it: often cut, blurred and compressed. Other views are in between."""


def cut(
    image: Pixels, box: Sequence[float], rng: Rng, share: float = 0.1
) -> tuple[Pixels, tuple[float, float, float, float]]:
    """The image cut near the box's sides, at most `share` of the box inside or outside of each,
    and the box in it.
    """
    height, width = image.shape[:2]
    corners = np.array(box, np.float32)
    side = np.tile(corners[2:] - corners[:2], 2)
    edges = corners + rng.uniform(-share, share, 4) * side
    x0, y0 = np.floor(np.clip(edges[:2], 0, None)).astype(int)
    x1, y1 = np.ceil(np.minimum(edges[2:], (width, height))).astype(int)
    left, top, right, bottom = np.clip(corners, (x0, y0, x0, y0), (x1, y1, x1, y1)) - (
        x0,
        y0,
        x0,
        y0,
    )
    return image[y0:y1, x0:x1], (float(left), float(top), float(right), float(bottom))


def plain_crop(image: Pixels, box: Sequence[float]) -> Pixels:
    """What the network sees of a box: grown, letterboxed with grey."""
    return augment.warp(image, augment.window_to(crop_window(box), (SIDE, SIDE)), (SIDE, SIDE))


class ItemViews(Dataset[ItemView]):
    """Views of items by (row, seed), or (row, seed, SHOP or PHONE)."""

    def __init__(
        self, items: Sequence[Item], words: Mapping[str, Sequence[str]], backgrounds: Sequence[Path]
    ):
        self.items = list(items)
        self.backgrounds = list(backgrounds)
        table = [{word: k for k, word in enumerate(words[head])} for head in HEADS]
        self.classes = np.array(
            [
                [known.get(word, -1) for known, word in zip(table, item.labels, strict=True)]
                for item in items
            ],
            np.int64,
        )

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, key: tuple[int, int] | tuple[int, int, str]) -> ItemView:
        row, seed, *how = key
        item = self.items[row]
        rng = np.random.default_rng((seed, row))
        path, box = item.crops[rng.integers(len(item.crops))]
        image = photo(path)
        if how == [SHOP]:
            return ItemView(self._shown(image, box, rng), row, self.classes[row])
        # Product photos stand on white; outside, and in others' pairs, nothing does for sure.
        paper = item.kind not in {"street", "scene", "flatlay"}
        if paper and rng.random() < 0.35 and "looks" not in str(path):
            image = self._elsewhere(image, rng)
        phone = how == [PHONE]
        if phone and rng.random() < 0.5:
            image, box = cut(image, box, rng)
        return ItemView(self._view(image, box, rng, 3 if phone else 1), row, self.classes[row])

    def _shown(self, image: Pixels, box: Sequence[float], rng: Rng) -> Pixels:
        window = crop_window(box, EXPAND * rng.uniform(0.95, 1.05))
        matrix = augment.window_to(window, (SIDE, SIDE), flip=rng.random() < 0.5)
        return augment.warp(image, matrix, (SIDE, SIDE))

    def _elsewhere(self, image: Pixels, rng: Rng) -> Pixels:
        """The product before a piece of a street photo, or before a plain color."""
        height, width = image.shape[:2]
        if rng.random() < 0.3:
            scene = np.full_like(image, rng.integers(30, 240, 3))
        else:
            street = photo(self.backgrounds[rng.integers(len(self.backgrounds))])
            side = int(rng.integers(60, 300))
            y = rng.integers(0, max(1, street.shape[0] - side))
            x = rng.integers(0, max(1, street.shape[1] - side))
            patch = np.ascontiguousarray(street[y : y + side, x : x + side])
            zoom = augment.window_to(
                np.array([0, 0, patch.shape[1], patch.shape[0]], np.float32), (width, height)
            )
            scene = augment.warp(patch, zoom, (width, height))
        return np.where(foreground_mask(image)[..., None] > 0, image, scene)

    def _view(self, image: Pixels, box: Sequence[float], rng: Rng, worn: float) -> Pixels:
        corners = np.array(box, np.float32)
        span = np.tile(corners[2:] - corners[:2], 2)
        corners = corners + (rng.normal(0, 0.05, 4) * span).astype(np.float32)
        window = crop_window(corners.tolist(), EXPAND * rng.uniform(0.85, 1.15))
        matrix = augment.window_to(window, (SIDE, SIDE), flip=rng.random() < 0.5)
        matrix = augment.turn(matrix, float(rng.normal(0, 5)), (SIDE, SIDE))
        out = augment.warp(image, matrix, (SIDE, SIDE))
        # From none to that of a phone in a shop, and no hue: the color is what must be told.
        out = augment.light(out, rng, amount=rng.uniform(0, 1.1), hue=False)
        if rng.random() < 0.25:
            other = photo(self.backgrounds[rng.integers(len(self.backgrounds))])
            out = augment.occlude(out, other, rng, 0.35)
        return augment.wear(out, rng, worn)


def collate(views: Sequence[ItemView]) -> tuple[Tensor, Tensor, Tensor]:
    """Images, item rows and class indices (n, heads)."""
    rows = torch.tensor([v.row for v in views])
    return (
        tensor([v.image for v in views]),
        rows,
        torch.from_numpy(np.stack([v.classes for v in views])),
    )
