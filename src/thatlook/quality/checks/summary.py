"""Counts and prices of a feed's products."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from thatlook.core.records import Product
from thatlook.core.taxonomy import PRODUCT_CATEGORIES

FACETS: Final = ("gender", "category", "product_type", "color", "brand")
FIELDS: Final = (
    "title", "description", "link", "image_link", "price", "brand", "gender", "color",
    "pattern", "material", "product_type", "availability",
)  # fmt: skip
NOT_GIVEN: Final = "(not given)"


@dataclass(frozen=True, slots=True)
class PriceRange:
    """The prices of one category in one currency."""

    category: str
    currency: str
    count: int
    low: Decimal
    quarter: Decimal
    median: Decimal
    three_quarters: Decimal
    high: Decimal

    def to_dict(self) -> dict[str, Any]:
        """As JSON data; amounts are texts, exact."""
        return {
            "category": self.category, "currency": self.currency, "count": self.count,
            "min": str(self.low), "p25": str(self.quarter), "median": str(self.median),
            "p75": str(self.three_quarters), "max": str(self.high),
        }  # fmt: skip


def counts(products: Iterable[Product], facet: str) -> dict[str, int]:
    """How many products have each value of a field, most first, then by name."""
    found = Counter(str(getattr(product, facet)).strip() or NOT_GIVEN for product in products)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def filled(products: Sequence[Product]) -> dict[str, int]:
    """How many products have a value in each of FIELDS."""
    return {name: sum(bool(getattr(product, name)) for product in products) for name in FIELDS}


def by_gender(products: Iterable[Product]) -> dict[str, dict[str, int]]:
    """Category -> gender -> count, categories as in the taxonomy."""
    found: dict[str, dict[str, int]] = {name: {} for name in PRODUCT_CATEGORIES}
    for product in products:
        row = found[product.category]
        row[product.gender] = row.get(product.gender, 0) + 1
    return {name: row for name, row in found.items() if row}


def prices(products: Iterable[Product]) -> list[PriceRange]:
    """The current prices by category and currency, in the taxonomy's order."""
    amounts: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for product in products:
        price = product.current_price
        if price is not None:
            amounts[product.category, price.currency].append(price.amount)
    keys = sorted(amounts, key=lambda key: (PRODUCT_CATEGORIES.index(key[0]), key[1]))
    return [PriceRange(*key, len(amounts[key]), *_quartiles(sorted(amounts[key]))) for key in keys]


def _quartiles(ordered: Sequence[Decimal]) -> list[Decimal]:
    """Minimum, quartiles and maximum, each an amount that occurs."""
    last = len(ordered) - 1
    return [ordered[round(last * part / 4)] for part in range(5)]


def repeated_titles(products: Iterable[Product]) -> dict[str, list[str]]:
    """Titles that several products have, with their ids, most first."""
    found: dict[str, list[str]] = defaultdict(list)
    for product in products:
        if product.title:
            found[product.title.casefold()].append(product.id)
    several = {title: ids for title, ids in found.items() if len(ids) > 1}
    return dict(sorted(several.items(), key=lambda item: (-len(item[1]), item[0])))


def price_outliers(products: Sequence[Product], factor: int = 15) -> list[tuple[Product, Decimal]]:
    """Products whose price is `factor` times above or below their category's median, with it.

    Categories with fewer than ten prices say nothing.
    """
    medians = {(p.category, p.currency): p.median for p in prices(products) if p.count >= 10}
    found = []
    for product in products:
        price = product.current_price
        median = medians.get((product.category, price.currency)) if price else None
        if price is None or median is None or not price.amount:
            continue
        if price.amount > median * factor or price.amount * factor < median:
            found.append((product, median))
    return found
