"""Findings of one category or gender alone: chosen on the page, which needs no script for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from markupsafe import Markup

from thatlook.core.records import Product
from thatlook.core.taxonomy import PRODUCT_CATEGORIES, PRODUCT_GENDERS
from thatlook.quality.explore.cards import CARDS
from thatlook.quality.explore.report import FeedReport
from thatlook.render.templating import part

VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "category": PRODUCT_CATEGORIES,
    "gender": PRODUCT_GENDERS,
}
"""What cards can be told apart by: fields with few values, known beforehand."""
_FIELDS: Final[Mapping[str, Callable[[Product], str]]] = {
    "category": lambda product: product.category,
    "gender": lambda product: product.gender,
}


def bar(report: FeedReport) -> Markup:
    """The choices, with how many findings each has; nothing where there is no choice."""
    found = [report.products[finding.product_id] for finding in report.checked.findings]
    groups = []
    for name, values in VALUES.items():
        counts = Counter(map(_FIELDS[name], found))
        there = [(value, counts[value]) for value in values if counts[value]]
        if len(there) > 1:
            groups.append((name, there))
    return part("filters", groups, template=CARDS) if groups else Markup("")


def rules() -> str:
    """The style by which a choice hides the cards of the others."""
    hidden = [
        f"body:has(#{name}-{value}:checked) figure[data-{name}]:not([data-{name}={value}])"
        for name, values in VALUES.items()
        for value in values
    ]
    return (
        ".filters { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; "
        "gap: 4px 28px; padding: 10px 0; background: var(--paper); "
        "border-bottom: 1px solid var(--line); }\n"
        ".filters fieldset { border: 0; margin: 0; padding: 0; }\n"
        ".filters legend { float: left; margin-right: 10px; font-weight: 600; }\n"
        ".filters label { margin-right: 12px; white-space: nowrap; }\n"
        "h3 { scroll-margin-top: 60px; }\n"
        f"{', '.join(hidden)} {{ display: none; }}\n"
    )
