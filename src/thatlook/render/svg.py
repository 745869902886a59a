"""Small plots as inline SVG: light, sharp at any size, in the reader's light or dark colors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

BAR_PX = 20
LABEL_PX = 170
WIDTH_PX = 640
VALUE_PX = 110

GENDER_COLORS = {"female": "#b3446c", "male": "#2d6ea3", "unisex": "#9a9a9a"}


def bars(
    values: Mapping[str, int],
    total: int,
    swatches: Mapping[str, str] | None = None,
    label_px: int = LABEL_PX,
) -> Markup:
    """Horizontal bars with their counts and shares, in the given order."""
    max_count = max(values.values(), default=1) or 1
    room = WIDTH_PX - label_px - VALUE_PX
    rows = []
    for index, (name, count) in enumerate(values.items()):
        y = index * (BAR_PX + 4)
        color = (swatches or {}).get(name, "#4a6572")
        rows.append(
            label(name, y, label_px)
            + f'<rect x="{label_px}" y="{y}" width="{max(1, room * count / max_count):.1f}" '
            f'height="{BAR_PX}" rx="2" fill="{color}" stroke="#0003"/>'
            + _value(label_px + room * count / max_count, y, count, total)
        )
    return frame(len(values) * (BAR_PX + 4), "".join(rows))


def stacked(
    values: Mapping[str, Mapping[str, int]], colors: Mapping[str, str], total: int
) -> Markup:
    """Horizontal bars of several parts, each part in its color, in the order of `colors`."""
    sums = {name: sum(parts.values()) for name, parts in values.items()}
    max_count = max(sums.values(), default=1) or 1
    room = WIDTH_PX - LABEL_PX - VALUE_PX
    rows = []
    for index, (name, parts) in enumerate(values.items()):
        x, y = float(LABEL_PX), index * (BAR_PX + 4)
        row = label(name, y)
        for part, color in colors.items():
            width = room * parts.get(part, 0) / max_count
            if width:
                title = f"<title>{escape(part)}: {parts[part]:,}</title>"
                row += (
                    f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR_PX}" '
                    f'fill="{color}">{title}</rect>'
                )
                x += width
        rows.append(row + _value(x, y, sums[name], total))
    return frame(len(values) * (BAR_PX + 4), "".join(rows))


def picture_map(
    cells: Mapping[tuple[int, int], tuple[str, str]], columns: int, rows: int
) -> Markup:
    """A grid of pictures: (column, row) -> (data URI, words shown on hover)."""
    side = 64
    images = "".join(
        f'<image x="{column * side}" y="{row * side}" width="{side - 2}" height="{side - 2}" '
        f'href="{uri}"><title>{escape(words)}</title></image>'
        for (column, row), (uri, words) in sorted(cells.items())
    )
    box = f"0 0 {columns * side} {rows * side}"
    return _svg(f'<svg class="map" viewBox="{box}" role="img">{images}</svg>')


def dots(points: Sequence[tuple[float, float, str, str]]) -> Markup:
    """A scatter of (x, y, color, words) with x and y in 0..1, y downwards."""
    width, height = 900, 520
    circles = "".join(
        f'<circle cx="{4 + x * (width - 8):.0f}" cy="{4 + y * (height - 8):.0f}" r="2.5" '
        f'fill="{color}" fill-opacity="0.6"><title>{escape(words)}</title></circle>'
        for x, y, color, words in points
    )
    return _svg(f'<svg class="map" viewBox="0 0 {width} {height}" role="img">{circles}</svg>')


def label(name: str, y: int, label_px: int = LABEL_PX) -> str:
    """The name of a row of bars, left of them, cut where it is too long."""
    max_chars = label_px // 7  # that fit
    shown = name if len(name) <= max_chars else name[: max_chars - 1] + "…"
    return (
        f'<text x="{label_px - 8}" y="{y + 15}" text-anchor="end">{escape(shown)}'
        f"<title>{escape(name)}</title></text>"
    )


def _value(x: float, y: int, count: int, total: int) -> str:
    share = f" ({count / total:.1%})" if total else ""
    return f'<text x="{x + 6:.1f}" y="{y + 15}" class="value">{count:,}{share}</text>'


def frame(height: int, inner: str) -> Markup:
    """The SVG around a plot WIDTH_PX wide."""
    return _svg(f'<svg viewBox="0 0 {WIDTH_PX} {max(1, height)}" role="img">{inner}</svg>')


PALETTE = ("#2f6fed", "#d6336c", "#0b8f6a", "#c2570c", "#7a3ff2", "#a0760a", "#0a83a8", "#8a8a8a")
"""Colors of lines that have none of their own."""
_PLOT = (56, 12, 430, 290)
"""Left, top, width and height of the plotted area of `curves`, in pixels."""


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of `curves`: what it says, from where to where."""

    name: str
    low: float = 0.0
    high: float = 1.0

    def share(self, value: float) -> float:
        """Where a value stands, 0 at `low` and 1 at `high`, kept within."""
        return min(1.0, max(0.0, (value - self.low) / ((self.high - self.low) or 1.0)))

    def ticks(self, count: int = 5) -> list[tuple[float, str]]:
        """`count` + 1 shares with the words there."""
        step = (self.high - self.low) / count
        return [(k / count, f"{self.low + k * step:.4g}") for k in range(count + 1)]


