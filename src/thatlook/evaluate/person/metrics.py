"""What a person network said of labelled people, in figures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.records import Box, Person
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import KEYPOINT_FLIP, KEYPOINTS, VIEWS
from thatlook.evaluate import coco
from thatlook.vision.stages.person import FEET, HEAD, PersonRules, PersonStage

if TYPE_CHECKING:
    from thatlook.data.scenes import Scene


Floats = NDArray[np.float32]


Pixels = NDArray[np.uint8]


DEFAULTS: Final = PersonRules.of(Settings())
"""What the gate and the unknown share are measured at."""


GENDERS: Final = ("female", "male")


BODY_SHARE: Final = 0.53
"""How much of a person's box is the person: what COCO's key-point measure takes for the area where
only a box is known."""


CROP_SIZE: Final = (384, 512)


EXPAND: Final = 1.15


STRIDE: Final = 8


def crop_window(box: Floats) -> Floats:
    """The person crop's window (x0, y0, x1, y1) in the photo: the box grown to 3 : 4.

    It may reach beyond the photo, which is padded with grey there.
    """
    middle, span = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) * EXPAND
    width = max(float(span[0]), float(span[1]) * CROP_SIZE[0] / CROP_SIZE[1])
    half = np.array([width, width * CROP_SIZE[1] / CROP_SIZE[0]], np.float32) / 2
    return np.concatenate([middle - half, middle + half]).astype(np.float32)


def peaks(heatmaps: Floats) -> Floats:
    """Key points (n, k, 3) as x, y in crop pixels and score from heatmaps (n, k, h, w).

    The highest cell, moved by the vertex of the parabola through it and its neighbours.
    """
    n, k, height, width = heatmaps.shape
    flat = heatmaps.reshape(n * k, -1)
    best = flat.argmax(1)
    rows = np.arange(n * k)
    y, x = best // width, best % width
    padded = np.pad(heatmaps.reshape(n * k, height, width), ((0, 0), (1, 1), (1, 1)), mode="edge")
    here = padded[rows, y + 1, x + 1]
    dx = _vertex(padded[rows, y + 1, x], here, padded[rows, y + 1, x + 2])
    dy = _vertex(padded[rows, y, x + 1], here, padded[rows, y + 2, x + 1])
    at = np.stack([(x + dx + 0.5) * STRIDE, (y + dy + 0.5) * STRIDE, here], 1)
    return at.reshape(n, k, 3).astype(np.float32)


def _vertex(before: Floats, here: Floats, after: Floats) -> Floats:
    bend = np.minimum(before - 2 * here + after, -1e-6)
    return np.asarray(np.clip((before - after) / (2 * bend), -0.5, 0.5), np.float32)


def torso(points: Floats) -> Floats:
    """The mean shoulder-to-opposite-hip length (n,) of key points (n, 17, 2 or more)."""
    one = np.hypot(*(points[:, 5, :2] - points[:, 12, :2]).T)
    two = np.hypot(*(points[:, 6, :2] - points[:, 11, :2]).T)
    return np.asarray((one + two) / 2, np.float32)


def pck(
    found: Floats, truth: Floats, share: float = 0.2, min_score: float = 0.5
) -> NDArray[np.float64]:
    """Per key point, the part of those the truth saw (v >= min_score) found within share x torso.

    Both (n, 17, 3). NaN for a key point never seen.
    """
    off = np.hypot(*np.moveaxis(found[..., :2] - truth[..., :2], -1, 0))
    seen = truth[..., 2] >= min_score
    hit = (off <= share * torso(truth)[:, None]) & seen
    count = seen.sum(0)
    return np.where(count > 0, hit.sum(0) / np.maximum(count, 1), np.nan)


def swaps(found: Floats, truth: Floats) -> int:
    """In how many people both shoulders or both hips lie nearer to the other side's truth."""
    return int(swapped(found, truth).sum())


