"""A feed's report: counts, findings, and what of it the pipeline can use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from thatlook.explore.checks import Finding, check_picture, check_seen, check_shared, check_words
from thatlook.explore.facts import PictureFacts
from thatlook.explore.summary import (
    FACETS,
    PriceRange,
    by_gender,
    counts,
    filled,
    price_outliers,
    prices,
    repeated_titles,
)
from thatlook.explore.twins import near_twins, same_files
from thatlook.feed.rows import Problem
from thatlook.records import Product
from thatlook.taxonomy import OTHER


@dataclass(frozen=True, slots=True)
class Step:
    """A step on the way of a row through the pipeline, and how many are left after it."""

    name: str
    left: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found; `facts` and `products` are by id, in the feed's order."""

    feed: str
    rows: int
    products: Mapping[str, Product]
    problems: Sequence[Problem]
    facts: Mapping[str, PictureFacts]
    facets: Mapping[str, Mapping[str, int]]
    genders: Mapping[str, Mapping[str, int]]
    filled: Mapping[str, int]
    prices: Sequence[PriceRange]
    findings: Sequence[Finding]
    same_files: Sequence[Sequence[str]]
    near_twins: Sequence[Sequence[str]]
    repeated_titles: Mapping[str, Sequence[str]]
    steps: Sequence[Step]
    looked: bool
    repeated_ids: int = 0
    seconds: float = 0.0
    map_explained: float = field(default=0.0)

    def of_kind(self, kind: str) -> list[Finding]:
        """The findings of one kind; what was seen is ordered by score, the surest first."""
        found = [finding for finding in self.findings if finding.kind == kind]
        return sorted(found, key=lambda finding: -finding.score)

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
            "filled": dict(self.filled),
            "prices": [entry.to_dict() for entry in self.prices],
            "findings_by_kind": dict(Counter(finding.kind for finding in self.findings)),
            "findings": [finding.to_dict() for finding in self.findings],
            "same_picture_files": [list(group) for group in self.same_files],
            "near_duplicate_pictures": [list(group) for group in self.near_twins],
            "repeated_titles": {name: list(ids) for name, ids in self.repeated_titles.items()},
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
) -> Report:
    """The report of a feed's products, its unreadable rows and the facts of its pictures.

    Of rows with the same id the last counts, as it does in a catalog.
    """
    by_id = {product.id: product for product in products}
    kept = list(by_id.values())
    same = same_files(facts)
    shared = (finding for ids in same for finding in check_shared([by_id[name] for name in ids]))
    findings = _telling([*_findings(kept, facts), *shared], len(kept))
    return Report(
        feed=feed,
        rows=len(products) + len(problems),
        products=by_id,
        problems=problems,
        facts=facts,
        facets={facet: counts(kept, facet) for facet in FACETS},
        genders=by_gender(kept),
        filled=filled(kept),
        prices=prices(kept),
        findings=findings,
        same_files=same,
        near_twins=near_twins(facts),
        repeated_titles=repeated_titles(kept),
        steps=_steps(len(products) + len(problems), kept, facts, looked=looked),
        looked=looked,
        repeated_ids=len(products) - len(kept),
        seconds=seconds,
    )


def _findings(products: Sequence[Product], facts: Mapping[str, PictureFacts]) -> Iterable[Finding]:
    for product in products:
        yield from check_words(product)
        found = facts.get(product.id)
        if found is not None:
            yield from check_picture(product, found)
            if found.seen is not None:
                yield from check_seen(product, found.seen)
    for product, median in price_outliers(products):
        message = f"{product.current_price}, where half of {product.category} cost {median} or less"
        yield Finding("odd_price", product.id, message)


def _telling(findings: Sequence[Finding], products: int) -> list[Finding]:
    """The findings without those that every product has: a feed without prices is one fact,
    told by `filled`, and not one for each product.
    """
    found = Counter(finding.kind for finding in findings)
    return [finding for finding in findings if found[finding.kind] < max(products, 2)]


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
