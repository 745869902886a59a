"""The report of the trials: figures, tables with intervals, curves and boards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from thatlook.evaluate.report import Report
from thatlook.evaluate.retrieval.boards import boards
from thatlook.evaluate.retrieval.encoders import NETWORK
from thatlook.evaluate.retrieval.metrics import DEPTHS
from thatlook.evaluate.retrieval.results import METRICS, Budget, Result, budgets
from thatlook.evaluate.retrieval.trials import Estimate
from thatlook.graphics import page, svg
from thatlook.models.registry import ModelSpec

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


def report_of(
    spec: ModelSpec, results: Sequence[Result], missing: Mapping[str, str], data: str
) -> Report:
    """The report. `missing` says which baselines could not be measured, and why."""
    report = Report("Retrieval", spec, figures_of(results), data=data)
    report.main, report.meanings = MAIN, MEANINGS
    found = list(budgets(results))
    report.details = {
        "baselines_missing": dict(missing),
        "error_budget": {budget.name: budget.to_dict() for budget in found},
        "trials": {result.trial.name: result.to_dict() for result in results},
    }
    _overview(report, results, missing, found)
    for result in results:
        _trial(report, result, missing)
    return report


def figures_of(results: Sequence[Result]) -> dict[str, float]:
    """The figures that an entry's `metrics` keep: of the network, without their intervals."""
    out: dict[str, float] = {}
    for result in results:
        name = result.trial.name
        if name in ATTRIBUTES:
            head = "" if name == "apart" else f"{name}_"
            for kind in result.trial.notions:
                out[f"{head}p10_{kind}"] = result.figure("p10", kind).value
            if name == "shop":
                continue
            for kind in result.trial.notions:
                out[f"{head}p10_{kind}_ceiling"] = result.figure("p10_ceiling", kind).value
            for metric in ("r1", "r5", "r10", "r20", "map10", "ndcg10"):
                out[f"{head}both_{metric}"] = result.figure(metric).value
        else:
            metrics = ("r1", "p10", "map10") if name == "flatlay" else ("r1", "r5", "r10", "r20")
            out |= {f"{name}_{metric}": result.figure(metric).value for metric in metrics}
            if name == "degraded":
                out["degraded_by_id_r1"] = result.figure("r1", "product").value
            apart = result.by_subset(("r1", "r10")).get(APART)
            if apart and name.startswith("rendered"):
                out |= {f"{name}_apart_{metric}": one.value for metric, one in apart.items()}
    costs = [cost for result in results for cost in _storage(result)]
    return out | ({"half_precision": max(costs)} if costs else {})


def _storage(result: Result) -> list[float]:
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


def _overview(
    report: Report, results: Sequence[Result], missing: Mapping[str, str], found: Sequence[Budget]
) -> None:
    lines = [page.words(budget.line()) for budget in found]
    if lines:
        lead = "What the article network's boxes cost, the same queries asked twice."
        report.add("What detection costs retrieval", *lines, lead=lead)
    rows = compared(results, missing)
    heads = ("trial", "answer", "figure", "network", *_baselines(results, missing))
    lead = (
        "With 95 % intervals from resampled queries. Half: what storing vectors in half precision "
        "changes, in points. "
    ) + " ".join(f"{name} is {why}." for name, why in missing.items())
    report.add("At a glance", page.table((*heads, "half"), rows), lead=lead)


