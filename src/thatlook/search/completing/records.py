"""What is answered: products per missing category, or whole outfits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from thatlook.core.records import Match
from thatlook.core.records.values import rounded_timing
from thatlook.search.completing.given import Given


@dataclass(frozen=True, slots=True)
class Completion:
    """Products of one category that go with what is given, best first; `eligible` passed the
    filters.
    """

    category: str
    matches: tuple[Match, ...]
    eligible: int = 0

    def to_dict(self) -> dict[str, Any]:
        """An entry of `completions` of the JSON."""
        return {
            "category": self.category,
            "passed": self.eligible,
            "matches": [match.to_dict() for match in self.matches],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Completions:
    """What was given, and per category what goes with it; `message` says why there is nothing."""

    given: tuple[Given, ...]
    completions: tuple[Completion, ...]
    message: str | None = None
    timing_ms: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook complete`."""
        return {
            "given": [one.to_dict() for one in self.given],
            "completions": [one.to_dict() for one in self.completions],
            "message": self.message,
            "timing_ms": rounded_timing(self.timing_ms),
        }


@dataclass(frozen=True, slots=True)
class OutfitOffer:
    """Products that make an outfit with what is given; `total` is what they cost, None where one
    has no price, `score` how well they go together.
    """

    matches: tuple[Match, ...]
    score: float
    total: Decimal | None = None

    def to_dict(self) -> dict[str, Any]:
        """An entry of `outfits` of the JSON."""
        return {
            "score": round(self.score, 4),
            "total": None if self.total is None else str(self.total),
            "matches": [match.to_dict() for match in self.matches],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Outfits:
    """Whole outfits around what is given, best first; `message` says why there are none."""

    given: tuple[Given, ...]
    outfits: tuple[OutfitOffer, ...]
    message: str | None = None
    timing_ms: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook outfits`."""
        return {
            "given": [one.to_dict() for one in self.given],
            "outfits": [one.to_dict() for one in self.outfits],
            "message": self.message,
            "timing_ms": rounded_timing(self.timing_ms),
        }
