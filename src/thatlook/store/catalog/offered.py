"""What shoppers can choose among in a catalog: brands, colors, prices and the like, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from thatlook.core.seasons import COLUMN, SEASONS, seasons_of
from thatlook.store.catalog.backend import Backend

MOST_VALUES: Final = 500
MOST_TEXTS: Final = 20_000
"""Different texts of a season column that are understood, the most frequent first."""

_VALUES: Final = {
    "brands": "brand",
    "colors": "color",
    "genders": "gender",
    "availability": "availability",
    "age_groups": "coalesce(json_extract(data, '$.age_group'), '')",
}
_SEASON: Final = f"coalesce(json_extract(data, '$.extra.{COLUMN}'), '')"


@dataclass(frozen=True, slots=True)
class Count:
    """So many products have this value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class PriceRange:
    """What products cost in a currency, "" where the feed names none; `count` have such a price."""

    currency: str
    min: float
    max: float
    count: int


@dataclass(frozen=True, slots=True)
class Offered:
    """Values of the products that can be found, most frequent first, ties by value.

    At most MOST_VALUES of each; `all_brands` says whether no brand was left out. `availability` is
    as the feed words it. `seasons` are those of SEASONS that the feed's column names, in their
    order; what it tells to be for all of them is not counted. Products without a value are not
    counted.
    """

    brands: tuple[Count, ...]
    colors: tuple[Count, ...]
    genders: tuple[Count, ...]
    availability: tuple[Count, ...]
    age_groups: tuple[Count, ...]
    seasons: tuple[Count, ...]
    prices: tuple[PriceRange, ...]
    all_brands: bool

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def offered_of(database: Backend) -> Offered:
    """The values as of now, all from one moment."""
    values, seasons, prices = database.in_one_state(
        lambda: (
            _values(database),
            _seasons(_counts(database, _SEASON, MOST_TEXTS)),
            _prices(database),
        )
    )
    whole = len(values["brands"]) <= MOST_VALUES
    cut = {name: found[:MOST_VALUES] for name, found in values.items()}
    return Offered(**cut, seasons=seasons, prices=prices, all_brands=whole)


def _values(database: Backend) -> dict[str, tuple[Count, ...]]:
    return {name: _counts(database, column, MOST_VALUES) for name, column in _VALUES.items()}


def _prices(database: Backend) -> tuple[PriceRange, ...]:
    rows = database.rows(
        """SELECT currency, min(price), max(price), count(*) FROM products
        WHERE status = 'active' AND price IS NOT NULL GROUP BY 1 ORDER BY 4 DESC, 1"""
    )
    return tuple(PriceRange(*row) for row in rows)


def _seasons(cells: Iterable[Count]) -> tuple[Count, ...]:
    """How many products are for each season, of those that are not for all."""
    found = Counter[str]()
    for cell in cells:
        told = seasons_of(cell.value)
        if len(told) < len(SEASONS):
            found.update(dict.fromkeys(told, cell.count))
    return tuple(Count(name, found[name]) for name in SEASONS if found[name])


def _counts(database: Backend, column: str, most: int) -> tuple[Count, ...]:
    """One more than `most`, so that it is known whether any is left out."""
    sql = f"""SELECT {column}, count(*) FROM products WHERE status = 'active' AND {column} != ''
        GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {most + 1}"""  # noqa: S608 - constant columns
    return tuple(Count(*row) for row in database.rows(sql))
