"""Small pictures inside a page, as data URIs."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from thatlook.errors import PhotoError
from thatlook.graphics.photo import data_uri
from thatlook.image import decode
from thatlook.settings import Settings

SIDE_PX = 112


@lru_cache(maxsize=4096)
def thumbnail(path: str, side_px: int = SIDE_PX) -> str:
    """The picture, no side above `side_px`, as a data URI; "" for one that cannot be decoded."""
    try:
        image = decode(Path(path), Settings(min_photo_side_px=1))
    except PhotoError:
        return ""  # a broken picture is a finding of its own; here it is shown as missing
    return data_uri(image, side_px, side_px)
