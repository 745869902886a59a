"""Findings as cards with pictures, groups of look-alikes, and lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from thatlook.quality.checks.product import KINDS, Finding
from thatlook.quality.explore.report import Report
from thatlook.quality.explore.thumbs import thumbnail

MOST_SHOWN = 60
"""Of more findings of one kind the others are in the JSON report only."""

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


def gallery(report: Report, kind: str) -> str:
    """The findings of one kind as cards with pictures, the surest first."""
    found = report.checked.of_kind(kind)
    if not found:
        return ""
    cards = "".join(_card(report, finding) for finding in found[:MOST_SHOWN])
    advice = f"<p>{escape(_ADVICE[kind])}</p>" if kind in _ADVICE else ""
    return (
        f'<h3 id="{kind}">{escape(KINDS[kind])} ({len(found):,})</h3>{advice}'
        f'<div class="cards">{cards}</div>{_rest(len(found))}'
    )


def groups_of(report: Report, target: str, name: str, groups: Sequence[Sequence[str]]) -> str:
    """Groups of products side by side, the largest first; six of each are shown."""
    if not groups:
        return ""
    shown = []
    for ids in sorted(groups, key=len, reverse=True)[:MOST_SHOWN]:
        figures = "".join(
            f"<figure>{_picture(report, other)}<figcaption><small>"
            f"{escape(report.products[other].title)}<br>{escape(other)}</small></figcaption></figure>"
            for other in ids[:6]
        )
        more = f"<p>and {len(ids) - 6:,} more</p>" if len(ids) > 6 else ""
        shown.append(f'<div class="group">{figures}{more}</div>')
    return (
        f'<h3 id="{target}">{escape(name)} ({len(groups):,} group{"s" * (len(groups) > 1)})</h3>'
        f'<div class="groups">{"".join(shown)}</div>{_rest(len(groups))}'
    )


def listed(target: str, name: str, lines: Iterable[str], count: int) -> str:
    """A list that opens at a click; its lines are HTML already."""
    if not count:
        return ""
    items = "".join(f"<li>{line}</li>" for line in lines)
    return (
        f'<h3 id="{target}">{escape(name)} ({count:,})</h3>'
        f"<details><summary>Show</summary><ul>{items}</ul>{_rest(count)}</details>"
    )


def _rest(count: int) -> str:
    more = count - MOST_SHOWN
    return f"<p>The other {more:,} are in the JSON report.</p>" if more > 0 else ""


def _card(report: Report, finding: Finding) -> str:
    product = report.products[finding.product_id]
    # Of two products with one picture either may be wrong: no word is struck out.
    one_sided = finding.seen and finding.kind != "shared_picture"
    says = (
        f'<span class="says">{escape(finding.says)}</span> &rarr; '
        f'<span class="seen">{escape(finding.seen)}</span> {finding.score:.0%}'
        if one_sided
        else escape(finding.message)
    )
    words = f"<small>{escape(product.title or '(no title)')}<br>{escape(product.id)}</small>"
    return f"<figure>{_picture(report, product.id)}<figcaption>{says}{words}</figcaption></figure>"


def _picture(report: Report, product_id: str) -> str:
    facts = report.facts.get(product_id)
    uri = thumbnail(facts.file) if facts is not None else ""
    return f'<img src="{uri}" alt="">' if uri else '<div class="none">no picture</div>'
