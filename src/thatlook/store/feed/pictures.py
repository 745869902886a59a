"""Pictures from addresses, kept in a folder and asked for again only where they changed."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from thatlook.core.addresses import is_address
from thatlook.core.errors import FetchError, PhotoError
from thatlook.core.files import write_whole
from thatlook.core.image import decode
from thatlook.store.feed.fetch import Fetched, Fetcher, FetchPolicy
from thatlook.store.feed.object_stores import ObjectStore

PICTURES: Final = FetchPolicy(content_types=("image/", "application/octet-stream", "binary/"))
"""The default limits for pictures; some shops' stores do not name the type."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered of a picture beside its bytes."""

    url: str
    sha256: str
    content_type: str
    etag: str
    last_modified: str


class PictureFolder:
    """Pictures by URL, in `folder`; threads may share it. The folder can be deleted.

    Those of the web come from `fetcher`, others from `store`.
    """

    def __init__(
        self, folder: Path, fetcher: Fetcher | None = None, store: ObjectStore | None = None
    ) -> None:
        self._folder = folder
        self._store = store
        self._fetcher = fetcher or Fetcher(PICTURES)
        self._decoding = threading.Lock()  # one at a time: a large picture takes 180 MB

    def place(self, url: str) -> Path:
        """Where the picture of an address is kept, whether it is there or not."""
        name = hashlib.sha256(url.encode()).hexdigest()
        return self._folder / name[:2] / name

    def fetched(self, url: str) -> Path:
        """The file of the picture, as it is at its address now.

        A picture that is there already is asked for with its ETag and date, and is replaced only by
        one that can be decoded: a host in trouble answers with a page, or half a picture, and
        says 200. Raises FetchError, also where an older copy is there.
        """
        path = self.place(url)
        kept = _kept(path)
        etag, date = (kept.etag, kept.last_modified) if kept else ("", "")
        if is_address(url) or self._store is None:
            found = self._fetcher.get(url, etag=etag, last_modified=date)
        else:
            found = self._store.get(url, etag=etag, max_bytes=self._fetcher.policy.max_bytes)
        if found.not_modified and kept is None:
            raise FetchError(f"{url}: the server says 'not modified' without being asked", 304)
        if not found.not_modified:
            if kept is not None and kept.sha256 != hashlib.sha256(found.data).hexdigest():
                self._check(url, found.data)
            self._keep(path, url, found)
        return path

    def copy(self, url: str) -> Path | None:
        """The file of the picture as it was when it was last fetched; None where there is none."""
        path = self.place(url)
        return path if _kept(path) else None

    def _check(self, url: str, data: bytes) -> None:
        """Raises FetchError for what is no picture."""
        try:
            with self._decoding:
                decode(data)
        except PhotoError as error:
            raise FetchError(f"{url}: what came is no usable picture: {error.message}") from error

    def _keep(self, path: Path, url: str, found: Fetched) -> None:
        """Writes the picture, then what is remembered: the latter vouches for the former."""
        digest = hashlib.sha256(found.data).hexdigest()
        kept = Kept(url, digest, found.content_type, found.etag, found.last_modified)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, found.data)
            write_whole(_note(path), json.dumps(asdict(kept)).encode())
        except OSError as error:
            raise FetchError(f"{url}: cannot be kept in {path}: {error.strerror}") from error


def _note(path: Path) -> Path:
    return path.with_suffix(".json")


def _kept(path: Path) -> Kept | None:
    """What is remembered of a picture that is there whole; None for a missing or damaged one."""
    try:
        kept = Kept(**json.loads(_note(path).read_bytes()))
        data = path.read_bytes()
    except (OSError, ValueError, TypeError):
        return None
    return kept if hashlib.sha256(data).hexdigest() == kept.sha256 else None