def curves(
    lines: Mapping[str, Sequence[tuple[float, float]]],
    x: Axis,
    y: Axis,
    colors: Mapping[str, str] | None = None,
    guide: Sequence[tuple[float, float]] = (),
    dotted: bool = False,
) -> Markup:
    """Lines of (x, y) points with a legend at the right, `guide` as a dashed line behind them.

    `dotted` draws each point too. A line without points is left out.
    """
    left, top, width, height = _PLOT

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return left + width * x.share(point[0]), top + height * (1 - y.share(point[1]))

    parts = [_grid(x, y)]
    if guide:
        parts.append(_line([at(p) for p in guide], "var(--quiet)", ' stroke-dasharray="5 4"'))
    drawn = [name for name, points in lines.items() if len(points)]
    for index, name in enumerate(drawn):
        color = (colors or {}).get(name, PALETTE[index % len(PALETTE)])
        points = [at(p) for p in lines[name]]
        parts.append(_line(points, color, ' stroke-width="2"'))
        if dotted:
            parts += [
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{color}"/>' for a, b in points
            ]
        row = top + 8 + 18 * index
        parts.append(
            f'<rect x="{left + width + 14}" y="{row - 4}" width="12" height="4" fill="{color}"/>'
            f'<text x="{left + width + 30}" y="{row + 2}">{escape(name)}</text>'
        )
    return frame(max(top + height + 44, top + 18 * len(drawn)), "".join(parts))


def _grid(x: Axis, y: Axis) -> str:
    left, top, width, height = _PLOT
    bottom = top + height
    parts = []
    for share, text in x.ticks():
        tick = left + width * share
        parts.append(
            f'<line x1="{tick:.0f}" x2="{tick:.0f}" y1="{top}" y2="{bottom}" '
            f'stroke="var(--line)"/><text x="{tick:.0f}" y="{bottom + 16}" '
            f'text-anchor="middle" class="value">{text}</text>'
        )
    for share, text in y.ticks():
        tick = bottom - height * share
        parts.append(
            f'<line x1="{left}" x2="{left + width}" y1="{tick:.0f}" y2="{tick:.0f}" '
            f'stroke="var(--line)"/><text x="{left - 6}" y="{tick + 4:.0f}" text-anchor="end" '
            f'class="value">{text}</text>'
        )
    middle = top + height / 2
    parts.append(
        f'<text x="{left + width / 2:.0f}" y="{bottom + 36}" text-anchor="middle">'
        f"{escape(x.name)}</text>"
        f'<text transform="translate(12 {middle:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escape(y.name)}</text>"
    )
    return "".join(parts)


def _line(points: Sequence[tuple[float, float]], color: str, more: str = "") -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{color}"{more}/>'


def matrix(
    rows: Sequence[str],
    columns: Sequence[str],
    counts: Sequence[Sequence[int]],
    across: str = "found",
    down: str = "labelled",
) -> Markup:
    """A confusion matrix: counts, each cell shaded by its share of the row.

    `across` says what the columns are, `down` what the rows are.
    """
    left, top, side = 130, 96, 46
    parts = [
        f'<text x="{left}" y="14" class="value">{escape(across)} &#8594;</text>',
        f'<text x="4" y="{top - 10}" class="value">{escape(down)} &#8595;</text>',
    ]
    for index, name in enumerate(columns):
        at = f"translate({left + index * side + side / 2 + 4:.0f} {top - 8}) rotate(-50)"
        parts.append(f'<text transform="{at}">{escape(name)}</text>')
    for row, (name, values) in enumerate(zip(rows, counts, strict=True)):
        y, total = top + row * side, sum(values)
        parts.append(f'<text x="{left - 8}" y="{y + 27}" text-anchor="end">{escape(name)}</text>')
        for column, count in enumerate(values):
            share = count / total if total else 0.0
            title = f"{name}, {across} {columns[column]}: {count:,} of {total:,} ({share:.1%})"
            x = left + column * side
            parts.append(
                f'<g><rect x="{x}" y="{y}" width="{side - 2}" height="{side - 2}" rx="3" '
                f'fill="var(--accent)" fill-opacity="{0.05 + 0.75 * share:.2f}"/>'
                f"<title>{escape(title)}</title>{_count(x + side / 2 - 1, y + 27, count)}</g>"
            )
    size = (left + len(columns) * side + 40, top + len(rows) * side + 4)
    width = f"max-width:{max(360, size[0])}px"
    box = f"0 0 {size[0]} {size[1]}"
    return _svg(f'<svg viewBox="{box}" role="img" style="{width}">{"".join(parts)}</svg>')


def _count(x: float, y: float, count: int) -> str:
    if not count:
        return ""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle">{count}</text>'


def _svg(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - every word in it was escaped above
