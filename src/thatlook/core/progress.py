"""How far a command is: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from typing import Any, Final

from tqdm import tqdm

LINE_EVERY_S: Final = 10.0
"""Between two lines where standard error is a file or a pipe, such as a log."""


class Progress(tqdm):  # type: ignore[type-arg] # takes none when it runs
    """tqdm's bar, on standard error. Where that is no terminal, a line every LINE_EVERY_S seconds
    instead of a bar that is drawn over and over; nothing for what is done sooner.
    """

    def __init__(self, *given: Any, **more: Any) -> None:
        self._in_lines = not sys.stderr.isatty()
        self._told_at = time.monotonic()
        if self._in_lines:
            more["leave"] = False  # no last bar: the command says itself what it did
        super().__init__(*given, **more)

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        """Draws the bar, or writes the line when it is time for one; called by tqdm."""
        if not self._in_lines:
            super().display(msg, pos)
        elif msg is None and time.monotonic() - self._told_at >= LINE_EVERY_S:
            self._told_at = time.monotonic()
            print(self, file=sys.stderr, flush=True)
