"""The recipe of the article network: boxes, categories and coarse masks of worn articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from thatlook.core.settings import Settings
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.data.scenes import PERSON, Floats, Scene, photo
from thatlook.evaluate.detection.metrics import MIN_SCORE, average_precision, found_in
from thatlook.training import audited, export, loop, pseudo
from thatlook.training.looked_at import looked_at
from thatlook.training.losses import (
    Labels,
    assign,
    mask_loss,
    overlap,
    presence_loss,
    score_loss,
    side_loss,
)
from thatlook.training.nets import MEAN, STD, ArticleNet, decode, imagenet_trunk, points
from thatlook.training.options import ArticleOptions
from thatlook.training.restore import measure_norms, restored_article
from thatlook.training.scenes import CANVASES, Key, SceneViews, collate, tensor
from thatlook.vision.models.registry import ModelSpec, resolve
from thatlook.vision.stages.article import ArticleStage

HUGE: Final = 80_000
"""All weights as bytes cost 0.9 points of mAP50, those above 40,000 elements 0.2 to 0.4, these none
that could be told from chance."""

KEPT: Final = 5
"""Blocks of the trunk, up to stride 8, that stay as they are when a shipped network goes on."""

_KINDS: Final = ("street", "pair", "product", "model", "tagged")


class ArticleTask:
    """Scenes, loss and measurement for `loop.fit`."""

    metric = "ap50"

    def __init__(self, scenes: list[Scene], options: ArticleOptions):
        self.options = options
        self.train = [
            s
            for s in scenes
            if s.split == "train" and (len(s.boxes) or s.kind == "product" or s.known.any())
        ]
        self.val = [s for s in scenes if s.split == "val" and s.kind == "street"]
        self.views = SceneViews(self.train)
        self.model: nn.Module = self._started()
        self.repeats = _repeats(self.train)
        self.rows = {k: [i for i, s in enumerate(self.train) if s.kind == k] for k in _KINDS}
        self.probabilities = {
            k: _probabilities([self.train[i] for i in rows]) for k, rows in self.rows.items()
        }

    def _started(self) -> ArticleNet:
        if not self.options.shipped:
            return ArticleNet(len(DETECTOR_CLASSES), len(CATEGORIES), trunk=imagenet_trunk())
        model = restored_article(resolve("article"))
        rng = np.random.default_rng(self.options.seed)
        drawn = rng.choice(len(self.train), min(160, len(self.train)), replace=False)
        views = [self.views[Key(int(row), self.options.seed, 0)] for row in drawn]
        measure_norms(model, [tensor([view.image]) for view in views])
        model.trunk.freeze(model.trunk.stem, *model.trunk.blocks[:KEPT])
        return model

    def collate(self, views: Any) -> Any:
        """Images, labels and masks."""
        return collate(views)

    def plan(self, epoch: int) -> list[list[Any]]:
        """Keys of the epoch's batches: all street and rendered photos, some of the others."""
        rng = np.random.default_rng((self.options.seed, epoch))
        options = self.options
        some = {"product": options.products, "model": options.models, "tagged": options.tagged}
        rows: list[int] = []
        for kind, found in self.rows.items():
            take = min(some.get(kind, len(found)), len(found))
            probability = self.probabilities[kind]
            rows += (
                rng.choice(np.array(found, int), take, replace=False, p=probability).tolist()
                if take
                else []
            )
        # As many repeats in every epoch: the plan's length must not change.
        probability = np.array(self.repeats) / max(1e-9, sum(self.repeats))
        rows += rng.choice(
            len(probability), int(sum(self.repeats)), replace=False, p=probability
        ).tolist()
        tall: list[int] = []
        small: list[int] = []
        for row in rng.permutation(rows):
            share = 0.75 if self.train[row].kind in ("product", "model") else 0.12
            (small if rng.random() < share else tall).append(int(row))
        order, size = tall + small, self.options.batch
        plan = []
        for start in range(0, len(order) - size + 1, size):
            usual = 0 if start < len(tall) else 1
            canvas = usual if rng.random() < 0.84 else int(rng.integers(len(CANVASES)))
            seed = int(rng.integers(2**31))
            plan.append([Key(row, seed, canvas) for row in order[start : start + size]])
        return [plan[i] for i in rng.permutation(len(plan))]

    def loss(self, model: nn.Module, batch: Any) -> tuple[Tensor, dict[str, float]]:
        """Class, box (GIoU and bins), mask and presence loss."""
        images, labels, masks = batch
        raw, logits, mask, presence = model(images)
        centers, strides = points(*images.shape[2:])
        boxes = decode(raw, centers, strides)
        total, parts = detection_loss((raw, logits, boxes), labels, (centers, strides))
        masked, there = mask_loss(mask, masks), presence_loss(presence, labels)
        parts |= {"mask": masked.item(), "presence": there.item()}
        # A shipped network has no presence head: a new one would unlearn the trunk at first.
        return total + 0.8 * masked + (0.0 if self.options.shipped else 1.5) * there, parts

    def measure(self, model: nn.Module) -> dict[str, float]:
        """COCO figures on the street photos kept apart."""
        stage = ArticleStage.of(TorchSession(model), Settings())
        found = [found_in(stage, photo(scene.path), MIN_SCORE) for scene in self.val]
        return average_precision(self.val, found)


def _probabilities(scenes: list[Scene]) -> NDArray[np.float64] | None:
    """How likely each product photo is to be taken: rare categories more often than their share.

    By the root of how many there are of its category; None for photos that name none.
    """
    if not scenes or scenes[0].kind not in ("product", "model"):
        return None
    count = Counter(s.hint for s in scenes)
    probability = np.array([count[s.hint] ** -0.5 for s in scenes])
    return np.asarray(probability / probability.sum())


