"""Average precision, mask overlap and product figures of a network that finds articles."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.evaluate import coco
from thatlook.evaluate.detection.matching import Found, TruthBoxes, above_thresholds, match_boxes
from thatlook.vision.stages.article import ArticleStage, Planes

if TYPE_CHECKING:
    from thatlook.data.scenes import Scene


Floats = NDArray[np.float32]


Pixels = NDArray[np.uint8]


MIN_SCORE: Final = 0.02
"""Curves are drawn down to this score."""

MAIN: Final = ("topwear", "bottomwear", "footwear")


SHOP: Final = ("topwear", "bottomwear", "dress", "footwear", "bag", "headwear", "eyewear")
"""The product categories of the one figure `product`."""


def found_in(stage: ArticleStage, image: Pixels, min_score: float | None = None) -> Found:
    """The detections of a photo above `min_score` (None: the stage's thresholds)."""
    seen = stage.detect(image, min_score)
    return seen.boxes, seen.scores, seen.labels


def average_precision(truth: Sequence[TruthBoxes], found: Sequence[Found]) -> dict[str, float]:
    """COCO AP by pycocotools: `ap50` and `ap` over CATEGORIES, `main_ap50` over topwear,
    bottomwear and footwear, and AP50 of every class. NaN for a class without a label.
    """
    return ap_figures(precision_table(truth, found))


def precision_table(truth: Sequence[TruthBoxes], found: Sequence[Found]) -> coco.Table:
    """Precision by IoU threshold, recall, class and area, as `coco.judged` gives it."""
    return coco.judged(len(truth), DETECTOR_CLASSES, *as_coco(truth, found))


def as_coco(
    truth: Sequence[TruthBoxes], found: Sequence[Found]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Labels and detections as COCO writes them."""
    notes: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for i, (photo, (boxes, scores, labels)) in enumerate(zip(truth, found, strict=True)):
        for box, label in zip(photo.boxes.tolist(), photo.labels.tolist(), strict=True):
            sides = coco.sides(box)
            note = {"image_id": i, "category_id": label}
            notes.append(note | {"bbox": sides, "area": sides[2] * sides[3]})
        for box, score, label in zip(boxes.tolist(), scores.tolist(), labels.tolist(), strict=True):
            result = {"image_id": i, "category_id": label, "score": score}
            results.append(result | {"bbox": coco.sides(box)})
    return notes, results


def ap_figures(table: coco.Table) -> dict[str, float]:
    """The figures of `average_precision` from its table."""
    per = {name: table[:, :, k, 0] for k, name in enumerate(DETECTOR_CLASSES)}
    out = {
        "ap50": coco.average_of([coco.average(per[c][0]) for c in CATEGORIES]),
        "ap": coco.average_of([coco.average(per[c]) for c in CATEGORIES]),
        "main_ap50": coco.average_of([coco.average(per[c][0]) for c in MAIN]),
    }
    return out | {f"ap50_{name}": coco.average(values[0]) for name, values in per.items()}


def mask_overlap(
    masks: NDArray[np.floating[Any]], truth: Pixels, boxes: Floats, labels: NDArray[np.int64]
) -> dict[str, float]:
    """IoU per category inside boxes of one photo: the labelled ones, or found ones.

    `masks` (k, h, w) probabilities and `truth` (h, w) category numbers from 1, of one size;
    `boxes` in their pixels. Pixels of 255 count nowhere.
    """
    out = {}
    for box, label in zip(boxes.round().astype(int), labels, strict=True):
        if label >= len(CATEGORIES):
            continue
        inside = np.s_[max(box[1], 0) : box[3], max(box[0], 0) : box[2]]
        sure = truth[inside] != 255
        want, have = (truth[inside] == label + 1) & sure, (masks[label][inside] > 0.5) & sure
        if want.any():
            out[CATEGORIES[label]] = float((want & have).sum() / (want | have).sum())
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a network said of labelled photos: detections above MIN_SCORE, mask overlaps by category
    in labelled boxes and in the right ones of its own above the `thresholds` in use
    (DETECTOR_CLASSES,), the median time of one photo in milliseconds.
    """

    found: tuple[Found, ...]
    masks: dict[str, list[float]]
    found_masks: dict[str, list[float]]
    median_ms: float
    thresholds: NDArray[np.float32]


def median_ms(stage: ArticleStage, scenes: Sequence[Scene], most: int = 60) -> float:
    """The median time of a photo at the score in use, of the first `most` photos.

    Apart from what is measured else: candidates far below that score are for the curves alone, and
    masks are compared with threads that would compete with the network's.
    """
    from thatlook.data.scenes import photo

    times = []
    for scene in scenes[:most]:
        image = photo(scene.path)
        started = time.perf_counter()
        stage.detect(image)
        times.append(time.perf_counter() - started)
    return float(np.median(times) * 1000) if times else float("nan")


def predict(stage: ArticleStage, scenes: Sequence[Scene]) -> Predictions:
    """What the network says of `scenes`."""
    from thatlook.data.scenes import photo

    median = median_ms(stage, scenes)
    found = []
    overlaps: dict[str, list[float]] = defaultdict(list)
    inside: dict[str, list[float]] = defaultdict(list)
    for scene in scenes:
        image = photo(scene.path)
        seen = stage.detect(image, MIN_SCORE)
        detections, planes = (seen.boxes, seen.scores, seen.labels), seen.planes
        # Nobody looked for the classes that are not labelled: finding them is no mistake.
        known = scene.known[detections[2]]
        found.append((detections[0][known], detections[1][known], detections[2][known]))
        if scene.mask is not None and planes is not None:
            labelled = (scene.boxes, scene.labels)
            for into, boxes in (
                (overlaps, labelled),
                (inside, _right(scene, found[-1], stage.thresholds)),
            ):
                for name, value in _overlaps(scene.mask, boxes, planes, image).items():
                    into[name].append(value)
    return Predictions(
        tuple(found), dict(sorted(overlaps.items())), dict(inside), median, stage.thresholds
    )


def _right(
    scene: Scene, found: Found, thresholds: NDArray[np.float32]
) -> tuple[Floats, NDArray[np.int64]]:
    """The boxes found where a label of their class is, above its threshold, with their classes."""
    sure = above_thresholds(found, thresholds)
    pairs = match_boxes(scene, sure).pairs
    kept = [j for i, j in pairs if scene.labels[i] == sure[2][j]]
    return sure[0][kept].astype(np.float32), sure[2][kept].astype(np.int64)


def _overlaps(
    mask: Path, labelled: tuple[Floats, NDArray[np.int64]], planes: Planes, image: Pixels
) -> dict[str, float]:
    from thatlook.data.scenes import street_mask

    sx, sy = planes.scale
    size = (round(image.shape[1] * sx), round(image.shape[0] * sy))
    truth = street_mask(mask, size)[0]
    boxes = (labelled[0] * np.array([sx, sy, sx, sy])).astype(np.float32)
    return mask_overlap(planes.values[:, : size[1], : size[0]], truth, boxes, labelled[1])


def mask_figures(answers: Predictions) -> dict[str, float]:
    """`mask_iou`, the mean over categories, and the mean of each, in labelled boxes; `mask_found`,
    the mean over categories in the right boxes of the network's own. Nothing without masks.
    """
    means = {f"mask_{name}": float(np.mean(values)) for name, values in answers.masks.items()}
    inside = [float(np.mean(values)) for values in answers.found_masks.values()]
    out = {"mask_iou": float(np.mean(list(means.values())))} if means else {}
    return out | ({"mask_found": float(np.mean(inside))} if inside else {}) | means


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A product photo and what was found in it above the thresholds in use."""

    scene: Scene
    found: Found

    @property
    def hit(self) -> bool:
        """Whether the product's own category is among the detections."""
        return bool((self.found[2] == CATEGORIES.index(self.scene.hint)).any())


def shown_products(stage: ArticleStage, scenes: Sequence[Scene]) -> list[Shown]:
    """The product photos of a category with their detections."""
    from thatlook.data.scenes import photo

    return [
        Shown(scene, found_in(stage, photo(scene.path)))
        for scene in scenes
        if scene.hint in CATEGORIES
    ]


def product_figures(products: Sequence[Shown]) -> dict[str, float]:
    """The share of product photos with their own category among the detections: over SHOP
    together as `product`, and per category.
    """
    hits: dict[str, list[bool]] = defaultdict(list)
    for shown in products:
        hits[shown.scene.hint].append(shown.hit)
    together = [hit for name in SHOP for hit in hits.get(name, [])]
    out = {"product": float(np.mean(together))} if together else {}
    return out | {f"product_{name}": float(np.mean(seen)) for name, seen in sorted(hits.items())}
