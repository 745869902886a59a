"""Why a product goes with what is given, in words that are true to what was compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.core.harmony import relation
from thatlook.core.taxonomy import words
from thatlook.search.completing.given import DRESSY, Given
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.stages.compatibility import Layout

Floats = NDArray[np.float32]

TELLING: Final = 0.05
"""What speaks less for a product than this is not told."""
MOST: Final = 3
LITTLE: Final = "little in this shop goes better"
"""The reason where nothing spoke for a product that is answered all the same."""
TELLING_LOOKS: Final = 6.0
SELDOM: Final = 3
"""Types are seldom worn together where chance has them together in TELLING_LOOKS looks or more, and
SELDOM times as often as they were."""

_RELATIONS: Final = {
    "same": "same color: {0}",
    "shades": "shades of one color: {0} and {1}",
    "neutral": "colors that go together: {0} with {1}",
    "neighbours": "neighbouring colors: {0} and {1}",
    "opposites": "opposite colors: {0} and {1}",
}


@dataclass(frozen=True)
class Together:
    """In how many of the looks that the network learned from two words were worn together, and in
    how many each type was.
    """

    looks: int = 0
    types: Mapping[str, int] = field(default_factory=dict)
    colors: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """As the network's entry tells; empty where it does not. Raises ModelError."""
        entry: Any = spec.details.get("together", {})
        try:
            types = {_plain(key): int(n) for key, n in entry.get("type", {}).items()}
            counts = {normal(kind): int(n) for kind, n in entry.get("worn", {}).items()}
            return cls(int(entry.get("looks", 0)), types, dict(entry.get("color", {})), counts)
        except (AttributeError, TypeError, ValueError) as error:
            expected = "looks, worn by word, type and color by pair of words: numbers of looks"
            raise spec.misfit("together", expected, entry) from error

    @cached_property
    def worn(self) -> frozenset[str]:
        """The types that were worn with anything, each as `normal` has it."""
        return frozenset(kind for key in self.types for kind in key.split("|"))

    def seldom(self, one: str, other: str) -> bool:
        """Whether two types were worn together far less often than chance would have them, where
        that would be often enough to tell.

        Where it would not, what is known of all that is dressy counts: nobody wears a backpack with
        heels or a gown.
        """
        one, other = normal(one), normal(other)
        if self._chance(one, other) >= TELLING_LOOKS:
            return self._seldom(one, (other,))
        return any(b in DRESSY and self._seldom(a, DRESSY) for a, b in ((one, other), (other, one)))

    def _seldom(self, one: str, others: Sequence[str]) -> bool:
        chance = sum(self._chance(one, other) for other in others)
        seen = sum(self.types.get(pair(one, other), 0) for other in others)
        return chance >= TELLING_LOOKS and SELDOM * seen < chance

    def _chance(self, one: str, other: str) -> float:
        """In how many looks chance would have the two types together."""
        return self.counts.get(one, 0) * self.counts.get(other, 0) / max(1, self.looks)


@lru_cache(maxsize=4096)
def normal(kind: str) -> str:
    """A type's words without what shops write differently: "T-Shirts" and "tshirt" are one."""
    return " ".join(words(kind))


def _plain(key: str) -> str:
    return pair(*map(normal, key.split("|", 1)))


def pair(one: str, other: str) -> str:
    """The two words as `Together` has them."""
    return "|".join(sorted((one, other)))


def reasons(
    own: Given, row: Floats, others: Sequence[Given], wanted: Floats, told: tuple[Layout, Together]
) -> tuple[str, ...]:
    """Why a product (`own`, its row (length,)) goes with each of `others`, most telling first.

    `wanted` (others, length) is what each of the others speaks for: the sum of its products with
    the row is what the product was ranked by. Only what spoke for it is told; LITTLE where nothing
    did.
    """
    layout, together = told
    found: list[tuple[float, str]] = []
    for other, asked in zip(others, wanted, strict=True):
        worth = _by_part(asked, row, layout)
        found.append((worth["type"], _types(own, other, together)))
        found.append((worth["color"], _colors(own, other, together)))
    found.sort(key=lambda reason: -reason[0])
    best = [reason for value, reason in found if reason and value > TELLING]
    same = {other.occasion for other in others} == {own.occasion} and own.occasion
    occasion = [f"same occasion: {own.occasion}"] if same else []
    return tuple([*dict.fromkeys(best)][:MOST] + occasion) or (LITTLE,)


def _by_part(asked: Floats, row: Floats, layout: Layout) -> dict[str, float]:
    start, found = 0, {}
    for name, part in layout.parts.items():
        end = start + part.stop - part.start
        found[name] = float(asked[start:end] @ row[start:end])
        start = end
    return found


def _types(own: Given, other: Given, together: Together) -> str:
    if not own.type or not other.type:
        return ""
    count = together.types.get(pair(normal(own.type), normal(other.type)))
    if count:
        return f"worn with {other.type} in {count} of {together.looks} looks: {own.type}"
    return f"goes with {other.type}: {own.type}"


def _colors(own: Given, other: Given, together: Together) -> str:
    if not own.color or not other.color:
        return ""
    kind = "same" if own.color == other.color else relation(own.color, other.color)
    told = _RELATIONS.get(kind, "{0} with {1}").format(own.color, other.color)
    count = together.colors.get(pair(own.color, other.color))
    return f"{told}, worn together in {count} looks" if count else told
