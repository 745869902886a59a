"""Average precision, mask overlap and product categories of the article network.

Measured on photos kept apart (see `splits`); those with a `suit` region are left out.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.datasets import commands as label_audit
from thatlook.evaluate.report import Report, add_common, finish, session_of
from thatlook.evaluate.splits import split_of
from thatlook.image import fit_area
from thatlook.models.session import Session, to_batch
from thatlook.stages.article import select
from thatlook.taxonomy import CATEGORIES, DETECTOR_CLASSES

if TYPE_CHECKING:
    from thatlook.evaluate.data import Scene

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Found = tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]], NDArray[np.integer[Any]]]
"""Boxes (k, 4) in photo pixels, scores (k,), class indices (k,); best first."""
Network = Callable[[Pixels], tuple[Floats, Floats, Floats]]
"""Boxes (A, 4), scores (A, classes) and masks (k, h / 4, w / 4) of one canvas."""

AREA_PX: Final = 384 * 256
MAX_SIDE_PX: Final = 512
MULTIPLE_PX: Final = 32
LEAST: Final = 0.02
THRESHOLD: Final = 0.35
NMS_IOU: Final = 0.6
MAIN: Final = ("topwear", "bottomwear", "footwear")


def look_at(network: Network, image: Pixels, least: float = LEAST) -> tuple[Found, Floats]:
    """The detections in a photo above `least`, and the category masks at the photo's size / 4."""
    fitted = fit_area(image, AREA_PX, MAX_SIDE_PX, MULTIPLE_PX)
    boxes, scores, masks = network(fitted.canvas)
    thresholds = np.full(scores.shape[1], least, np.float32)
    kept, score, label = select(boxes, scores, thresholds, NMS_IOU)
    height, width = image.shape[:2]
    limit = np.array([width, height, width, height])
    return (np.clip(fitted.to_image(kept), 0, limit), score, label), masks


def average_precision(truth: Sequence[Scene], found: Sequence[Found]) -> dict[str, float]:
    """COCO AP by pycocotools: `ap50` and `ap` over CATEGORIES, `main_ap50` over topwear,
    bottomwear and footwear, and AP50 of every class. NaN for a class without a label.
    """
    judged = _judge(truth, found)
    table = judged[:, :, :, 0, 2]  # IoU thresholds, recalls, classes; all areas, 100 a photo
    per = {name: table[:, :, k] for k, name in enumerate(DETECTOR_CLASSES)}
    out = {
        "ap50": _known_mean([_mean(per[c][0]) for c in CATEGORIES]),
        "ap": _known_mean([_mean(per[c]) for c in CATEGORIES]),
        "main_ap50": _known_mean([_mean(per[c][0]) for c in MAIN]),
    }
    return out | {f"ap50_{name}": _mean(values[0]) for name, values in per.items()}


def _judge(truth: Sequence[Scene], found: Sequence[Found]) -> NDArray[np.float64]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    notes: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for i, (scene, (boxes, scores, labels)) in enumerate(zip(truth, found, strict=True)):
        for box, label in zip(scene.boxes.tolist(), scene.labels.tolist(), strict=True):
            note = {"id": len(notes) + 1, "image_id": i, "category_id": label, "iscrowd": 0}
            sides = _sides(box)
            notes.append(note | {"bbox": sides, "area": sides[2] * sides[3]})
        for box, score, label in zip(boxes.tolist(), scores.tolist(), labels.tolist(), strict=True):
            results.append(
                {"image_id": i, "category_id": label, "bbox": _sides(box), "score": score}
            )
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "info": {},
            "images": [{"id": i} for i in range(len(truth))],
            "annotations": notes,
            "categories": [{"id": k, "name": name} for k, name in enumerate(DETECTOR_CLASSES)],
        }
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(results), "bbox")
        judge.evaluate()
        judge.accumulate()
    precision: NDArray[np.float64] = judge.eval["precision"]
    return precision


def _sides(box: Sequence[float]) -> list[float]:
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]


def _mean(values: NDArray[np.float64]) -> float:
    seen = values[values > -1]
    return float(seen.mean()) if seen.size else float("nan")


def _known_mean(values: Sequence[float]) -> float:
    return _mean(np.array([-1.0 if np.isnan(v) else v for v in values]))


def mask_overlap(
    masks: Floats, truth: Pixels, boxes: Floats, labels: NDArray[np.int64]
) -> dict[str, float]:
    """IoU per category inside the labelled boxes of one photo.

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


def street_figures(network: Network, scenes: Sequence[Scene]) -> dict[str, float]:
    """Box and mask figures and the median time on labelled street photos."""
    from thatlook.evaluate.data import photo, street_mask

    found, overlaps, times = [], defaultdict(list), []
    for scene in scenes:
        image = photo(scene.path)
        started = time.perf_counter()
        detections, masks = look_at(network, image)
        times.append(time.perf_counter() - started)
        found.append(detections)
        if scene.mask is not None:
            size = (image.shape[1], image.shape[0])
            fitted = fit_area(image, AREA_PX, MAX_SIDE_PX, MULTIPLE_PX)
            scale = np.array([fitted.sx, fitted.sy] * 2, np.float32) / 4
            small = (round(size[0] * scale[0]), round(size[1] * scale[1]))
            truth = street_mask(scene.mask, small)[0]
            part = masks[:, : small[1], : small[0]]
            for name, value in mask_overlap(
                part, truth, (scene.boxes * scale).astype(np.float32), scene.labels
            ).items():
                overlaps[name].append(value)
    means = {f"mask_{name}": float(np.mean(values)) for name, values in sorted(overlaps.items())}
    out = average_precision(scenes, found)
    if means:
        out["mask_iou"] = float(np.mean(list(means.values())))
    return out | means | {"median_ms": float(np.median(times) * 1000)}


def product_figures(network: Network, scenes: Sequence[Scene]) -> dict[str, float]:
    """The share of product photos with their own category among the detections, per category."""
    from thatlook.evaluate.data import photo

    hits: dict[str, list[bool]] = defaultdict(list)
    for scene in scenes:
        if scene.hint in CATEGORIES:
            (_, _, labels), _ = look_at(network, photo(scene.path), THRESHOLD)
            hits[scene.hint].append(bool((labels == CATEGORIES.index(scene.hint)).any()))
    return {f"product_{name}": float(np.mean(seen)) for name, seen in sorted(hits.items())}


def network_of(session: Session) -> Network:
    """The session as the figures want it: one canvas in, its outputs without the batch axis."""

    def run(canvas: Pixels) -> tuple[Floats, Floats, Floats]:
        out = session.run({"image": to_batch([canvas], session.spec)})
        return out["boxes"][0], out["scores"][0], out["masks"][0]

    return run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the protocol's options to `parser`."""
    add_common(parser)
    parser.add_argument("--no-products", action="store_true", help="street photos only")
    label_audit.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Audit labels where --audit asks; else measure, print the table, write --json.

    Returns the exit status. Raises SettingsError without --data or --audit.
    """
    if args.audit:
        return label_audit.run(args, split_of)
    from thatlook.evaluate.data import product_scenes, street_scenes

    session = session_of(args, "article")
    network = network_of(session)
    data = Path(args.data)
    street = [s for s in street_scenes(data / "street") if s.split == "val" and s.kind == "street"]
    figures = street_figures(network, street)
    if not args.no_products:
        products = [s for s in product_scenes(data / "catalog") if s.split == "val"]
        figures |= product_figures(network, products)
    return finish(args, Report("Articles", session.spec, figures))
