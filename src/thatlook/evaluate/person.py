"""Key points, gender, view and the full-shot gate, measured on photos kept apart."""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.evaluate.report import Report, add_common, finish, session_of
from thatlook.records import Box, Person
from thatlook.settings import Settings
from thatlook.stages.person import PersonRules, PersonStage
from thatlook.taxonomy import KEYPOINT_FLIP, VIEWS

if TYPE_CHECKING:
    from thatlook.evaluate.data import Scene

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

DEFAULTS: Final = PersonRules.of(Settings())
"""What the gate and the unknown share are measured at."""

CROP_SIZE: Final = (192, 256)
EXPAND: Final = 1.15
STRIDE: Final = 4


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
    found: Floats, truth: Floats, share: float = 0.2, least: float = 0.5
) -> NDArray[np.float64]:
    """Per key point, the part of those the truth saw (v >= least) found within share x torso.

    Both (n, 17, 3). NaN for a key point never seen.
    """
    off = np.hypot(*np.moveaxis(found[..., :2] - truth[..., :2], -1, 0))
    seen = truth[..., 2] >= least
    hit = (off <= share * torso(truth)[:, None]) & seen
    count = seen.sum(0)
    return np.where(count > 0, hit.sum(0) / np.maximum(count, 1), np.nan)


def swaps(found: Floats, truth: Floats) -> int:
    """In how many people both shoulders or both hips lie nearer to the other side's truth."""
    mirrored = truth[:, KEYPOINT_FLIP, :2]
    straight = np.hypot(*np.moveaxis(found[..., :2] - truth[..., :2], -1, 0))
    crossed = np.hypot(*np.moveaxis(found[..., :2] - mirrored, -1, 0))
    wrong = crossed < straight
    # People seen from the side have shoulders too close to tell.
    wide = np.hypot(*(truth[:, 5, :2] - truth[:, 6, :2]).T) > 0.3 * torso(truth)
    return int((wide & (wrong[:, [5, 6]].all(1) | wrong[:, [11, 12]].all(1))).sum())


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
    place = np.minimum((probability * bins).astype(int), bins - 1)
    error = 0.0
    for k in range(bins):
        here = place == k
        if here.any():
            error += here.mean() * abs(float(right[here].mean()) - float(probability[here].mean()))
    return float(error)


def cut_frames(box: Floats, size: tuple[int, int]) -> dict[str, Floats]:
    """Frames (x0, y0, x1, y1) that cut a standing person's box off, by name."""
    x0, y0, x1, y1 = (float(v) for v in box)
    tall, middle = y1 - y0, (x0 + x1) / 2
    width, height = (float(v) for v in size)
    return {
        "waist_up": np.array([0, 0, width, y0 + 0.5 * tall], np.float32),
        "knee_up": np.array([0, 0, width, y0 + 0.75 * tall], np.float32),
        "ankles_off": np.array([0, 0, width, y0 + 0.9 * tall], np.float32),
        "headless": np.array([0, y0 + 0.16 * tall, width, height], np.float32),
        "half": np.array([middle, 0, width, height], np.float32),
    }


def within(image: Pixels, box: Floats, frame: Floats) -> tuple[Pixels, Box] | None:
    """The photo cut to `frame` with what is left of the box, or None where nothing is."""
    x0, y0, x1, y1 = (int(v) for v in frame)
    part = np.ascontiguousarray(image[y0:y1, x0:x1])
    moved = np.asarray(box) - (x0, y0, x0, y0)
    if part.size == 0 or moved[2] - moved[0] < 4 or moved[3] - moved[1] < 4:
        return None
    left = Box(*(float(v) for v in moved)).clipped(part.shape[1], part.shape[0])
    return None if left is None else (part, left)


def seen_by(stage: PersonStage, scenes: Sequence[Scene]) -> list[Person]:
    """What the stage says of each scene's labelled person."""
    from thatlook.evaluate.data import person_box, photo

    return [stage.run(photo(s.path), Box(*person_box(s).tolist()), 1.0) for s in scenes]


