"""Feedback as pairs of products that shoppers judged alike or not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from thatlook.core.errors import CatalogError
from thatlook.data.judged_pairs import JudgedPair, JudgedProduct
from thatlook.store.catalog import Catalog
from thatlook.store.feedback.records import Choice

COMPARED: Final = ("photo", "product")
"""Sources of lists whose products are shown because they are alike."""
MOST_DECIDED: Final = 50
"""Lists of which more products were accepted or dismissed say nothing: no shopper judges so many,
and the pairs of a list grow with the square of it."""
Two = tuple[str, str]
"""The ids of two products, the smaller first."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The pairs, and how many were left out: `undecided` on which too few lists agree, `missing`
    of which a product or its picture is no longer in the catalog, `mixed` of two categories, which
    no search compares.
    """

    pairs: list[JudgedPair]
    undecided: int = 0
    missing: int = 0
    mixed: int = 0


def votes(choices: Iterable[Choice]) -> dict[Two, Counter[bool]]:
    """Per two products, how many lists say that they are alike (True), and that they are not.

    Of a list for a product: that product beside each accepted or dismissed one. Of a row for a
    photo, which is not kept: accepted products beside each other, and beside dismissed ones. Clicks
    do not count, they may be curiosity; neither do lists for words, nor of what goes together.
    """
    found: dict[Two, Counter[bool]] = defaultdict(Counter)
    for told in _lists(choices):
        for two, alike in {two: alike for two, alike in _said(told) if two[0] != two[1]}.items():
            found[two][alike] += 1
    return found


def _lists(choices: Iterable[Choice]) -> Iterable[list[Choice]]:
    found: dict[str, list[Choice]] = defaultdict(list)
    for choice in choices:
        if choice.shown.source in COMPARED and choice.accepted != choice.dismissed:
            found[choice.shown.id].append(choice)
    return (told for told in found.values() if len(told) <= MOST_DECIDED)


def _said(told: list[Choice]) -> Iterator[tuple[Two, bool]]:
    """What one list says; who was accepted and dismissed too says nothing."""
    query = told[0].shown.query
    if query:
        yield from ((_two(query, one.product), one.accepted) for one in told)
        return
    for one, other in combinations(told, 2):
        if one.accepted or other.accepted:
            yield _two(one.product, other.product), one.accepted and other.accepted


def _two(one: str, other: str) -> Two:
    return (one, other) if one < other else (other, one)


def judged_pairs(choices: Iterable[Choice], catalog: Catalog, min_lead: int = 1) -> Judged:
    """The pairs on which at least `min_lead` more lists say the one than the other, by ids."""
    counts: Counter[str] = Counter()
    pairs = []
    for two, said in sorted(votes(choices).items()):
        lead = said[True] - said[False]
        if abs(lead) < min_lead:
            counts["undecided"] += 1
            continue
        known = [found for found in (_product(catalog, one) for one in two) if found is not None]
        if len(known) < 2:
            counts["missing"] += 1
        elif known[0][1] != known[1][1]:
            counts["mixed"] += 1
        else:
            (one, category), (other, _) = known
            pairs.append(JudgedPair(one, other, category, lead > 0, abs(lead)))
    return Judged(pairs, counts["undecided"], counts["missing"], counts["mixed"])


def _product(catalog: Catalog, product_id: str) -> tuple[JudgedProduct, str] | None:
    """The product with its picture, and its category; None where one of them is gone."""
    try:
        stored = catalog.stored(product_id)
        box = None if stored.box is None else stored.box.to_list()
        corners = None if box is None else (box[0], box[1], box[2], box[3])
        picture = catalog.image(product_id).resolve()
        return JudgedProduct(product_id, picture, corners), stored.product.category
    except CatalogError:
        return None
