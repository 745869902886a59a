"""A second ranking beside the catalog's own: both are shown as one list, by team."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from math import inf
from time import monotonic
from typing import Any, Final, TypeVar

from thatlook.core.errors import ThatlookError, UnknownProductError
from thatlook.core.records import Match, Recommendation, Result, Vector
from thatlook.engine import Engine
from thatlook.search.index import Filters, Query, genders_for
from thatlook.search.ranking.interleaving import team_draft
from thatlook.search.recommender import settled
from thatlook.search.request import SearchRequest
from thatlook.search.steady import steady

logger = logging.getLogger("thatlook.service")
Answer = TypeVar("Answer")

SAME: Final = 0.5
"""Boxes that overlap by this much (intersection over union) are one article to both networks."""
TELL_AGAIN_S: Final = 60.0
"""A rival that fails is logged once in so many seconds, not for every request."""
Matches = Sequence[Mapping[str, Any]]
"""As JSON data."""


@dataclass(slots=True, eq=False)
class Rival:
    """Another engine on the same products: with another network, or other settings.

    It only ranks: what is shown is what our own catalog has and the request asks for. Where it
    fails, our own answer stays as it is.
    """

    engine: Engine
    own: Engine
    rng: random.Random = field(default_factory=random.SystemRandom)
    _told_at: float = -inf

    def recommended(self, photo: bytes, request: SearchRequest, result: Result) -> dict[str, Any]:
        """The JSON of `result`, the matches of each article interleaved with the rival's; where it
        does not see the article they stay as they are.
        """
        shown = result.to_dict()
        theirs = self._asked(lambda: self.engine.recommend(photo, request=request))
        if theirs is None:
            return shown
        for row, found in zip(shown["recommendations"], result.recommendations, strict=True):
            other = _same_article(result, found, theirs)
            vector = result.look.articles[found.article].vector
            if other is not None and vector is not None:
                categories = {found.category, *found.searched.get("neighbours", ())}
                matches = self._shown(other.matches, vector, _query(found.searched), categories)
                row["matches"] = self.interleaved(row["matches"], matches, request.k)
        return shown

    def similar(self, product_id: str, request: SearchRequest) -> list[dict[str, Any]]:
        """Its matches for a product; none where its catalog does not have it."""
        found = self._asked(lambda: self.engine.similar(product_id, request=request))
        if not found:
            return []
        catalog = self.own.catalog
        product = catalog.product(product_id)
        hides = self.own.settings.out_of_stock == "hide"
        query = Query(
            genders=genders_for(product.gender if product.gender != "unisex" else None),
            filters=settled(request.filters, request.age, product, in_stock=hides),
        )
        return self._shown(found, catalog.vector(product_id), query, {product.category})

    def _asked(self, ask: Callable[[], Answer]) -> Answer | None:
        """What the rival answers; None where it cannot, which is logged once in a while."""
        try:
            return ask()
        except UnknownProductError:  # one that is in our catalog alone
            return None
        except ThatlookError as error:
            if monotonic() - self._told_at > TELL_AGAIN_S:
                self._told_at = monotonic()
                logger.warning("the rival fails: not shown", extra={"error": str(error)})
            return None

    @steady  # a product may go between the search and the reading
    def _shown(
        self, matches: Sequence[Match], vector: Vector, query: Query, categories: Set[str]
    ) -> list[dict[str, Any]]:
        """The JSON of those whose product our catalog finds too, with what it says of them.

        `vector` is one of our own network's: with it our search says what passes the filters.
        """
        every = (product for match in matches for product in (match.product, *match.variants))
        ids = frozenset(product.id for product in every)
        allowed = query.filters.include_ids
        ids = ids if allowed is None else ids & allowed
        if not ids:
            return []
        among = replace(query, k=len(ids), filters=replace(query.filters, include_ids=ids))
        passed = [hit.product_id for hit in self.own.catalog.search(vector[None], among)[0]]
        ours = {
            product.id: product
            for product in self.own.catalog.products(passed)
            if product.category in categories
        }
        return [
            replace(
                match,
                product=ours[match.product.id],
                variants=tuple(ours[one.id] for one in match.variants if one.id in ours),
            ).to_dict()
            for match in matches
            if match.product.id in ours
        ]

    def interleaved(self, ours: Matches, theirs: Matches, k: int) -> list[dict[str, Any]]:
        """At most `k` of both, each with its `team`; what both have is shown as ours is."""
        by_id = {one["product"]["id"]: one for one in [*theirs, *ours]}
        first, second = ([one["product"]["id"] for one in side] for side in (ours, theirs))
        drafted = team_draft(first, second, k, self.rng)
        return [{**by_id[one], **({"team": team} if team else {})} for one, team in drafted]


def _query(searched: Mapping[str, Any]) -> Query:
    """What was searched for an article, in every category."""
    genders = searched["genders"]
    return Query(
        genders=None if genders is None else frozenset(genders),
        filters=Filters(**searched["filters"]),
    )


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
