"""JSON Lines: the objects of a file, one a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from thatlook.core.errors import DataError

T = TypeVar("T")


def rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects with the number of their line, from 1; empty lines are passed over.

    Raises DataError where a line is no object, or the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    row = json.loads(line)
                    if not isinstance(row, dict):
                        raise DataError(f"{path}:{number}: expected a JSON object")
                    yield number, row
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: expected one JSON object per line: {error}") from error


def parsed(path: Path, parse: Callable[[dict[str, Any]], T], expected: str) -> Iterator[T]:
    """What `parse` makes of each object.

    Raises DataError as `rows`, and where `parse` raises KeyError, TypeError or ValueError: the
    line, what was `expected`, and the error.
    """
    for number, row in rows(path):
        try:
            found = parse(row)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}:{number}: expected {expected}: {error!r}") from error
        yield found
