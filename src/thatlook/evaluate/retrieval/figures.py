"""The figures of the trials: those that an entry keeps, and those that stand side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from thatlook.evaluate.retrieval.encoders import NETWORK
from thatlook.evaluate.retrieval.metrics import Estimate
from thatlook.evaluate.retrieval.results import TrialResult

HEADS: Final = {
    "r1": "Recall@1",
    "r5": "Recall@5",
    "r10": "Recall@10",
    "r20": "Recall@20",
    "map10": "mAP@10",
    "ndcg10": "nDCG@10",
    "p10": "precision@10",
    "p10_ceiling": "its ceiling",
}
MAIN: Final = {
    "same type, products kept apart": "p10_type",
    "same color": "p10_color",
    "both": "p10_both",
    "scene to product, boxes found, Recall@1": "rendered_detected_r1",
    "degraded photo finds itself, Recall@1": "degraded_r1",
    "your pairs, Recall@10": "pairs_r10",
    "your feed, both": "feed_p10_both",
}
MEANINGS: Final = {
    "p10": "precision@10 within category and gender, products kept apart among themselves",
    "shop_p10": "the same queries among all products",
    "shop_mixed_p10": "the same, types weighted by their shares of the shop: groups of "
    "near-duplicates fall to one side whole, so the side kept apart is mixed otherwise",
    "feed_p10": "precision@10 within category and gender, products of the feed",
    "both": "answers of the same type and color, products kept apart among themselves",
    "rendered": "rendered scene to product among all products, true boxes",
    "rendered_category": "the same, among products of the category",
    "rendered_detected": "the same queries with the boxes that the article network finds",
    "rendered_apart": "of scenes kept apart from training: true boxes",
    "rendered_detected_apart": "of scenes kept apart from training: boxes found",
    "pairs": "your pairs: scene to product among all products, true boxes",
    "pairs_category": "the same, among products of the category",
    "pairs_detected": "the same queries with the boxes that the article network finds",
    "feed_both": "answers of the same type and color, products of the feed",
    "flatlay": "flat-lay photos, the same garment label, other senders",
    "degraded": "a degraded product photo finds itself, or its very picture under another id, "
    "among all products",
    "degraded_by_id": "the same, where only its own id counts and a tie counts against it",
    "half_precision": "the most that storage in half precision loses in precision@10 of products, "
    "and in Recall@1 of degraded photos, in points",
}
DASH: Final = "\u2060\u2013\u2060"
"""An en dash at which no line ends."""
APART: Final = "scene kept apart"
ATTRIBUTES: Final = ("apart", "shop", "feed")
"""Trials of products alike by their words."""
_FOUND: Final = ("r1", "r10")
"""The main figures of the others."""


def figures_of(results: Sequence[TrialResult]) -> dict[str, float]:
    """The figures that an entry's `metrics` keep: of the network, without their intervals."""
    out: dict[str, float] = {}
    for result in results:
        alike = result.trial.name in ATTRIBUTES
        out |= _alike(result) if alike else _found(result)
    costs = [cost for result in results for cost in _storage(result)]
    return out | ({"half_precision": max(costs)} if costs else {})


def _alike(result: TrialResult) -> dict[str, float]:
    """Of a trial of products alike by their words."""
    name, notions = result.trial.name, result.trial.notions
    head = "" if name == "apart" else f"{name}_"
    out = {f"{head}p10_{kind}": result.figure("p10", kind).value for kind in notions}
    if name == "shop":
        mixed = {f"{name}_mixed_p10_{kind}": result.mixed("p10", kind).value for kind in notions}
        return out | mixed  # the rest is for products that no training saw
    for kind in notions:
        out[f"{head}p10_{kind}_ceiling"] = result.figure("p10_ceiling", kind).value
    for metric in ("r1", "r10", "map10", "ndcg10"):
        out[f"{head}both_{metric}"] = result.figure(metric).value
    return out


def _found(result: TrialResult) -> dict[str, float]:
    """Of a trial of one answer per query, or of labels."""
    name = result.trial.name
    metrics = ("r1", "p10", "map10") if name == "flatlay" else ("r1", "r10")
    out = {f"{name}_{metric}": result.figure(metric).value for metric in metrics}
    if name == "degraded":
        out["degraded_by_id_r1"] = result.figure("r1", "product").value
    if name in {"rendered", "rendered_detected"}:
        apart = result.by_subset(("r1", "r10"))[APART]
        out |= {f"{name}_apart_{metric}": one.value for metric, one in apart.items()}
    return out


