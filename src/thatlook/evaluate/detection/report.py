"""The report of the article protocol: tables, curves, the confusion matrix, the worst photos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES, PERSON_CLASS, SMALL_CATEGORIES
from thatlook.data.product_labels import AbsentCategories
from thatlook.evaluate import coco
from thatlook.evaluate.detection.absent import (
    absent_figures,
    false_positives,
    with_absent_categories,
)
from thatlook.evaluate.detection.matching import (
    Found,
    Matched,
    above_thresholds,
    confusion,
    match_boxes,
    precision_recall,
)
from thatlook.evaluate.detection.metrics import (
    Predictions,
    Shown,
    ap_figures,
    mask_figures,
    precision_table,
    product_figures,
)
from thatlook.evaluate.report import Report
from thatlook.render import page, svg
from thatlook.render.photo import Mark, color_of, figure
from thatlook.vision.models.registry import ModelSpec

if TYPE_CHECKING:
    from thatlook.data.scenes import Scene

WORST: Final = 36
MAIN_FIGURES: Final = {
    f"mAP50, {len(CATEGORIES)} categories": "ap50",
    "mAP50-95": "ap",
    "AP50 of topwear, bottomwear, footwear": "main_ap50",
    "mask IoU": "mask_iou",
    "products with their own category found": "product",
    "products with a bag, hat, glasses or scarf that is not there": "absent_small",
}
MEANINGS: Final = {
    "ap50": "COCO average precision at IoU 0.5; alone: the mean of all categories",
    "ap": "the same, mean over IoU 0.50 to 0.95",
    "main_ap50": "AP50 of topwear, bottomwear and footwear together",
    "mask": "IoU of the coarse mask inside labelled boxes; mask_iou: mean over categories",
    "product": "share of product photos with their category found at the threshold in use; alone: "
    "over topwear, bottomwear, dress, footwear, bag, headwear, eyewear",
    "false_positives": "detections of nothing per labelled photo, at the thresholds in use",
    "absent": "share of product photos without this category in which it is found, by eye; photos: "
    f"how many were looked at; small: any of {', '.join(SMALL_CATEGORIES)}",
    "median_ms": "time of one photo at the score in use, on this machine, for orientation",
}
RECALLS: Final = np.linspace(0, 1, 101)


def article_report(
    spec: ModelSpec,
    scenes: Sequence[Scene],
    seen: Predictions,
    products: Sequence[Shown],
    absent: AbsentCategories,
) -> Report:
    """The whole report of what a network said of labelled photos and product photos.

    `absent` says what is surely not in some of the product photos.
    """
    table = precision_table(scenes, seen.found)
    figures = ap_figures(table) | mask_figures(seen) | product_figures(products)
    report = Report("Articles", spec, figures | {"median_ms": seen.median_ms})
    report.main, report.meanings = MAIN_FIGURES, MEANINGS
    report.data = f"{len(scenes)} labelled photos, {len(products)} product photos"
    clear = [above_thresholds(found, seen.thresholds) for found in seen.found]
    matches = [match_boxes(scene, found) for scene, found in zip(scenes, clear, strict=True)]
    counts = confusion(scenes, clear, matches)
    _per_category(report, table, counts, figures, seen.thresholds)
    _curves(report, table)
    _confusion(report, counts)
    _worst(report, scenes, clear, matches)
    if scenes:
        report.figures["false_positives"] = float(counts[-1, : len(CATEGORIES)].sum() / len(scenes))
    if products:
        _missed_products(report, products)
    report.figures |= absent_figures(products, absent)
    _absent(report, products, absent)
    return report


def _per_category(
    report: Report,
    table: coco.Table,
    counts: NDArray[np.int64],
    figures: dict[str, float],
    thresholds: NDArray[np.float32],
) -> None:
    told = precision_recall(counts)
    rows = []
    for k, name in enumerate(DETECTOR_CLASSES):
        all_ious = coco.average(table[:, :, k, 0])
        mask = figures.get(f"mask_{name}", float("nan"))
        threshold = float(thresholds[k])
        row = (
            int(counts[k].sum()),
            figures[f"ap50_{name}"],
            all_ious,
            threshold,
            *told[name],
            mask,
        )
        rows.append((name, *row))
    heads = ("labels", "AP50", "AP50-95", "from score", "precision", "recall", "mask IoU")
    report.details["per_category"] = {
        row[0]: dict(zip(heads, row[1:], strict=True)) for row in rows
    }
    lead = "Precision and recall are those of detections from that score on, at IoU 0.5."
    report.add("Per category", page.table(("category", *heads), rows), lead=lead)


def _curves(report: Report, table: coco.Table) -> None:
    lines = {
        name: list(zip(RECALLS.tolist(), table[0, :, k, 0].tolist(), strict=True))
        for k, name in enumerate(DETECTOR_CLASSES)
        if table[0, 0, k, 0] > -1
    }
    report.details["precision_recall"] = lines
    colors = {name: color_of(name) for name in lines}
    plot = svg.curves(lines, svg.Axis("recall"), svg.Axis("precision"), colors)
    report.add("Precision and recall at IoU 0.5", plot)


def _confusion(report: Report, counts: NDArray[np.int64]) -> None:
    names = [*DETECTOR_CLASSES, "nothing"]
    report.details["confusion"] = {"labelled_then_found": names, "counts": counts.tolist()}
    lead = (
        "At the thresholds in use. A detection counts for the label it overlaps by IoU 0.5 or "
        "more, one of its own category first. The last column holds labels that were missed, the "
        "last row detections where nothing is labelled."
    )
    report.add("What is taken for what", svg.matrix(names, names, counts.tolist()), lead=lead)


def _worst(
    report: Report, scenes: Sequence[Scene], found: Sequence[Found], matches: Sequence[Matched]
) -> None:
    errors = [m.errors(s, f) for s, f, m in zip(scenes, found, matches, strict=True)]
    order = sorted(range(len(scenes)), key=lambda i: (-errors[i], scenes[i].path.name))
    shown = [i for i in order[:WORST] if errors[i]]
    report.details["worst"] = [{"photo": scenes[i].path.name, "errors": errors[i]} for i in shown]
    figures = [_photo(scenes[i], found[i], matches[i], errors[i]) for i in shown]
    lead = "Dashed: labelled and missed or mistaken. Solid: found, with its score. Worst first."
    report.add("Photos with most errors", page.sheet(figures), lead=lead)


def _photo(scene: Scene, found: Found, match: Matched, errors: int) -> Markup:
    from thatlook.data.scenes import photo

    names = [DETECTOR_CLASSES[label] for label in scene.labels]
    missed = ", ".join(names[i] for i in match.false_negatives)
    extra = ", ".join(DETECTOR_CLASSES[found[2][j]] for j in match.false_positives)
    wrong = ", ".join(
        f"{names[i]} as {DETECTOR_CLASSES[found[2][j]]}"
        for i, j in match.pairs
        if scene.labels[i] != found[2][j]
    )
    told = (("not found", missed), ("false positive", extra), ("confused", wrong))
    caption = [f"{scene.path.name}: {errors}", *(f"{word} {t}" for word, t in told if t)]
    unclear = {
        *match.false_negatives,
        *(i for i, j in match.pairs if scene.labels[i] != found[2][j]),
    }
    marks = [
        Mark(scene.boxes[i].tolist(), names[i], color_of(names[i]), dashed=True)
        for i in sorted(unclear)
    ]
    worn = found[2] != DETECTOR_CLASSES.index(PERSON_CLASS)
    shown = marks_of((found[0][worn], found[1][worn], found[2][worn]))
    return figure(photo(scene.path), caption, marks + shown)


def marks_of(found: Found) -> list[Mark]:
    """The detections as boxes to draw."""
    boxes, scores, labels = found
    names = [DETECTOR_CLASSES[label] for label in labels]
    return [
        Mark(box, f"{name} {score:.2f}", color_of(name))
        for box, score, name in zip(boxes.tolist(), scores.tolist(), names, strict=True)
    ]


def _missed_products(report: Report, products: Sequence[Shown]) -> None:
    from thatlook.data.scenes import photo

    missed = [shown for shown in products if not shown.hit]
    listed: list[dict[str, Any]] = [
        {"photo": s.scene.path.name, "category": s.scene.hint, "kind": s.scene.kind} for s in missed
    ]
    report.details["products_not_found"] = listed
    per = {}
    for name in sorted({shown.scene.hint for shown in products}):
        mine = [shown for shown in products if shown.scene.hint == name]
        lone = [shown for shown in mine if shown.scene.kind == "product"]
        worn = [shown for shown in mine if shown.scene.kind == "model"]
        per[name] = (len(mine), _share(mine), len(lone), _share(lone), len(worn), _share(worn))
    heads = ("category", "photos", "found", "alone", "found", "worn", "found")
    sheet = page.sheet(
        figure(photo(s.scene.path), [f"{s.scene.path.name}: {s.scene.hint}"], marks_of(s.found))
        for s in missed[:WORST]
    )
    lead = "Whether the product's own category is among the detections at the threshold in use."
    rows = [(name, *row) for name, row in per.items()]
    report.add("Product photos", page.table(heads, rows), sheet, lead=lead)


def _absent(report: Report, products: Sequence[Shown], absent: AbsentCategories) -> None:
    wrong = [
        (s, false_positives(s, names)) for s, names in with_absent_categories(products, absent)
    ]
    worst = sorted((one for one in wrong if one[1]), key=lambda one: -len(one[1]))
    if not wrong:
        return
    report.details["absent_found"] = {s.scene.path.name: sorted(names) for s, names in worst}
    sheet = page.sheet(_wrong_product(s, names) for s, names in worst[:WORST])
    lead = (
        f"Of {len(wrong)} product photos that somebody looked at, {len(worst)} have a detection of "
        "something that is not there."
    )
    report.add("Found and not there", sheet, lead=lead)


def _wrong_product(shown: Shown, names: set[str]) -> Markup:
    from thatlook.data.scenes import photo

    caption = [f"{shown.scene.path.name}: {', '.join(sorted(names))}"]
    return figure(photo(shown.scene.path), caption, marks_of(shown.found))


def _share(products: Sequence[Shown]) -> float:
    return float(np.mean([shown.hit for shown in products])) if products else float("nan")
