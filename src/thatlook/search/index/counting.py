"""How many products of an index pass, by category, color and brand, and at what prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.search.index.merging import Part
from thatlook.search.index.query import Entry
from thatlook.search.index.words import color_parts

COUNTED: Final = ("category", "color", "brand")


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """`total` products, how often each value of COUNTED occurs among them, and the prices of those
    that have one, float64 (m,) in any order. A product counts for each of its colors.
    """

    total: int
    values: Mapping[str, Counter[str]]
    prices: NDArray[np.float64]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """The counts of these products."""
        found = list(entries)
        values: dict[str, Counter[str]] = {
            "category": Counter(entry.category for entry in found),
            "color": Counter(color for entry in found for color in _colors(entry.color)),
            "brand": Counter(entry.brand for entry in found if entry.brand),
        }
        prices = np.array([e.price for e in found if e.price is not None], np.float64)
        return cls(len(found), values, prices)

    @classmethod
    def of_parts(cls, parts: Iterable[tuple[str, Part]]) -> Self:
        """The counts of the chosen rows of parts, each with its category."""
        values: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
        prices, total = [np.zeros(0, np.float64)], 0
        for category, part in parts:
            if not part.chosen.count:
                continue
            total += part.chosen.count
            values["category"][category] += part.chosen.count
            for color, count in _words(part, "color"):
                for one in _colors(color):
                    values["color"][one] += count
            for brand, count in _words(part, "brand"):
                values["brand"][brand] += count
            found = part.chosen.of(part.block.price)
            prices.append(found[~np.isnan(found)])
        return cls(total, values, np.concatenate(prices))

    def __add__(self, other: Counted) -> Counted:
        """The counts of two lots that have no product in common."""
        values = {name: self.values[name] + other.values[name] for name in COUNTED}
        return Counted(self.total + other.total, values, np.append(self.prices, other.prices))


def _words(part: Part, column: str) -> Iterable[tuple[str, int]]:
    """The words of a column with how many of the chosen rows have them, "" left out."""
    words = part.block.words[column]
    counts = np.bincount(part.chosen.of(part.block.codes[column]), minlength=len(words))
    return [(words[i], int(counts[i])) for i in np.flatnonzero(counts).tolist() if words[i]]


def _colors(text: str) -> Iterable[str]:
    return [color for color in dict.fromkeys(color_parts(text)) if color]
