"""Fetches product pictures: each address once, checked, named by what it contains."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from PIL import Image

from thatlook.core.errors import PhotoError
from thatlook.core.files import write_whole
from thatlook.core.image import FORMATS, decode
from thatlook.core.settings import Settings
from thatlook.crawl.extract.values import Row
from thatlook.crawl.http.failures import GoneError
from thatlook.crawl.http.polite import Polite
from thatlook.crawl.shop import Limits
from thatlook.crawl.state.state import CrawlState, Picture

_SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp", "AVIF": ".avif"}


class Pictures:
    """Fetches the pictures of rows into a folder and records each in the crawl's state."""

    def __init__(self, folder: Path, polite: Polite, state: CrawlState, limits: Limits) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._polite = polite
        self._state = state
        self._limits = limits
        self._settings = Settings(
            max_photo_bytes=limits.max_image_bytes, min_photo_side_px=limits.min_image_side_px
        )

    def missing(self, row: Row) -> str | None:
        """The next address to fetch for this product, or None where it has what it needs."""
        good = 0
        for url in addresses(row):
            if good >= self._limits.images_per_product:
                return None
            picture = self._state.pictures.get(url)
            if picture is None:
                return url
            good += bool(picture.file)
        return None

    def fetch(self, url: str) -> Picture:
        """Fetches and records one picture, or the reason it cannot be used.

        Raises TroubleError where the host did not answer in the end; that is not recorded.
        """
        try:
            picture = self._kept(url, self._polite.get(url).data)
        except (GoneError, PhotoError) as error:
            picture = Picture(url, error=str(getattr(error, "message", error)))
        self._state.picture(picture)
        return picture

    def _kept(self, url: str, data: bytes) -> Picture:
        """The picture on disk under its sha256, after it was decoded whole."""
        decode(data, self._settings)
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            suffix = _SUFFIXES.get(str(opened.format), f".{str(opened.format).lower()}")
        digest = hashlib.sha256(data).hexdigest()
        path = self._folder / f"{digest[:32]}{suffix}"
        write_whole(path, data)
        return Picture(url, path.name, digest)


def addresses(row: Row) -> list[str]:
    """The picture addresses of a row, the main one first."""
    main, others = row.get("image_link", ""), row.get("additional_image_link", [])
    listed = [main] if isinstance(main, str) else list(main)
    return [url for url in (*listed, *others) if url]
