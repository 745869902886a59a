"""`evaluate compatibility`: what goes with what, on outfits kept apart from training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from thatlook.core.errors import DataError
from thatlook.data.outfits import Outfit, polyvore
from thatlook.evaluate.compatibility.boards import boards
from thatlook.evaluate.compatibility.gathering import OutfitOptions, gathered
from thatlook.evaluate.compatibility.questions import (
    CHOICES,
    Pool,
    Question,
    area,
    blanks,
    mixed,
    right,
)
from thatlook.evaluate.compatibility.raters import Likeness, Network, Rater, baselines
from thatlook.evaluate.compatibility.wardrobe import (
    Floats,
    Ints,
    Wardrobe,
    seen_vectors,
    wardrobe,
)
from thatlook.evaluate.options import EvaluateOptions
from thatlook.evaluate.report import Report, finish
from thatlook.evaluate.retrieval.metrics import Bootstrap
from thatlook.vision.models.registry import ModelSpec, resolve
from thatlook.vision.models.session import Session
from thatlook.vision.stages.compatibility import Layout

RECALL: Final = 10
NETWORK: Final = "network"
MEANINGS: Final = {
    "fitb": f"fill in the blank: how often the worn piece is rated best of {CHOICES} of its "
    "category and gender; chance 0.25",
    "same_type": "the same, all choices of one type",
    "auc": "how often an outfit is rated above one of pieces drawn at random; chance 0.5",
    "recall": f"how often the worn piece is among the {RECALL} best of its category and gender",
    "crops_alike": "by how the crops look, which overlap in one photo: no baseline, a warning",
}


@dataclass(frozen=True, kw_only=True)
class CompatibilityOptions(OutfitOptions, EvaluateOptions):
    """What is measured; `repeats` so often each piece is asked for with other wrong choices,
    `bootstrap` so many resamples of outfits give the intervals.
    """

    repeats: int = 4
    bootstrap: int = 1000


def run(options: CompatibilityOptions) -> int:
    """Measure and report; the exit status. Raises DataError, CatalogError, SettingsError."""
    spec = resolve("compatibility", options.model)
    embedding = resolve("embedding", options.embedding)
    layout = Layout.of(embedding)
    session = Session(spec, options.threads)
    report = Report("What goes with what", spec, meanings=MEANINGS)
    report.main = {"right of four": "fitb_network", "outfit or not (AUC)": "auc_network"}
    if options.polyvore is not None:
        _polyvore(report, options, session, embedding)
        return finish(options, report)
    found = gathered(options, embedding)
    held = [outfit for outfit in found.outfits if outfit.split == "val"]
    if not held:
        raise DataError("no outfit is on the side that measures; give more outfits")
    report.data = f"{len(held)} outfits kept apart, {sum(len(o.pieces) for o in held)} pieces"
    raters: dict[str, Rater] = {NETWORK: Network(found, session, layout), **baselines(found)}
    questions = blanks(found, "val", rounds=options.repeats)
    _fill_in(report, "fitb", found, raters, questions, options.bootstrap)
    hard = blanks(found, "val", same_type=True, rounds=options.repeats)
    _fill_in(report, "same_type", found, raters, hard, options.bootstrap)
    _areas(report, found, raters)
    _recalls(report, found, raters)
    if found.looks.any():
        light = {"crops_alike": Likeness(_unit(found.looks))}
        _fill_in(report, "fitb", found, light, questions, options.bootstrap)
    if options.html:
        report.add("Boards", boards(found, raters[NETWORK], questions))
    return finish(options, report)


def _unit(rows: Floats) -> Floats:
    scaled: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return scaled


def _fill_in(
    report: Report,
    name: str,
    found: Wardrobe,
    raters: Mapping[str, Rater],
    questions: Sequence[Question],
    rounds: int,
) -> None:
    if not questions:
        return
    report.details[f"{name}_questions"] = len(questions)
    owners = [found.outfits[q.outfit].id for q in questions]
    bootstrap = Bootstrap(len(questions), rounds, clusters=owners)
    for who, rater in raters.items():
        column = np.array([right(rater.rate(q.given, q.choices)) for q in questions])
        low, high = bootstrap.interval(column)
        report.figures[f"{name}_{who}"] = float(column.mean())
        report.details[f"{name}_{who}_interval"] = [low, high]
        report.lines.append(f"  {name} {who}: {column.mean():.3f} ({low:.3f} to {high:.3f})")


def value_of(rater: Rater, rows: Ints) -> float:
    """How well an outfit goes together: the mean over its pieces, each with the others given."""
    return float(np.mean([rater.rate(rows[rows != row], np.array([row]))[0] for row in rows]))


def _areas(report: Report, found: Wardrobe, raters: Mapping[str, Rater]) -> None:
    pairs = mixed(found, "val")
    for who, rater in raters.items():
        real, made_up = ([value_of(rater, pair[i]) for pair in pairs] for i in (0, 1))
        report.figures[f"auc_{who}"] = area(real, made_up)


def _recalls(report: Report, found: Wardrobe, raters: Mapping[str, Rater]) -> None:
    """Of pieces that tie, as many count as stand before RECALL on average."""
    pool = Pool(found, "val")
    asked = blanks(found, "val")
    others = [pool.like(int(q.choices[0])) for q in asked]
    for who, rater in raters.items():
        hits = [
            _within(rater.rate(q.given, np.concatenate([q.choices[:1], rows])))
            for q, rows in zip(asked, others, strict=True)
        ]
        report.figures[f"recall_{who}"] = float(np.mean(hits))
    report.figures["recall_chance"] = float(
        np.mean([min(1.0, RECALL / (1 + len(rows))) for rows in others])
    )


def _within(values: Floats) -> float:
    above = int((values > values[0] + 1e-6).sum())
    tied = int((np.abs(values - values[0]) <= 1e-6).sum())
    return float(np.clip((RECALL - above) / tied, 0, 1))


def _polyvore(
    report: Report, options: CompatibilityOptions, session: Session, embedding: ModelSpec
) -> None:
    """The folder's own questions, as published figures are measured: FITB accuracy and AUC."""
    layout = Layout.of(embedding)
    read = polyvore(options.polyvore or Path())
    questions = [Outfit(f"blank:{n}", (*b.answers, *b.given)) for n, b in enumerate(read.blanks)]
    outfits = [*questions, *(outfit for outfit, _ in read.judged)]
    if not outfits:
        raise DataError(
            f"{options.polyvore}: expected fill_in_blank_test.json or compatibility_test.txt"
        )
    pieces = [piece for outfit in outfits for piece in outfit.pieces]
    vectors = seen_vectors(pieces, embedding, options.cache, options.threads)
    found = wardrobe(outfits, vectors, layout)
    rater = Network(found, session, layout)
    correct = [
        right(rater.rate(rows[len(b.answers) :], rows[: len(b.answers)]))
        for b, rows in zip(read.blanks, found.members, strict=False)
    ]
    report.data = f"{len(read.blanks)} questions, {len(read.judged)} outfits of {options.polyvore}"
    report.figures["fitb_network"] = float(np.mean(correct)) if correct else float("nan")
    judged = list(zip(read.judged, found.members[len(questions) :], strict=True))
    sides = [
        [value_of(rater, rows) for (_, real), rows in judged if real is r] for r in (True, False)
    ]
    report.figures["auc_network"] = area(*sides) if all(sides) else float("nan")
