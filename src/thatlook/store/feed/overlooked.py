"""Columns of a feed that nobody understands, told before it is read.

Such a column is kept with its products and does nothing: a feed whose prices stand under
"Endbetrag" would be indexed without prices, and without a word.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from thatlook.store.feed.columns import names_of, plain, recognised
from thatlook.store.feed.exports import brought_together
from thatlook.store.feed.mapping import FeedMapping
from thatlook.store.feed.reader import kind_of, raw_rows
from thatlook.store.feed.rows import RawRow

ROWS: Final = 100
"""So many rows tell the columns: those of JSON and XML may differ."""
_WANTED: Final = {
    "title": ("title",),
    "price": ("price", "sale_price"),
    "image_link": ("image_link", "additional_image_link"),
    "link": ("link",),
    "brand": ("brand",),
    "color": ("color",),
    "gender": ("gender",),
    "product_type": ("product_type", "category", "google_product_category"),
    "availability": ("availability", "stock", "published"),
}
"""What a shop would miss, and the fields that each will do."""
_SHORTEST: Final = 4
"""Letters of a known name that count as a part of a longer one: "preis" in "VK-Preis"."""
_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Overlooked:
    """`missing`: fields that no column gives; `columns`: those that give no field."""

    missing: tuple[str, ...]
    columns: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.columns[:_SHOWN])
        more = f" and {len(self.columns) - _SHOWN} more" if len(self.columns) > _SHOWN else ""
        hints = self.hints or (f"{self.missing[0]}=COLUMN",)
        ways = " ".join(f'--map "{hint}"' if " " in hint else f"--map {hint}" for hint in hints)
        return (
            f"no column is known for {', '.join(self.missing)}; columns that are no known field: "
            f"{shown}{more}; if one of these is meant, say so: {ways}"
        )

    @property
    def hints(self) -> tuple[str, ...]:
        """FIELD=COLUMN where a column begins or ends with a name that the field is known by."""
        return tuple(
            f"{field}={column}"
            for field in self.missing
            for column in self.columns
            if any(_is_part(name, plain(column)) for name in names_of(field))
        )


def _is_part(name: str, column: str) -> bool:
    return len(name) >= _SHORTEST and (column.startswith(name) or column.endswith(name))


def overlooked(
    feed: str | os.PathLike[str], mapping: FeedMapping | None = None
) -> Overlooked | None:
    """What of the feed's columns is not understood; None where nothing is missing or left over.

    Raises FeedError for a feed that cannot be read at all.
    """
    path = Path(feed)
    kind = kind_of(path)
    if kind == "folder":
        return None
    mapping = mapping or FeedMapping()
    rows = islice(brought_together(raw_rows(path, kind, mapping.encoding)), ROWS)
    return _of(
        (column for row in rows if isinstance(row, RawRow) for column in row.values), mapping
    )


def _of(columns: Iterable[str], mapping: FeedMapping) -> Overlooked | None:
    names = tuple(dict.fromkeys(columns))
    # A mapped column may come with later rows alone; whether it ever does, reading them tells.
    chosen = {field: column for field, column in mapping.fields.items() if column in names}
    given = recognised(names, chosen)
    have = {*given, *mapping.defaults}
    missing = tuple(field for field, ways in _WANTED.items() if not have & {*ways})
    left = tuple(name for name in names if name not in given.values())
    return Overlooked(missing, left) if missing and left else None
