"""Whether a product shown for a worn article is of a type, color and pattern to accept.

A type accepts itself, or what a table in words of the labels and of shops lists
(`accepted_types.json`); colors are accepted as shades of one color (`core.color.related`). A type
of which the shop sells fewer than SHOWN products to that person is not asked for: no order of its
products could be right.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from thatlook.core.ages import is_childs
from thatlook.core.color import related
from thatlook.core.records import Match, Product
from thatlook.core.taxonomy import pattern_of, type_leaf
from thatlook.data.worn import Worn

SHOWN: Final = 6
"""So many products are looked at: what a shopper sees at once. A place that is empty is wrong."""

GENDERS: Final[Mapping[str, frozenset[str]]] = {
    "female": frozenset({"female", "unisex"}),
    "male": frozenset({"male", "unisex"}),
}
"""Whose products may be shown to whom; to others all."""


def accepted_types(worn_type: str) -> frozenset[str]:
    """The types of products, lower case, that are accepted for a type of the labels: what the
    table lists for it, itself alone where it lists nothing.
    """
    return _accepted().get(worn_type, frozenset({worn_type}))


@cache
def _accepted() -> Mapping[str, frozenset[str]]:
    text = resources.files(__package__).joinpath("accepted_types.json").read_text("utf-8")
    return {name: frozenset(types) for name, types in json.loads(text).items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is right of a product, and whether it is a child's."""

    type: bool
    color: bool
    pattern: bool
    child: bool


def judge(worn: Worn, product: Product) -> Verdict:
    """The product against the article as an eye read it."""
    return Verdict(
        type_leaf(product.product_type) in accepted_types(worn.type),
        any(related(one, other) for one in worn.colors for other in _colors(product.color)),
        pattern_of(product.pattern) == pattern_of(worn.pattern) if product.pattern else False,
        is_childs(product.age_group),
    )


def _colors(text: str) -> Iterable[str]:
    return (part.strip() for part in text.replace(",", "/").split("/") if part.strip())


class Shop:
    """How many products for grown-ups a catalog has of each type, per gender."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._count = Counter(
            (type_leaf(product.product_type), product.gender)
            for product in products
            if not is_childs(product.age_group)
        )

    def sells(self, worn: Worn, gender: str) -> bool:
        """Whether there are as many products of accepted types as are shown."""
        types = accepted_types(worn.type)
        genders = GENDERS.get(gender)
        return (
            sum(
                count
                for (name, whose), count in self._count.items()
                if name in types and (genders is None or whose in genders)
            )
            >= SHOWN
        )

    def nothing_asked(self, articles: int) -> str:
        """Why none of so many worn articles can be asked for, and what to do."""
        typed = sum(count for (name, _), count in self._count.items() if name)
        return (
            f"none of {articles} worn articles is asked for: the catalog has fewer than {SHOWN} "
            f"products of each one's type for that person. {typed} of its "
            f"{self._count.total()} products have a product type; where the feed calls it "
            "otherwise, `thatlook index FEED --map product_type=COLUMN` names the column"
        )


def contradicts(matches: Sequence[Match]) -> bool:
    """Whether a product of which a reason says `other` type or color stands above one of which
    the reasons say that both are the same.
    """
    seen_other = False
    for match in matches:
        told = [reason.split(":", 1)[0] for reason in match.reasons]
        if seen_other and {"same type", "same color"} <= set(told):
            return True
        seen_other |= "other type" in told or "other color" in told
    return False
