"""One HTML page with everything inside, and the parts that pages are made of.

Every function here escapes the words it is given; a `body` is HTML already.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources


def document(title: str, body: str, css: str | None = None) -> str:
    """The page: `body` under the style `css`, that of reports where none is given."""
    style = report_style() if css is None else css
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def report_style() -> str:
    """The style sheet of reports, light and dark."""
    return resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")


def section(heading: str, *parts: str, lead: str = "") -> str:
    """A part of a page under its heading; `parts` are HTML, `lead` words before them."""
    return f"<section><h2>{escape(heading)}</h2>{words(lead)}{''.join(parts)}</section>"


def words(text: str) -> str:
    """A paragraph, nothing for no words."""
    return f"<p>{escape(text)}</p>" if text else ""


def tiles(values: Mapping[str, str]) -> str:
    """A few main figures, large: words to value as it is shown."""
    shown = "".join(
        f"<div><b>{escape(value)}</b>{escape(name)}</div>" for name, value in values.items()
    )
    return f'<div class="tiles">{shown}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of plain values; numbers stand at the right, fractions with three digits."""
    rows = list(rows)
    numbers = [isinstance(value, (int, float)) for value in rows[0]] if rows else []
    heads = "".join(
        f"""<th{' class="number"' if index < len(numbers) and numbers[index] else ""}>"""
        f"{escape(name)}</th>"
        for index, name in enumerate(head)
    )
    lines = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead>{lines}</table></div>'


def _cell(value: object) -> str:
    if isinstance(value, (int, float)):
        return f'<td class="number">{number(value)}</td>'
    return f"<td>{escape(str(value))}</td>"


def number(value: float) -> str:
    """A figure for people: whole numbers with thousands apart, others with three digits."""
    if math.isnan(value):
        return "no data"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"


def legend(colors: Mapping[str, str]) -> str:
    """What each color means, on one line."""
    shown = "".join(
        f'<span><i style="background:{color}"></i>{escape(name)}</span>'
        for name, color in colors.items()
    )
    return f'<p class="legend">{shown}</p>'


def sheet(figures: Iterable[str]) -> str:
    """A contact sheet of `photo.figure`s."""
    return f'<div class="sheet">{"".join(figures)}</div>'
