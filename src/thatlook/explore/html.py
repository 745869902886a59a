"""The report as one HTML page with its pictures inside, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from itertools import islice

import numpy as np

from thatlook.color import ANCHORS
from thatlook.explore import svg
from thatlook.explore.checks import DISAGREEMENTS, KINDS, Finding
from thatlook.explore.colors import meant
from thatlook.explore.mapping import Layout, one_per_cell, principal_layout
from thatlook.explore.report import Report
from thatlook.explore.summary import NOT_GIVEN
from thatlook.explore.thumbs import thumbnail
from thatlook.taxonomy import PRODUCT_CATEGORIES

MOST_SHOWN = 60
MOST_BARS = 20
MOST_DOTS = 3000
GRID = (18, 12)

CATEGORY_COLORS = dict(
    zip(
        PRODUCT_CATEGORIES,
        ("#3b6fb6", "#7a4ea3", "#c2408a", "#2f8f5b", "#b8642a", "#8a6d3b", "#d1495b", "#00798c",
         "#edae49", "#9a9a9a"),
        strict=True,
    )
)  # fmt: skip

_ADVICE = {
    "category_seen": "The detector is sure of another article and sees none of the listed kind. "
    "Either the category is wrong, or the picture belongs to another product.",
    "gender_seen": "The person in the picture is, with great certainty, presented as the other "
    "gender. Check the gender field and the picture.",
    "color_seen": "Hardly a pixel of the article has the listed color or a shade of it.",
    "article_not_seen": "Nothing of the listed kind was found, so the whole picture is compared. "
    "Often a very close detail, an unusual angle, or a product that is worn by nobody.",
    "gender_words": "The words of the title and the gender field contradict each other.",
    "broken_picture": "These files cannot be decoded; the products cannot be found by picture.",
    "tiny_picture": "Too small to show well, and details are lost.",
}


def page(report: Report) -> str:
    """The whole page."""
    css = resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    body = "".join(
        [
            _head(report),
            _attention(report),
            _counts(report),
            _prices(report),
            _fields(report),
            _words(report),
            _pictures(report),
            _disagreements(report),
            _map(report),
        ]
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.feed)}: feed report</title><style>{css}</style></head>"
        f"<body>{body}</body></html>"
    )


def _head(report: Report) -> str:
    share = report.usable / report.rows if report.rows else 0.0
    disagree = sum(len(report.of_kind(kind)) for kind in DISAGREEMENTS)
    tiles = {
        "products": f"{len(report.products):,}",
        "of the rows can be matched by picture": f"{share:.0%}",
        "rows that cannot be used": f"{len(report.problems):,}",
        "pictures that disagree with their words": f"{disagree:,}",
    }
    shown = "".join(f"<div><b>{value}</b>{escape(words)}</div>" for words, value in tiles.items())
    steps = {step.name: step.left for step in report.steps}
    note = (
        "" if report.looked else "<p>Made without the networks: what pictures show is not here.</p>"
    )
    return (
        f"<header><h1>{escape(report.feed)}</h1><div class='tiles'>{shown}</div></header>"
        f"<section><h2>How much of the feed can be used</h2>"
        f"<p>Each line counts the rows that also fulfil all lines above it.</p>"
        f"{svg.bars(steps, report.rows)}{note}</section>"
    )


def _attention(report: Report) -> str:
    found = {kind: len(report.of_kind(kind)) for kind in KINDS}
    rows = [(KINDS[kind], count, f"#{kind}") for kind, count in found.items() if count]
    rows += [
        (name, len(groups), target)
        for name, groups, target in [
            ("Groups of products with the same picture file", report.same_files, "#same"),
            ("Groups of products with nearly the same picture", report.near_twins, "#near"),
            ("Titles that several products have", report.repeated_titles, "#titles"),
            ("Rows that cannot be used", report.problems, "#rows"),
        ]
        if groups
    ]
    lines = "".join(
        f'<tr><td><a href="{target}">{escape(name)}</a></td><td class="number">{count:,}</td></tr>'
        for name, count, target in rows
    )
    return f"<section><h2>What needs attention</h2><table>{lines}</table></section>"


def _counts(report: Report) -> str:
    total = len(report.products)
    legend = "".join(
        f'<span><i style="background:{color}"></i>{name}</span>'
        for name, color in svg.GENDER_COLORS.items()
    )
    plot = svg.stacked(report.genders, svg.GENDER_COLORS, total)
    parts = ["<section><h2>What is in it</h2><h3>Category and gender</h3>"]
    parts.append(f'<p class="legend">{legend}</p>{plot}')
    for facet, name in [("product_type", "Type"), ("color", "Color"), ("brand", "Brand")]:
        values = report.facets[facet]
        top = dict(islice(values.items(), MOST_BARS))
        more = f"<p>and {len(values) - len(top):,} more</p>" if len(values) > len(top) else ""
        colors = {value: _swatch(value) for value in top} if facet == "color" else None
        if set(values) == {NOT_GIVEN}:
            parts.append(f"<h3>{name}</h3><p>The feed does not give it.</p>")
        else:
            parts.append(f"<h3>{name}</h3>{svg.bars(top, total, colors)}{more}")
    return "".join(parts) + "</section>"


def _swatch(color: str) -> str:
    names = sorted(meant(color))
    if not names:
        return "#d9d9d9"
    return "#{:02x}{:02x}{:02x}".format(*ANCHORS[names[0]][0])


def _prices(report: Report) -> str:
    if not report.prices:
        return "<section><h2>Prices</h2><p>The feed has no prices.</p></section>"
    plot = svg.price_boxes(report.prices)
    return (
        "<section><h2>Prices</h2><p>Box: the middle half of the prices; dark line: the median; "
        f"thin line: all prices.</p>{plot}{_gallery(report, 'odd_price')}</section>"
    )


def _fields(report: Report) -> str:
    plot = svg.bars(report.filled, len(report.products))
    return f"<section><h2>Which fields are filled</h2>{plot}</section>"


def _words(report: Report) -> str:
    kinds = ("no_category", "gender_words", "no_title", "odd_title", "no_price")
    titles = _list("titles", "Titles that several products have", (
        f"{escape(report.products[ids[0]].title)} ({len(ids)} times)"
        for ids in islice(report.repeated_titles.values(), MOST_SHOWN)
    ), len(report.repeated_titles))  # fmt: skip
    problems = _list("rows", "Rows that cannot be used", (
        escape(str(problem)) for problem in report.problems[:MOST_SHOWN]
    ), len(report.problems))  # fmt: skip
    shown = "".join(_gallery(report, kind) for kind in kinds)
    return f"<section><h2>Fields to check</h2>{shown}{titles}{problems}</section>"


def _pictures(report: Report) -> str:
    same = _groups(report, "same", "The same picture file for several products", report.same_files)
    near = _groups(report, "near", "Nearly the same picture", report.near_twins)
    broken = _gallery(report, "broken_picture") + _gallery(report, "tiny_picture")
    nothing = "" if same or near or broken else "<p>All pictures are whole, and all differ.</p>"
    return f"<section><h2>Pictures to check</h2>{broken}{same}{near}{nothing}</section>"


def _disagreements(report: Report) -> str:
    if not report.looked:
        return ""
    kinds = (*DISAGREEMENTS, "article_not_seen")
    shown = "".join(_gallery(report, kind) for kind in kinds)
    return f"<section><h2>Pictures that disagree with the words</h2>{shown}</section>"


def _gallery(report: Report, kind: str) -> str:
    """The findings of one kind as cards with pictures, the surest first."""
    found = report.of_kind(kind)
    if not found:
        return ""
    cards = "".join(_card(report, finding) for finding in found[:MOST_SHOWN])
    advice = f"<p>{escape(_ADVICE[kind])}</p>" if kind in _ADVICE else ""
    return (
        f'<h3 id="{kind}">{escape(KINDS[kind])} ({len(found):,})</h3>{advice}'
        f'<div class="cards">{cards}</div>{_rest(len(found))}'
    )


def _rest(count: int) -> str:
    more = count - MOST_SHOWN
    return f"<p>The other {more:,} are in the JSON report.</p>" if more > 0 else ""


def _card(report: Report, finding: Finding) -> str:
    product = report.products[finding.product_id]
    says = (
        f'<span class="says">{escape(finding.says)}</span> &rarr; '
        f'<span class="seen">{escape(finding.seen)}</span> {finding.score:.0%}'
        if finding.seen
        else escape(finding.message)
    )
    words = f"<small>{escape(product.title or '(no title)')}<br>{escape(product.id)}</small>"
    return f"<figure>{_picture(report, product.id)}<figcaption>{says}{words}</figcaption></figure>"


def _picture(report: Report, product_id: str) -> str:
    facts = report.facts.get(product_id)
    uri = thumbnail(facts.file) if facts is not None else ""
    return f'<img src="{uri}" alt="">' if uri else '<div class="none">no picture</div>'


def _groups(report: Report, target: str, name: str, groups: Sequence[Sequence[str]]) -> str:
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
        f'<h3 id="{target}">{escape(name)} ({len(groups):,} groups)</h3>'
        f'<div class="groups">{"".join(shown)}</div>{_rest(len(groups))}'
    )


def _list(target: str, name: str, lines: Iterable[str], count: int) -> str:
    if not count:
        return ""
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f'<h3 id="{target}">{escape(name)} ({count:,})</h3><ul>{items}</ul>{_rest(count)}'


def _map(report: Report) -> str:
    seen = {
        name: found.seen.vector
        for name, found in report.facts.items()
        if found.seen is not None and found.seen.vector is not None
    }
    if len(seen) < 3:
        return ""
    names, layout = list(seen), principal_layout(np.stack(list(seen.values())))
    legend = "".join(
        f'<span><i style="background:{CATEGORY_COLORS[name]}"></i>{name}</span>'
        for name in report.genders
    )
    return (
        "<section><h2>Map of the catalog</h2><p>Products whose pictures look alike to the "
        "embedding network lie near each other. Each picture stands for the products around it "
        f"(principal components, which show {layout.explained:.0%} of all differences).</p>"
        f"{_contact_sheet(report, names, layout)}"
        f'<p>The same map with a dot for each product. <span class="legend">{legend}</span></p>'
        f"{_dots(report, names, layout)}</section>"
    )


def _contact_sheet(report: Report, names: Sequence[str], layout: Layout) -> str:
    chosen = one_per_cell(layout.points, *GRID)
    cells = {
        cell: (uri, report.products[names[place]].title)
        for cell, place in chosen.items()
        if (uri := thumbnail(report.facts[names[place]].file, 64))
    }
    return svg.picture_map(cells, *GRID)


def _dots(report: Report, names: Sequence[str], layout: Layout) -> str:
    step = max(1, len(names) // MOST_DOTS)
    points = [
        (
            float(layout.points[place, 0]),
            float(layout.points[place, 1]),
            CATEGORY_COLORS[report.products[names[place]].category],
            report.products[names[place]].title,
        )
        for place in range(0, len(names), step)
    ]
    return svg.dots(points)
