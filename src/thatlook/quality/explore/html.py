"""The report as one HTML page with its pictures inside, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

import numpy as np
from markupsafe import Markup

from thatlook.core.color import ANCHORS
from thatlook.core.taxonomy import CATEGORIES, OTHER
from thatlook.quality.checks.colors import color_names_of
from thatlook.quality.checks.product import DISAGREEMENTS, KINDS
from thatlook.quality.checks.summary import NOT_GIVEN
from thatlook.quality.explore import filters
from thatlook.quality.explore.cards import CARDS, MAX_SHOWN, folding_list, gallery, groups_of
from thatlook.quality.explore.mapping import MapLayout, one_per_cell, principal_layout
from thatlook.quality.explore.prices import price_boxes
from thatlook.quality.explore.report import FeedReport
from thatlook.quality.explore.thumbs import thumbnail_uri
from thatlook.render import page as html
from thatlook.render import svg
from thatlook.render.photo import COLORS, OTHER_COLOR
from thatlook.render.templating import part

MAX_BARS = 20
MAX_DOTS = 3000
GRID = (18, 12)

CATEGORY_COLORS = COLORS | {OTHER: OTHER_COLOR}


def page(report: FeedReport) -> str:
    """The whole page."""
    sections = (
        *(_head, _attention, _counts, _prices, _fields),
        filters.bar,  # of what follows
        *(_disagreements, _pictures, _words, _map),
    )
    body = html.joined(section(report) for section in sections)
    style = html.report_style() + filters.rules()
    return html.document(f"{report.feed}: feed report", body, style)


def _head(report: FeedReport) -> Markup:
    share = report.usable / report.rows if report.rows else 0.0
    disagree = sum(len(report.checked.of_kind(kind)) for kind in DISAGREEMENTS)
    tiles = {
        "products": f"{len(report.products):,}",
        "of the rows can be matched by picture": f"{share:.0%}",
        "rows that cannot be used": f"{sum(not p.kept for p in report.problems):,}",
        "pictures that disagree with their words": f"{disagree:,}",
    }
    steps = {step.name: step.left for step in report.steps}
    note = "" if report.looked else "Made without the networks: what pictures show is not here."
    return html.header(report.feed, "", html.tiles(tiles)) + html.section(
        "How much of the feed can be used",
        svg.bars(steps, report.rows, label_px=320),
        html.words(note),
        lead="Each line counts the rows that also fulfil all lines above it.",
    )


def _attention(report: FeedReport) -> Markup:
    found = {kind: len(report.checked.of_kind(kind)) for kind in KINDS}
    rows = [(KINDS[kind], count, f"#{kind}") for kind, count in found.items() if count]
    rows += [
        (name, len(groups), target)
        for name, groups, target in [
            ("Groups of products with the same picture file", report.checked.same_files, "#same"),
            ("Groups of products with nearly the same picture", report.checked.near_twins, "#near"),
            ("Titles that several products have", report.checked.repeated_titles, "#titles"),
            ("Rows that cannot be used, or not whole", report.problems, "#rows"),
        ]
        if groups
    ]
    return html.section("What needs attention", part("attention", rows, template=CARDS))


def _counts(report: FeedReport) -> Markup:
    total = len(report.products)
    parts = [
        html.heading("Gender"),
        svg.bars(report.facets["gender"], total, svg.GENDER_COLORS),
        html.heading("Category and gender"),
        html.legend(svg.GENDER_COLORS),
        svg.stacked(report.genders, svg.GENDER_COLORS, total),
    ]
    for facet, name in [("product_type", "Type"), ("color", "Color"), ("brand", "Brand")]:
        values = report.facets[facet]
        top = dict(islice(values.items(), MAX_BARS))
        colors = {value: _swatch(value) for value in top} if facet == "color" else None
        parts.append(html.heading(name))
        if set(values) == {NOT_GIVEN}:
            parts.append(html.words("The feed does not give it."))
        else:
            parts += [svg.bars(top, total, colors), _more(len(values) - len(top))]
    return html.section("What is in it", *parts)


def _more(count: int, what: str = "more") -> Markup:
    return html.words(f"and {count:,} {what}" if count > 0 else "")


def _swatch(color: str) -> str:
    names = sorted(color_names_of(color))
    if not names:
        return "#d9d9d9"
    return "#{:02x}{:02x}{:02x}".format(*ANCHORS[names[0]][0])


def _prices(report: FeedReport) -> Markup:
    if not report.prices:
        return html.section("Prices", lead="The feed has no prices.")
    plot = price_boxes(report.prices)
    lead = "Box: the middle half of the prices; dark line: the median; thin line: all prices."
    return html.section("Prices", plot, gallery(report, "odd_price"), lead=lead)


def _fields(report: FeedReport) -> Markup:
    plot = svg.bars(report.checked.filled, len(report.products))
    return html.section("Which fields are filled", plot)


def _words(report: FeedReport) -> Markup:
    kinds = ("gender_words", "no_title", "odd_title", "no_price")
    repeated = report.checked.repeated_titles
    titles = [
        f"{report.products[ids[0]].title} ({len(ids)} times)"
        for ids in islice(repeated.values(), MAX_SHOWN)
    ]
    problems = [str(problem) for problem in report.problems[:MAX_SHOWN]]
    parts = [
        _without_category(report),
        *(gallery(report, kind) for kind in kinds),
        folding_list("titles", "Titles that several products have", titles, len(repeated)),
        folding_list(
            "rows", "Rows that cannot be used, or not whole", problems, len(report.problems)
        ),
    ]
    return html.section("Fields to check", *_or(parts, "Nothing was found."))


def _or(parts: Sequence[Markup], nothing: str) -> Sequence[Markup]:
    """The parts, or the words where all of them are empty."""
    return parts if any(parts) else [html.words(nothing)]


def _without_category(report: FeedReport) -> Markup:
    """What kinds of products belong to no category: a table says more than their pictures."""
    found = report.checked.of_kind("no_category")
    if not found:
        return Markup("")
    kinds = Counter(
        report.products[finding.product_id].product_type or NOT_GIVEN for finding in found
    )
    top = dict(kinds.most_common(MAX_BARS))
    return html.joined(
        [
            html.heading(f"{KINDS['no_category']} ({len(found):,})", "no_category"),
            html.words(
                f"These types are none of the {len(CATEGORIES)} categories. Such products are "
                "kept, and found by their whole picture only. If one of them should be matched, "
                "map its type in the feed's mapping."
            ),
            svg.bars(top, len(report.products)),
            _more(len(kinds) - len(top), "more types"),
        ]
    )


def _pictures(report: FeedReport) -> Markup:
    same, near = report.checked.same_files, report.checked.near_twins
    parts = [
        gallery(report, "broken_picture"),
        gallery(report, "tiny_picture"),
        groups_of(report, "same", "The same picture file for several products", same),
        groups_of(report, "near", "Nearly the same picture", near),
    ]
    nothing = "All pictures are whole, and all differ."
    return html.section("Pictures to check", *_or(parts, nothing))


def _disagreements(report: FeedReport) -> Markup:
    shown = [gallery(report, kind) for kind in (*DISAGREEMENTS, "article_not_seen")]
    if not any(shown):
        return Markup("")
    return html.section("Pictures that disagree with the words", *shown)


def _map(report: FeedReport) -> Markup:
    seen = {
        name: found.seen.vector
        for name, found in report.facts.items()
        if found.seen is not None and found.seen.vector is not None
    }
    if len(seen) < 3:
        return Markup("")
    names, layout = list(seen), principal_layout(np.stack(list(seen.values())))
    return html.section(
        "Map of the catalog",
        _contact_sheet(report, names, layout),
        html.legend(
            {name: CATEGORY_COLORS[name] for name in report.genders},
            "The same map with a dot for each product.",
        ),
        _dots(report, names, layout),
        lead="Products whose pictures look alike to the embedding network lie near each other. "
        "Each picture stands for the products around it (principal components, which show "
        f"{layout.explained:.0%} of all differences).",
    )


def _contact_sheet(report: FeedReport, names: Sequence[str], layout: MapLayout) -> Markup:
    chosen = one_per_cell(layout.points, *GRID)
    cells = {
        cell: (uri, report.products[names[index]].title)
        for cell, index in chosen.items()
        if (uri := thumbnail_uri(report.facts[names[index]].file, 64))
    }
    return svg.picture_map(cells, *GRID)


def _dots(report: FeedReport, names: Sequence[str], layout: MapLayout) -> Markup:
    step = max(1, len(names) // MAX_DOTS)
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
