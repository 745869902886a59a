"""Boards as one HTML file that needs nothing beside it: pictures are inside, no script runs."""

from __future__ import annotations

import html
from collections.abc import Sequence
from importlib import resources

from thatlook.core.records import Article, Look, Match, Person, Recommendation
from thatlook.core.taxonomy import SKELETON
from thatlook.render.board.entry import Entry, Thumbnails, crop_of
from thatlook.render.page import document
from thatlook.render.photo import COLORS, SEEN, data_uri


def page(entries: Sequence[Entry], thumbnails: Thumbnails, title: str, note: str = "") -> str:
    """The HTML text of a page with one board per entry, in order."""
    style = resources.files(__package__).joinpath("board.css").read_text(encoding="utf-8")
    boards = "\n".join(_board(entry, thumbnails) for entry in entries)
    lead = f"<p class='note'>{html.escape(note)}</p>" if note else ""
    head = f"<header><h1>{html.escape(title)}</h1>{lead}</header>"
    return document(title, f"{head}<main>{boards}</main>", style)


def _board(entry: Entry, thumbnails: Thumbnails) -> str:
    result = entry.result
    rows = "".join(_row(entry, found, thumbnails) for found in result.recommendations)
    if not result.recommendations:
        rows = f"<p class='empty'>{html.escape(result.reason or 'No article was found.')}</p>"
    total = sum(result.timing_ms.values())
    return (
        f"<section class='board'><figure>{_photo(entry)}"
        f"<figcaption>{_facts(result.look, entry.title)}"
        f"<p class='time'>{total:.0f} ms</p></figcaption></figure>"
        f"<div class='rows'>{rows}</div></section>"
    )


def _photo(entry: Entry) -> str:
    look = entry.result.look
    drawn = "".join(_box(index, article) for index, article in enumerate(look.articles))
    joints = _joints(look.person) if look.person else ""
    return (
        f"<svg viewBox='0 0 {look.width} {look.height}' role='img' "
        f"aria-label='The photo with {len(look.articles)} articles marked'>"
        f"<image href='{data_uri(entry.image, 640, 960)}' width='{look.width}' "
        f"height='{look.height}'/>{joints}{drawn}</svg>"
    )


def _box(index: int, article: Article) -> str:
    box, color = article.box, COLORS[article.category]
    label = f"{article.category} {article.score:.2f}"
    return (
        f"<g class='box' style='--c:{color}'><rect x='{box.x0:.1f}' y='{box.y0:.1f}' "
        f"width='{box.width:.1f}' height='{box.height:.1f}'/>"
        f"<text x='{box.x0 + 4:.1f}' y='{box.y0 + 15:.1f}'>{html.escape(label)}</text>"
        f"<title>{index + 1}: {html.escape(label)}</title></g>"
    )


def _joints(person: Person) -> str:
    points = person.keypoints
    bones = "".join(
        f"<line x1='{points[a].x:.1f}' y1='{points[a].y:.1f}' "
        f"x2='{points[b].x:.1f}' y2='{points[b].y:.1f}'/>"
        for a, b in SKELETON
        if min(points[a].score, points[b].score) >= SEEN
    )
    dots = "".join(
        f"<circle cx='{p.x:.1f}' cy='{p.y:.1f}' r='3.2'/>" for p in points if p.score >= SEEN
    )
    return f"<g class='joints'>{bones}{dots}</g>"


def _facts(look: Look, title: str) -> str:
    heading = f"<h2>{html.escape(title or look.photo)}</h2>"
    if look.person is None:
        return heading + "<p>No person was found.</p>"
    person = look.person
    verdict = "front-facing full shot" if person.gate.passed else "; ".join(person.gate.failed)
    mark = "pass" if person.gate.passed else "fail"
    return (
        f"{heading}<p class='gate {mark}'>{html.escape(verdict)}</p>"
        f"<p>{person.gender} {person.gender_score:.0%} &middot; "
        f"{person.view} view {person.view_score:.0%}</p>"
    )


def _row(entry: Entry, found: Recommendation, thumbnails: Thumbnails) -> str:
    article = entry.result.look.articles[found.article]
    seen = ", ".join(value for value in article.attributes.values() if value)
    cards = "".join(_card(match, thumbnails) for match in found.matches)
    if not found.matches:
        cards = f"<p class='empty'>{html.escape(str(found.message).capitalize())}.</p>"
    crop = data_uri(crop_of(entry.image, article.box), 200, 240)
    return (
        f"<article style='--c:{COLORS[found.category]}'><div class='crop'>"
        f"<img src='{crop}' alt='the {found.category} in the photo'><h3>{found.category}"
        f"<span>{found.role}</span></h3><p>{html.escape(seen)}</p></div>"
        f"<ol class='matches'>{cards}</ol></article>"
    )


def _card(match: Match, thumbnails: Thumbnails) -> str:
    product = match.product
    pixels = thumbnails(product.id)
    image = (
        f"<img loading='lazy' src='{data_uri(pixels, 200, 240)}' alt=''>"
        if pixels is not None
        else "<div class='gone'>no picture</div>"
    )
    price = f"<b>{html.escape(str(product.current_price))}</b>" if product.current_price else ""
    name = html.escape(product.title or product.id)
    safe = product.link.startswith(("https://", "http://"))
    link = f"<a href='{html.escape(product.link, quote=True)}'>{name}</a>" if safe else name
    why = html.escape(" · ".join(match.reasons))
    return (
        f"<li>{image}<div class='score' style='--s:{match.score:.3f}'>{match.score:.2f}</div>"
        f"<p class='name'>{link}</p>{price}<p class='why'>{why}</p></li>"
    )
