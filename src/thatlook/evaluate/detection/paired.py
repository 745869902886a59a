"""Two networks on the same labelled photos: the difference of each figure with its interval.

Photos are resampled, the same for both networks (the paired percentile bootstrap: Efron and
Tibshirani, An Introduction to the Bootstrap, 1993), and average precision is counted anew in each
resample: the photos that are hard are hard for both, so the difference is known better than either
figure.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.evaluate import coco
from thatlook.evaluate.detection.matching import Found, TruthBoxes
from thatlook.evaluate.detection.metrics import MAIN, as_coco
from thatlook.evaluate.report import Report
from thatlook.evaluate.retrieval.metrics import Bootstrap, Estimate
from thatlook.render import page
from thatlook.vision.models.registry import ModelSpec

Floats = NDArray[np.float64]

RECALLS: Final = np.linspace(0, 1, 101)


def resampled(
    truth: Sequence[TruthBoxes], found: Sequence[Found], counts: Floats
) -> dict[str, Floats]:
    """The figures of `average_precision`, each (rounds,): one for each resample.

    `counts` (rounds, photos) says how often each photo is in each resample. NaN where a resample
    has no label of a class.
    """
    ranked = coco.ranked(len(truth), DETECTOR_CLASSES, *as_coco(truth, found))
    per = {
        name: _precisions(one, counts) for name, one in zip(DETECTOR_CLASSES, ranked, strict=True)
    }
    out = {
        "ap50": _mean([per[name][0] for name in CATEGORIES]),
        "ap": _mean([per[name].mean(axis=0) for name in CATEGORIES]),
        "main_ap50": _mean([per[name][0] for name in MAIN]),
    }
    return out | {f"ap50_{name}": values[0] for name, values in per.items()}


def _mean(columns: Sequence[Floats]) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a resample without any label
        found: Floats = np.nanmean(np.stack(columns), axis=0)
    return found


def _precisions(ranked: coco.Ranked, counts: Floats) -> Floats:
    """Average precision (overlap thresholds, rounds), as COCO counts it."""
    labels = counts @ ranked.labels
    known = labels > 0
    out = np.full((len(ranked.right), len(counts)), np.nan)
    weights = counts[known][:, ranked.photo]
    seen = np.cumsum(weights, axis=1)
    for threshold, right in enumerate(ranked.right):
        hits = np.cumsum(weights * right, axis=1)
        recall = hits / labels[known][:, None]
        precision = hits / np.maximum(seen, 1)
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        out[threshold, known] = [_area(*row) for row in zip(recall, best, strict=True)]
    return out


def _area(recall: Floats, best: Floats) -> float:
    """The mean of the best precision from each of RECALLS on; 0 for recalls never reached."""
    places = np.searchsorted(recall, RECALLS, side="left")
    return float(best[places[places < len(best)]].sum()) / len(RECALLS)


def differences(
    truth: Sequence[TruthBoxes], networks: Sequence[Sequence[Found]], rounds: int
) -> dict[str, Estimate]:
    """By figure, what the second of two networks has more than the first, with its 95 % interval.

    Figures of classes without a label are left out.
    """
    bootstrap = Bootstrap(len(truth), rounds)
    all_once = np.ones((1, len(truth)))
    counts = np.concatenate([all_once, bootstrap.counts])  # the first is the data itself
    first, second = (resampled(truth, found, counts) for found in networks)
    return {
        name: _estimate(second[name] - first[name], len(truth))
        for name in first
        if not np.isnan(first[name][0])
    }


def _estimate(values: Floats, photos: int) -> Estimate:
    low, high = np.nanquantile(values[1:], [0.025, 0.975])
    return Estimate(float(values[0]), float(low), float(high), photos)


def add_beside(
    report: Report, spec: ModelSpec, figures: Mapping[str, float], found: Mapping[str, Estimate]
) -> None:
    """Tells what another network, `spec`, has more than the report's: as a table and as lines."""
    report.details["beside"] = {
        "id": spec.id,
        "sha256": spec.sha256,
        "metrics": {name: figures[name] for name in found},
        "difference": {name: one.to_list() for name, one in found.items()},
    }
    rows = [
        (name, report.figures[name], figures[name], f"{one.value:+.4f}", _range(one))
        for name, one in found.items()
    ]
    heads = ("figure", report.spec.id, spec.id, "difference", "95 % interval")
    lead = "Photos are resampled, the same for both. Where 0 lies within, neither is surely better."
    report.add(f"{spec.id} beside {report.spec.id}", page.table(heads, rows), lead=lead)
    wide = max(map(len, found), default=0)
    report.lines.append(f"{spec.id} {spec.sha256[:12]} minus {report.spec.id}, 95 % intervals")
    report.lines += [
        f"  {name:<{wide}}  {one.value:+8.4f}  ({_range(one)})" for name, one in found.items()
    ]


def _range(one: Estimate) -> str:
    return f"{one.low:+.4f} to {one.high:+.4f}"
