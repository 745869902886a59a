"""The article network's class heads trained again on what eyes saw, all the rest kept.

Where a network sees bags on forearms, boxes and features are sound and the names are wrong. Its
trunk, neck, sides and masks stay as they are, so each photo is read once and what the neck says
of it is kept; only the three class branches learn, minutes on two cores.

They learn from street photos with eye labels, lone products, and product photos with a model: those
looked at by eye with all that is and is not in them (`labels/product_models.csv`), others as
photos without bag, headwear, eyewear and neckwear, which not one of 640 that were looked at has. A
box of a model's photo is the network's own, of a category that the eye saw there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from thatlook.core.image import fit_area
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.data.eye_labels import FILE, with_eye_labels
from thatlook.data.product_labels import read_product_labels
from thatlook.data.scenes import PERSON, Scene, photo
from thatlook.training import export, loop
from thatlook.training.losses import Labels, assign, score_loss
from thatlook.training.nets import ArticleNet, decode, points
from thatlook.training.restore import restored_article
from thatlook.training.scenes import read_scenes, tensor
from thatlook.vision.models.inputs import ArticleInput
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session
from thatlook.vision.stages.article import ArticleStage

NEVER: Final = ("bag", "headwear", "eyewear", "neckwear")
"""What product photos of clothes on a model do not show."""

PROPOSED: Final = 0.3
"""From this score on the network's box of what an eye saw is where that is."""


@dataclass(frozen=True, kw_only=True)
class ClassesOptions:
    """`labels` is the folder of eye labels; `products` lone products and `negatives` photos of
    models that nobody looked at are learnt from.
    """

    data: Path
    labels: Path
    out: Path
    model: str = ""
    epochs: int = 8
    batch: int = 8
    rate: float = 5e-4
    seed: int = 0
    threads: int = 2
    products: int = 900
    negatives: int = 600


@dataclass(frozen=True, eq=False)
class NeckMaps:
    """A photo as the neck sees it: three maps float16, decoded boxes (A, 4), and its labels."""

    maps: list[Tensor]
    boxes: Tensor
    size: tuple[int, int]
    labels: Labels


def scenes_of(options: ClassesOptions, stage: ArticleStage) -> list[Scene]:
    """What is learnt from, all of the train side. Raises DataError."""
    scenes = [s for s in read_scenes(options.data) if s.split == "train"]
    street = [s for s in scenes if s.kind == "street"]
    eyes = with_eye_labels(street, options.data / "street" / FILE)
    seen = read_product_labels(options.labels, ("person", "seen", "absent"))
    models = [s for s in scenes if s.kind == "model"]
    looked = [s for s in models if s.path.stem in seen and seen[s.path.stem]["person"] != "several"]
    others = [s for s in models if s.path.stem not in seen and s.hint in ("topwear", "outerwear")]
    lone = [s for s in scenes if s.kind == "product" and s.hint in CATEGORIES]
    rng = np.random.default_rng(options.seed)
    count = Counter(s.hint for s in lone)
    share = np.array([count[s.hint] ** -0.5 for s in lone])
    kept = rng.choice(len(lone), min(options.products, len(lone)), False, share / share.sum())
    drawn = rng.permutation(len(others))[: options.negatives]
    return [
        *eyes,
        *(_looked_at(s, seen[s.path.stem], stage) for s in tqdm(looked, desc="models")),
        *(without_small(others[i]) for i in drawn),
        *(lone[i] for i in kept),
    ]


def _looked_at(scene: Scene, row: Mapping[str, str], stage: ArticleStage) -> Scene:
    """A model's photo with the network's boxes of what an eye saw, and what is not there."""
    found = stage.detect(photo(scene.path), PROPOSED)
    boxes, labels = [*scene.boxes], [*scene.labels]
    known = np.zeros(len(DETECTOR_CLASSES), bool)
    known[PERSON] = row["person"] != "none"
    for name in row["seen"].split():
        mine = np.flatnonzero(found.labels == CATEGORIES.index(name))
        if len(mine):
            boxes.append(found.boxes[mine[0]])
            labels.append(CATEGORIES.index(name))
            known[CATEGORIES.index(name)] = True
    known[[CATEGORIES.index(name) for name in row["absent"].split()]] = True
    made = scene.with_boxes(np.array(boxes, np.float32), np.array(labels, np.int64))
    return replace(made, known=known)


def without_small(scene: Scene) -> Scene:
    """A model's photo that nobody looked at: only what such photos never show is known."""
    known = np.isin(DETECTOR_CLASSES, NEVER)
    return replace(
        scene.with_boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.int64)), known=known
    )


