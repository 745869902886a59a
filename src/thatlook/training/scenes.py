"""Training views of labelled scenes for the article recipe: windows, mosaics, bystanders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from thatlook.data.scenes import (
    NO_MASK,
    PERSON,
    Floats,
    Pixels,
    Scene,
    foreground_mask,
    pair_scenes,
    photo,
    product_scenes,
    street_mask,
    street_scenes,
    worn,
)
from thatlook.training import augment
from thatlook.training.augment import Rng
from thatlook.training.losses import Labels
from thatlook.training.nets import MEAN, STD

SEEN: Final = 0.12
"""What a window leaves of an article: with a smaller share of its box it is no article any more. A
portrait shows an eighth of a top."""

CANVASES: Final = ((320, 512), (320, 320), (288, 576), (512, 320), (416, 416))
"""Sizes (w, h) of training views, about 512 x 320 px each; 320 x 320 is what small photos get.

What is learnt there finds more when photos are read somewhat larger: `evaluate.article.AREA_PX`."""

Size = tuple[int, int]


def read_scenes(data: Path, sample: Path | None = None) -> list[Scene]:
    """The street and product photos in the folder `data`, and the rendered looks in `sample`."""
    scenes = street_scenes(data / "street") + product_scenes(data / "catalog")
    return scenes + pair_scenes(sample / "pairs") if sample else scenes


@dataclass(frozen=True)
class Key:
    """Which view to make: the same key gives the same view, in any process."""

    row: int
    seed: int
    canvas: int


@dataclass(frozen=True)
class View:
    """One augmented training view; mask (h / 4, w / 4) as in `Scene`'s mask.

    `known` and `shown` (classes,): all instances have a box; surely there, box or not.
    """

    image: Pixels
    boxes: Floats
    labels: NDArray[np.int64]
    known: NDArray[np.bool_]
    mask: Pixels
    shown: NDArray[np.bool_]


@dataclass(frozen=True)
class _Layers:
    """A photo with its labels before the window is chosen."""

    image: Pixels
    boxes: Floats
    labels: NDArray[np.int64]
    mask: Pixels


class SceneViews(Dataset[View]):
    """Views of scenes by Key; lone products of other rows fill mosaics."""

    def __init__(self, scenes: Sequence[Scene]):
        self.scenes = list(scenes)
        self.products = [i for i, s in enumerate(scenes) if s.kind == "product"]
        self.masked = [i for i, s in enumerate(scenes) if s.mask is not None]

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, key: Key) -> View:
        rng = np.random.default_rng((key.seed, key.row))
        scene, size = self.scenes[key.row], CANVASES[key.canvas]
        layers = self._layers(scene, rng)
        window = choose_window(layers, size, rng, scene.kind)
        return self._finish(layers, window, size, scene, rng)

    def _layers(self, scene: Scene, rng: Rng) -> _Layers:
        if scene.kind == "product":
            return self._mosaic(scene, rng)
        image = photo(scene.path)
        mask = np.full(image.shape[:2], NO_MASK, np.uint8)
        if scene.mask is not None:
            mask, shape = street_mask(scene.mask, image.shape[1::-1])
            mask = named_alone(mask, scene.labels)
            if rng.random() < 0.15:
                image = augment.paste_behind(image, shape, self._stranger(rng), rng)
        return _Layers(image, scene.boxes, scene.labels, mask)

    def _stranger(self, rng: Rng) -> tuple[Pixels, Pixels]:
        other = self.scenes[self.masked[rng.integers(len(self.masked))]]
        image = photo(other.path)
        silhouette = street_mask(other.mask, image.shape[1::-1])[1] if other.mask else None
        return image, np.zeros(image.shape[:2], np.uint8) if silhouette is None else silhouette

    def _mosaic(self, scene: Scene, rng: Rng) -> _Layers:
        """One, two or four lone products side by side on white, with their foregrounds as masks."""
        columns, rows = ((1, 1), (1, 1), (1, 2), (2, 2))[rng.integers(4)]
        picks = [scene]
        while len(picks) < rows * columns:
            picks.append(self.scenes[self.products[rng.integers(len(self.products))]])
        side = 224
        image = np.full((rows * side, columns * side, 3), 255, np.uint8)
        mask = np.zeros(image.shape[:2], np.uint8)
        boxes, labels = [], []
        for index, pick in enumerate(picks):
            part = photo(pick.path)[:side, :side]
            y, x = divmod(index, columns)
            there = np.s_[y * side : y * side + part.shape[0], x * side : x * side + part.shape[1]]
            image[there] = part
            if len(pick.boxes):
                mask[there] = foreground_mask(part) * np.uint8(pick.labels[0] + 1)
                boxes.append(pick.boxes + np.tile([x * side, y * side], 2).astype(np.float32))
                labels.append(pick.labels)
        found = np.concatenate(boxes) if boxes else np.zeros((0, 4), np.float32)
        return _Layers(
            image, found, np.concatenate(labels) if labels else np.zeros(0, np.int64), mask
        )

    def _finish(self, layers: _Layers, window: Floats, size: Size, scene: Scene, rng: Rng) -> View:
        matrix = augment.window_to(window, size, flip=rng.random() < 0.5)
        image = augment.warp(layers.image, matrix, size)
        small = matrix / 4
        mask = augment.warp_mask(layers.mask, small, (size[0] // 4, size[1] // 4))
        boxes, kept = augment.clip_boxes(augment.map_boxes(layers.boxes, matrix), size, SEEN)
        image = augment.light(image, rng)
        if rng.random() < 0.2:
            other = photo(self.scenes[rng.integers(len(self.scenes))].path)
            image = augment.occlude(image, other, rng)
        labels = layers.labels[kept]
        shown = np.isin(np.arange(len(scene.known)), labels)
        if scene.kind == "tagged":
            height, width = layers.image.shape[:2]
            low, high = window[:2], window[2:]
            # Tags speak of the whole photo: a part of it may not show what they name.
            whole = (low < 0.06 * width).all() and (high > (0.94 * width, 0.94 * height)).all()
            if whole:
                shown[list(worn(scene))] = True
        return View(augment.wear(image, rng), boxes[kept], labels, scene.known, mask, shown)


def named_alone(mask: Pixels, labels: NDArray[np.int64]) -> Pixels:
    """The mask with what no label names as unclear: an eye may have called it otherwise."""
    kept = np.full(256, NO_MASK, np.uint8)
    kept[0] = 0
    articles = labels[labels != PERSON]
    kept[articles + 1] = articles + 1
    return np.asarray(kept[mask], np.uint8)


def choose_window(layers: _Layers, size: Size, rng: Rng, kind: str) -> Floats:
    """The part of the photo, x0 y0 x1 y1, that fills the canvas; it may reach beyond the photo.

    Most views show the whole photo, some a part of the person, some any part.
    """
    height, width = layers.image.shape[:2]
    whole = np.array([0, 0, width, height], np.float32)
    persons = layers.boxes[layers.labels == PERSON]
    dice = rng.random()
    if len(persons) and kind != "model" and dice < 0.28:
        whole = _half(persons[0], rng)
    elif dice > 0.9:
        share = rng.uniform(0.45, 0.9, 2)
        low = rng.uniform(0, 1 - share) * (width, height)
        whole = np.concatenate([low, low + share * (width, height)]).astype(np.float32)
    grow = np.exp(rng.uniform(-0.32, 0.25))
    middle = (whole[:2] + whole[2:]) / 2
    span = (whole[2:] - whole[:2]) * grow
    # Fit the window's shape to the canvas, stretched by at most a tenth.
    stretch = np.exp(rng.uniform(-0.1, 0.1))
    scale = max(span[0] / size[0], span[1] / size[1])
    span = np.array([size[0] * scale * stretch, size[1] * scale / stretch])
    middle = middle + rng.uniform(-0.08, 0.08, 2) * span
    return np.concatenate([middle - span / 2, middle + span / 2]).astype(np.float32)


def _half(person: Floats, rng: Rng) -> Floats:
    """A window on the upper, down to a portrait, or the lower part of a person's box."""
    x0, y0, x1, y1 = (float(v) for v in person)
    tall, wide = y1 - y0, x1 - x0
    if rng.random() < 0.6:
        top, bottom = y0 - 0.05 * tall, y0 + rng.uniform(0.18, 0.75) * tall
    else:
        top, bottom = y0 + rng.uniform(0.2, 0.6) * tall, y1 + 0.05 * tall
    return np.array([x0 - 0.1 * wide, top, x1 + 0.1 * wide, bottom], np.float32)


def tensor(images: Sequence[Pixels]) -> Tensor:
    """Network input (n, 3, h, w) float32, channels last in memory, from RGB uint8 images."""
    stack = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    return stack.float().div_(255).sub_(MEAN).div_(STD)


def collate(views: Sequence[View]) -> tuple[Tensor, Labels, Tensor]:
    """Images, padded labels and masks of a batch whose views share one canvas."""
    many = max(1, *(len(view.boxes) for view in views))
    boxes = torch.zeros(len(views), many, 4)
    classes = torch.zeros(len(views), many, dtype=torch.long)
    valid = torch.zeros(len(views), many, dtype=torch.bool)
    for i, view in enumerate(views):
        k = len(view.boxes)
        boxes[i, :k] = torch.from_numpy(view.boxes)
        classes[i, :k] = torch.from_numpy(view.labels)
        valid[i, :k] = True
    known = torch.from_numpy(np.stack([view.known for view in views]))
    masks = torch.from_numpy(np.stack([view.mask for view in views])).long()
    shown = torch.from_numpy(np.stack([view.shown for view in views]))
    labels = Labels(boxes, classes, valid, known, shown)
    return tensor([view.image for view in views]), labels, masks
