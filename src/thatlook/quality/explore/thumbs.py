"""Small pictures inside a page, as data URIs."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from thatlook.core.errors import PhotoError
from thatlook.core.image import decode
from thatlook.core.settings import Settings
from thatlook.render.photo import data_uri

SIDE_PX = 112


@lru_cache(maxsize=4096)
def thumbnail_uri(path: str, side_px: int = SIDE_PX) -> str:
    """The picture, no side above `side_px`, as a data URI; "" for one that cannot be decoded."""
    try:
        image = decode(Path(path), Settings(min_photo_side_px=1))
    except PhotoError:
        return ""  # a broken picture is a finding of its own; here it is shown as missing
    return data_uri(image, side_px, side_px)
