"""Findings as cards with pictures, groups of look-alikes, and lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from thatlook.quality.checks.product import KINDS, ProductFinding
from thatlook.quality.explore.report import FeedReport
from thatlook.quality.explore.thumbs import thumbnail_uri
from thatlook.render.templating import part

CARDS = "quality/explore/cards.html.jinja"
MAX_SHOWN = 60
"""Of more findings of one kind the others are in the JSON report only."""

MAX_GROUP = 6

_ADVICE = {
    "category_seen": "The detector is sure of another article and sees none of the listed kind. "
    "Either the category is wrong, or the picture belongs to another product.",
    "gender_seen": "The person in the picture is, with great certainty, presented as the other "
    "gender. Check the gender field and the picture.",
    "color_seen": "Hardly a pixel of the article has the listed color or a shade of it.",
    "article_not_seen": "Nothing of the listed kind was found, so the whole picture is compared. "
    "Often a very close detail, an unusual angle, or a product that is worn by nobody.",
    "shared_picture": "Two products have the very same picture file, and the feed says of them "
    "what cannot both be true of it.",
    "gender_words": "The words of the title and the gender field contradict each other.",
    "broken_picture": "These files cannot be decoded; the products cannot be found by picture.",
    "tiny_picture": "Too small to show well, and details are lost.",
}


def gallery(report: FeedReport, kind: str) -> Markup:
    """The findings of one kind as cards with pictures, the surest first."""
    found = report.checked.of_kind(kind)
    if not found:
        return Markup("")
    cards = [_card(report, finding) for finding in found[:MAX_SHOWN]]
    advice = _ADVICE.get(kind, "")
    more = len(found) - MAX_SHOWN
    return part("gallery", kind, KINDS[kind], len(found), advice, cards, more, template=CARDS)


def groups_of(
    report: FeedReport, target: str, name: str, groups: Sequence[Sequence[str]]
) -> Markup:
    """Groups of products side by side, the largest first; six of each are shown."""
    if not groups:
        return Markup("")
    shown = [
        {
            "cards": [_product(report, product_id) for product_id in ids[:MAX_GROUP]],
            "more": len(ids) - MAX_GROUP,
        }
        for ids in sorted(groups, key=len, reverse=True)[:MAX_SHOWN]
    ]
    more = len(groups) - MAX_SHOWN
    return part("groups", target, name, len(groups), shown, more, template=CARDS)


def folding_list(target: str, name: str, lines: Iterable[str], count: int) -> Markup:
    """A list that opens at a click."""
    if not count:
        return Markup("")
    return part("listed", target, name, count, list(lines), count - MAX_SHOWN, template=CARDS)


def _product(report: FeedReport, product_id: str) -> dict[str, Any]:
    facts = report.facts.get(product_id)
    uri = thumbnail_uri(facts.file) if facts is not None else ""
    product = report.products[product_id]
    about = {"category": product.category, "gender": product.gender}
    return {"id": product_id, "title": product.title, "uri": uri, **about}


def _card(report: FeedReport, finding: ProductFinding) -> dict[str, Any]:
    # Of two products with one picture either may be wrong: no word is struck out.
    seen = finding.seen if finding.kind != "shared_picture" else ""
    return {
        **_product(report, finding.product_id),
        "says": finding.says,
        "seen": seen,
        "score": finding.score,
        "message": finding.message,
    }
