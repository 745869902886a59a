"""Records show themselves in a notebook. How they look is drawn by `render`, which stands above:
whoever wires the program says so with `draw_with`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_drawers: list[Callable[[Any], str]] = []


def draw_with(drawer: Callable[[Any], str]) -> None:
    """From now on `drawer` makes the HTML of every record that shows itself."""
    _drawers[:] = [drawer]


class Shown:
    """A record that Jupyter shows as HTML."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        """A piece of HTML; None, which means its text, where nothing has been said to draw it."""
        return _drawers[0](self) if _drawers else None
