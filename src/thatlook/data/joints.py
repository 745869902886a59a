"""What can be wrong with key points: outside the photo or the person, left and right exchanged,
people or points that nobody labelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.taxonomy import KEYPOINTS, PERSON_CLASS
from thatlook.data.boxes import SLACK_PX, where
from thatlook.data.notes import Notes
from thatlook.data.records import Corners, Dataset, LabelledPhoto

Floats = NDArray[np.float64]

_AT: Final = {name: index for index, name in enumerate(KEYPOINTS)}
_EYES: Final = (_AT["left_eye"], _AT["right_eye"])
_SHOULDERS: Final = (_AT["left_shoulder"], _AT["right_shoulder"])
_HIPS: Final = (_AT["left_hip"], _AT["right_hip"])
OUT_OF_BOX: Final = 0.15
"""A joint may lie this share of the box's longer side outside of the person's box."""
WIDE: Final = 0.3
"""Shoulders or hips closer than this share of the torso say nothing about left and right."""
FEW: Final = 5
"""With fewer key points labelled a person teaches little about poses."""

_TEXTS: Final = {
    "joint_outside": "people have key points that are labelled as seen outside the photo",
    "joint_far": "people have key points far outside their box: another person's, or misplaced",
    "joint_swap": "people look at the camera with their left eye on the left of the photo: left is "
    "the person's own left; exchange the sides",
    "joint_twist": "people have shoulders and hips that face opposite ways: one pair is exchanged",
    "joint_together": "people have two key points at the same place",
    "joint_few": f"people have fewer than {FEW} key points labelled",
    "joint_unseen": "people have key points but no visibility: all are 0, which means not labelled",
    "no_pose": "people have a box but no key points; a training leaves them out",
    "no_person": "photos have no person labelled; people that are there are missing",
}
_ERRORS: Final = frozenset({"joint_outside", "joint_swap", "joint_twist", "joint_unseen"})


def check(dataset: Dataset, notes: Notes) -> None:
    """Adds to `notes` what is wrong with the people of a data set and their key points.

    What a teacher network wrote (street photos) may lie outside the photo: that is no error.
    """
    for photo in dataset.photos:
        if not photo.labelled:
            continue
        people = list(_people(photo))
        if not people:
            _note(dataset, photo, "no_person", notes)
        for box, points in people:
            for code in codes(points, box, photo.size):
                if not (code == "joint_outside" and dataset.format == "street"):
                    _note(dataset, photo, code, notes)


def _people(photo: LabelledPhoto) -> Iterator[tuple[Corners | None, Floats]]:
    """Everyone's box and key points (17, 3); a street photo's are the main person's."""
    main = photo.extras.get("keypoints")
    for note in photo.annotations:
        if note.category == PERSON_CLASS:
            points = note.keypoints or main or ()
            yield note.box, np.array(points, np.float64).reshape(-1, 3)


def codes(points: Floats, box: Corners | None, size: tuple[int, int]) -> list[str]:
    """What is wrong with one person's key points (17, 3) or (0, 3), by the codes of findings.

    A visibility of 0 means not labelled. `size` is the photo's (width, height).
    """
    if not len(points):
        return ["no_pose"]
    seen = points[:, 2] > 0
    if not seen.any():
        return ["joint_unseen"] if points[:, :2].any() else ["no_pose"]
    at = points[seen, :2]
    wrong = {
        "joint_outside": ((at < -SLACK_PX) | (at > np.array(size) + SLACK_PX)).any(),
        "joint_far": box is not None and _far(at, box),
        "joint_swap": _mirrored(points),
        "joint_twist": _twisted(points),
        "joint_together": len(np.unique(at.round(1), axis=0)) < len(at),
        "joint_few": int(seen.sum()) < FEW,
    }
    return [code for code, is_so in wrong.items() if is_so]


def _far(at: Floats, box: Corners) -> bool:
    room = OUT_OF_BOX * max(box[2] - box[0], box[3] - box[1])
    return bool(((at < np.array(box[:2]) - room) | (at > np.array(box[2:]) + room)).any())


def _sure(points: Floats, *places: int) -> bool:
    """Whether all of these were seen: COCO's 2, or a teacher's score."""
    return bool((points[list(places), 2] > 0).all())


def _torso(points: Floats) -> float:
    shoulders, hips = points[list(_SHOULDERS), :2], points[list(_HIPS), :2]
    return float(np.hypot(*(shoulders.mean(0) - hips.mean(0))))


def _mirrored(points: Floats) -> bool:
    """Both eyes and the nose seen, an upright head, and the left eye is not right of the other,
    while the shoulders agree with the eyes.
    """
    nose = _AT["nose"]
    if not _sure(points, nose, *_EYES, *_SHOULDERS):
        return False
    if points[list(_EYES), 2].min() < 0.9 or points[nose, 1] > points[list(_SHOULDERS), 1].min():
        return False
    eyes = points[_EYES[0], 0] - points[_EYES[1], 0]
    shoulders = points[_SHOULDERS[0], 0] - points[_SHOULDERS[1], 0]
    wide = abs(eyes) > 0.1 * abs(shoulders)
    return bool(wide and eyes < 0 and shoulders < 0)


def _twisted(points: Floats) -> bool:
    if not _sure(points, *_SHOULDERS, *_HIPS):
        return False
    shoulders, hips = (points[a, 0] - points[b, 0] for a, b in (_SHOULDERS, _HIPS))
    min_width = WIDE * _torso(points)
    return bool(min(abs(shoulders), abs(hips)) > min_width and shoulders * hips < 0)


def _note(dataset: Dataset, photo: LabelledPhoto, code: str, notes: Notes) -> None:
    severity = "error" if code in _ERRORS else "warning"
    path: Path = photo.path
    notes.add(code, severity, _TEXTS[code], where(dataset, photo), path)
