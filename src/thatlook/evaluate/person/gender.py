"""The gender that the whole analyzer tells of main people, against a file of eye labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from thatlook.core.progress import Progress
from thatlook.core.records import Look
from thatlook.core.settings import Settings
from thatlook.data.eye_labels import EyePhoto, EyePhotos
from thatlook.evaluate.eye import ODD_NOTE, add_left_out
from thatlook.evaluate.options import PersonOptions
from thatlook.evaluate.person.groups import interval
from thatlook.evaluate.person.metrics import GENDERS, calibration_error
from thatlook.evaluate.person.sheets import analyzer_of, drawn
from thatlook.evaluate.report import Report
from thatlook.render import page
from thatlook.vision.models.registry import ModelSpec

FRAMINGS: Final = ("full", "half", "portrait")
CHILD: Final = "child"
MAIN_FIGURES: Final = {
    "balanced accuracy": "balanced_accuracy",
    "left unknown": "unknown",
    "calibration error": "ece",
}
MEANINGS: Final = {
    "people": "grown-ups labelled female or male; all other figures are of them",
    "accuracy": "share that is right of those told a gender",
    "balanced_accuracy": "mean of that share over female and male",
    "female": "share that is right of the women told a gender",
    "male": "share that is right of the men told a gender",
    "unknown": "share told none: below the threshold in use, or nobody found",
    "no_person": "share of photos in which nobody is found",
    "ece": "expected calibration error of gender_score, ten bins, of all that were found",
}


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """A labelled main person, and the look with the likelier gender whatever its score."""

    photo: EyePhoto
    look: Look
    threshold: float

    @property
    def score(self) -> float:
        """The probability of the likelier gender; 0 where nobody was found."""
        return self.look.person.gender_score if self.look.person else 0.0

    @property
    def told(self) -> bool:
        """Whether the analyzer tells a gender at the threshold in use."""
        return self.look.person is not None and self.score >= self.threshold

    @property
    def right(self) -> bool:
        """Whether the likelier gender is the labelled one."""
        person = self.look.person
        return person is not None and person.gender == self.photo.scene.gender


def gender_report(options: PersonOptions, spec: ModelSpec, eye: EyePhotos) -> Report:
    """The report of what the whole analyzer says of the photos; `unclear` people are left out."""
    settings = Settings.load()
    analyzer = analyzer_of(options, replace(settings, gender_threshold=0.0))
    labelled = [photo for photo in eye.photos if photo.scene.gender in GENDERS]
    guesses = [
        Guess(photo, analyzer.parse(photo.scene.path), settings.gender_threshold)
        for photo in Progress(labelled, desc="photos")
    ]
    report = Report("Gender", spec, main=MAIN_FIGURES, meanings=MEANINGS)
    report.data = f"{len(guesses)} people"
    add_left_out(report, len(eye.photos) - len(guesses), "whose gender is `unclear`")
    add_left_out(report, eye.odd, ODD_NOTE)
    report.figures = gender_figures([g for g in guesses if CHILD not in g.photo.notes])
    _groups(report, guesses)
    _mistakes(report, guesses)
    return report


def gender_figures(guesses: Sequence[Guess]) -> dict[str, float]:
    """The figures that MEANINGS explains; NaN where there is nobody to measure."""
    told = [guess for guess in guesses if guess.told]
    found = [guess for guess in guesses if guess.look.person]
    per = {name: _share(g.right for g in told if g.photo.scene.gender == name) for name in GENDERS}
    score = np.array([guess.score for guess in found], np.float32)
    right = np.array([guess.right for guess in found], np.bool_)
    return {
        "people": float(len(guesses)),
        "accuracy": _share(guess.right for guess in told),
        "balanced_accuracy": sum(per.values()) / len(per),
        **per,
        "unknown": _share(not guess.told for guess in guesses),
        "no_person": _share(guess.look.person is None for guess in guesses),
        "ece": calibration_error(score, right) if found else float("nan"),
    }


def _share(values: Iterable[bool]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else float("nan")


def groups_of(photo: EyePhoto) -> list[str]:
    """The groups that a photo counts in, by its labels; a child's counts as that alone."""
    if CHILD in photo.notes:
        return ["children"]
    framings = [name for name in FRAMINGS if name in photo.notes]
    return [
        f"gender: {photo.scene.gender}",
        f"view: {photo.scene.view}",
        f"skin tone: {photo.skin}",
        *(f"framing: {name}" for name in framings),
    ]


def _groups(report: Report, guesses: Sequence[Guess]) -> None:
    members: dict[str, list[Guess]] = {}
    for guess in guesses:
        for name in groups_of(guess.photo):
            members.setdefault(name, []).append(guess)
    rows = [(name, *_row(members[name])) for name in sorted(members)]
    heads = ("group", "people", "told", "right", "95 % of it", "unknown", "calibration error")
    report.details["groups"] = [dict(zip(heads, row, strict=True)) for row in rows]
    report.lines += [
        f"  {name:<20} {people:4d} people, {told:4d} told, right {right:.3f} ({within}), "
        f"unknown {unknown:.3f}"
        for name, people, told, right, within, unknown, _ in rows
    ]
    lead = (
        "Right is the share of those told a gender; the interval is what so few photos can tell. "
        "Groups are as the reader labelled them, grown-ups but for the children's."
    )
    report.add("By group", page.table(heads, rows), lead=lead)


def _row(guesses: Sequence[Guess]) -> tuple[Any, ...]:
    figures = gender_figures(guesses)
    right = np.array([guess.right for guess in guesses if guess.told], np.bool_)
    low, high = interval(right)
    within = f"{low:.2f} to {high:.2f}" if len(right) else "nobody told"
    shares = (figures["accuracy"], within, figures["unknown"], figures["ece"])
    return len(guesses), len(right), *shares


def _mistakes(report: Report, guesses: Sequence[Guess]) -> None:
    wrong = sorted((g for g in guesses if g.told and not g.right), key=lambda g: -g.score)
    nobody = [guess for guess in guesses if guess.look.person is None]
    for name, listed in (("mistaken", wrong), ("nobody_found", nobody)):
        report.details[name] = [guess.photo.scene.path.name for guess in listed]
    sheet = page.sheet(drawn(g.photo.scene.path, g.look) for g in [*wrong, *nobody])
    lead = f"{len(wrong)} told the other gender, the surest first; {len(nobody)} nobody found."
    report.add("Mistakes", sheet, lead=lead)
