"""Photos inside a page: shrunk to data addresses, with boxes and joints drawn over them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from markupsafe import Markup
from PIL import Image

from thatlook.core.image import Pixels
from thatlook.core.taxonomy import PERSON_CLASS, SKELETON, drawing_colors
from thatlook.render.templating import part

COLORS: Final = drawing_colors()
"""One color per category, in boxes, plots and headings alike."""

PERSON_COLOR: Final = "#2b8a3e"
OTHER_COLOR: Final = "#707070"
MIN_KEYPOINT_SCORE: Final = 0.3
"""Key points with a lower score are not drawn."""

Point = tuple[float, float, float]
"""x, y in photo pixels, and the score."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A box to draw: x0 y0 x1 y1 in photo pixels; `dashed` for what is labelled, not found."""

    box: Sequence[float]
    text: str
    color: str = OTHER_COLOR
    dashed: bool = False


def color_of(name: str) -> str:
    """The color of a category, of "person", or that of all else."""
    return COLORS.get(name, PERSON_COLOR if name == PERSON_CLASS else OTHER_COLOR)


def shrunk(image: Pixels, width: int, height: int) -> Image.Image:
    """The image as a PIL one, no larger than (width, height), aspect kept."""
    small = Image.fromarray(image)
    small.thumbnail((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return small


def data_uri(image: Pixels, width: int, height: int) -> str:
    """The image shrunk to fit (width, height) as a WebP `data:` address."""
    buffer = io.BytesIO()
    shrunk(image, width, height).save(buffer, "WEBP", quality=80)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def figure(
    image: Pixels,
    caption: Sequence[str] = (),
    marks: Sequence[Mark] = (),
    poses: Sequence[tuple[Sequence[Point], str]] = (),
    size: tuple[int, int] = (240, 360),
) -> Markup:
    """The photo with boxes and skeletons, each (17 points, color), as an HTML figure.

    `caption` lines stand below, the first one bold. The photo is stored at most `size` large.
    """
    height, width = image.shape[:2]
    stroke = max(width, height) / 300
    drawn = "".join(skeleton(points, color, 2 * stroke) for points, color in poses)
    drawn += "".join(_mark(mark, stroke) for mark in marks)
    svg = Markup(drawn)  # noqa: S704 - its words are escaped where it is drawn
    return part("figure", width, height, data_uri(image, *size), svg, list(caption) or [""])


def _mark(mark: Mark, stroke: float) -> str:
    x0, y0, x1, y1 = (float(v) for v in mark.box)
    dash = f' stroke-dasharray="{4 * stroke:.1f} {2.5 * stroke:.1f}"' if mark.dashed else ""
    at = y1 - 2 * stroke if mark.dashed else y0 + 8 * stroke
    return (
        f'<rect x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" height="{y1 - y0:.1f}" fill="none" '
        f'stroke="{mark.color}" stroke-width="{1.6 * stroke:.1f}"{dash}/>'
        f'<text x="{x0 + 2 * stroke:.1f}" y="{at:.1f}" font-size="{8 * stroke:.1f}" '
        f'style="fill:#fff;stroke:{mark.color};stroke-width:{2.4 * stroke:.1f}">'
        f"{escape(mark.text)}</text>"
    )


def skeleton(points: Sequence[Point], color: str, size: float) -> str:
    """17 key points and the limbs between them as SVG; those below MIN_KEYPOINT_SCORE are left out.

    The person's own left is drawn in `color`, the right in white.
    """
    bones = "".join(
        f'<line x1="{points[a][0]:.1f}" y1="{points[a][1]:.1f}" x2="{points[b][0]:.1f}" '
        f'y2="{points[b][1]:.1f}" stroke="#fff" stroke-opacity="0.7" '
        f'stroke-width="{size / 2:.1f}"/>'
        for a, b in SKELETON
        if min(points[a][2], points[b][2]) >= MIN_KEYPOINT_SCORE
    )
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" '
        f'fill="{color if index % 2 else "#fff"}" stroke="#1c1b19" stroke-width="{size / 4:.1f}"/>'
        for index, (x, y, score) in enumerate(points)
        if score >= MIN_KEYPOINT_SCORE
    )
    return bones + dots
