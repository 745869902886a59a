"""A feed's report: counts, findings, and what of it the pipeline can use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from thatlook.core.records import Product
from thatlook.core.taxonomy import OTHER
from thatlook.quality.checks.summary import FACETS, PriceRange, by_gender, counts, prices
from thatlook.quality.checks.whole import Checked, check_all
from thatlook.quality.facts import PictureFacts
from thatlook.store.feed.rows import Problem


@dataclass(frozen=True, slots=True)
class Step:
    """A step on the way of a row through the pipeline, and how many are left after it."""

    name: str
    left: int


@dataclass(frozen=True, slots=True)
class FeedReport:
    """Everything that was found; `facts` and `products` are by id, in the feed's order."""

    feed: str
    rows: int
    products: Mapping[str, Product]
    problems: Sequence[Problem]
    facts: Mapping[str, PictureFacts]
    facets: Mapping[str, Mapping[str, int]]
    genders: Mapping[str, Mapping[str, int]]
    prices: Sequence[PriceRange]
    checked: Checked
    steps: Sequence[Step]
    looked: bool
    repeated_ids: int = 0
    seconds: float = 0.0

    @property
    def usable(self) -> int:
        """How many products can be found by their picture and their category."""
        return self.steps[-1].left

    def to_dict(self) -> dict[str, Any]:
        """report.json."""
        return {
            "feed": self.feed,
            "rows": self.rows,
            "products": len(self.products),
            "usable": self.usable,
            "steps": [{"step": step.name, "left": step.left} for step in self.steps],
            "networks": self.looked,
            "counts": {name: dict(found) for name, found in self.facets.items()},
            "category_by_gender": {name: dict(found) for name, found in self.genders.items()},
            "prices": [entry.to_dict() for entry in self.prices],
            **self.checked.to_dict(),
            "repeated_ids": self.repeated_ids,
            "problems": [problem.to_dict() for problem in self.problems],
            "seconds": round(self.seconds, 1),
        }


def build(
    feed: str,
    products: Sequence[Product],
    problems: Sequence[Problem],
    facts: Mapping[str, PictureFacts],
    *,
    looked: bool,
    seconds: float = 0.0,
) -> FeedReport:
    """The report of a feed's products, what of its rows cannot be used, its pictures' facts.

    Of rows with the same id the last counts, as it does in a catalog.
    """
    rows = len(products) + sum(not problem.kept for problem in problems)
    by_id = {product.id: product for product in products}
    kept = list(by_id.values())
    return FeedReport(
        feed=feed,
        rows=rows,
        products=by_id,
        problems=problems,
        facts=facts,
        facets={facet: counts(kept, facet) for facet in FACETS},
        genders=by_gender(kept),
        prices=prices(kept),
        checked=check_all(kept, facts),
        steps=_steps(rows, kept, facts, looked=looked),
        looked=looked,
        repeated_ids=len(products) - len(kept),
        seconds=seconds,
    )


def _steps(
    rows: int, products: Sequence[Product], facts: Mapping[str, PictureFacts], *, looked: bool
) -> list[Step]:
    """How many rows are left after each thing that a product needs."""
    whole = [p for p in products if p.id in facts and not facts[p.id].error]
    known = [p for p in whole if p.category != OTHER]
    steps = [
        Step("rows of the feed", rows),
        Step("have an id and name a picture that is there", len(products)),
        Step("have a picture that can be read", len(whole)),
        Step("belong to a category that is matched", len(known)),
    ]
    if looked:
        seen = [p for p in known if (found := facts[p.id].seen) is not None and found.own]
        steps.append(Step("show the article of that category", len(seen)))
    return steps