def swapped(found: Floats, truth: Floats) -> NDArray[np.bool_]:
    """Of whom `swaps` counts (n,)."""
    # People seen from the side have shoulders too close to tell.
    wide = np.hypot(*(truth[:, 5, :2] - truth[:, 6, :2]).T) > 0.3 * torso(truth)
    wrong = _nearer_the_other(found, truth)
    sides = wrong[:, [5, 6]].all(1) | wrong[:, [11, 12]].all(1)
    return np.asarray(wide & sides, np.bool_)


def legs_swapped(found: Floats, truth: Floats) -> NDArray[np.bool_]:
    """Whose knees or ankles (n,) both lie nearer to the other side's truth, where they are apart
    by a fifth of the torso.
    """
    wrong = _nearer_the_other(found, truth)
    out = np.zeros(len(truth), np.bool_)
    for pair in ([13, 14], [15, 16]):
        apart = np.hypot(*(truth[:, pair[0], :2] - truth[:, pair[1], :2]).T)
        sure = (apart > 0.2 * torso(truth)) & (truth[:, pair, 2] >= 0.5).all(1)
        out |= sure & wrong[:, pair].all(1)
    return out


def _nearer_the_other(found: Floats, truth: Floats) -> NDArray[np.bool_]:
    """Per person and key point (n, 17), whether it lies nearer to its mirror image's truth."""
    mirrored = truth[:, list(KEYPOINT_FLIP), :2]
    straight = np.hypot(*np.moveaxis(found[..., :2] - truth[..., :2], -1, 0))
    crossed = np.hypot(*np.moveaxis(found[..., :2] - mirrored, -1, 0))
    return np.asarray(crossed < straight, np.bool_)


def recalls(
    found: NDArray[np.int64], truth: NDArray[np.int64], names: tuple[str, ...]
) -> dict[str, float]:
    """The recall of each class that `truth` holds; entries of -1 in `truth` count nowhere."""
    return {
        name: float((found[truth == k] == k).mean())
        for k, name in enumerate(names)
        if (truth == k).any()
    }


