"""Small plots as inline SVG: light, sharp at any size, readable without a legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from thatlook.explore.summary import PriceRange

BAR_PX = 20
LABEL_PX = 170
WIDTH_PX = 640
_VALUE_PX = 110

GENDER_COLORS = {"female": "#b3446c", "male": "#2d6ea3", "unisex": "#9a9a9a"}


def bars(
    values: Mapping[str, int],
    total: int,
    swatches: Mapping[str, str] | None = None,
    label_px: int = LABEL_PX,
) -> str:
    """Horizontal bars with their counts and shares, in the given order."""
    most = max(values.values(), default=1) or 1
    room = WIDTH_PX - label_px - _VALUE_PX
    rows = []
    for place, (name, count) in enumerate(values.items()):
        y = place * (BAR_PX + 4)
        color = (swatches or {}).get(name, "#4a6572")
        rows.append(
            _label(name, y, label_px)
            + f'<rect x="{label_px}" y="{y}" width="{max(1, room * count / most):.1f}" '
            f'height="{BAR_PX}" rx="2" fill="{color}" stroke="#0003"/>'
            + _value(label_px + room * count / most, y, count, total)
        )
    return _svg(len(values) * (BAR_PX + 4), "".join(rows))


def stacked(values: Mapping[str, Mapping[str, int]], colors: Mapping[str, str], total: int) -> str:
    """Horizontal bars of several parts, each part in its color, in the order of `colors`."""
    sums = {name: sum(parts.values()) for name, parts in values.items()}
    most = max(sums.values(), default=1) or 1
    room = WIDTH_PX - LABEL_PX - _VALUE_PX
    rows = []
    for place, (name, parts) in enumerate(values.items()):
        x, y = float(LABEL_PX), place * (BAR_PX + 4)
        row = _label(name, y)
        for part, color in colors.items():
            width = room * parts.get(part, 0) / most
            if width:
                title = f"<title>{escape(part)}: {parts[part]:,}</title>"
                row += (
                    f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR_PX}" '
                    f'fill="{color}">{title}</rect>'
                )
                x += width
        rows.append(row + _value(x, y, sums[name], total))
    return _svg(len(values) * (BAR_PX + 4), "".join(rows))


def price_boxes(ranges: Sequence[PriceRange]) -> str:
    """For each category the middle half of its prices as a box, the median as a line, and
    the whole range as a thin line; one scale for all, from 0.
    """
    most = float(max((entry.three_quarters for entry in ranges), default=1)) * 1.6 or 1.0
    room = WIDTH_PX - LABEL_PX - _VALUE_PX

    def at(value: object) -> float:
        return LABEL_PX + room * min(1.0, float(str(value)) / most)

    rows = []
    for place, entry in enumerate(ranges):
        y = place * (BAR_PX + 8)
        low, high = at(entry.quarter), at(entry.three_quarters)
        middle = y + BAR_PX / 2
        rows.append(
            _label(f"{entry.category} {entry.currency}".strip(), y)
            + f'<line x1="{at(entry.low):.1f}" x2="{at(entry.high):.1f}" y1="{middle}" '
            f'y2="{middle}" stroke="#999"/>'
            f'<rect x="{low:.1f}" y="{y}" width="{max(1.0, high - low):.1f}" height="{BAR_PX}" '
            'rx="2" fill="#8fb3a5"/>'
            f'<line x1="{at(entry.median):.1f}" x2="{at(entry.median):.1f}" y1="{y}" '
            f'y2="{y + BAR_PX}" stroke="#222" stroke-width="2"/>'
            f'<text x="{WIDTH_PX - 4}" y="{y + 15}" text-anchor="end">median '
            f"{entry.median:,}</text>"
        )
    return _svg(len(ranges) * (BAR_PX + 8), "".join(rows))


def picture_map(cells: Mapping[tuple[int, int], tuple[str, str]], columns: int, rows: int) -> str:
    """A grid of pictures: (column, row) -> (data URI, words shown on hover)."""
    side = 64
    images = "".join(
        f'<image x="{column * side}" y="{row * side}" width="{side - 2}" height="{side - 2}" '
        f'href="{uri}"><title>{escape(words)}</title></image>'
        for (column, row), (uri, words) in sorted(cells.items())
    )
    return (
        f'<svg class="map" viewBox="0 0 {columns * side} {rows * side}" role="img">{images}</svg>'
    )


def dots(points: Sequence[tuple[float, float, str, str]]) -> str:
    """A scatter of (x, y, color, words) with x and y in 0..1, y downwards."""
    width, height = 900, 520
    circles = "".join(
        f'<circle cx="{4 + x * (width - 8):.0f}" cy="{4 + y * (height - 8):.0f}" r="2.5" '
        f'fill="{color}" fill-opacity="0.6"><title>{escape(words)}</title></circle>'
        for x, y, color, words in points
    )
    return f'<svg class="map" viewBox="0 0 {width} {height}" role="img">{circles}</svg>'


def _label(name: str, y: int, label_px: int = LABEL_PX) -> str:
    most = label_px // 7  # characters that fit
    shown = name if len(name) <= most else name[: most - 1] + "…"
    return (
        f'<text x="{label_px - 8}" y="{y + 15}" text-anchor="end">{escape(shown)}'
        f"<title>{escape(name)}</title></text>"
    )


def _value(x: float, y: int, count: int, total: int) -> str:
    share = f" ({count / total:.1%})" if total else ""
    return f'<text x="{x + 6:.1f}" y="{y + 15}" class="value">{count:,}{share}</text>'


def _svg(height: int, inner: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH_PX} {max(1, height)}" role="img">{inner}</svg>'
