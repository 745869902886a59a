"""A second ranking beside the catalog's own: both are shown as one list, by team."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from thatlook.core.errors import UnknownProductError
from thatlook.core.records import Recommendation, Result
from thatlook.engine import Engine
from thatlook.search.ranking.interleaving import team_draft
from thatlook.search.request import SearchRequest

SAME: Final = 0.5
"""Boxes that overlap by this much (intersection over union) are one article to both networks."""
Matches = Sequence[Mapping[str, Any]]
"""As JSON data."""


@dataclass(frozen=True, slots=True)
class Rival:
    """Another engine on the same products: with another network, or other settings."""

    engine: Engine
    rng: random.Random = field(default_factory=random.SystemRandom)

    def recommended(self, photo: bytes, request: SearchRequest, result: Result) -> dict[str, Any]:
        """The JSON of `result`, the matches of each article interleaved with the rival's; where it
        does not see the article they stay as they are.
        """
        shown = result.to_dict()
        try:
            theirs = self.engine.recommend(photo, request=request)
        except UnknownProductError:  # one that was liked, and is in our catalog alone
            return shown
        for row, found in zip(shown["recommendations"], result.recommendations, strict=True):
            other = _same_article(result, found, theirs)
            if other is not None:
                matches = [match.to_dict() for match in other.matches]
                row["matches"] = self.interleaved(row["matches"], matches, request.k)
        return shown

    def similar(self, product_id: str, request: SearchRequest) -> list[dict[str, Any]]:
        """Its matches for a product; none where its catalog does not have it."""
        try:
            found = self.engine.similar(product_id, request=request)
        except UnknownProductError:
            return []
        return [match.to_dict() for match in found]

    def interleaved(self, ours: Matches, theirs: Matches, k: int) -> list[dict[str, Any]]:
        """At most `k` of both, each with its `team`; what both have is shown as ours is."""
        by_id = {one["product"]["id"]: one for one in [*theirs, *ours]}
        first, second = ([one["product"]["id"] for one in side] for side in (ours, theirs))
        drafted = team_draft(first, second, k, self.rng)
        return [{**by_id[one], **({"team": team} if team else {})} for one, team in drafted]


def _same_article(result: Result, found: Recommendation, theirs: Result) -> Recommendation | None:
    """The rival's recommendation for the article of one of ours."""
    box = result.look.articles[found.article].box
    alike = [
        (box.iou(theirs.look.articles[one.article].box), one)
        for one in theirs.recommendations
        if one.category == found.category
    ]
    overlap, best = max(alike, key=lambda pair: pair[0], default=(0.0, None))
    return best if overlap >= SAME else None