def calibration_error(probability: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error (Guo et al., ICML 2017) of the winning probability (n,)."""
    index = np.minimum((probability * bins).astype(int), bins - 1)
    error = 0.0
    for k in range(bins):
        here = index == k
        if here.any():
            error += here.mean() * abs(float(right[here].mean()) - float(probability[here].mean()))
    return float(error)


def seen_by(stage: PersonStage, scenes: Sequence[Scene]) -> tuple[list[Person], float]:
    """What the stage says of each scene's labelled person, and its median time in milliseconds."""
    from thatlook.data.scenes import person_box, photo

    people, times = [], []
    for scene in scenes:
        image, box = photo(scene.path), Box(*person_box(scene).tolist())
        started = time.perf_counter()
        people.append(stage.run(image, box, 1.0))
        times.append(time.perf_counter() - started)
    return people, float(np.median(times) * 1000) if times else float("nan")


def joints_of(people: Sequence[Person]) -> Floats:
    """Their key points (n, 17, 3): x, y in photo pixels, score."""
    rows = [[(k.x, k.y, k.score) for k in person.keypoints] for person in people]
    return np.array(rows, np.float32).reshape(-1, len(KEYPOINTS), 3)


def truth_of(scenes: Sequence[Scene]) -> Floats:
    """The labelled key points (n, 17, 3) of scenes that have some, 1 for those that are trusted."""
    from thatlook.data.scenes import joint_states

    truth = np.stack([s.keypoints for s in scenes if s.keypoints is not None]).copy()
    truth[..., 2] = np.stack([joint_states(scene) == 1 for scene in scenes])
    return truth


def labelled_keypoints(
    people: Sequence[Person], scenes: Sequence[Scene]
) -> tuple[Floats, Floats, list[int]]:
    """Found and labelled key points of the scenes that have some, and those scenes' rows."""
    rows = [row for row, scene in enumerate(scenes) if scene.keypoints is not None]
    if not rows:
        none = np.zeros((0, len(KEYPOINTS), 3), np.float32)
        return none, none, rows
    truth = truth_of([scenes[row] for row in rows])
    return joints_of([people[row] for row in rows]), truth, rows


def pose_figures(people: Sequence[Person], scenes: Sequence[Scene]) -> dict[str, float]:
    """PCK at 0.2 of the torso, its worst joint, left-right swaps and OKS AP against the labels."""
    found, truth, rows = labelled_keypoints(people, scenes)
    if not rows:
        return {}
    per = pck(found, truth)
    return {
        "pck": float(np.nanmean(per)),
        "pck_worst_joint": float(np.nanmin(per)),
        "swaps": float(swaps(found, truth)),
        "swaps_legs": float(legs_swapped(found, truth).sum()),
    } | oks_figures(found, truth, [scenes[row] for row in rows])


def oks_figures(found: Floats, truth: Floats, scenes: Sequence[Scene]) -> dict[str, float]:
    """COCO key-point AP by pycocotools, one person a photo: `oks_ap` and `oks_ap50`.

    A person's area is BODY_SHARE of the box, which is labelled where the outline is not.
    """
    from thatlook.data.scenes import person_box

    labels, results = [], []
    for i, scene in enumerate(scenes):
        sides = coco.sides(person_box(scene).tolist())
        seen = truth[i].copy()
        seen[:, 2] *= 2
        common = {"image_id": i, "category_id": 0, "bbox": sides}
        note = {"area": BODY_SHARE * sides[2] * sides[3], "keypoints": seen.ravel().tolist()}
        labels.append(common | note | {"num_keypoints": int((seen[:, 2] > 0).sum())})
        score = float(found[i, :, 2].mean())
        results.append(common | {"keypoints": found[i].ravel().tolist(), "score": score})
    table = coco.judged(len(scenes), ["person"], labels, results, "keypoints")
    return {
        "oks_ap": coco.average(table[:, :, 0, 0]),
        "oks_ap50": coco.average(table[0, :, 0, 0]),
    }


def gender_figures(people: Sequence[Person], scenes: Sequence[Scene]) -> dict[str, float]:
    """Recall per gender, their mean, the calibration error, and the share left unknown.

    For a stage whose gender threshold is 0; the unknown share is that of the default.
    """
    truth, side, score, _ = gendered(people, scenes)
    if not len(truth):
        return {}
    found = recalls(side, truth, GENDERS)
    return found | {
        "gender": float(np.mean(list(found.values()))),
        "gender_ece": calibration_error(score, side == truth),
        "gender_unknown": float((score < DEFAULTS.gender_threshold).mean()),
    }


def gendered(
    people: Sequence[Person], scenes: Sequence[Scene]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, list[int]]:
    """Labelled and found place in GENDERS, the probability of what was found, and the rows of the
    scenes whose gender is labelled.
    """
    rows = [row for row, scene in enumerate(scenes) if scene.gender in GENDERS]
    truth = np.array([GENDERS.index(scenes[row].gender) for row in rows], np.int64)
    side = np.array([GENDERS.index(people[row].gender) for row in rows], np.int64)
    score = np.array([people[row].gender_score for row in rows], np.float32)
    return truth, side, score, rows


def viewed(
    people: Sequence[Person], scenes: Sequence[Scene]
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[int]]:
    """Labelled and found place in VIEWS, and the rows of the scenes whose view is labelled."""
    rows = [row for row, scene in enumerate(scenes) if scene.view in VIEWS]
    truth = np.array([VIEWS.index(scenes[row].view) for row in rows], np.int64)
    return truth, np.array([VIEWS.index(people[row].view) for row in rows], np.int64), rows


def view_figures(people: Sequence[Person], scenes: Sequence[Scene]) -> dict[str, float]:
    """Recall per view, and `not_front`, that of the turned ones as turned."""
    truth, found, _ = viewed(people, scenes)
    out = recalls(found, truth, VIEWS)
    turned = truth > 0
    return out | ({"not_front": float((found[turned] > 0).mean())} if turned.any() else {})


def whole(scene: Scene) -> bool:
    """Whether head and both feet are in the photo, by its labels."""
    from thatlook.data.scenes import joint_states

    if scene.full_shot is not None or scene.keypoints is None:
        return bool(scene.full_shot)
    states = joint_states(scene)
    return bool((states[list(FEET)] == 1).all() and (states[list(HEAD)] == 1).any())
