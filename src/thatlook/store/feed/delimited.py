"""CSV and TSV: any separator, any encoding, cells that hold lines."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from thatlook.core.errors import FeedError
from thatlook.core.formulas import as_written
from thatlook.store.feed.columns import recognised
from thatlook.store.feed.rows import Problem, RawRow, RawRows
from thatlook.store.feed.text import encoding_of, opened

_STRAY: Final = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of bytes that are not text."""
_EXCEL: Final = re.compile(r"sep=.\s*$")
_LINE_MAX: Final = 1_000_000
"""A longer line, in characters, is passed over: memory must not depend on the feed."""
SEPARATORS: Final = (",", "\t", ";", "|")


def read_delimited(path: Path, encoding: str = "") -> RawRows:
    """The rows of a CSV or TSV file; a row that does not fit its header is a Problem.

    `encoding` is found out where it is not given. Empty lines before the header, and Excel's
    "sep=;", are passed over. Raises FeedError where the file has no header that names at least
    two columns.
    """
    encoding = encoding or encoding_of(path)
    with opened(path) as binary:
        text = io.TextIOWrapper(binary, encoding, errors="surrogateescape", newline="")
        number, header = 1, text.readline(_LINE_MAX)
        while header and (not header.strip() or _EXCEL.match(header)):
            number, header = number + 1, text.readline(_LINE_MAX)
        separator = _separator(path, header)
        names = [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
        _check_header(path, names)
        yield from _rows(_Lines(text, number + 1), names, separator)


class _Lines:
    """The lines of a feed; those of a row that went wrong can be read again."""

    def __init__(self, text: io.TextIOBase, number: int) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self.number = number
        """The number of the line at which the row begins that is read now."""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(_LINE_MAX)
        if not line:
            raise StopIteration
        if len(line) == _LINE_MAX and not line.endswith("\n"):
            self._pass_over()
            raise csv.Error(f"the line is longer than {_LINE_MAX} characters")
        self._taken.append(line)
        return line

    def _pass_over(self) -> None:
        """Reads to the end of the line; it counts as an empty one."""
        while (more := self._text.readline(_LINE_MAX)) and not more.endswith("\n"):
            pass
        self._taken.append("")

    def done(self) -> None:
        """The row was read: the next one begins at the next line."""
        self.number += len(self._taken)
        self._taken.clear()

    @property
    def taken(self) -> Sequence[str]:
        """The lines of the row so far."""
        return self._taken

    def give_up(self) -> None:
        """Only the row's first line is lost; those that its open quote swallowed come again."""
        self._again.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
        self.done()


def _separator(path: Path, header: str) -> str:
    """The separator that makes most known fields of the header, then most columns."""
    ranked = []
    for separator in SEPARATORS:
        try:
            names = next(csv.reader([header], delimiter=separator), [])
        except csv.Error as error:
            raise FeedError(f"{path}: the header cannot be read: {error}") from error
        ranked.append((len(recognised(names)), len(names), separator))
    return max(ranked, key=lambda one: one[:2])[2]


def _check_header(path: Path, names: list[str]) -> None:
    if len(names) < 2:
        raise FeedError(f"{path}: expected a header line with column names, got {names!r:.200}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FeedError(f"{path}: the column {twice[0]!r} stands twice in the header")


def _rows(lines: _Lines, names: list[str], separator: str) -> RawRows:
    """The rows, by csv's strict rules; a row of one line that breaks them, by its loose ones."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        line = lines.number
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reader = csv.reader(lines, delimiter=separator, strict=True)
            loose = _cells(lines.taken[0], separator) if len(lines.taken) == 1 else []
            problem = Problem(line, "", f"not readable as CSV: {error}")
            yield _row(line, names, loose) if len(loose) == len(names) else problem
            lines.give_up()
            continue
        if cells:
            yield _row(line, names, cells)
        second = lines.taken[1] if len(lines.taken) > 1 else ""
        if len(cells) != len(names) and len(_cells(second, separator)) == len(names):
            lines.give_up()  # a quote was left open: the next line is a row of its own
        else:
            lines.done()


def _cells(line: str, separator: str) -> list[str]:
    """The cells of a line alone, as far as they can be told."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _row(line: int, names: list[str], cells: list[str]) -> RawRow | Problem:
    if len(cells) != len(names):
        return Problem(line, "", f"expected {len(names)} cells as in the header, got {len(cells)}")
    if any(not cell.isascii() and _STRAY.search(cell) for cell in cells):
        return Problem(line, "", "holds bytes that are not text in the feed's encoding")
    plain = map(as_written, cells)
    return RawRow(line, {name: (cell,) for name, cell in zip(names, plain, strict=True)})
