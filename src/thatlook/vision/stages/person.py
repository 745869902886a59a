"""The person stage: key points, view and gender of one person, and the full-shot gate."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thatlook.core.image import Fitted, Pixels, fit_box, with_aspect
from thatlook.core.records import Box, Gate, Keypoint, Person
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import KEYPOINTS, PERSON_GENDERS, VIEWS
from thatlook.vision.models.inputs import PersonInput
from thatlook.vision.models.session import Runs, output_of_shape, to_batch

Floats = NDArray[np.floating[Any]]

HEAD = tuple(
    KEYPOINTS.index(name) for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
)
FEET = tuple(KEYPOINTS.index(name) for name in ("left_ankle", "right_ankle"))
LEGS = (KEYPOINTS.index("left_knee"), KEYPOINTS.index("right_knee"), *FEET)
TORSO = tuple(
    KEYPOINTS.index(name) for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
)
GENDERS = PERSON_GENDERS[:2]
"""What the network tells apart; the third is its doubt."""


MIN_KEYPOINTS = 4
"""A person with fewer key points seen is a shoe or a bag that the article stage mistook."""

SURE, SURE_KEYPOINTS, SURE_PERSON = 0.5, 3, 0.75
"""So is one without a leg and with fewer than SURE_KEYPOINTS surely seen, unless the article stage
is sure: an empty shirt shows faint shoulders, and its collar a faint head.
"""

CUT = 0.02
"""A box that ends within this share of the photo's height above its lower edge is cut by it."""

LONGER = 2.2
"""A portrait's box is taken for this share of a longer one: of 290 photos of a foreign collection
24 people were refused without it, 12 with 1.7, 8 with 2.2, 7 with 2.7.
"""

TWO_WIDE = 1.1
"""Shoulders that lie further apart than this share of the torso's length are those of two people
side by side: of 1,811 people the widest had 0.83, of four pairs in one box the narrowest 1.3.
"""

TWO_APART = 0.25
"""The heads of two such people lie at least this share of the box's width apart."""


@dataclass(frozen=True, slots=True)
class PersonRules:
    """The thresholds that turn the network's numbers into words; Settings explains each."""

    keypoint_threshold: float
    torso_threshold: float
    foot_room: float
    front_threshold: float
    gender_threshold: float

    @classmethod
    def of(cls, settings: Settings) -> PersonRules:
        """The rules among the settings."""
        return cls(*(getattr(settings, entry.name) for entry in fields(cls)))


class PersonStage:
    """Reads a person with the person network. Raises ModelError for an entry that lacks the
    crop's size, how much the box grows, or an output.
    """

    def __init__(self, session: Runs, rules: PersonRules) -> None:
        spec = session.spec
        spec.needs("heatmaps", "view", "gender")
        spec.fixed("view", VIEWS)
        spec.fixed("gender", GENDERS)
        self._session = session
        self._rules = rules
        self._input = PersonInput.of(spec)

    def run(self, image: Pixels, box: Box, score: float) -> Person:
        """The person in `box`, found there with `score`.

        Raises ModelError where an output is not one value per joint, view or gender.
        """
        return self._read(image, box, box, score)

    def _read(self, image: Pixels, box: Box, seen_in: Box, score: float) -> Person:
        """The person in `box`, read in the crop about `seen_in`."""
        spec, size = self._session.spec, self._input.size
        wide = with_aspect(seen_in, size[0] / size[1]).scaled(self._input.expand)
        fitted = fit_box(image, wide, size)
        output = self._session.run({self._input.name: to_batch([fitted.canvas], spec)})
        heatmaps = output_of_shape(spec, output, "heatmaps", (1, len(KEYPOINTS), None, None))
        keypoints = read_keypoints(heatmaps[0], fitted)
        seen = output_of_shape(spec, output, "view", (1, len(VIEWS)))[0]
        views = dict(zip(VIEWS, map(float, seen), strict=True))
        view = max(views, key=lambda name: views[name])
        frame = Frame(image.shape[1], image.shape[0], box.height)
        gate = judge(keypoints, views["front"], frame, self._rules)
        genders = output_of_shape(spec, output, "gender", (1, len(GENDERS)))[0]
        gender, gender_score = read_gender(genders, self._rules.gender_threshold)
        return Person(
            box, score, keypoints, gate, view, min(1.0, views[view]), gender, min(1.0, gender_score)
        )

    def cut_short(self, image: Pixels, person: Person) -> Person:
        """`person` read again, where the photo's lower edge cuts the box, as if it went on below.

        The training shows few portraits: a head that fills the crop is not seen, one that is a
        third of it is. The gate still judges what the photo shows.
        """
        box = person.box
        if box.y1 < image.shape[0] * (1 - CUT):
            return person
        longer = Box(box.x0, box.y0, box.x1, box.y0 + box.height * LONGER)
        return self._read(image, box, longer, person.score)

    def apart(self, image: Pixels, person: Person) -> tuple[Person, Person] | None:
        """The two people side by side that were taken for `person`, the clearer one first; None
        where it is one.

        Each is read again in its half of the photo, so that the other one is not seen.
        """
        if shoulder_ratio(person.keypoints) <= TWO_WIDE:
            return None
        middle = round(person.box.center[0])
        left = self._beside(image, person, 0, middle)
        right = self._beside(image, person, middle, image.shape[1])
        if left is None or right is None:
            return None
        one, other = _head_x(left.keypoints), _head_x(right.keypoints)
        if one is None or other is None or other - one < TWO_APART * person.box.width:
            return None
        return (left, right) if _clearness(left) >= _clearness(right) else (right, left)

    def alone(self, image: Pixels, person: Person) -> Person:
        """`person` read again where nothing right or left of the box is seen."""
        return self._beside(image, person, round(person.box.x0), round(person.box.x1)) or person

    def _beside(self, image: Pixels, person: Person, x0: int, x1: int) -> Person | None:
        """The person in columns x0 to x1 of the photo; None where they hold nothing of the box."""
        whole = person.box
        shifted = Box(whole.x0 - x0, whole.y0, whole.x1 - x0, whole.y1)
        box = shifted.clipped(x1 - x0, image.shape[0])
        if box is None:
            return None
        found = self.run(np.ascontiguousarray(image[:, x0:x1]), box, person.score)
        points = tuple(Keypoint(p.x + x0, p.y, p.score) for p in found.keypoints)
        back = Box(box.x0 + x0, box.y0, box.x1 + x0, box.y1)
        return replace(found, box=back, keypoints=points)