class ArticleNetBody(nn.Module):
    """Everything but the class branches, norms folded: neck maps and raw sides."""

    def __init__(self, model: ArticleNet):
        super().__init__()
        self.model = cast("ArticleNet", export.fold_batch_norms(model))

    @torch.no_grad()
    def forward(self, image: Tensor) -> tuple[list[Tensor], Tensor]:
        """Three maps (1, c, h, w), and decoded boxes (A, 4)."""
        _, *taps = self.model.trunk(image)
        maps = self.model.neck(taps)
        sides = [b(x).flatten(2) for b, x in zip(self.model.side, maps, strict=True)]
        raw = torch.cat(sides, 2).transpose(1, 2)
        raw = raw.reshape(1, raw.shape[1], 4, -1)
        return maps, decode(raw, *points(*image.shape[2:]))[0]


def read(body: ArticleNetBody, scene: Scene, into: ArticleInput, *, flip: bool) -> NeckMaps:
    """A photo read once, perhaps mirrored."""
    image, boxes = photo(scene.path), scene.boxes.reshape(-1, 4).astype(np.float64)
    if flip:
        image = np.ascontiguousarray(image[:, ::-1])
        boxes = np.stack(
            [image.shape[1] - boxes[:, 2], boxes[:, 1], image.shape[1] - boxes[:, 0], boxes[:, 3]],
            axis=1,
        )
    fitted = fit_area(image, into.area, into.max_side, into.multiple, into.min_area)
    maps, decoded = body(tensor([fitted.canvas]))
    scaled = boxes * [fitted.sx, fitted.sy, fitted.sx, fitted.sy]
    return NeckMaps(
        [m.half() for m in maps], decoded, fitted.canvas.shape[:2], _labels(scene, scaled)
    )


def _labels(scene: Scene, boxes: NDArray[np.float64]) -> Labels:
    known = torch.from_numpy(scene.known)[None]
    return Labels(
        torch.from_numpy(boxes.astype(np.float32))[None],
        torch.from_numpy(scene.labels)[None],
        torch.ones(1, len(boxes), dtype=torch.bool),
        known,
        known,
    )


def loss_of(model: ArticleNet, one: NeckMaps) -> Tensor:
    """The class loss of one photo, as in the article recipe."""
    scores = [b(x.float()).flatten(2) for b, x in zip(model.score, one.maps, strict=True)]
    logits = torch.cat(scores, 2).transpose(1, 2)
    centers, _ = points(*one.size)
    assigned = assign(logits.detach().sigmoid(), one.boxes[None], centers, one.labels)
    norm = assigned.targets.sum().clamp(min=1.0)
    return score_loss(logits, assigned, one.labels.known.to(logits.dtype)) / norm


def run(options: ClassesOptions) -> int:
    """Train the class branches and write OUT/best.pt; the exit status."""
    loop.seed_all(options.seed, options.threads)
    spec = resolve("article", options.model)
    into = ArticleInput.of(spec)
    stage = ArticleStage.of(Session(spec, options.threads), Settings.load())
    scenes = scenes_of(options, stage)
    print(dict(Counter(s.kind for s in scenes)), flush=True)
    model = restored_article(spec)
    reads = list(_all_read(ArticleNetBody(model), scenes, into))
    model.requires_grad_(requires_grad=False)
    model.score.requires_grad_(requires_grad=True)
    adam = loop.optimizer(model, options.rate)
    steps = options.epochs * (len(reads) // options.batch)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        adam, [group["lr"] for group in adam.param_groups], total_steps=steps + 1, pct_start=0.1
    )
    rng = np.random.default_rng(options.seed)
    for epoch in range(options.epochs):
        order = rng.permutation(len(reads))
        total = 0.0
        for start in range(0, len(order) - options.batch + 1, options.batch):
            adam.zero_grad(set_to_none=True)
            for index in order[start : start + options.batch]:
                loss = loss_of(model, reads[index]) / options.batch
                loss.backward()  # type: ignore[no-untyped-call]
                total += loss.item()
            nn.utils.clip_grad_norm_(model.score.parameters(), 10.0)
            adam.step()
            cycle.step()
        print(f"epoch {epoch} loss {total * options.batch / len(order):.4f}", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    loop.save(options.out / "best.pt", {"average": model.state_dict()})
    return 0


def _all_read(
    body: ArticleNetBody, scenes: Sequence[Scene], into: ArticleInput
) -> Iterator[NeckMaps]:
    """Every photo, street photos also mirrored; of the others every second one is."""
    body.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for index, scene in enumerate(tqdm(scenes, desc="read", mininterval=10)):
        street = scene.kind == "street"
        yield read(body, scene, into, flip=not street and index % 2 == 1)
        if street:
            yield read(body, scene, into, flip=True)
