"""What the readers pass on: raw rows, products with their line, and problems."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from thatlook.core.records import Product


class Number(str):
    """The text of a cell that is a number and no text: its point marks the decimals."""

    __slots__ = ()


class Nested(str):
    """A JSON object in a cell, as its text; `value` is the object."""

    __slots__ = ("value",)
    value: Mapping[str, Any]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Self:
        """The object with its text: keys in order, nothing but JSON's own types."""
        made = cls(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str))
        made.value = value
        return made


Values = Mapping[str, tuple[str, ...]]
"""The cells of a row by column name as it came; most columns have one text."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it came; `line` counts from 1, in files without lines it is the row's number."""

    line: int
    values: Values


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A product of a feed. `images` are the places of its pictures, the main one first.

    A place is an address (http or https) or the absolute path of a file.
    """

    line: int
    product: Product
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of a feed that could not be used; `product_id` is "" where it is not known.

    Where `kept`, it cost only a part of the row: the product comes next.
    """

    line: int
    product_id: str
    message: str
    kept: bool = False

    def __str__(self) -> str:
        named = f" (id {self.product_id})" if self.product_id else ""
        return f"line {self.line}{named}: {self.message}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON data."""
        return {"line": self.line, "id": self.product_id, "message": self.message}


RawRows = Iterator[RawRow | Problem]

MAX_COLUMNS: Final = 5_000
MAX_VALUES: Final = 1_000
"""Of one column in a row. What has more costs minutes, and no shop has it."""


def bounded(rows: RawRows) -> RawRows:
    """The rows; a Problem for one with more columns, or more values in one, than any shop has."""
    return map(_bounded, rows)


def _bounded(row: RawRow | Problem) -> RawRow | Problem:
    if isinstance(row, Problem):
        return row
    if len(row.values) > MAX_COLUMNS:
        told = f"has {len(row.values)} columns, at most {MAX_COLUMNS} are read"
        return Problem(row.line, "", told)
    for name, values in row.values.items():
        if len(values) > MAX_VALUES:
            return Problem(row.line, "", f"{name!r:.80} has more than {MAX_VALUES} values")
    return row


def characters(row: RawRow | Problem) -> int:
    """How long the texts of a row are together."""
    if isinstance(row, Problem):
        return len(row.message)
    return sum(len(text) for values in row.values.values() for text in values)
