"""Labels for photos without boxes: a first network's detections, kept where the rest agrees.

Product photos with a model get the box that the network sees where the product must be, under
the category that the shop names; key points and the frame must agree. Street photos with tags
get confident detections of what their tags name. Afterwards the article recipe goes on with
`--pseudo FILE`; a class that stays open in a photo is no negative there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import DataError
from thatlook.core.progress import Progress
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.data.scenes import PERSON, Floats, Scene, known_classes, photo, worn
from thatlook.evaluate.detection.matching import Found
from thatlook.evaluate.detection.metrics import found_in
from thatlook.training.scenes import read_scenes
from thatlook.vision.stages.article import ArticleStage

Counts = Counter[str]
SURE: Final = 0.5
FAINT: Final = 0.12
"""Where the shop names the category, a faint detection in the right place is enough."""

_BAG: Final = CATEGORIES.index("bag")
_UPPER: Final = ("topwear", "outerwear", "dress")
_ABSENT: Final[Mapping[str, tuple[str, ...]]] = {
    "topwear": ("topwear", "outerwear", "dress"),
    "outerwear": ("outerwear", "dress"),
    "dress": ("dress", "outerwear", "topwear", "bottomwear"),
    "bottomwear": ("bottomwear", "dress"),
    "neckwear": ("neckwear",),
}
"""A product photo of the key shows no more of these classes than the product itself."""


def own_box(found: Found, category: str) -> tuple[Floats, float] | None:
    """The box (4,) of a product of `category` among the detections of its photo, with its score.

    Upper garments vouch for each other: the network tells where, the shop what. None where
    nothing fits.
    """
    boxes, scores, labels = found
    names = _UPPER if category in _UPPER else (category,)
    mine = np.isin(labels, [CATEGORIES.index(name) for name in names])
    if not mine.any():
        return None
    size = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    own = 1 + 0.3 * (labels == CATEGORIES.index(category))
    claim = np.where(mine, scores * own * np.sqrt(size / max(1.0, float(size.max()))), -1)
    best = int(claim.argmax())
    return boxes[best].astype(np.float32), float(scores[best])


def agrees(box: Floats, category: str, scene: Scene) -> bool:
    """Whether a box can be the worn product: on the torso, or below it, and large enough."""
    person = scene.boxes[scene.labels == PERSON][0]
    share = float(np.prod(box[2:] - box[:2]) / np.prod(person[2:] - person[:2]))
    if category == "bottomwear":
        return share > 0.25
    if scene.keypoints is None:
        return False
    torso = scene.keypoints[[5, 6], :2].mean(0)
    if category == "neckwear":
        return bool(box[0] < torso[0] < box[2] and share > 0.03)
    wide = abs(float(scene.keypoints[5, 0] - scene.keypoints[6, 0]))
    over = (
        box[0] < torso[0] < box[2] and box[1] < torso[1] + 0.5 * wide and box[3] > torso[1] + wide
    )
    return bool(over and share > 0.25 and box[2] - box[0] > 0.8 * wide)


def label_model(scene: Scene, found: Found) -> Scene | None:
    """The product photo with its product's box beside the person's; None where nothing agrees."""
    category = scene.hint
    if category not in _ABSENT:
        return None
    best = own_box(found, category)
    if best is None or best[1] < FAINT or not agrees(best[0], category, scene):
        return None
    boxes, labels = [*scene.boxes, best[0]], [*scene.labels, CATEGORIES.index(category)]
    closed = {CATEGORIES.index(name) for name in _ABSENT[category]}
    for box, score, label in zip(*found, strict=True):
        if score >= SURE and label not in closed and label != PERSON:
            boxes.append(box)
            labels.append(label)
    known = scene.known.copy()
    known[[*closed, PERSON]] = True
    made = scene.with_boxes(np.array(boxes, np.float32), np.array(labels, np.int64))
    return replace(made, known=known)


def label_tagged(scene: Scene, found: Found, named: set[int]) -> Scene | None:
    """The tagged photo with confident detections of what its tags name, and what they rule out:
    of the categories `named`, those of which any photo's tags speak.
    """
    if "suit" in scene.hint.split():
        return None
    possible = worn(scene) | {PERSON}
    sure = _first_ones(found, possible)
    if not any(found[2][i] == PERSON for i in sure):
        return None
    made = scene.with_boxes(found[0][sure].astype(np.float32), found[2][sure].astype(np.int64))
    seen = set(made.labels.tolist())
    ruled_out = (named | {PERSON}) - possible
    known = np.isin(np.arange(len(DETECTOR_CLASSES)), [*seen, *ruled_out])
    return replace(made, known=known)


def _first_ones(found: Found, possible: set[int]) -> list[int]:
    """The sure detections of possible classes: the best of each, two bags.

    Tights under a skirt are bottomwear too, but a label names what is one article.
    """
    kept: list[int] = []
    seen: Counter[int] = Counter()
    for i, (score, label) in enumerate(zip(found[1], found[2], strict=True)):
        if score >= SURE and label in possible and seen[label] < (2 if label == _BAG else 1):
            kept.append(i)
            seen[label] += 1
    return kept


def label_all(stage: ArticleStage, scenes: Sequence[Scene]) -> list[Scene]:
    """The scenes of kind model and tagged that could be labelled."""
    named = set[int]().union(*(worn(s) for s in scenes if s.kind == "tagged"))
    made = []
    for scene in Progress(scenes, desc="labels"):
        found = found_in(stage, photo(scene.path), FAINT)
        model = scene.kind == "model"
        labelled = label_model(scene, found) if model else label_tagged(scene, found, named)
        if labelled is not None:
            made.append(labelled)
    return made


def store(scenes: Sequence[Scene], path: Path) -> None:
    """Write the labels as JSON, by kind and file name."""
    rows = {
        f"{s.kind}/{s.path.name}": {
            "boxes": s.boxes.round(1).tolist(),
            "labels": [DETECTOR_CLASSES[label] for label in s.labels],
            "known": [DETECTOR_CLASSES[label] for label in np.flatnonzero(s.known)],
        }
        for s in scenes
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows), encoding="utf-8")


def applied(scenes: Sequence[Scene], path: Path) -> list[Scene]:
    """The scenes with the stored labels where there are some. Raises DataError where they were
    made for other classes.
    """
    rows: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return [_applied(s, rows.get(f"{s.kind}/{s.path.name}")) for s in scenes]


def _applied(scene: Scene, row: dict[str, Any] | None) -> Scene:
    if row is None or scene.split != "train":
        return scene
    labels, known = _read_classes(row["labels"], row["known"])
    return replace(scene.with_boxes(np.array(row["boxes"], np.float32), labels), known=known)


def _read_classes(
    labels: Sequence[str | int], known: Sequence[str | bool]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Class indices and what is known, from names, or from older files' indices and flags."""
    if any(isinstance(flag, bool) for flag in known):
        if len(known) != len(DETECTOR_CLASSES):
            raise DataError(
                f"the labels were made for {len(known)} classes, not for {len(DETECTOR_CLASSES)}; "
                "make them anew"
            )
        return np.array(labels, np.int64), np.array(known, bool)
    indices = [DETECTOR_CLASSES.index(str(name)) for name in labels]
    return np.array(indices, np.int64), known_classes(str(name) for name in known)


def label_open(data: Path, stage: ArticleStage, out: Path) -> tuple[Counts, Counts]:
    """Labels what the data folder leaves open into the file `out`; how many photos of each kind
    were open, and how many could be labelled.
    """
    scenes = read_scenes(data)
    open_ones = [s for s in scenes if s.kind in ("model", "tagged") and s.split == "train"]
    made = label_all(stage, open_ones)
    store(made, out)
    return _counts(open_ones), _counts(made)


def _counts(scenes: Sequence[Scene]) -> Counts:
    return Counter(f"{s.kind} {s.hint if s.kind == 'model' else ''}".strip() for s in scenes)
