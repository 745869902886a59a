"""A column of no known name that may be the time of a sale: it is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from thatlook.store.feed.columns import sale_like
from thatlook.store.feed.offers import Offer
from thatlook.store.feed.rows import Values

_TIMES: Final = {"sale_price_effective_date", "sale_start", "sale_end"}
_DATE: Final = re.compile(r"\d{4}-\d\d?-\d\d?\b|\d\d?[./]\d\d?[./]\d{4}\b")
_SHOWN: Final = 3


def doubts_of(values: Values, fields: Mapping[str, str], offer: Offer) -> Iterator[str]:
    """What to tell of a row's columns: `fields` has those that are known (field -> column)."""
    if offer.sale_price is None or fields.keys() & _TIMES:
        return
    columns = [name for name in sale_like(tuple(values)) if any(map(_DATE.search, values[name]))]
    if columns:
        shown = " or ".join(map(repr, columns[:_SHOWN]))
        yield (
            f"sale_price: {shown} may be the time of the sale; if so, name it: "
            "--map sale_start=... or sale_end=..."
        )
