"""Color names from pixels: pure functions on sRGB arrays.

Names are those that shops use. Each has one or more anchors in CIELAB; a pixel takes the
name of its nearest anchor. Conversion: IEC 61966-2-1 and CIE 15, white point D65.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ANCHORS: Final[dict[str, tuple[tuple[int, int, int], ...]]] = {
    "black": ((18, 18, 20), (38, 38, 40), (58, 58, 60)),
    "charcoal": ((72, 73, 76),),
    "grey": ((128, 128, 130), (160, 160, 162), (100, 101, 103)),
    "silver": ((196, 198, 200),),
    "white": ((250, 250, 250), (228, 229, 231)),
    "cream": ((243, 234, 210),),
    "beige": ((214, 196, 165), (190, 170, 140)),
    "tan": ((190, 145, 95),),
    "brown": ((101, 62, 38), (70, 45, 32), (130, 90, 60), (110, 84, 70)),
    "olive": ((95, 92, 52), (125, 120, 70)),
    "khaki": ((165, 150, 105),),
    "green": ((34, 110, 60), (60, 160, 80), (20, 70, 45), (120, 190, 110), (95, 120, 95)),
    "teal": ((0, 115, 115),),
    "turquoise": ((60, 190, 190),),
    "blue": ((40, 80, 170), (80, 130, 200), (20, 60, 220), (75, 100, 140), (95, 112, 138)),
    "light blue": ((160, 195, 225), (130, 165, 200)),
    "navy blue": ((22, 28, 66), (35, 45, 85)),
    "purple": ((90, 45, 130), (130, 80, 170), (70, 35, 80)),
    "lavender": ((190, 170, 220),),
    "pink": ((245, 170, 190), (230, 110, 150), (225, 180, 185), (170, 120, 128)),
    "magenta": ((200, 30, 120),),
    "red": ((190, 25, 35), (225, 50, 50), (160, 30, 35)),
    "maroon": ((90, 20, 35), (115, 30, 45)),
    "orange": ((235, 120, 35), (245, 150, 80)),
    "peach": ((250, 200, 170),),
    "mustard": ((200, 155, 40),),
    "yellow": ((250, 220, 60), (245, 235, 130)),
}


def lab(rgb: NDArray[np.uint8]) -> Floats:
    """CIELAB (..., 3) of sRGB (..., 3) values 0..255: L 0..100, a and b about -128..127."""
    xyz = _LINEAR[rgb] @ _TO_XYZ.T / _D65
    cube = np.where(xyz > _EPSILON, np.cbrt(xyz), (_KAPPA * xyz + 16) / 116)
    x, y, z = cube[..., 0], cube[..., 1], cube[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


_STEPS: Final = np.arange(256) / 255
_LINEAR: Final = np.where(_STEPS <= 0.04045, _STEPS / 12.92, ((_STEPS + 0.055) / 1.055) ** 2.4)
"""The light that each of the values 0..255 stands for: looked up, as powers cost more than all else
of a color."""
_TO_XYZ: Final = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_D65: Final = np.array([0.95047, 1.0, 1.08883])
DARK_LIGHTNESS: Final = 25
_AXIS_WEIGHTS: Final = np.array([0.4, 1.0, 1.0])
"""Of L, a and b. Measured on 700 products of a real shop: benchmarks/bench_color_names.py."""
_EPSILON: Final = 216 / 24389
_KAPPA: Final = 24389 / 27
_NAMES: Final = tuple(name for name, anchors in ANCHORS.items() for _ in anchors)
_LAB: Final = lab(np.array([rgb for anchors in ANCHORS.values() for rgb in anchors], np.uint8))
_ANCHOR_TWICE: Final = (2 * _LAB * _AXIS_WEIGHTS).T
_ANCHOR_SQUARES: Final = (_LAB**2 * _AXIS_WEIGHTS).sum(axis=1)
_ROWS: Final = 1024
"""Pixels in one matrix product: OpenBLAS spreads larger ones over threads, which then spin
for 20 ms and take the cores from the networks (benchmarks/bench_recommend.py)."""


def shares(rgb: NDArray[np.uint8], weights: NDArray[np.uint8] | None = None) -> dict[str, float]:
    """How much of the pixels has which color name, most first; the shares add up to 1.

    Dark and vivid pixels count up to twice: shading and highlights turn cloth grey, not the
    other way round. Lightness counts less than hue in what is near, for the same reason.

    `rgb` is (..., 3); `weights`, of the same leading shape, say how much each pixel counts.
    Empty when nothing counts. Equal shares are ordered by name.
    """
    pixels = rgb.reshape(-1, 3)
    weight = np.ones(len(pixels)) if weights is None else weights.reshape(-1).astype(np.float64)
    if not weight.sum():
        return {}
    pixels, weight = pixels[weight > 0], weight[weight > 0]
    values = lab(pixels)
    weight = weight * _telling(values)
    summed = np.bincount(_nearest(values), weights=weight, minlength=len(_NAMES))
    totals: dict[str, float] = {}
    for name, part in zip(_NAMES, summed / weight.sum(), strict=True):
        totals[name] = totals.get(name, 0.0) + float(part)
    kept = [(name, share) for name, share in totals.items() if share > 0]
    return dict(sorted(kept, key=lambda item: (-item[1], item[0])))


def _nearest(values: Floats) -> NDArray[np.intp]:
    """Which anchor is nearest to each of the values (n, 3) in CIELAB."""
    found = np.empty(len(values), np.intp)
    for start in range(0, len(values), _ROWS):
        rows = slice(start, start + _ROWS)
        # |v - a|^2 less |v|^2, which is the same for all anchors: one matrix product.
        found[rows] = (_ANCHOR_SQUARES - values[rows] @ _ANCHOR_TWICE).argmin(axis=1)
    return found


def _telling(values: Floats) -> Floats:
    """How much pixels (n, 3) in CIELAB say about the cloth: 1 for grey, 2 for dark or vivid."""
    vivid = np.minimum(np.hypot(values[:, 1], values[:, 2]), 50) / 50
    return 1 + np.maximum(vivid, values[:, 0] < DARK_LIGHTNESS)


def name_of(rgb: NDArray[np.uint8], weights: NDArray[np.uint8] | None = None) -> str | None:
    """The color name with the largest share, or None when nothing counts."""
    return next(iter(shares(rgb, weights)), None)


VIVID_CHROMA: Final = 25.0
"""In CIELAB; beige has 18, brown 26, red 73."""


@cache
def is_vivid(name: str) -> bool:
    """Whether a color name is of a clear color or black, which other colors side by side do not
    add up to: narrow stripes and checks look grey or pale from afar.
    """
    if name == "black":
        return True
    _, a, b = lab(np.array(ANCHORS[name][0], np.uint8))
    return bool(np.hypot(a, b) >= VIVID_CHROMA)


RELATED: Final = (
    ("navy blue", "blue", "light blue"),
    ("black", "charcoal"),
    ("grey", "charcoal", "silver"),
    ("white", "cream", "silver"),
    ("beige", "cream", "tan", "khaki"),
    ("brown", "tan"),
    ("olive", "khaki", "green"),
    ("teal", "turquoise", "green"),
    ("purple", "lavender", "magenta"),
    ("pink", "magenta", "peach"),
    ("red", "maroon"),
    ("orange", "peach", "mustard"),
    ("yellow", "mustard"),
)
"""Names that a shopper would call shades of one color."""


SYNONYMS: Final = {
    "navy": "navy blue",
    "dark blue": "navy blue",
    "gray": "grey",
    "dark grey": "charcoal",
    "steel": "silver",
    "off white": "cream",
    "ivory": "cream",
    "ecru": "cream",
    "camel": "tan",
    "sand": "beige",
    "nude": "beige",
    "coffee brown": "brown",
    "chocolate": "brown",
    "bronze": "brown",
    "burgundy": "maroon",
    "wine": "maroon",
    "rust": "orange",
    "coral": "orange",
    "gold": "mustard",
    "violet": "purple",
    "lilac": "lavender",
    "fuchsia": "magenta",
    "rose": "pink",
    "turquoise blue": "turquoise",
    "aqua": "turquoise",
    "sea green": "green",
    "mint": "green",
    "sky blue": "light blue",
}
"""Names of shops for what ANCHORS calls otherwise."""


def canonical(name: str) -> str:
    """A shop's color name as ANCHORS has it, lower case, where it is a synonym of one."""
    plain = " ".join(name.lower().replace("-", " ").split())
    return SYNONYMS.get(plain, plain)


def related(one: str, other: str) -> bool:
    """Whether two color names are the same or shades of one color."""
    one, other = canonical(one), canonical(other)
    return one == other or any(one in group and other in group for group in RELATED)
