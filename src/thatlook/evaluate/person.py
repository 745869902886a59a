"""Key points, gender, view and the full-shot gate, measured on photos kept apart."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.taxonomy import KEYPOINT_FLIP

Floats = NDArray[np.float32]

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


def summary(rows: dict[str, Any]) -> str:
    """The figures as aligned lines."""
    return "\n".join(f"{name:<28} {value:.4f}" for name, value in rows.items())
