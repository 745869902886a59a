"""CSV and TSV: any separator, any encoding, cells that hold lines."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Final

from thatlook.errors import FeedError
from thatlook.feed.columns import recognised
from thatlook.feed.rows import Problem, RawRow, RawRows
from thatlook.feed.text import encoding_of, opened

_STRAY: Final = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of bytes that are not text."""
SEPARATORS: Final = (",", "\t", ";", "|")


def read_delimited(path: Path, encoding: str = "") -> RawRows:
    """The rows of a CSV or TSV file; a row that does not fit its header is a Problem.

    `encoding` is found out where it is not given. Raises FeedError where the file has no header
    that names at least two columns.
    """
    encoding = encoding or encoding_of(path)
    with opened(path) as binary:
        text = io.TextIOWrapper(binary, encoding, errors="surrogateescape", newline="")
        header_line = text.readline(1_000_000)
        separator = _separator(path, header_line)
        names = [name.strip() for name in next(csv.reader([header_line], delimiter=separator))]
        _check_header(path, names)
        yield from _rows(text, names, separator)


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


def _rows(text: io.TextIOWrapper, names: list[str], separator: str) -> RawRows:
    reader = csv.reader(text, delimiter=separator)
    while True:
        line = reader.line_num + 2  # the header is line 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(line, "", f"not readable as CSV: {error}")
            continue
        if cells:
            yield _row(line, names, cells)


def _row(line: int, names: list[str], cells: list[str]) -> RawRow | Problem:
    if len(cells) != len(names):
        return Problem(line, "", f"expected {len(names)} cells as in the header, got {len(cells)}")
    if any(not cell.isascii() and _STRAY.search(cell) for cell in cells):
        return Problem(line, "", "holds bytes that are not text in the feed's encoding")
    return RawRow(line, {name: (cell,) for name, cell in zip(names, cells, strict=True)})
