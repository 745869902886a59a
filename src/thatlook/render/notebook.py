"""Results, looks and matches as a notebook shows them: tables, and the photo where it is held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from markupsafe import Markup

from thatlook.core.addresses import is_address
from thatlook.core.image import Pixels
from thatlook.core.records import Article, Look, Match, Product, Recommendation, Result
from thatlook.render.board.html import marked_photo, verdict
from thatlook.render.page import table
from thatlook.render.templating import render

MATCH_HEAD: Final = ("", "near", "score", "id", "product", "price", "why")
ARTICLE_HEAD: Final = ("", "category", "score", "seen", "box")
Section = dict[str, object]


def html(shown: Result | Look | Match) -> str:
    """A piece of HTML with its own style, which changes nothing around it; texts are escaped."""
    if isinstance(shown, Result):
        return _piece(shown.look, list(_recommended(shown)), shown.image)
    if isinstance(shown, Look):
        return _piece(shown, [_section("", table(ARTICLE_HEAD, _article_rows(shown.articles)))])
    return _piece(None, [_section("", table(MATCH_HEAD, [_match_row(1, shown)]))])


def _piece(look: Look | None, sections: Sequence[Section], image: Pixels | None = None) -> str:
    return render(
        "render/templates/notebook.html.jinja",
        about=() if look is None else _about(look),
        photo=None if look is None or image is None else marked_photo(image, look),
        sections=sections,
    )


def _about(look: Look) -> Iterator[str]:
    yield f"{look.photo}, {look.width} x {look.height}"
    if look.person is None:
        yield "No person was found."
    else:
        yield f"{verdict(look)}; {look.person.gender} {look.person.gender_score:.2f}"


def _recommended(result: Result) -> Iterator[Section]:
    if not result.accepted:
        yield _section("Refused", Markup(""), result.reason or "")
    for found in result.recommendations:
        rows = [_match_row(rank, match) for rank, match in enumerate(found.matches, start=1)]
        shown = table(MATCH_HEAD, rows) if rows else Markup("")
        yield _section(_heading(result, found), shown, (found.message or "").capitalize())


def _section(heading: str, shown: Markup, words: str = "") -> Section:
    return {"heading": heading, "words": words, "table": shown}


def _heading(result: Result, found: Recommendation) -> str:
    seen = _seen(result.look.articles[found.article])
    return f"{found.category} ({found.role})" + (f": {seen}" if seen else "")


def _seen(article: Article) -> str:
    return ", ".join(value for value in article.attributes.values() if value)


def _match_row(rank: int, match: Match) -> tuple[Any, ...]:
    product = match.product
    price = str(product.current_price or "")
    score, why = f"{match.score:.2f}", "; ".join(match.reasons)
    return rank, match.nearness, score, product.id, _name(product), price, why


def _name(product: Product) -> str:
    """The title, a link where the feed has an address of a page."""
    name = product.title or product.id
    if not is_address(product.link):
        return name
    return Markup("<a href='{}'>{}</a>").format(product.link, name)


def _article_rows(articles: Sequence[Article]) -> list[tuple[Any, ...]]:
    return [
        (index, one.category, f"{one.score:.2f}", _seen(one), _corners(one))
        for index, one in enumerate(articles)
    ]


def _corners(article: Article) -> str:
    return ", ".join(f"{corner:.0f}" for corner in article.box.to_list())
