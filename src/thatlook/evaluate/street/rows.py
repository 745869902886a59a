"""Worn articles with what was shown for them: the rows that are counted."""

from __future__ import annotations

from dataclasses import dataclass, field

from thatlook.core.image import Pixels
from thatlook.core.records import Match
from thatlook.data.worn import Worn
from thatlook.evaluate.street.judged import SHOWN, Verdict, judge


@dataclass(frozen=True, eq=False)
class JudgedArticle:
    """A worn article and what was shown for it; `matches` None where it was not found."""

    photo: str
    worn: Worn
    matches: tuple[Match, ...] | None
    image: Pixels = field(repr=False)

    @property
    def verdicts(self) -> list[Verdict]:
        """Of the products shown, in order."""
        return [judge(self.worn, match.product) for match in (self.matches or ())[:SHOWN]]

    @property
    def _patterned(self) -> bool:
        """Whether the shop says a pattern of anything shown."""
        return any(match.product.pattern for match in self.matches or ())

    def shares(self) -> dict[str, float]:
        """Of SHOWN places, how many hold a product that is right; NaN for the pattern where no
        product has one.
        """
        found = self.verdicts
        return {
            "type": sum(v.type for v in found) / SHOWN,
            "color": sum(v.color for v in found) / SHOWN,
            "both": sum(v.type and v.color for v in found) / SHOWN,
            "pattern": sum(v.pattern for v in found) / SHOWN if self._patterned else float("nan"),
            "children": sum(v.child for v in found) / max(1, len(found)),
        }
