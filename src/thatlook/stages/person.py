"""The person stage: key points, view and gender of one person, and the full-shot gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thatlook.image import Fitted, Pixels, fit_box, with_aspect
from thatlook.models.session import Runs, to_batch
from thatlook.records import Box, Gate, Keypoint, Person
from thatlook.taxonomy import KEYPOINTS, VIEWS

Floats = NDArray[np.floating[Any]]

HEAD = tuple(
    KEYPOINTS.index(name) for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
)
FEET = tuple(KEYPOINTS.index(name) for name in ("left_ankle", "right_ankle"))


@dataclass(frozen=True, slots=True)
class PersonRules:
    """The thresholds that turn the network's numbers into words."""

    keypoint_threshold: float
    front_threshold: float
    gender_threshold: float


class PersonStage:
    """Reads a person with the person network."""

    def __init__(self, session: Runs, rules: PersonRules) -> None:
        self._session = session
        self._rules = rules

    def run(self, image: Pixels, box: Box, score: float) -> Person:
        """The person in `box`, found there with `score`."""
        entry = self._session.spec.input
        size = (int(entry["width"]), int(entry["height"]))
        wide = with_aspect(box, size[0] / size[1]).scaled(float(entry["expand"]))
        fitted = fit_box(image, wide, size)
        output = self._session.run({"crop": to_batch([fitted.canvas], self._session.spec)})
        height, width = image.shape[:2]
        keypoints = read_keypoints(output["heatmaps"][0], fitted)
        views = dict(zip(VIEWS, map(float, output["view"][0]), strict=True))
        view = max(views, key=lambda name: views[name])
        gate = judge(keypoints, views["front"], (width, height), self._rules)
        gender, gender_score = read_gender(output["gender"][0], self._rules.gender_threshold)
        return Person(
            box, score, keypoints, gate, view, min(1.0, views[view]), gender, min(1.0, gender_score)
        )


def read_keypoints(heatmaps: Floats, fitted: Fitted) -> tuple[Keypoint, ...]:
    """Joints at the peaks of heatmaps (17, h, w), refined below one cell, in photo pixels.

    The peak is moved by the parabola through the logarithms of its neighbours, as in
    DARK (Zhang et al., CVPR 2020) along each axis. The peak's height is the score.
    """
    count, rows, columns = heatmaps.shape
    flat = heatmaps.reshape(count, -1)
    places = flat.argmax(axis=1)
    ys, xs = np.divmod(places, columns)
    logs = np.log(np.maximum(heatmaps, 1e-6))
    joint = np.arange(count)
    dx = _parabola(*(logs[joint, ys, np.clip(xs + d, 0, columns - 1)] for d in (-1, 0, 1)))
    dy = _parabola(*(logs[joint, np.clip(ys + d, 0, rows - 1), xs] for d in (-1, 0, 1)))
    step = np.array([fitted.canvas.shape[1] / columns, fitted.canvas.shape[0] / rows])
    points = fitted.to_image((np.stack([xs + dx, ys + dy], axis=1) + 0.5) * step)
    scores = np.clip(flat[joint, places], 0, 1)
    return tuple(
        Keypoint(float(x), float(y), float(s)) for (x, y), s in zip(points, scores, strict=True)
    )


def _parabola(before: Floats, at: Floats, after: Floats) -> Floats:
    curve = before - 2 * at + after
    safe = np.where(curve < -1e-6, curve, -1.0)
    return np.where(curve < -1e-6, np.clip((before - after) / (2 * safe), -0.5, 0.5), 0.0)


def judge(
    keypoints: tuple[Keypoint, ...], front: float, size: tuple[int, int], rules: PersonRules
) -> Gate:
    """Whether head and both feet are in the frame of `size` (width, height) and the torso faces
    the camera. Each rule that fails is named in words.
    """
    failed = []
    if not any(_seen(keypoints[place], size, rules) for place in HEAD):
        failed.append("the head is not in the frame")
    feet = sum(_seen(keypoints[place], size, rules) for place in FEET)
    if feet < len(FEET):
        failed.append(
            "the feet are not in the frame" if not feet else "one foot is not in the frame"
        )
    full_shot = not failed
    is_front = front >= rules.front_threshold
    if not is_front:
        failed.append("the torso does not face the camera")
    return Gate(full_shot, is_front, tuple(failed))


def _seen(point: Keypoint, size: tuple[int, int], rules: PersonRules) -> bool:
    inside = 0 <= point.x < size[0] and 0 <= point.y < size[1]
    return inside and point.score >= rules.keypoint_threshold


def read_gender(probabilities: Floats, threshold: float) -> tuple[str, float]:
    """The gender and its probability from [female, male]; "unknown" below the threshold."""
    female, male = float(probabilities[0]), float(probabilities[1])
    name, score = ("female", female) if female >= male else ("male", male)
    return (name if score >= threshold else "unknown"), score