def _repeats(scenes: list[Scene], min_share: float = 0.3) -> list[float]:
    """How often more than once each scene is shown, for the rarest class in it.

    Repeat factors of LVIS (Gupta et al., CVPR 2019): the root of `min_share` over the share of
    street photos that show the class.
    """
    street = [s for s in scenes if s.kind == "street"]
    share = {c: sum(c in s.labels for s in street) / max(1, len(street)) for c in range(PERSON)}
    factor = {c: max(1.0, (min_share / max(f, 1e-3)) ** 0.5) for c, f in share.items()}
    return [
        max([factor.get(int(c), 1.0) for c in s.labels], default=1.0) - 1
        if s.kind == "street"
        else 0.0
        for s in scenes
    ]


class TorchSession:
    """The torch network as the article stage wants one: what the exported graph gives."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model.eval()
        known = {name: _ENTRY[name] for name in ("id", "task", "outputs", "labels")}
        into = {**_ENTRY["input"], "mean": [MEAN] * 3, "std": [STD] * 3}
        self.spec = ModelSpec(path=Path(), sha256="", license="", input=into, **known)

    def run(self, inputs: Mapping[str, Floats]) -> dict[str, Floats]:
        """Boxes, scores and masks by name, each with its batch axis."""
        image = torch.from_numpy(inputs["image"]).to(memory_format=torch.channels_last)
        with torch.no_grad():
            raw, logits, mask, _ = self._model(image)
        boxes = decode(raw, *points(*image.shape[2:]))
        found = {"boxes": boxes, "scores": logits.sigmoid(), "masks": mask.sigmoid()}
        return {name: value.numpy() for name, value in found.items()}


def detection_loss(
    found: tuple[Tensor, Tensor, Tensor], labels: Labels, grid: tuple[Tensor, Tensor]
) -> tuple[Tensor, dict[str, float]]:
    """The weighted sum of class, overlap and bin losses, and each for the log.

    `found` is raw sides, class logits and decoded boxes; `grid` the points' centers and strides.
    """
    raw, logits, boxes = found
    centers, strides = grid
    assigned = assign(logits.detach().sigmoid(), boxes.detach(), centers, labels)
    weight = assigned.targets.sum(-1)[assigned.positive]
    norm = weight.sum().clamp(min=1.0)
    score = score_loss(logits, assigned, labels.known.to(logits.dtype)) / norm
    goal = assigned.boxes[assigned.positive]
    giou = ((1 - overlap(boxes[assigned.positive], goal, generalized=True)) * weight).sum() / norm
    at = centers.expand(len(boxes), -1, -1)[assigned.positive]
    unit = strides.expand(len(boxes), -1, -1)[assigned.positive]
    distances = torch.cat([at - goal[:, :2], goal[:, 2:] - at], -1) / unit
    bins = (side_loss(raw[assigned.positive], distances) * weight).sum() / norm
    parts = {"score": score.item(), "giou": giou.item(), "bins": bins.item()}
    return 1.5 * score + 2.0 * giou + 0.5 * bins, parts


def scenes_of(options: ArticleOptions) -> list[Scene]:
    """All scenes that the recipe can read, their labels audited. Raises DataError."""
    scenes = audited.scenes_of(options)
    if options.eye_labels:
        return looked_at(scenes, options.data, options.eye_labels)
    return pseudo.applied(scenes, options.pseudo) if options.pseudo else scenes


def run(options: ArticleOptions) -> int:
    """Train and write checkpoints; the exit status."""
    return loop.train(lambda: ArticleTask(scenes_of(options), options), options)


class ArticleGraph(nn.Module):
    """The network as exported: decoded boxes, scores and mask probabilities."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = export.fold_batch_norms(model)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes (n, A, 4) in input pixels, scores (n, A, classes), masks (n, k, h / 4, w / 4)."""
        raw, logits, mask, _ = self.model(image)
        boxes = decode(raw, *points(image.shape[2], image.shape[3]))
        return boxes, logits.sigmoid(), mask.sigmoid()


def export_to(folder: Path, checkpoint: Path, entry: dict[str, Any]) -> ModelSpec:
    """Write the network of `checkpoint` into `folder`, parity checked against torch."""
    model = ArticleNet(len(DETECTOR_CLASSES), len(CATEGORIES))
    loop.load_weights(model, checkpoint)
    graph = ArticleGraph(model).eval()
    axes = {
        "image": {0: "n", 2: "h", 3: "w"},
        "boxes": {0: "n", 1: "points"},
        "scores": {0: "n", 1: "points"},
        "masks": {0: "n", 2: "rows", 3: "columns"},
    }
    examples = [torch.rand(2, 3, 128, 96) * 2 - 1, torch.rand(1, 3, 96, 160) * 2 - 1]
    trace = (examples, ("boxes", "scores", "masks"), axes)
    return export.publish(graph, trace, export.RegistryEntry(**(_ENTRY | entry)), folder, huge=HUGE)


_ENTRY: Final[dict[str, Any]] = {
    "id": "article-1",
    "task": "article",
    "input": {
        "name": "image",
        "area": 512 * 384,
        "least_area": 320 * 240,
        "max_side": 640,
        "multiple": 32,
    },
    "outputs": {
        "boxes": {"order": "x0 y0 x1 y1", "unit": "input pixels"},
        "scores": {"classes": list(DETECTOR_CLASSES)},
        "masks": {"classes": list(CATEGORIES), "stride": 4},
    },
    "labels": {"scores": DETECTOR_CLASSES},
    "metrics_command": "thatlook evaluate article --data ../shared/data --labels labels",
    "recipe": "",
    "seed": 0,
}