def is_somebody(person: Person, min_score: float) -> bool:
    """Whether enough of a person's key points are seen, from the score `min_score` on."""
    scores = np.array([point.score for point in person.keypoints])
    legs = bool((scores[list(LEGS)] >= min_score).any())
    sure = int((scores >= SURE).sum()) >= SURE_KEYPOINTS or person.score >= SURE_PERSON
    return (legs or sure) and int((scores >= min_score).sum()) >= MIN_KEYPOINTS


def shoulder_ratio(keypoints: tuple[Keypoint, ...]) -> float:
    """The distance between the shoulders over that from their middle to the hips'; 0 where the hips
    lie on the shoulders.
    """
    at = np.array([(keypoints[index].x, keypoints[index].y) for index in TORSO])
    across, down = at[0] - at[1], at[:2].mean(axis=0) - at[2:].mean(axis=0)
    length = float(np.hypot(*down))
    return float(np.hypot(*across)) / length if length else 0.0


def _head_x(keypoints: tuple[Keypoint, ...]) -> float | None:
    """Where the clearest point of the head is from the left, None where none is surely seen."""
    best = max((keypoints[index] for index in HEAD), key=lambda point: point.score)
    return best.x if best.score >= SURE else None


def _clearness(person: Person) -> float:
    return sum(point.score for point in person.keypoints)


def read_keypoints(heatmaps: Floats, fitted: Fitted) -> tuple[Keypoint, ...]:
    """Joints at the peaks of heatmaps (17, h, w), refined below one cell, in photo pixels.

    The peak is moved by the parabola through the logarithms of its neighbours, as in
    DARK (Zhang et al., CVPR 2020) along each axis. The peak's height is the score.
    """
    count, rows, columns = heatmaps.shape
    flat = heatmaps.reshape(count, -1)
    indices = flat.argmax(axis=1)
    ys, xs = np.divmod(indices, columns)
    logs = np.log(np.maximum(heatmaps, 1e-6))
    joint = np.arange(count)
    dx = _parabola(*(logs[joint, ys, np.clip(xs + d, 0, columns - 1)] for d in (-1, 0, 1)))
    dy = _parabola(*(logs[joint, np.clip(ys + d, 0, rows - 1), xs] for d in (-1, 0, 1)))
    step = np.array([fitted.canvas.shape[1] / columns, fitted.canvas.shape[0] / rows])
    points = fitted.to_image((np.stack([xs + dx, ys + dy], axis=1) + 0.5) * step)
    scores = np.clip(flat[joint, indices], 0, 1)
    return tuple(
        Keypoint(float(x), float(y), float(s)) for (x, y), s in zip(points, scores, strict=True)
    )


def _parabola(before: Floats, at: Floats, after: Floats) -> Floats:
    curve = before - 2 * at + after
    safe = np.where(curve < -1e-6, curve, -1.0)
    return np.where(curve < -1e-6, np.clip((before - after) / (2 * safe), -0.5, 0.5), 0.0)


@dataclass(frozen=True, slots=True)
class Frame:
    """The photo's size and the height of the person's box in it, in pixels."""

    width: int
    height: int
    person_height: float


def judge(keypoints: tuple[Keypoint, ...], front: float, frame: Frame, rules: PersonRules) -> Gate:
    """Whether head, torso and both feet are in the frame and the torso faces the camera.

    Each rule that fails is named in words. An ankle alone is not a foot: below it there must be
    room for one before the frame ends.
    """
    failed = []
    if not any(_seen(keypoints[index], frame, rules.keypoint_threshold) for index in HEAD):
        failed.append("the head is not in the frame")
    if not all(_seen(keypoints[index], frame, rules.torso_threshold) for index in TORSO):
        failed.append("a part of the torso is not in the frame")
    feet = sum(_is_foot(keypoints[index], frame, rules) for index in FEET)
    if feet < len(FEET):
        failed.append("one foot is not in the frame" if feet else "the feet are not in the frame")
    full_shot = not failed
    is_front = front >= rules.front_threshold
    if not is_front:
        failed.append("the torso does not face the camera")
    return Gate(full_shot, is_front, tuple(failed))


def _seen(point: Keypoint, frame: Frame, threshold: float) -> bool:
    inside = 0 <= point.x < frame.width and 0 <= point.y < frame.height
    return inside and point.score >= threshold


def _is_foot(ankle: Keypoint, frame: Frame, rules: PersonRules) -> bool:
    room = frame.height - ankle.y
    seen = _seen(ankle, frame, rules.keypoint_threshold)
    return seen and room >= rules.foot_room * frame.person_height


def read_gender(probabilities: Floats, threshold: float) -> tuple[str, float]:
    """The gender and its probability from [female, male]; "unknown" below the threshold."""
    female, male = float(probabilities[0]), float(probabilities[1])
    name, score = ("female", female) if female >= male else ("male", male)
    return (name if score >= threshold else "unknown"), score
