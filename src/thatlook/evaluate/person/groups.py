"""Quality by group, never as one average: what a photo shows, how it was taken, who is in it.

Groups are formed by what the labels and the photo itself tell. Nothing here looks at skin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.taxonomy import KEYPOINTS

if TYPE_CHECKING:
    from thatlook.data.scenes import Scene

Members = Mapping[str, Sequence[int]]
"""The rows of the scenes in each group."""

_LEFT_ANKLE, _RIGHT_ANKLE = KEYPOINTS.index("left_ankle"), KEYPOINTS.index("right_ankle")
_WRISTS = [KEYPOINTS.index("left_wrist"), KEYPOINTS.index("right_wrist")]
_SHOULDERS = [KEYPOINTS.index("left_shoulder"), KEYPOINTS.index("right_shoulder")]


def groups_of(scenes: Sequence[Scene]) -> dict[str, Members]:
    """The groups by what they differ in; a scene of which that is not known is in none."""
    kinds: dict[str, Callable[[Scene], str]] = {
        "gender": lambda scene: scene.gender if scene.gender in ("female", "male") else "",
        "view": lambda scene: scene.view,
        "head": _head,
        "legs": _legs,
        "hands": _hands,
    }
    found: dict[str, Members] = {kind: _by(scenes, word) for kind, word in kinds.items()}
    found["brightness of the photo"] = thirds(
        [_brightness(scene) for scene in scenes], ("dark", "middle", "bright")
    )
    found["person's height in the frame"] = thirds(
        [_height(scene) for scene in scenes], ("small", "middle", "large")
    )
    return {kind: members for kind, members in found.items() if len(members) > 1}


def _by(scenes: Sequence[Scene], word: Callable[[Scene], str]) -> Members:
    out: dict[str, list[int]] = {}
    for row, scene in enumerate(scenes):
        name = word(scene)
        if name:
            out.setdefault(name, []).append(row)
    return out


def thirds(values: Sequence[float], names: tuple[str, str, str]) -> Members:
    """The rows of the lowest, middle and highest third; equal values stay together."""
    low, high = np.quantile(values, [1 / 3, 2 / 3]) if len(values) else (0.0, 0.0)
    out: dict[str, list[int]] = {name: [] for name in names}
    for row, value in enumerate(values):
        out[names[0 if value <= low else 1 if value <= high else 2]].append(row)
    return {name: rows for name, rows in out.items() if rows}


def _brightness(scene: Scene) -> float:
    from thatlook.data.scenes import photo

    return float(photo(scene.path)[::8, ::8].mean())


def _height(scene: Scene) -> float:
    from thatlook.data.scenes import person_box, photo

    box = person_box(scene)
    tall: int = photo(scene.path).shape[0]
    return float(box[3] - box[1]) / tall


def _head(scene: Scene) -> str:
    words = set(scene.hint.split())
    if not words:
        return ""
    hat, glasses = "hat" in words, bool(words & {"glasses", "sunglasses"})
    return "hat" if hat else "glasses" if glasses else "bare"


def _legs(scene: Scene) -> str:
    if scene.keypoints is None or scene.view != "front":
        return ""
    left, right = scene.keypoints[[_LEFT_ANKLE, _RIGHT_ANKLE], 0]
    return "crossed" if left < right else "apart"


def _hands(scene: Scene) -> str:
    if scene.keypoints is None:
        return ""
    up = scene.keypoints[_WRISTS, 1].min() < scene.keypoints[_SHOULDERS, 1].mean()
    return "a hand above the shoulders" if up else "hands below the shoulders"


_Z: Final = 1.96


def interval(right: NDArray[np.bool_]) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927): what so few photos can tell."""
    n = len(right)
    if not n:
        return float("nan"), float("nan")
    share = float(np.mean(right))
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * float(np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)))
    return max(0.0, middle - half), min(1.0, middle + half)
