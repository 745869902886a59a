"""Which unlabelled photos are most worth labelling: active learning.

A photo is worth labelling where the network is in doubt (scores near the threshold), or where it
disagrees with the words that somebody gave the photo. Of photos that look alike one is enough: each
next one is the worthiest that differs from those already taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import DataError
from thatlook.core.records import Box
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES, PERSON_CLASS
from thatlook.data import layout
from thatlook.data.reading import read
from thatlook.evaluate.detection.matching import Found, TruthBoxes, above_thresholds, match_boxes
from thatlook.evaluate.detection.metrics import found_in
from thatlook.evaluate.detection.report import marks_of
from thatlook.evaluate.options import DetectionOptions
from thatlook.evaluate.own_photos import measured_photos
from thatlook.evaluate.report import Report, finish, folder_of
from thatlook.render import page
from thatlook.render.photo import figure
from thatlook.vision.models.registry import shipped
from thatlook.vision.models.session import Session
from thatlook.vision.stages.article import ArticleStage
from thatlook.vision.stages.embedding import EmbeddingStage

if TYPE_CHECKING:
    from thatlook.data.scenes import Scene

Floats = NDArray[np.floating[Any]]

FAINT: Final = 0.3
"""Detections below this score say nothing, not even doubt."""
DRAWS: Final = 500
NEAR, MAX_DOUBTS = 0.15, 4
"""How near to its threshold a score is doubtful, and how many categories in doubt are named."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A photo nobody labelled: what was found in it, and the categories its tags name, if any.

    `vector` is unit length and tells which photos look alike; `scene` its labels where they are
    only hidden, to check the suggestion.
    """

    path: Path
    found: Found
    vector: Floats
    tags: frozenset[str] | None = None
    scene: Scene | None = field(default=None)


def doubt(found: Found, thresholds: Floats) -> float:
    """The sum of the detections' doubts: 1 at the class's threshold, 0 at scores of 0
    and 1.
    """
    scores, at = found[1], thresholds[found[2]]
    below, beyond = scores / np.maximum(at, 1e-6), (1 - scores) / np.maximum(1 - at, 1e-6)
    return float(np.minimum(below, beyond).sum())


def disagreement(found: Found, tags: frozenset[str]) -> float:
    """How far the detections are from the categories that `tags` name: the sum of what is named
    and not found, and of what is found and not named.
    """
    total = 0.0
    for k, name in enumerate(CATEGORIES):
        mine = found[1][found[2] == k]
        best = float(mine.max()) if len(mine) else 0.0
        total += 1 - best if name in tags else best
    return total


def worth(candidates: Sequence[Candidate], thresholds: Floats) -> Floats:
    """How much each photo is worth (n,), 0 to 1: the mean of its ranks by doubt and disagreement.

    A photo without tags counts by its doubt alone.
    """
    doubts = _ranks(np.array([doubt(c.found, thresholds) for c in candidates]))
    tagged = [i for i, c in enumerate(candidates) if c.tags is not None]
    out = doubts.copy()
    if tagged:
        apart = [
            disagreement(candidates[i].found, candidates[i].tags or frozenset()) for i in tagged
        ]
        out[tagged] = (doubts[tagged] + _ranks(np.array(apart))) / 2
    return out


def _ranks(values: Floats) -> Floats:
    """Each value's place among all, 0 for the lowest and 1 for the highest; equal ones share."""
    ordered = np.sort(values)
    low = np.searchsorted(ordered, values, "left")
    high = np.searchsorted(ordered, values, "right")
    return np.asarray((low + high - 1) / 2 / max(1, len(values) - 1), np.float64)


def select_diverse(values: Floats, vectors: Floats, count: int) -> list[int]:
    """The rows to take, best first: each time the greatest value x distance to what is taken.

    `vectors` (n, dim) of unit length; the distance is 1 - cosine, at most 1.
    """
    apart = np.ones(len(values))
    taken: list[int] = []
    for _ in range(min(count, len(values))):
        claim = values * apart
        claim[taken] = -1.0
        best = int(claim.argmax())
        taken.append(best)
        apart = np.minimum(apart, np.clip(1 - vectors @ vectors[best], 0, 1))
    return taken


def f1(counts: NDArray[np.int64]) -> float:
    """F1 of summed counts (right, labels, detections)."""
    right, labels, found = (int(v) for v in counts)
    return 2 * right / (labels + found) if labels + found else float("nan")


def counts_of(photo: TruthBoxes, found: Found) -> NDArray[np.int64]:
    """One photo's right detections, labels and detections."""
    match = match_boxes(photo, found)
    right = sum(photo.labels[i] == found[2][j] for i, j in match.pairs)
    return np.array([right, len(photo.boxes), len(found[0])], np.int64)


def checked(counts: NDArray[np.int64], taken: Sequence[int], seed: int = 0) -> dict[str, float]:
    """F1 on the photos taken, and its mean and lowest twentieth over as many drawn at random.

    `counts` (n, 3) as `counts_of` gives them.
    """
    rng = np.random.default_rng(seed)
    drawn = [
        f1(counts[rng.choice(len(counts), len(taken), replace=False)].sum(0)) for _ in range(DRAWS)
    ]
    return {
        "f1_suggested": f1(counts[list(taken)].sum(0)),
        "f1_random": float(np.mean(drawn)),
        "f1_random_p5": float(np.quantile(drawn, 0.05)),
    }


