"""Boards as one HTML file that needs nothing beside it: pictures are inside, no script runs."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from typing import Any

from markupsafe import Markup

from thatlook.core.addresses import is_address
from thatlook.core.image import Pixels
from thatlook.core.records import Look, Match, Recommendation
from thatlook.core.taxonomy import SKELETON
from thatlook.render.board.entry import BoardEntry, Thumbnails, crop_of
from thatlook.render.page import document
from thatlook.render.photo import COLORS, MIN_KEYPOINT_SCORE, data_uri
from thatlook.render.templating import render


def page(entries: Iterable[BoardEntry], thumbnails: Thumbnails, title: str, note: str = "") -> str:
    """The HTML text of a page with one board per entry, in order."""
    style = resources.files(__package__).joinpath("board.css").read_text(encoding="utf-8")
    shown = [_board(entry, thumbnails) for entry in entries]
    body = render("render/templates/board.html.jinja", title=title, note=note, entries=shown)
    return document(title, body, style)


def _board(entry: BoardEntry, thumbnails: Thumbnails) -> dict[str, Any]:
    result, look = entry.result, entry.result.look
    person = look.person
    return {
        "photo": marked_photo(entry.image, look),
        "title": entry.title or look.photo,
        "person": person,
        "verdict": verdict(look),
        "total_ms": sum(result.timing_ms.values()),
        "rows": [_row(entry, found, thumbnails) for found in result.recommendations],
        "reason": result.reason,
    }


def verdict(look: Look) -> str:
    """What the full-shot gate says, in words."""
    if look.person is None or look.person.gate.passed:
        return "front-facing full shot"
    return "; ".join(look.person.gate.failed)


def marked_photo(image: Pixels, look: Look) -> Markup:
    """The photo as SVG with the look's boxes and joints over it, whatever the image's size."""
    points = look.person.keypoints if look.person else ()
    pairs = [(points[a], points[b]) for a, b in SKELETON] if points else []
    return render(
        "render/templates/look.svg.jinja",
        look=look,
        uri=data_uri(image, 640, 960),
        colors=COLORS,
        joints=[point for point in points if point.score >= MIN_KEYPOINT_SCORE],
        bones=[(a, b) for a, b in pairs if min(a.score, b.score) >= MIN_KEYPOINT_SCORE],
    )


def _row(entry: BoardEntry, found: Recommendation, thumbnails: Thumbnails) -> dict[str, Any]:
    article = entry.result.look.articles[found.article]
    return {
        "category": found.category,
        "role": found.role,
        "color": COLORS[found.category],
        "crop": data_uri(crop_of(entry.image, article.box), 200, 240),
        "seen": ", ".join(value for value in article.attributes.values() if value),
        "cards": [_card(match, thumbnails) for match in found.matches],
        "message": (found.message or "").capitalize(),
    }


def _card(match: Match, thumbnails: Thumbnails) -> dict[str, Any]:
    product = match.product
    pixels = thumbnails(product.id)
    return {
        "image": None if pixels is None else data_uri(pixels, 200, 240),
        "score": match.score,
        "nearness": match.nearness,
        # A feed may hold any address: only those of pages become links.
        "link": product.link if is_address(product.link) else "",
        "name": product.title or product.id,
        "price": product.current_price,
        "out_of_stock": not product.in_stock,
        "why": " · ".join(match.reasons),
    }
