"""Small pictures inside a page, as data URIs."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from pathlib import Path

from PIL import Image

from thatlook.errors import PhotoError
from thatlook.image import decode
from thatlook.settings import Settings

SIDE_PX = 112


@lru_cache(maxsize=4096)
def thumbnail(path: str, side_px: int = SIDE_PX) -> str:
    """The picture, no side above `side_px`, as a data URI; "" for one that cannot be decoded."""
    try:
        image = Image.fromarray(decode(Path(path), Settings(min_photo_side_px=1)))
    except PhotoError:
        return ""  # a broken picture is a finding of its own; here it is shown as missing
    image.thumbnail((side_px, side_px))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=72, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
