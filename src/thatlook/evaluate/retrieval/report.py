"""The report of the trials: figures, tables with intervals, curves and boards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from thatlook.evaluate.report import Report
from thatlook.evaluate.retrieval.boards import boards
from thatlook.evaluate.retrieval.figures import (
    HEADS,
    MAIN,
    MEANINGS,
    baselines,
    compared,
    difference_text,
    differences,
    figure_text,
    figures_of,
)
from thatlook.evaluate.retrieval.metrics import DEPTHS, Estimate
from thatlook.evaluate.retrieval.results import METRICS, ErrorBudget, TrialResult, budgets
from thatlook.render import page, svg
from thatlook.vision.models.registry import ModelSpec


def retrieval_report(
    spec: ModelSpec,
    results: Sequence[TrialResult],
    missing: Mapping[str, str],
    data: str,
    beside: str = "",
) -> Report:
    """The report. `missing` says which baselines could not be measured, and why; `beside` names
    the encoder whose differences to the network are told ("" for none).
    """
    report = Report("Retrieval", spec, figures_of(results), data=data)
    report.main, report.meanings = MAIN, MEANINGS
    found = list(budgets(results))
    report.details = {
        "baselines_missing": dict(missing),
        "error_budget": {budget.name: budget.to_dict() for budget in found},
        "trials": {result.trial.name: result.to_dict() for result in results},
    }
    _overview(report, results, missing, found)
    if beside:
        _beside(report, results, beside)
    for result in results:
        _trial(report, result, missing)
    return report


def _overview(
    report: Report,
    results: Sequence[TrialResult],
    missing: Mapping[str, str],
    found: Sequence[ErrorBudget],
) -> None:
    lines = [page.words(budget.line()) for budget in found]
    if lines:
        lead = "What the article network's boxes cost, the same queries asked twice."
        report.add("What detection costs retrieval", *lines, lead=lead)
    rows = compared(results, missing)
    heads = ("trial", "answer", "figure", "network", *baselines(results, missing))
    lead = (
        "With 95 % intervals from resampled queries, near-duplicates together. Half: what storing "
        "vectors in half precision changes, in points. "
    ) + " ".join(f"{name} is {why}." for name, why in missing.items())
    report.add("At a glance", page.table((*heads, "half"), rows), lead=lead)


def _beside(report: Report, results: Sequence[TrialResult], beside: str) -> None:
    found = differences(results, beside)
    rows = [
        (title, notion, HEADS[metric], difference_text(one)) for title, notion, metric, one in found
    ]
    heads = ("trial", "answer", "figure", f"{beside} minus {report.spec.id}")
    lead = (
        "Queries are resampled, the same for both, with 95 % intervals. Where 0 lies within, "
        "neither is surely better."
    )
    report.add(f"{beside} beside {report.spec.id}", page.table(heads, rows), lead=lead)
    told: dict[str, dict[str, list[float]]] = {}
    names = [result.trial.name for result in results for _ in differences([result], beside)]
    for name, (_, notion, metric, one) in zip(names, found, strict=True):
        told.setdefault(name, {})[f"{notion}_{metric}"] = one.to_list()
    report.details["beside"] = {"id": beside, "difference": told}


def _trial(report: Report, result: TrialResult, missing: Mapping[str, str]) -> None:
    trial = result.trial
    parts = [_counts(result), _figures(result, missing), _curves(result), _subsets(result)]
    report.add(trial.title, *parts, boards(result), lead=trial.lead)


def _counts(result: TrialResult) -> Markup:
    counts = result.counts
    lines = [f"{counts['queries']:,} queries among {counts['gallery']:,}"]
    words = {
        "pairings_left_out": "pairings with itself, or within one sender, are left out",
        "without_candidate": "queries have no candidate and count nowhere",
        "without_answer": "queries have no answer: not in Recall, mAP and nDCG, 0 in precision",
        "not_found": "queries were not found by the article network and are misses",
        "twins": "queries have their very picture in the gallery under another name",
    }
    lines += [f"{counts[name]:,} {text}" for name, text in words.items() if counts[name]]
    unlabelled = [
        f"{sum(not word for word in notion.queries):,} queries have no {name} and are not asked"
        for name, notion in result.trial.notions.items()
        if not all(notion.queries)
    ]
    return page.words("; ".join((*lines, *unlabelled)) + ".")


def _figures(result: TrialResult, missing: Mapping[str, str]) -> Markup:
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
    return [*(figure_text(figures[metric]) for metric in measured), shown]


def _curves(result: TrialResult) -> Markup:
    lines = {
        name: [(float(k), result.figure(f"r{k}", encoder=name).value) for k in DEPTHS]
        for name in result.encoders
    }
    return svg.curves(lines, svg.Axis("k", 0, max(DEPTHS)), svg.Axis("Recall@k"), dotted=True)


def _subsets(result: TrialResult) -> Markup:
    rows = [(name, row["p10"].count, *_row(row)) for name, row in result.by_subset().items()]
    heads = ("queries", "how many", *HEADS.values())
    shown = page.table(heads, rows)
    heading = page.heading(f"The network by category: {result.trial.main}")
    return heading + shown + (_by_attribute(result) if len(result.trial.notions) > 1 else "")


def _by_attribute(result: TrialResult) -> Markup:
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
    return page.heading("Precision@10 by category and attribute") + shown


def _precise(row: Mapping[str, Estimate]) -> tuple[str, str]:
    most = row["p10_ceiling"]
    return figure_text(row["p10"]), f"{most.value:.3f}" if most.count else "no data"
