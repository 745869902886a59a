"""How often products that were shown are taken, with intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from thatlook.store.feedback.records import Choice

Key = TypeVar("Key", str, int)
Z: Final = 1.959964
"""Of a normal distribution, the middle 95 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Of `shown` products, how many were clicked, accepted, dismissed, and taken: clicked or
    accepted.
    """

    shown: int
    clicked: int
    accepted: int
    dismissed: int
    taken: int

    @property
    def share(self) -> float:
        """The click-through rate: `taken` of `shown`."""
        return self.taken / self.shown

    @property
    def interval(self) -> tuple[float, float]:
        """Where the rate lies with 95 % confidence, each product shown taken for a case of its own.

        Source: Wilson, "Probable inference", JASA 1927.
        """
        n, p = self.shown, self.share
        middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
        reach = Z / (1 + Z**2 / n) * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def to_dict(self) -> dict[str, Any]:
        """As JSON data."""
        low, high = self.interval
        return {
            "shown": self.shown,
            "clicked": self.clicked,
            "accepted": self.accepted,
            "dismissed": self.dismissed,
            "click_through": round(self.share, 4),
            "low": round(low, 4),
            "high": round(high, 4),
        }


def rates(choices: Iterable[Choice], key: Callable[[Choice], Key]) -> dict[Key, Rate]:
    """The rate of the choices of each key, keys ascending."""
    counts: dict[Key, Counter[str]] = {}
    for choice in choices:
        counted = counts.setdefault(key(choice), Counter())
        counted["shown"] += 1
        for outcome in ("clicked", "accepted", "dismissed", "taken"):
            counted[outcome] += getattr(choice, outcome)
    names = Rate.__dataclass_fields__
    return {one: Rate(*(counts[one][name] for name in names)) for one in sorted(counts)}
