"""The full-shot gate on photos of whole people and on crops made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.records import Box, Gate, Keypoint
from thatlook.vision.stages.person import Frame, PersonRules, PersonStage, judge

if TYPE_CHECKING:
    from thatlook.data.scenes import Scene

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

FULL: Final = "full"
"""The name of a photo as it is; crops have those of `cut_frames`."""


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


def cut_to_frame(image: Pixels, box: Floats, frame: Floats) -> tuple[Pixels, Box] | None:
    """The photo cut to `frame` with what is left of the box, or None where nothing is."""
    x0, y0, x1, y1 = (int(v) for v in frame)
    part = np.ascontiguousarray(image[y0:y1, x0:x1])
    moved = np.asarray(box) - (x0, y0, x0, y0)
    if part.size == 0 or moved[2] - moved[0] < 4 or moved[3] - moved[1] < 4:
        return None
    left = Box(*(float(v) for v in moved)).clipped(part.shape[1], part.shape[0])
    return None if left is None else (part, left)


@dataclass(frozen=True, slots=True, eq=False)
class GateShot:
    """A photo or crop as the person network saw it: enough to judge it by any rules.

    `cut` is the frame in the photo, None for the whole of it.
    """

    name: str
    path: Path
    keypoints: tuple[Keypoint, ...]
    frame: Frame
    cut: Floats | None = None

    def judged(self, rules: PersonRules) -> Gate:
        """What the gate says, the view left aside."""
        return judge(self.keypoints, 1.0, self.frame, rules)


def shots(stage: PersonStage, scenes: Sequence[Scene]) -> list[GateShot]:
    """Each photo whole and cut in all ways; the scenes must show whole people."""
    from thatlook.data.scenes import person_box, photo

    found = []
    for scene in scenes:
        image, box = photo(scene.path), person_box(scene)
        size = (image.shape[1], image.shape[0])
        frames = {FULL: np.array([0, 0, *size], np.float32)} | cut_frames(box, size)
        for name, frame in frames.items():
            part = cut_to_frame(image, box, frame)
            if part is not None:
                person = stage.run(*part, 1.0)
                seen = Frame(part[0].shape[1], part[0].shape[0], part[1].height)
                cut = None if name == FULL else frame
                found.append(GateShot(name, scene.path, person.keypoints, seen, cut))
    return found


def pass_shares(taken: Sequence[GateShot], rules: PersonRules) -> dict[str, float]:
    """The share of shots that pass, by name: the whole photos first."""
    passed: dict[str, list[bool]] = defaultdict(list)
    for shot in taken:
        passed[shot.name].append(shot.judged(rules).full_shot)
    return {name: float(np.mean(values)) for name, values in passed.items()}


def gate_figures(taken: Sequence[GateShot], rules: PersonRules) -> dict[str, float]:
    """`gate_full`, the share of whole photos that pass (the gate's recall), `gate_NAME` that of
    each crop, `gate_crops` their mean, and `gate_precision` for as many crops as whole photos.
    """
    shares = pass_shares(taken, rules)
    if FULL not in shares:
        return {}
    crops = float(np.mean([share for name, share in shares.items() if name != FULL]))
    right = shares[FULL]
    precision = right / (right + crops) if right + crops else float("nan")
    told = {f"gate_{name}": share for name, share in shares.items()}
    return told | {"gate_crops": crops, "gate_precision": precision}


def curve(
    taken: Sequence[GateShot], rules: PersonRules, dial: str, values: Sequence[float]
) -> dict[str, list[tuple[float, float]]]:
    """The pass shares by name over the values of one dial of the rules, all else as it is."""
    lines: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for value in values:
        for name, share in pass_shares(taken, replace(rules, **{dial: value})).items():
            lines[name].append((value, share))
    return dict(lines)
