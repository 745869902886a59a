"""One HTML page with everything inside, and the parts that pages are made of.

Every function takes words as they are; what is Markup (the result of another function) is HTML.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources

from markupsafe import Markup

from thatlook.render.templating import part, render


def document(title: str, body: Markup, css: str | None = None) -> str:
    """The page: `body` under the style `css`, that of reports where none is given."""
    style = Markup(report_style() if css is None else css)  # noqa: S704 - our own files
    return str(render("render/templates/document.html.jinja", title=title, style=style, body=body))


def report_style() -> str:
    """The style sheet of reports, light and dark."""
    return resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")


def joined(parts: Iterable[Markup]) -> Markup:
    """Parts one after another."""
    return Markup("").join(parts)


def header(title: str, lead: str, *parts: Markup) -> Markup:
    """The head of a page: its title, words, and what stands below them."""
    return part("header", title, lead, joined(parts))


def section(heading: str, *parts: Markup, lead: str = "") -> Markup:
    """A part of a page under its heading; `lead` are words before the parts."""
    return part("section", heading, lead, parts)


def heading(text: str, anchor: str = "") -> Markup:
    """A smaller heading, which links can lead to by `anchor`."""
    return part("heading", text, anchor)


def words(text: str) -> Markup:
    """A paragraph, nothing for no words."""
    return part("words", text)


def tiles(values: Mapping[str, str]) -> Markup:
    """A few main figures, large: words to value as it is shown."""
    return part("tiles", values)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """A table of plain values; numbers stand at the right, fractions with three digits."""
    rows = list(rows)
    numbers = [i for i, value in enumerate(rows[0]) if _is_number(value)] if rows else []
    shown = [[(_shown(value), _is_number(value)) for value in row] for row in rows]
    return part("table", head, shown, numbers)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))


def _shown(value: object) -> object:
    return number(value) if isinstance(value, (int, float)) else value


def number(value: float) -> str:
    """A figure for people: whole numbers with thousands apart, others with three digits."""
    if math.isnan(value):
        return "no data"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"


def legend(colors: Mapping[str, str], lead: str = "") -> Markup:
    """What each color means, on one line; `lead` are words before it."""
    return part("legend", colors, lead)


def sheet(figures: Iterable[Markup]) -> Markup:
    """A contact sheet of `photo.figure`s."""
    return part("sheet", list(figures))


def groups(groups: Iterable[Iterable[Markup]]) -> Markup:
    """Rows of `photo.figure`s."""
    return part("groups", [list(group) for group in groups])