def compared(results: Sequence[Result], missing: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Per trial its main figures: of the network, of each baseline, and what half precision
    changes.
    """
    names = _baselines(results, missing)
    return [
        (
            result.trial.title,
            notion,
            HEADS[metric],
            _told(result.figure(metric, notion)),
            *(
                _told(result.figure(metric, notion, name)) if name in result.encoders else "missing"
                for name in names
            ),
            f"{_changed(result, notion, metric):+.2f}",
        )
        for result in results
        for notion, metric in _headlines(result)
    ]


def _headlines(result: Result) -> list[tuple[str, str]]:
    """Notion and metric of a trial's main figures."""
    if result.trial.name in ATTRIBUTES:
        return [(notion, "p10") for notion in result.trial.notions]
    return [(result.trial.main, metric) for metric in ("r1", "r10")]


def text_of(results: Sequence[Result], missing: Mapping[str, str]) -> str:
    """The same as lines of text."""
    heads = ("trial", "answer", "figure", "network", *_baselines(results, missing), "half")
    rows = [heads, *([c.replace(DASH, "-") for c in row] for row in compared(results, missing))]
    widths = [max(len(row[k]) for row in rows) for k in range(len(heads))]
    return "".join(
        "  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )


def _baselines(results: Sequence[Result], missing: Mapping[str, str]) -> list[str]:
    names = {name: None for result in results for name in result.encoders if name != NETWORK}
    return [*names, *missing]


def _changed(result: Result, notion: str, metric: str) -> float:
    """What half precision changes, in points, without a negative zero."""
    return round(-result.half_costs()[f"{notion}_{metric}"], 2) + 0.0


def _trial(report: Report, result: Result, missing: Mapping[str, str]) -> None:
    trial = result.trial
    parts = [_counts(result), _figures(result, missing), _curves(result), _subsets(result)]
    report.add(trial.title, *parts, boards(result), lead=trial.lead)


def _counts(result: Result) -> str:
    counts = result.counts
    told = [f"{counts['queries']:,} queries among {counts['gallery']:,}"]
    words = {
        "pairings_left_out": "pairings with itself, or within one sender, are left out",
        "without_candidate": "queries have no candidate and count nowhere",
        "without_answer": "queries have no answer: not in Recall, mAP and nDCG, 0 in precision",
        "not_found": "queries were not found by the article network and are misses",
        "twins": "queries have their very picture in the gallery under another name",
    }
    told += [f"{counts[name]:,} {text}" for name, text in words.items() if counts[name]]
    unlabelled = [
        f"{sum(not word for word in notion.queries):,} queries have no {name} and are not asked"
        for name, notion in result.trial.notions.items()
        if not all(notion.queries)
    ]
    return page.words("; ".join((*told, *unlabelled)) + ".")


def _figures(result: Result, missing: Mapping[str, str]) -> str:
    rows = [
        (name, notion, *_row({m: result.figure(m, notion, name) for m in METRICS}))
        for notion in result.trial.notions
        for name in result.encoders
    ]
    rows += [(name, why, *("" for _ in METRICS)) for name, why in missing.items()]
    return page.table(("vectors", "answer", *HEADS.values()), rows)


def _row(figures: Mapping[str, Estimate]) -> list[str]:
    """A table's cells; the ceiling is of the labels and not of the network: without interval."""
    *measured, ceiling = METRICS
    most = figures[ceiling]
    shown = f"{most.value:.3f}" if most.count else "no data"
    return [*(_told(figures[metric]) for metric in measured), shown]


def _told(one: Estimate) -> str:
    """A figure with its interval, such as "0.632 (0.54-0.71)"; a line may end at the space."""
    if not one.count:
        return "no data"
    return f"{one.value:.3f} ({one.low:.2f}{DASH}{one.high:.2f})"


def _curves(result: Result) -> str:
    lines = {
        name: [(float(k), result.figure(f"r{k}", encoder=name).value) for k in DEPTHS]
        for name in result.encoders
    }
    return svg.curves(lines, svg.Axis("k", 0, max(DEPTHS)), svg.Axis("Recall@k"), dotted=True)


def _subsets(result: Result) -> str:
    rows = [(name, row["p10"].count, *_row(row)) for name, row in result.by_subset().items()]
    heads = ("queries", "how many", *HEADS.values())
    shown = page.table(heads, rows)
    heading = f"<h3>The network by category: {result.trial.main}</h3>"
    return heading + shown + (_by_attribute(result) if len(result.trial.notions) > 1 else "")


def _by_attribute(result: Result) -> str:
    """Precision per category by every notion, each beside its ceiling."""
    precision, ceiling = "p10", "p10_ceiling"
    found = {
        notion: result.by_subset((precision, ceiling), notion) for notion in result.trial.notions
    }
    heads = [head for notion in found for head in (notion, f"{notion}, ceiling")]
    rows = [
        (name, *(cell for one in found.values() for cell in _precise(one[name])))
        for name in next(iter(found.values()))
    ]
    shown = page.table(("queries", *heads), rows)
    return f"<h3>Precision@10 by category and attribute</h3>{shown}"


def _precise(row: Mapping[str, Estimate]) -> tuple[str, str]:
    most = row["p10_ceiling"]
    return _told(row["p10"]), f"{most.value:.3f}" if most.count else "no data"
