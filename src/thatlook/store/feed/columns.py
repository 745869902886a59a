"""Which column of a feed is which field: Google Merchant names and what shops call them.

The names are data, in `taxonomy.json` (`feeds`), in six languages and of five kinds of shops.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from thatlook.core import taxonomy
from thatlook.core.errors import FeedError, SettingsError

HELPERS: Final = (
    "currency", "sale_price_effective_date", "sale_start", "sale_end", "compare_at_price", "stock",
    "backorders", "tracked", "published", "size", "discount_amount", "discount_percent",
    "discount_type", "expiration_date", "season",
)  # fmt: skip
"""Columns that are no field of a product but say what some of its fields mean."""

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = taxonomy.feed_words()["columns"]
FIELDS: Final = tuple(name for name in _COLUMNS if name not in HELPERS)
"""The fields of a product that a column can give."""

MAPPABLE: Final = tuple(_COLUMNS)
"""What a mapping can name a column for."""


def plain(name: str) -> str:
    """A name for comparison: "g:image_link" and "imageLink" are "imagelink", "Größe" "grosse"."""
    name = unicodedata.normalize("NFKD", name.strip().casefold().removeprefix("g:"))
    return re.sub(r"[\W_]+", "", "".join(c for c in name if not unicodedata.combining(c)))


def _by_name() -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for field, names in _COLUMNS.items():
        for index, name in enumerate(names):
            other, _ = found.setdefault(plain(name), (field, index))
            if other != field:
                raise SettingsError(f"the column {name!r} is of {other!r} and {field!r}; keep one")
    return found


_BY_NAME: Final = _by_name()


def names_of(field: str) -> tuple[str, ...]:
    """The names that a field is known by, plain."""
    return tuple(plain(name) for name in _COLUMNS[field])


_ONLY_BESIDE: Final = {"from": "reduction", "to": "reduction"}
"""Names that mean a field only beside another column: alone "from" may be a country."""


def recognised(columns: Iterable[str], chosen: Mapping[str, str] | None = None) -> dict[str, str]:
    """The column of each field that is there: field -> column as it is written in the feed.

    `chosen` (field -> column) goes first. Of several columns for one field the surest name
    wins, then one with Google's "g:", then the first. A column serves one field only.
    Raises FeedError for a field that does not exist or a chosen column that is not there.
    """
    columns = list(columns)
    fields = _chosen(columns, chosen or {})
    taken = set(fields.values())
    ranked: dict[str, tuple[tuple[int, bool, int], str]] = {}
    names = {plain(column) for column in columns}
    for order, column in enumerate(columns):
        field, place = _BY_NAME.get(plain(column), ("", 0))
        if _ONLY_BESIDE.get(plain(column), plain(column)) not in names:
            continue
        if not field or field in fields or column in taken:
            continue
        rank = (place, not column.strip().startswith("g:"), order)
        if field not in ranked or rank < ranked[field][0]:
            ranked[field] = (rank, column)
    return fields | {field: column for field, (_, column) in ranked.items()}


@lru_cache(maxsize=256)
def sale_like(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns whose names are of nothing we know and hold a word for a sale."""
    words = [plain(word) for word in taxonomy.feed_words()["sale_like"]]
    unknown = [(column, plain(column)) for column in columns if plain(column) not in _BY_NAME]
    return tuple(column for column, name in unknown if any(word in name for word in words))


def all_of(field: str, columns: Iterable[str]) -> list[str]:
    """Every column that is this field by its name."""
    return [column for column in columns if _BY_NAME.get(plain(column), ("",))[0] == field]


def _chosen(columns: list[str], chosen: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, wanted in chosen.items():
        if field not in MAPPABLE:
            raise FeedError(
                f"unknown field {field!r} in the mapping; known are {', '.join(MAPPABLE)}"
            )
        matches = [c for c in columns if c == wanted] or [
            c for c in columns if plain(c) == plain(wanted)
        ]
        if not matches:
            raise FeedError(f"no column {wanted!r} for {field}; the feed has {', '.join(columns)}")
        found[field] = matches[0]
    return found
