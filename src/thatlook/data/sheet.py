"""A contact sheet: photos with their labels drawn, the doubtful ones first."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

from PIL import Image, ImageColor, ImageDraw, ImageFont

from thatlook.core.errors import PhotoError
from thatlook.core.files import write_whole
from thatlook.core.image import decode
from thatlook.data.audit import DatasetAudit
from thatlook.data.records import Annotation, Corners, Dataset, LabelledPhoto
from thatlook.render.photo import color_of

TILE: Final = (260, 390)
CAPTION_PX: Final = 30
MARGIN: Final = 6
PAPER, INK, WARNING_INK = "#ffffff", "#1c1b19", "#c00000"
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def contact_sheet(
    dataset: Dataset, audit: DatasetAudit, path: Path, count: int = 20, columns: int = 5
) -> int:
    """Writes a PNG of up to `count` photos with their labels drawn; says how many it shows.

    Up to half are photos of findings, taken from each in turn, with the findings' codes below;
    the rest are spread evenly over the labelled photos. Where boxes seem to be written as
    corners, that reading is drawn in white. A photo that cannot be decoded is left out.
    """
    codes = _codes(audit)
    shown = _chosen(dataset, audit, count)
    tiles = [tile for photo in shown if (tile := _tile(photo, codes[photo.path])) is not None]
    rows = -(-len(tiles) // columns)
    step = (TILE[0] + MARGIN, TILE[1] + CAPTION_PX + MARGIN)
    size = (columns * step[0] + MARGIN, max(1, rows) * step[1] + MARGIN)
    sheet = Image.new("RGB", size, PAPER)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        sheet.paste(tile, (MARGIN + column * step[0], MARGIN + row * step[1]))
    drawn = io.BytesIO()
    sheet.save(drawn, "PNG")
    write_whole(path, drawn.getvalue())
    return len(tiles)


def _codes(audit: DatasetAudit) -> Mapping[Path, list[str]]:
    found: dict[Path, list[str]] = defaultdict(list)
    for finding in audit.findings:
        for photo in finding.photos:
            found[photo].append(finding.code)
    return found


def _chosen(dataset: Dataset, audit: DatasetAudit, count: int) -> list[LabelledPhoto]:
    boxed = {photo.path: photo for photo in dataset.photos if photo.annotations}
    in_turn = zip_longest(*(finding.photos for finding in audit.findings))
    doubtful = [path for paths in in_turn for path in paths if path in boxed]
    first = list(dict.fromkeys(doubtful))[: count // 2]
    others = [path for path in boxed if path not in first]
    wanted = min(count - len(first), len(others))
    spread = [others[index * len(others) // wanted] for index in range(wanted)]
    return [boxed[path] for path in (*first, *spread)]


def _tile(photo: LabelledPhoto, codes: Sequence[str]) -> Image.Image | None:
    try:
        image = Image.fromarray(decode(photo.path))
    except PhotoError:
        return None  # the audit tells of it
    image.thumbnail(TILE, Image.Resampling.LANCZOS, reducing_gap=3.0)
    scale = image.width / photo.size[0]
    draw = ImageDraw.Draw(image)
    for note in photo.annotations:
        if note.as_corners is not None and "corners" in codes:
            draw.rectangle(_drawable(note.as_corners, scale), outline="#ffffff")
        _labelled(draw, note, scale)
        _joints(draw, note, scale)
    tile = Image.new("RGB", (TILE[0], TILE[1] + CAPTION_PX), PAPER)
    tile.paste(image, ((TILE[0] - image.width) // 2, 0))
    caption, font = ImageDraw.Draw(tile), ImageFont.load_default(11)
    caption.text((2, TILE[1] + 1), f"{photo.split} {photo.path.name}".strip(), INK, font)
    caption.text((2, TILE[1] + 14), ", ".join(codes), WARNING_INK, font)
    return tile


def _joints(draw: ImageDraw.ImageDraw, note: Annotation, scale: float) -> None:
    """The key points: the person's own left in yellow, the right in white."""
    for index, (x, y, seen) in enumerate(note.keypoints):
        if seen > 0:
            at = (x * scale - 2, y * scale - 2, x * scale + 2, y * scale + 2)
            draw.ellipse(at, fill="#ffd54a" if index % 2 else "#ffffff", outline=INK)


def _labelled(draw: ImageDraw.ImageDraw, note: Annotation, scale: float) -> None:
    color, font = ImageColor.getrgb(color_of(note.category)), ImageFont.load_default(10)
    box = _drawable(note.box, scale)
    draw.rectangle(box, outline=color, width=2)
    if note.outline:
        draw.polygon([(x * scale, y * scale) for x, y in note.outline], outline=color)
    at = (max(0.0, box[0]), max(0.0, box[1]))
    text = note.category if note.name in {"", note.category} else f"{note.category}: {note.name}"
    area = draw.textbbox(at, text, font=font)
    draw.rectangle((area[0], area[1] - 1, area[2] + 2, area[3] + 1), fill=color)
    draw.text((at[0] + 1, at[1]), text, PAPER, font)


def _drawable(box: Corners, scale: float) -> Corners:
    """The box on the tile, turned round where it is reversed, so that it can be drawn."""
    x0, y0, x1, y1 = (value * scale for value in box)
    return (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
