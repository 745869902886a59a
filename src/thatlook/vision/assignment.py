"""Whose article is whose: the main person, bystanders, one detection for each garment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from thatlook.core.records import Box, Keypoint
from thatlook.core.taxonomy import CATEGORIES, PERSON_CLASS
from thatlook.vision.stages.article import Detection
from thatlook.vision.stages.person import LEGS, TORSO

MAX_WORN = {"bag": 2}
"""How many articles of a category one person wears at most; one of each where not given."""


SPANNING = 0.25
"""What lies in two people's boxes by more than this, and in neither wholly, is both's: two pairs of
shoes taken for one.
"""


SAME_GARMENT_IOU = 0.75
"""Two of GARMENTS that overlap more than this are one garment, taken for two categories."""


NESTED = 0.6
"""Of two bags, one is a part of the other when more than this of the smaller lies in both."""


GARMENTS = ("topwear", "outerwear", "dress", "bottomwear")


def person_prominence(found: Detection, width: int, height: int) -> float:
    """How much a person looks like the main one: large, complete, near the middle."""
    x, y = found.box.center
    off = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) ** 0.5
    share = found.box.area / (width * height)
    return float(found.score * share**0.5 * (1 - off))


FILLED = 0.8
"""A person's box that two others fill by this share is both of them, taken for one."""


TAKES_PART = 0.2
"""Each of the two fills at least this share of it."""


BESIDE = 0.2
"""And they overlap by no more than this (intersection over union): they stand side by side."""


NEARLY = 0.6
"""Their scores are at least this share of its own."""


def without_merged_persons(persons: Sequence[Detection]) -> list[Detection]:
    """The persons without those that are two others, side by side, taken for one."""
    kept = []
    for found in persons:
        area = found.box.area
        others = [
            other.box
            for other in persons
            if other is not found
            and other.score >= NEARLY * found.score
            and other.box.intersection(found.box) / area >= TAKES_PART
        ]
        both = (
            one.intersection(found.box) + other.intersection(found.box)
            for one, other in combinations(others, 2)
            if one.iou(other) <= BESIDE
        )
        if max(both, default=0.0) / area < FILLED:
            kept.append(found)
    return kept


def has_neighbour(found: Detection, persons: Sequence[Detection]) -> bool:
    """Whether another person, about as sure, stands beside this one."""
    return any(
        other is not found
        and other.score >= NEARLY * found.score
        and other.box.iou(found.box) <= BESIDE
        for other in persons
    )


def worn_by(
    person: Box | None, bystanders: Sequence[Box], detections: Sequence[Detection]
) -> list[Detection]:
    """The detections that are worn by `person` rather than by a bystander, one per garment.

    Where `person` is None all are kept. Ordered by category, then by score.
    """
    articles = [found for found in detections if found.label != PERSON_CLASS]
    if person is not None:
        articles = [found for found in articles if _belongs(found.box, person, bystanders)]
    kept: list[Detection] = []
    for found in sorted(articles, key=lambda f: -f.score):
        same = [other for other in kept if other.label == found.label]
        if len(same) < MAX_WORN.get(found.label, 1) and not _taken(found, kept):
            kept.append(found)
    return sorted(kept, key=lambda f: (CATEGORIES.index(f.label), -f.score))


ASIDE = 0.3
"""Trousers whose middle lies this share of the torso's length beside the hips,"""


EDGE = 0.1
"""which hold neither the hips' nor the torso's middle within this share of their width, and no knee
or ankle, are someone else's."""


def beside_hips(found: Detection, keypoints: Sequence[Keypoint], min_score: float) -> bool:
    """Whether these are trousers or a skirt of somebody who stands beside the person.

    Nothing is said of a person who does not hold the torso upright. Key points below the score
    `min_score` are not believed.
    """
    torso = [keypoints[joint] for joint in TORSO]
    if found.label != "bottomwear" or min(point.score for point in torso) < min_score:
        return False
    shoulders, hips = torso[:2], torso[2:]
    middle = sum(point.x for point in hips) / 2
    lean = middle - sum(point.x for point in shoulders) / 2
    height = (sum(point.y for point in hips) - sum(point.y for point in shoulders)) / 2
    if abs(lean) > height / 2:
        return False
    box = found.box
    legs = [keypoints[joint] for joint in LEGS]
    if any(
        p.score >= min_score and box.x0 <= p.x <= box.x1 and box.y0 <= p.y <= box.y1 for p in legs
    ):
        return False
    edge = EDGE * box.width
    held = (middle, sum(point.x for point in torso) / 4)
    outside = all(not box.x0 + edge <= x <= box.x1 - edge for x in held)
    return outside and abs(box.center[0] - middle) > ASIDE * math.hypot(lean, height)


def _belongs(box: Box, person: Box, bystanders: Sequence[Box]) -> bool:
    own = box.intersection(person.scaled(1.1)) / box.area
    others = max((box.intersection(other) / box.area for other in bystanders), default=0.0)
    inside = box.intersection(person) / box.area
    across = SPANNING < others < 1 - SPANNING and inside < 1 - SPANNING
    if own < 0.5 or across:
        return False
    if others <= own:
        return True
    # Inside both: the person whose middle is nearer wears it.
    return all(
        abs(box.center[0] - person.center[0]) <= abs(box.center[0] - other.center[0])
        for other in bystanders
        if box.intersection(other) / box.area > own
    )


def _taken(found: Detection, kept: Sequence[Detection]) -> bool:
    """Whether a better detection already is this article: nested in or around it, or the same
    garment under another category.
    """
    return any(_same(found, other) for other in kept)


def _same(one: Detection, other: Detection) -> bool:
    if one.label == other.label:
        smaller = min(one.box.area, other.box.area)
        return one.box.intersection(other.box) / smaller > NESTED
    garments = one.label in GARMENTS and other.label in GARMENTS
    return garments and one.box.iou(other.box) > SAME_GARMENT_IOU
