"""The report as one HTML page with its pictures inside, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from itertools import islice

import numpy as np

from thatlook.core.color import ANCHORS
from thatlook.core.taxonomy import OTHER
from thatlook.quality.checks.colors import meant
from thatlook.quality.checks.product import DISAGREEMENTS, KINDS
from thatlook.quality.checks.summary import NOT_GIVEN
from thatlook.quality.explore.cards import MOST_SHOWN, gallery, groups_of, listed
from thatlook.quality.explore.mapping import Layout, one_per_cell, principal_layout
from thatlook.quality.explore.prices import price_boxes
from thatlook.quality.explore.report import Report
from thatlook.quality.explore.thumbs import thumbnail
from thatlook.render import page as html
from thatlook.render import svg
from thatlook.render.photo import COLORS, OTHER_COLOR

MOST_BARS = 20
MOST_DOTS = 3000
GRID = (18, 12)

CATEGORY_COLORS = COLORS | {OTHER: OTHER_COLOR}


def page(report: Report) -> str:
    """The whole page."""
    body = "".join(
        [
            _head(report),
            _attention(report),
            _counts(report),
            _prices(report),
            _fields(report),
            _disagreements(report),
            _pictures(report),
            _words(report),
            _map(report),
        ]
    )
    return html.document(f"{report.feed}: feed report", body)


def _head(report: Report) -> str:
    share = report.usable / report.rows if report.rows else 0.0
    disagree = sum(len(report.checked.of_kind(kind)) for kind in DISAGREEMENTS)
    tiles = {
        "products": f"{len(report.products):,}",
        "of the rows can be matched by picture": f"{share:.0%}",
        "rows that cannot be used": f"{len(report.problems):,}",
        "pictures that disagree with their words": f"{disagree:,}",
    }
    steps = {step.name: step.left for step in report.steps}
    note = (
        "" if report.looked else "<p>Made without the networks: what pictures show is not here.</p>"
    )
    return (
        f"<header><h1>{escape(report.feed)}</h1>{html.tiles(tiles)}</header>"
        f"<section><h2>How much of the feed can be used</h2>"
        f"<p>Each line counts the rows that also fulfil all lines above it.</p>"
        f"{svg.bars(steps, report.rows, label_px=320)}{note}</section>"
    )


def _attention(report: Report) -> str:
    found = {kind: len(report.checked.of_kind(kind)) for kind in KINDS}
    rows = [(KINDS[kind], count, f"#{kind}") for kind, count in found.items() if count]
    rows += [
        (name, len(groups), target)
        for name, groups, target in [
            ("Groups of products with the same picture file", report.checked.same_files, "#same"),
            ("Groups of products with nearly the same picture", report.checked.near_twins, "#near"),
            ("Titles that several products have", report.checked.repeated_titles, "#titles"),
            ("Rows that cannot be used", report.problems, "#rows"),
        ]
        if groups
    ]
    lines = "".join(
        f'<tr><td><a href="{target}">{escape(name)}</a></td><td class="number">{count:,}</td></tr>'
        for name, count, target in rows
    )
    table = f'<table class="counts">{lines}</table>'
    return f"<section><h2>What needs attention</h2>{table}</section>"


def _counts(report: Report) -> str:
    total = len(report.products)
    plot = svg.stacked(report.genders, svg.GENDER_COLORS, total)
    genders = svg.bars(report.facets["gender"], total, svg.GENDER_COLORS)
    parts = [f"<section><h2>What is in it</h2><h3>Gender</h3>{genders}"]
    parts.append("<h3>Category and gender</h3>")
    parts.append(f"{html.legend(svg.GENDER_COLORS)}{plot}")
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
    plot = price_boxes(report.prices)
    return (
        "<section><h2>Prices</h2><p>Box: the middle half of the prices; dark line: the median; "
        f"thin line: all prices.</p>{plot}{gallery(report, 'odd_price')}</section>"
    )


def _fields(report: Report) -> str:
    plot = svg.bars(report.checked.filled, len(report.products))
    return f"<section><h2>Which fields are filled</h2>{plot}</section>"


def _words(report: Report) -> str:
    kinds = ("gender_words", "no_title", "odd_title", "no_price")
    titles = listed("titles", "Titles that several products have", (
        f"{escape(report.products[ids[0]].title)} ({len(ids)} times)"
        for ids in islice(report.checked.repeated_titles.values(), MOST_SHOWN)
    ), len(report.checked.repeated_titles))  # fmt: skip
    problems = listed("rows", "Rows that cannot be used", (
        escape(str(problem)) for problem in report.problems[:MOST_SHOWN]
    ), len(report.problems))  # fmt: skip
    shown = "".join(gallery(report, kind) for kind in kinds)
    other = _without_category(report)
    nothing = "" if shown or other or titles or problems else "<p>Nothing was found.</p>"
    return f"<section><h2>Fields to check</h2>{other}{shown}{titles}{problems}{nothing}</section>"


def _without_category(report: Report) -> str:
    """What kinds of products belong to no category: a table says more than their pictures."""
    found = report.checked.of_kind("no_category")
    if not found:
        return ""
    kinds = Counter(
        report.products[finding.product_id].product_type or NOT_GIVEN for finding in found
    )
    top = dict(kinds.most_common(MOST_BARS))
    more = f"<p>and {len(kinds) - len(top):,} more types</p>" if len(kinds) > len(top) else ""
    return (
        f'<h3 id="no_category">{KINDS["no_category"]} ({len(found):,})</h3>'
        "<p>These types are none of the nine categories. Such products are kept, and found by "
        "their whole picture only. If one of them should be matched, map its type in the feed's "
        f"mapping.</p>{svg.bars(top, len(report.products))}{more}"
    )


def _pictures(report: Report) -> str:
    same = groups_of(
        report,
        "same",
        "The same picture file for several products",
        report.checked.same_files,
    )
    near = groups_of(report, "near", "Nearly the same picture", report.checked.near_twins)
    broken = gallery(report, "broken_picture") + gallery(report, "tiny_picture")
    nothing = "" if same or near or broken else "<p>All pictures are whole, and all differ.</p>"
    return f"<section><h2>Pictures to check</h2>{broken}{same}{near}{nothing}</section>"


def _disagreements(report: Report) -> str:
    kinds = (*DISAGREEMENTS, "article_not_seen")
    shown = "".join(gallery(report, kind) for kind in kinds)
    if not shown:
        return ""
    return f"<section><h2>Pictures that disagree with the words</h2>{shown}</section>"


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
            float(layout.points[index, 0]),
            float(layout.points[index, 1]),
            CATEGORY_COLORS[report.products[names[index]].category],
            report.products[names[index]].title,
        )
        for index in range(0, len(names), step)
    ]
    return svg.dots(points)
