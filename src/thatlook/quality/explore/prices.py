"""The plot of a feed's prices."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from thatlook.quality.checks.summary import PriceRange
from thatlook.render import svg


def price_boxes(ranges: Sequence[PriceRange]) -> Markup:
    """For each category the middle half of its prices as a box, the median as a line, and
    the whole range as a thin line; one scale for all, from 0.
    """
    max_price = float(max((entry.three_quarters for entry in ranges), default=1)) * 1.6 or 1.0
    room = svg.WIDTH_PX - svg.LABEL_PX - svg.VALUE_PX

    def at(value: object) -> float:
        return svg.LABEL_PX + room * min(1.0, float(str(value)) / max_price)

    rows = []
    for index, entry in enumerate(ranges):
        y = index * (svg.BAR_PX + 8)
        low, high = at(entry.quarter), at(entry.three_quarters)
        middle = y + svg.BAR_PX / 2
        rows.append(
            svg.label(f"{entry.category} {entry.currency}".strip(), y)
            + f'<line x1="{at(entry.low):.1f}" x2="{at(entry.high):.1f}" y1="{middle}" '
            f'y2="{middle}" stroke="#999"/>'
            f'<rect x="{low:.1f}" y="{y}" width="{max(1.0, high - low):.1f}" height="{svg.BAR_PX}" '
            'rx="2" fill="#8fb3a5"/>'
            f'<line x1="{at(entry.median):.1f}" x2="{at(entry.median):.1f}" y1="{y}" '
            f'y2="{y + svg.BAR_PX}" stroke="var(--ink)" stroke-width="2"/>'
            f'<text x="{svg.WIDTH_PX - 4}" y="{y + 15}" text-anchor="end">median '
            f"{entry.median:,}</text>"
        )
    return svg.frame(len(ranges) * (svg.BAR_PX + 8), "".join(rows))