def _storage(result: TrialResult) -> list[float]:
    """What half precision costs the figures of a shop, in points.

    Recall of a few hundred queries is left out: one query that flips is more than a tenth of a
    point there. The tables have it.
    """
    lost = result.half_costs()
    if result.trial.name == "degraded":
        return [lost[f"{result.trial.main}_r1"]]
    if result.trial.name in ATTRIBUTES:
        return [lost[f"{kind}_p10"] for kind in result.trial.notions]
    return []


def compared(results: Sequence[TrialResult], missing: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Per trial its main figures: of the network, of each baseline, and what half precision
    changes.
    """
    names = baselines(results, missing)
    return [
        (
            line.title,
            line.notion,
            HEADS[line.metric],
            figure_text(line.of(NETWORK)),
            *(
                figure_text(line.of(name)) if name in result.encoders else "missing"
                for name in names
            ),
            line.changed,
        )
        for result in results
        for line in _headlines(result)
    ]


def differences(
    results: Sequence[TrialResult], beside: str
) -> list[tuple[str, str, str, Estimate]]:
    """Per trial, answer and main figure, what the encoder `beside` has more than the network."""
    return [
        (result.trial.title, notion, metric, result.difference(metric, notion, beside))
        for result in results
        for notion, metric in _asked(result)
    ]


def beside_text(results: Sequence[TrialResult], beside: str) -> str:
    """The differences as lines of text."""
    lines = [
        f"  {title}, {notion}, {HEADS[metric]}: {difference_text(one)}"
        for title, notion, metric, one in differences(results, beside)
    ]
    return "\n".join([f"{beside} minus the network, 95 % intervals", *lines]) + "\n"


def difference_text(one: Estimate) -> str:
    """A difference with its interval, such as "+0.012 (-0.01 to +0.03)"."""
    if not one.count:
        return "no data"
    return f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})"


def _asked(result: TrialResult) -> list[tuple[str, str]]:
    """The answers and metrics of a trial's main figures."""
    trial = result.trial
    if trial.name in ATTRIBUTES:
        return [(notion, "p10") for notion in trial.notions]
    return [(trial.main, metric) for metric in _FOUND]


class _Headline(NamedTuple):
    """A main figure of a trial: `of` an encoder, and what half precision `changed` of it."""

    title: str
    notion: str
    metric: str
    of: Callable[[str], Estimate]
    changed: str


def _headlines(result: TrialResult) -> list[_Headline]:
    trial, asked = result.trial, _asked(result)
    lines = [
        _Headline(
            trial.title,
            notion,
            metric,
            partial(result.figure, metric, notion),
            f"{_changed(result, notion, metric):+.2f}",
        )
        for notion, metric in asked
    ]
    if trial.proportions is not None:
        title = f"{trial.title}, types mixed as there"
        lines += [
            _Headline(title, notion, metric, partial(result.mixed, metric, notion), "")
            for notion, metric in asked
        ]
    return lines


def text_of(results: Sequence[TrialResult], missing: Mapping[str, str]) -> str:
    """The same as lines of text."""
    heads = ("trial", "answer", "figure", "network", *baselines(results, missing), "half")
    rows = [heads, *([c.replace(DASH, "-") for c in row] for row in compared(results, missing))]
    widths = [max(len(row[k]) for row in rows) for k in range(len(heads))]
    return "".join(
        "  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )


def baselines(results: Sequence[TrialResult], missing: Mapping[str, str]) -> list[str]:
    """The names of the baselines, those that are missing last."""
    names = {name: None for result in results for name in result.encoders if name != NETWORK}
    return [*names, *missing]


def _changed(result: TrialResult, notion: str, metric: str) -> float:
    """What half precision changes, in points, without a negative zero."""
    return round(-result.half_costs()[f"{notion}_{metric}"], 2) + 0.0


def figure_text(one: Estimate) -> str:
    """A figure with its interval, such as "0.632 (0.54-0.71)"; a line may end at the space."""
    if not one.count:
        return "no data"
    return f"{one.value:.3f} ({one.low:.2f}{DASH}{one.high:.2f})"
