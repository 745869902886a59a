"""Columns of no known name that may say what a product costs, or until when: they are told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from thatlook.store.feed.columns import resembling
from thatlook.store.feed.offers import Offer
from thatlook.store.feed.rows import Values

_TIMES: Final = {"sale_price_effective_date", "sale_start", "sale_end"}
_DATE: Final = re.compile(r"\d{4}-\d\d?-\d\d?\b|\d\d?[./]\d\d?[./]\d{4}\b")
_DIGIT: Final = re.compile(r"\d")
_SHOWN: Final = 3


def doubts_of(values: Values, fields: Mapping[str, str], offer: Offer) -> Iterator[str]:
    """What to tell of a row's columns: `fields` has those that are known (field -> column)."""
    known = fields.keys()
    if not offer.price and "price" not in known and (columns := _filled(values, "price", _DIGIT)):
        yield f"price: no column is known as it; if it is {columns}, name it: --map price=..."
    if offer.sale_price and not known & _TIMES and (columns := _filled(values, "sale", _DATE)):
        yield (
            f"sale_price: {columns} may be the time of the sale; if so, name it: "
            "--map sale_start=... or sale_end=..."
        )


def _filled(values: Values, what: str, cell: re.Pattern[str]) -> str:
    """The columns that may be `what` and hold such a cell; parts of nested elements are none."""
    names = [
        column
        for column in resembling(what, tuple(values))
        if "." not in column and any(cell.search(text) for text in values[column])
    ]
    return " or ".join(map(repr, names[:_SHOWN]))
