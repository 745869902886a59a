"""Pictures of products: the files of those that were put, and small ones for pages."""

from __future__ import annotations

import hashlib
import io
import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import Request, Response
from PIL import Image

from thatlook.core.errors import unwritable
from thatlook.core.files import sync_folder, write_whole
from thatlook.core.image import Pixels, decode
from thatlook.core.settings import Settings
from thatlook.service import metrics
from thatlook.store.catalog.backup import PICTURES as FOLDER

SIDES_PX: Final = {"small": 240, "medium": 480, "large": 1200}
"""The longer side of a picture by the name of its size."""
CACHE_BYTES: Final = 64_000_000


def write(catalog: Path, product_id: str, picture: bytes) -> str:
    """Writes a picture into the catalog's folder; returns its path from there.

    On the disk when it returns. Every call writes a file of its own, so that a product put
    twice at the same time never loses the one that won. Raises CatalogError.
    """
    stem = hashlib.sha256(product_id.encode()).hexdigest()[:24]
    name = f"{FOLDER}/{stem[:2]}/{stem}-{uuid.uuid4().hex[:12]}"
    path = catalog / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, picture)
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    return name


def forget(catalog: Path, image: str) -> None:
    """Deletes a picture that `write` made; leaves any other file alone."""
    if image.startswith(f"{FOLDER}/") and ".." not in image:
        (catalog / image).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small JPEG, and the tag by which a browser asks whether it changed."""

    data: bytes
    tag: str


class Thumbnails:
    """Small pictures of files, the last ones used kept in memory."""

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[str, Thumbnail] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, path: Path, size: str, settings: Settings) -> Thumbnail:
        """The file's picture at a size of SIDES_PX, without any metadata. Raises PhotoError."""
        state = path.stat()
        key = f"{path}:{state.st_mtime_ns}:{state.st_size}:{size}"
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                metrics.THUMBNAILS.labels("hit").inc()
                return found
        metrics.THUMBNAILS.labels("miss").inc()
        data = jpeg(decode(path, settings), SIDES_PX[size])
        made = Thumbnail(data, f'"{hashlib.sha256(key.encode()).hexdigest()[:24]}"')
        self._keep(key, made)
        return made

    def _keep(self, key: str, made: Thumbnail) -> None:
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = made
            self._bytes += len(made.data)
            while self._bytes > self._limit_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= len(dropped.data)


JPEG_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A JPEG.",
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
    },
    304: {"description": "The picture that the browser has is the one."},
}


def picture_answer(found: Thumbnail, request: Request, *, shared: bool) -> Response:
    """The picture, or that the browser has it; `shared` lets pages of other origins show it."""
    headers = {"ETag": found.tag, "Cache-Control": "private, max-age=3600"}
    if shared:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if found.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.data, media_type="image/jpeg", headers=headers)


def jpeg(image: Pixels, side_px: int) -> bytes:
    """The image as a JPEG, its longer side at most `side_px`."""
    small = Image.fromarray(image)
    small.thumbnail((side_px, side_px), Image.Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=84)
    return buffer.getvalue()
