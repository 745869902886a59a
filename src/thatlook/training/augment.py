"""Views of a photo that could have been taken: crop, scale, flip, light, blur, occlusion.

A view is one affine map, so boxes, key points and masks follow by the same two-row matrix.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from thatlook.data.scenes import NO_MASK, Floats, Pixels

GREY: Final = 128
"""The padding of every network's input: 0.5."""

Rng = np.random.Generator
Matrix = NDArray[np.float64]


def window_to(window: Floats, size: tuple[int, int], *, flip: bool = False) -> Matrix:
    """The (2, 3) matrix that maps `window` (x0, y0, x1, y1) onto a canvas of `size` (w, h)."""
    x0, y0, x1, y1 = (float(v) for v in window)
    sx, sy = size[0] / (x1 - x0), size[1] / (y1 - y0)
    if flip:
        return np.array([[-sx, 0, x1 * sx], [0, sy, -y0 * sy]])
    return np.array([[sx, 0, -x0 * sx], [0, sy, -y0 * sy]])


def turn(matrix: Matrix, degrees: float, size: tuple[int, int]) -> Matrix:
    """`matrix` followed by a turn about the canvas' middle."""
    about = np.vstack([cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), degrees, 1), [0, 0, 1]])
    out: Matrix = (about @ np.vstack([matrix, [0, 0, 1]]))[:2]
    return out


def map_points(points: Floats, matrix: Matrix) -> Floats:
    """Points (k, 2) as x, y on the canvas."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)


def map_boxes(boxes: Floats, matrix: Matrix) -> Floats:
    """Boxes (k, 4) on the canvas, not clipped; for maps without a turn."""
    corners = map_points(boxes.reshape(-1, 2), matrix).reshape(-1, 4)
    low, high = (
        np.minimum(corners[:, :2], corners[:, 2:]),
        np.maximum(corners[:, :2], corners[:, 2:]),
    )
    return np.hstack([low, high])


def clip_boxes(
    boxes: Floats, size: tuple[int, int], min_share: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Boxes cut at the canvas, and which keep `min_share` of their area and 3 px a side."""
    limit = np.array([*size, *size], np.float32)
    cut = np.clip(boxes, 0, limit)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    sides = cut[:, 2:] - cut[:, :2]
    kept = (np.prod(sides, axis=1) >= min_share * np.maximum(area, 1e-6)) & (
        sides.min(1, initial=np.inf) >= 3
    )
    return cut, kept


def warp(image: Pixels, matrix: Matrix, size: tuple[int, int]) -> Pixels:
    """The (h, w, 3) canvas; grey where the photo ends. Shrinks by area first, against aliasing."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    while scale < 0.6:
        image = np.asarray(
            cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8
        )
        matrix = matrix * np.array([2, 2, 1])
        scale *= 2
    grey = (GREY, GREY, GREY)
    out = cv2.warpAffine(
        image,
        _by_index(matrix),
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=grey,
    )
    return np.asarray(out, np.uint8)


def _by_index(matrix: Matrix) -> Matrix:
    """`matrix` as OpenCV takes it: of the numbers of pixels, whose middles lie half a pixel on.

    Without it a crop twice as large lies half a pixel beside the one that the stages cut.
    """
    found = np.array(matrix, np.float64)
    found[:, 2] += found[:, :2].sum(1) / 2 - 0.5
    return found


def warp_mask(mask: Pixels, matrix: Matrix, size: tuple[int, int]) -> Pixels:
    """The (h, w) mask on the canvas; NO_MASK where the photo ends."""
    out = cv2.warpAffine(
        mask,
        _by_index(matrix),
        size,
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=NO_MASK,
    )
    return np.asarray(out, np.uint8)


def light(image: Pixels, rng: Rng, *, amount: float = 1.0, hue: bool = True) -> Pixels:
    """The image under other light: gain, contrast, gamma, saturation, a slight cast and hue."""
    x = image.astype(np.float32) / 255
    x = np.power(x, np.exp(rng.uniform(-0.35, 0.35) * amount))
    gain = np.exp(rng.uniform(-0.25, 0.25) * amount)
    cast = 1 + rng.uniform(-0.06, 0.06, 3) * amount
    mean = float(x.mean())
    x = (
        ((x - mean) * np.exp(rng.uniform(-0.3, 0.3) * amount) + mean)
        * gain
        * cast.astype(np.float32)
    )
    grey = x.mean(2, keepdims=True)
    x = grey + (x - grey) * np.exp(rng.uniform(-0.4, 0.3) * amount)
    out = (np.clip(x, 0, 1) * 255).astype(np.uint8)
    if hue and rng.random() < 0.4:
        hsv = cv2.cvtColor(out, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(np.int16) + rng.integers(-9, 10)) % 180
        out = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return np.asarray(out, np.uint8)


def wear(image: Pixels, rng: Rng, often: float = 1.0) -> Pixels:
    """The image after a phone and a messenger: blur, few pixels, noise or JPEG, each sometimes,
    or `often` times as often.
    """
    if rng.random() < 0.12 * often:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.6)), np.uint8)
    if rng.random() < 0.12 * often:
        share = rng.uniform(0.4, 0.8)
        small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(small, image.shape[1::-1]), np.uint8)
    if rng.random() < 0.08 * often:
        noisy = image + rng.normal(0, rng.uniform(2, 10), image.shape)
        image = np.clip(noisy, 0, 255).astype(np.uint8)
    if rng.random() < 0.2 * often:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))]
        _, data = cv2.imencode(".jpg", image, quality)
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return image


def occlude(image: Pixels, other: Pixels, rng: Rng, share: float = 0.3) -> Pixels:
    """A copy with a rectangle of another photo laid over it, at most `share` of each side."""
    height, width = image.shape[:2]
    h = int(rng.integers(8, max(9, height * share)))
    w = int(rng.integers(8, max(9, width * share)))
    h, w = min(h, other.shape[0]), min(w, other.shape[1])
    y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
    v, u = rng.integers(0, other.shape[0] - h + 1), rng.integers(0, other.shape[1] - w + 1)
    out = image.copy()
    out[y : y + h, x : x + w] = other[v : v + h, u : u + w]
    return out


def paste_behind(
    image: Pixels, silhouette: Pixels, other: tuple[Pixels, Pixels], rng: Rng
) -> Pixels:
    """A copy with another photo's person, smaller, standing behind this photo's person.

    `silhouette` (h, w) marks this photo's person; `other` is a photo with its silhouette.
    """
    scale = rng.uniform(0.3, 0.75)
    photo = cv2.resize(other[0], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    shape = cv2.resize(other[1], photo.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    height, width = image.shape[:2]
    dx = int(rng.integers(-photo.shape[1] // 2, width - photo.shape[1] // 2))
    dy = int(rng.uniform(0.1, 0.6) * (height - photo.shape[0])) if height > photo.shape[0] else 0
    move = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
    moved = cv2.warpAffine(photo, move, (width, height))
    seen = cv2.warpAffine(shape, move, (width, height), flags=cv2.INTER_NEAREST)
    out = image.copy()
    here = (np.asarray(seen) > 0) & (silhouette == 0)
    out[here] = np.asarray(moved, np.uint8)[here]
    return out
