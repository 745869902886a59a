"""JSON Lines: one object per line."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from thatlook.store.feed.rows import MAX_VALUES, Nested, Number, Problem, RawRow, RawRows
from thatlook.store.feed.text import encoding_of, opened

MAX_LINE: Final = 5_000_000
"""The longest line, in characters, that is read into memory."""


def read_jsonlines(path: Path, encoding: str = "") -> RawRows:
    """The objects of a JSON Lines file; a line that is none is a Problem.

    `encoding` is found out where it is not given.
    """
    encoding = encoding or encoding_of(path)
    with opened(path) as binary:
        text = io.TextIOWrapper(binary, encoding, errors="surrogateescape")
        number, line = 0, text.readline(MAX_LINE)
        while line:
            number += 1
            if len(line) == MAX_LINE and not line.endswith("\n"):
                yield Problem(number, "", f"the line is longer than {MAX_LINE} characters")
                while line and not line.endswith("\n"):
                    line = text.readline(MAX_LINE)
            elif line.strip():
                yield _row(number, line)
            line = text.readline(MAX_LINE)


def _row(number: int, line: str) -> RawRow | Problem:
    try:
        line.encode()
        found = json.loads(line)
        if not isinstance(found, dict):
            return Problem(number, "", f"expected a JSON object, got {type(found).__name__}")
        return RawRow(number, {str(name): texts_of(value) for name, value in found.items()})
    except UnicodeEncodeError:
        return Problem(number, "", "holds bytes that are not text in the feed's encoding")
    except (ValueError, RecursionError) as error:
        return Problem(number, "", f"not JSON: {error}")


def texts_of(value: Any) -> tuple[str, ...]:
    """A JSON value as the texts of a cell, those of a list one by one.

    Numbers are Number, objects Nested, so that a field can be read from them.
    """
    if value is None:
        return ()
    if isinstance(value, (str, bytes)):
        return (value if isinstance(value, str) else value.decode(errors="replace"),)
    if isinstance(value, (list, tuple)):
        texts = chain.from_iterable(map(texts_of, value))
        return tuple(islice(texts, MAX_VALUES + 1))  # one more is enough to refuse the row
    if isinstance(value, dict):
        return (Nested.of(value),)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (Number(value),) if isinstance(value, (int, float, Decimal)) else (str(value),)
