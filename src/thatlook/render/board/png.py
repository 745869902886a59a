"""One photo's board as a picture."""

from __future__ import annotations

from PIL import Image, ImageColor, ImageDraw, ImageFont

from thatlook.core.image import Pixels
from thatlook.core.records import Look, Match, Recommendation
from thatlook.core.taxonomy import SKELETON
from thatlook.render.board.entry import BoardEntry, Thumbnails, crop_of
from thatlook.render.photo import COLORS, MIN_KEYPOINT_SCORE, shrunk

MARGIN = 16
PHOTO = (400, 640)
TILE = (128, 150)
TEXT_PX = 46
INK, PAPER = "#1c1b19", "#ffffff"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def picture(entry: BoardEntry, thumbnails: Thumbnails, columns: int = 6) -> Image.Image:
    """The board as an RGB picture: the photo marked, beside it per article crop and products."""
    rows = entry.result.recommendations
    photo = marked(entry.image, entry.result.look, PHOTO)
    row_px = TILE[1] + TEXT_PX + MARGIN
    height = max(photo.height + 3 * MARGIN + 40, len(rows) * row_px + 2 * MARGIN)
    width = PHOTO[0] + columns * (TILE[0] + MARGIN) + TILE[0] + 3 * MARGIN
    board = Image.new("RGB", (width, height), PAPER)
    board.paste(photo, (MARGIN, MARGIN))
    draw = ImageDraw.Draw(board)
    position = (MARGIN, photo.height + 2 * MARGIN)
    draw.multiline_text(position, _facts(entry), INK, ImageFont.load_default(13))
    for number, found in enumerate(rows):
        top = MARGIN + number * row_px
        _row(board, draw, (PHOTO[0] + 2 * MARGIN, top), entry, found, thumbnails, columns)
    return board


def marked(image: Pixels, look: Look, size: tuple[int, int]) -> Image.Image:
    """The photo within `size` with boxes and key points drawn."""
    photo = shrunk(image, *size)
    scale = photo.width / look.width
    draw = ImageDraw.Draw(photo)
    if look.person:
        points = [(p.x * scale, p.y * scale, p.score) for p in look.person.keypoints]
        for a, b in SKELETON:
            if min(points[a][2], points[b][2]) >= MIN_KEYPOINT_SCORE:
                draw.line([points[a][:2], points[b][:2]], fill="#ffffff", width=2)
        for x, y, score in points:
            if score >= MIN_KEYPOINT_SCORE:
                draw.ellipse([x - 3, y - 3, x + 3, y + 3], fill="#ffd54a", outline=INK)
    for article in look.articles:
        color = ImageColor.getrgb(COLORS[article.category])
        x0, y0, x1, y1 = (value * scale for value in article.box.to_list())
        draw.rectangle([x0, y0, x1, y1], outline=color, width=2)
        _label(draw, (x0, y0), f"{article.category} {article.score:.2f}", color)
    return photo


def _label(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, color: tuple[int, ...]
) -> None:
    font = ImageFont.load_default(11)
    area = draw.textbbox(at, text, font=font)
    draw.rectangle([area[0], area[1] - 1, area[2] + 3, area[3] + 1], fill=color[:3])
    draw.text((at[0] + 1, at[1]), text, "#ffffff", font)


def _facts(entry: BoardEntry) -> str:
    look = entry.result.look
    name = entry.title or look.photo
    if look.person is None:
        return f"{name}\nno person found"
    person = look.person
    verdict = "front-facing full shot" if person.gate.passed else "; ".join(person.gate.failed)
    return (
        f"{name}\n{person.gender} {person.gender_score:.2f}, {person.view} {person.view_score:.2f}"
        f"\n{verdict}"
    )


def _row(
    board: Image.Image,
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    entry: BoardEntry,
    found: Recommendation,
    thumbnails: Thumbnails,
    columns: int,
) -> None:
    article = entry.result.look.articles[found.article]
    color = COLORS[found.category]
    _tile(board, draw, at, crop_of(entry.image, article.box), color)
    seen = [article.attributes.get(name, "") for name in ("type", "color", "pattern")]
    _text(draw, at, f"{found.category} ({found.role})\n{', '.join(filter(None, seen))}", color)
    if found.message:
        above = (at[0] + TILE[0] + MARGIN, at[1] - MARGIN + 2)
        draw.text(above, found.message, INK, ImageFont.load_default(11))
    for column, match in enumerate(found.matches[:columns], start=1):
        position = (at[0] + column * (TILE[0] + MARGIN), at[1])
        _tile(board, draw, position, thumbnails(match.product.id), "#e2dfd8")
        _text(draw, position, _caption(match), INK)


def _caption(match: Match) -> str:
    price = match.product.current_price
    told = [match.nearness or f"{match.score:.2f}", str(price or "")]
    told += [] if match.product.in_stock else ["out of stock"]
    return f"{' · '.join(filter(None, told))}\n{match.product.title[:42]}"


def _tile(
    board: Image.Image,
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    image: Pixels | None,
    outline: str,
) -> None:
    if image is not None:
        small = shrunk(image, *TILE)
        left, top = at[0] + (TILE[0] - small.width) // 2, at[1] + (TILE[1] - small.height) // 2
        board.paste(small, (left, top))
    draw.rectangle([at[0], at[1], at[0] + TILE[0], at[1] + TILE[1]], outline=outline)


def _text(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, color: str) -> None:
    font = ImageFont.load_default(11)
    lines = []
    for line in text.splitlines():
        lines += _wrapped(line, font, TILE[0])
    position = (at[0], at[1] + TILE[1] + 3)
    draw.multiline_text(position, "\n".join(lines[:3]), color, font, spacing=2)


def _wrapped(line: str, font: Font, width: int) -> list[str]:
    lines = [""]
    for word in line.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line for line in lines if line]