def candidates_in(
    options: DetectionOptions,
) -> list[tuple[Path, frozenset[str] | None, Scene | None]]:
    """The photos at `options.data` to choose from, with their tags and hidden labels.

    Without --split the unlabelled ones; with it the labelled ones of that split. Raises
    DataError where there is none.
    """
    from thatlook.data.scenes import labelled_scenes, street_scenes, worn

    data, split = folder_of(options), options.split
    found: list[tuple[Path, frozenset[str] | None, Scene | None]]
    if (data / "street").is_dir():
        scenes = [s for s in street_scenes(data / "street") if s.split == (split or s.split)]
        kind = "street" if split else "tagged"
        found = [
            (s.path, frozenset(CATEGORIES[k] for k in worn(s)), s) for s in scenes if s.kind == kind
        ]
    elif split:
        found = [(s.path, None, s) for s in labelled_scenes(measured_photos(options))]
    else:
        found = [(path, None, None) for path in _unlabelled(data, dict(options.map_class))]
    if not found:
        raise DataError(f"{data}: no {split or 'unlabelled'} photo to choose from")
    return found


def _unlabelled(data: Path, classes: Mapping[str, str]) -> list[Path]:
    """The photos of a labelled data set that have no labels, or all those of a plain folder."""
    try:
        dataset = read(data, classes)
    except DataError:
        if not data.is_dir():
            raise
        return layout.photos(data)
    return [photo.path for photo in dataset.photos if not photo.labelled]


def seen(
    stage: ArticleStage,
    embedding: EmbeddingStage,
    photos: Sequence[tuple[Path, frozenset[str] | None, Scene | None]],
) -> list[Candidate]:
    """The candidates as the networks see them."""
    from thatlook.core.progress import Progress
    from thatlook.data.scenes import photo

    out = []
    for path, tags, scene in Progress(photos, desc="photos"):
        image = photo(path)
        found = found_in(stage, image, FAINT)
        persons = found[0][found[2] == DETECTOR_CLASSES.index(PERSON_CLASS)]
        whole = np.array([0, 0, image.shape[1], image.shape[0]], float)
        box = Box(*(float(v) for v in (persons[0] if len(persons) else whole)))
        vector = embedding.run(image, [box])[0].vector
        out.append(Candidate(path, found, vector, tags, scene))
    return out


def run(options: DetectionOptions, count: int, stage: ArticleStage) -> int:
    """List the `count` photos most worth labelling; the exit status.

    With --split, of labelled photos with their labels hidden, and tell what they would have
    shown.
    """
    photos = candidates_in(options)
    embedding = EmbeddingStage(Session(shipped("embedding"), options.threads))
    candidates = seen(stage, embedding, photos)
    thresholds = stage.thresholds
    values = worth(candidates, thresholds)
    taken = select_diverse(values, np.stack([c.vector for c in candidates]), count)
    report = Report("Photos worth labelling", stage.spec)
    report.data = f"{len(taken)} of {len(candidates)} photos"
    if options.split:
        told = [
            counts_of(c.scene, above_thresholds(c.found, thresholds))
            for c in candidates
            if c.scene is not None
        ]
        report.figures |= checked(np.stack(told), taken)
    rows = [_row(candidates[i], float(values[i]), thresholds) for i in taken]
    report.details["suggested"] = rows
    report.lines = [f"{r['worth']:.3f}  {r['photo']}  {r['why']}" for r in rows]
    _page(report, [candidates[i] for i in taken], rows)
    return finish(options, report)


def _row(candidate: Candidate, value: float, thresholds: Floats) -> dict[str, Any]:
    found = candidate.found
    doubts: dict[str, float] = {}
    for j in np.argsort(np.abs(found[1] - thresholds[found[2]]), kind="stable"):
        if abs(found[1][j] - thresholds[found[2][j]]) < NEAR:
            doubts.setdefault(DETECTOR_CLASSES[found[2][j]], float(found[1][j]))
    why = [f"{name} {score:.2f}?" for name, score in list(doubts.items())[:MAX_DOUBTS]]
    if candidate.tags is not None:
        clear = {DETECTOR_CLASSES[k] for k in above_thresholds(found, thresholds)[2]} - {
            PERSON_CLASS
        }
        why += [f"{name} tagged, not found" for name in sorted(candidate.tags - clear)]
        why += [f"{name} found, not tagged" for name in sorted(clear - candidate.tags)]
    return {"photo": str(candidate.path), "worth": value, "why": ", ".join(why)}


def _page(report: Report, taken: Sequence[Candidate], rows: Sequence[Mapping[str, Any]]) -> None:
    from thatlook.data.scenes import photo

    figures = []
    for index, (candidate, row) in enumerate(zip(taken, rows, strict=True), start=1):
        worn = candidate.found[2] != DETECTOR_CLASSES.index(PERSON_CLASS)
        boxes, scores, labels = (part[worn] for part in candidate.found)
        caption = [f"{index}. {candidate.path.name}", row["why"]]
        figures.append(figure(photo(candidate.path), caption, marks_of((boxes, scores, labels))))
    lead = f"Best first. Boxes: detections above {FAINT}; a question mark: near the threshold."
    report.add("The photos", page.sheet(figures), lead=lead)