def pose_figures(people: Sequence[Person], scenes: Sequence[Scene]) -> dict[str, float]:
    """PCK at 0.2 of the torso, its worst joint, and left-right swaps, against the teacher."""
    from thatlook.evaluate.data import joint_states

    pairs = [(p, s) for p, s in zip(people, scenes, strict=True) if s.keypoints is not None]
    found = np.array([[(k.x, k.y, k.score) for k in p.keypoints] for p, _ in pairs], np.float32)
    truth = np.stack([s.keypoints for _, s in pairs if s.keypoints is not None]).copy()
    truth[..., 2] = np.stack([joint_states(s) == 1 for _, s in pairs])
    per = pck(found, truth)
    return {
        "pck": float(np.nanmean(per)),
        "pck_worst_joint": float(np.nanmin(per)),
        "swaps": float(swaps(found, truth)),
    }


def gender_figures(people: Sequence[Person], scenes: Sequence[Scene]) -> dict[str, float]:
    """Recall per gender, their mean, the calibration error, and the share left unknown.

    For a stage whose gender threshold is 0; the unknown share is that of the default.
    """
    known = [(p, s) for p, s in zip(people, scenes, strict=True) if s.gender in ("female", "male")]
    truth = np.array([s.gender == "male" for _, s in known], np.int64)
    score = np.array([p.gender_score for p, _ in known], np.float32)
    side = np.array([p.gender == "male" for p, _ in known], np.int64)
    found = recalls(side, truth, ("female", "male"))
    return found | {
        "gender": float(np.mean(list(found.values()))),
        "gender_ece": calibration_error(score, side == truth),
        "gender_unknown": float((score < DEFAULTS.gender_threshold).mean()),
    }


def gate_figures(stage: PersonStage, scenes: Sequence[Scene]) -> dict[str, float]:
    """The share of full shots that pass as such, and of made crops that wrongly do."""
    from thatlook.evaluate.data import person_box, photo

    passed: dict[str, list[bool]] = defaultdict(list)
    for scene in scenes:
        image, box = photo(scene.path), person_box(scene)
        size = (image.shape[1], image.shape[0])
        frames = {"full": np.array([0, 0, *size], np.float32)} | cut_frames(box, size)
        for name, frame in frames.items():
            part = within(image, box, frame)
            if part is not None:
                passed[name].append(stage.run(*part, 1.0).gate.full_shot)
    out = {f"gate_{name}": float(np.mean(values)) for name, values in passed.items()}
    return out | {"gate_crops": float(np.mean([v for k, v in out.items() if k != "gate_full"]))}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the protocol's options to `parser`."""
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Measure, print the table, write --json; the exit status."""
    from thatlook.evaluate.data import product_scenes, street_scenes

    session = session_of(args, "person")
    # A gender threshold of 0 keeps every side: the unknown share is measured at the default.
    stage = PersonStage(session, replace(DEFAULTS, gender_threshold=0.0))
    data = Path(args.data)
    street = [s for s in street_scenes(data / "street") if s.split == "val"]
    models = [s for s in product_scenes(data / "catalog") if s.split == "val" and s.kind == "model"]
    started = time.perf_counter()
    people = seen_by(stage, street)
    spent = (time.perf_counter() - started) / max(1, len(street))
    figures = pose_figures(people, street) | gender_figures(people, street)
    views = np.array([VIEWS.index(p.view) for p in people])
    true_views = np.array([VIEWS.index(s.view) for s in street])
    figures |= recalls(views, true_views, VIEWS)
    worn = seen_by(stage, models)
    shown = gender_figures(worn, models)
    facing = [p.view == "front" for p, s in zip(worn, models, strict=True) if s.view == "front"]
    shown |= {"front": float(np.mean(facing))}
    figures |= {f"product_{name}": value for name, value in shown.items()}
    figures |= gate_figures(stage, [s for s in street if s.kind == "street"])
    report = Report("Person", session.spec, figures | {"mean_ms": spent * 1000})
    return finish(args, report)
