"""All checks over all products: what each of them shows, and what they show together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from thatlook.core.records import Product
from thatlook.quality.checks.product import (
    KINDS,
    ProductFinding,
    check_picture,
    check_seen,
    check_shared,
    check_words,
)
from thatlook.quality.checks.summary import filled, price_outliers, repeated_titles
from thatlook.quality.checks.twins import near_twins, same_files
from thatlook.quality.facts import PictureFacts

_BY_FILLED: Final = ("no_price", "no_title")
"""Kinds that the counts of filled fields tell too."""

Groups = Sequence[Sequence[str]]
"""Groups of product ids."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks found; `same_files` and `near_twins` are groups of products by picture,
    `repeated_titles` the ids by title, `filled` counts the products with a value by field.
    """

    findings: Sequence[ProductFinding]
    same_files: Groups
    near_twins: Groups
    repeated_titles: Mapping[str, Sequence[str]]
    filled: Mapping[str, int]

    def of_kind(self, kind: str) -> list[ProductFinding]:
        """The findings of one kind; what was seen is ordered by score, the surest first."""
        found = [finding for finding in self.findings if finding.kind == kind]
        return sorted(found, key=lambda finding: -finding.score)

    @property
    def empty_fields(self) -> list[str]:
        """Fields in which no product has a value."""
        return [name for name, count in self.filled.items() if not count]

    def to_dict(self) -> dict[str, Any]:
        """As JSON data: the keys that a feed's report and a catalog's audit share."""
        return {
            "filled": dict(self.filled),
            "findings_by_kind": dict(Counter(finding.kind for finding in self.findings)),
            "findings": [finding.to_dict() for finding in self.findings],
            "same_picture_files": [list(group) for group in self.same_files],
            "near_duplicate_pictures": [list(group) for group in self.near_twins],
            "repeated_titles": {name: list(ids) for name, ids in self.repeated_titles.items()},
        }

    def lines(self) -> list[str]:
        """The counts in words, one line for each kind that was found."""
        found = Counter(finding.kind for finding in self.findings)
        counts = {name.lower(): found[kind] for kind, name in KINDS.items()}
        counts["groups with the same picture file"] = len(self.same_files)
        counts["groups with nearly the same picture"] = len(self.near_twins)
        counts["titles that several products have"] = len(self.repeated_titles)
        return [f"{count:>8,}  {name}" for name, count in counts.items() if count]


def check_all(products: Sequence[Product], facts: Mapping[str, PictureFacts]) -> Checked:
    """What is found on products with distinct ids, and on their pictures as far as `facts`,
    by id, tells of them.

    A field that every product lacks is left out: a feed without prices is one fact, told by
    `filled`, and not one for each product.
    """
    same, by_id = same_files(facts), {product.id: product for product in products}
    findings = [
        *_of_each(products, facts),
        *(finding for ids in same for finding in check_shared([by_id[name] for name in ids])),
    ]
    return Checked(
        findings=_telling(findings, len(products)),
        same_files=same,
        near_twins=near_twins(facts),
        repeated_titles=repeated_titles(products),
        filled=filled(products),
    )


def _of_each(
    products: Sequence[Product], facts: Mapping[str, PictureFacts]
) -> Iterator[ProductFinding]:
    for product in products:
        yield from check_words(product)
        found = facts.get(product.id)
        if found is not None:
            yield from check_picture(product, found)
            if found.seen is not None:
                yield from check_seen(product, found.seen)
    for product, median in price_outliers(products):
        message = f"{product.current_price}, where half of {product.category} cost {median} or less"
        yield ProductFinding("odd_price", product.id, message)


def _telling(findings: Sequence[ProductFinding], products: int) -> list[ProductFinding]:
    found = Counter(finding.kind for finding in findings)
    told = {kind for kind in _BY_FILLED if found[kind] >= max(products, 2)}
    return [finding for finding in findings if finding.kind not in told]
