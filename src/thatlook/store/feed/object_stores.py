"""Pictures in object stores (s3://, gs://, ...) through fsspec: the one importer of it."""

from __future__ import annotations

import os
import posixpath
from typing import Any, Final
from urllib.parse import unquote

from thatlook.core.addresses import is_url, without_password
from thatlook.core.errors import FeedError, FetchError, MissingExtraError
from thatlook.store.feed.policy import Fetched

_MARKS: Final = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "created")
"""What stores say of a file that differs once it was written again; the first that is there."""


class ObjectStore:
    """The pictures under one URL: only those are read, however a feed spells their links.

    `base` is such as "s3://bucket/pictures". Raises MissingExtraError without the extra `cluster`,
    FeedError where fsspec knows no such store or lacks its client, and for a URL with a password,
    which would stand in what is kept of every picture.
    """

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/") + "/"
        _check(base)
        core = _fsspec()
        try:
            self._files, self._root = core.url_to_fs(self.base)
        except (ImportError, ValueError) as error:
            raise FeedError(f"{base}: {error}") from error

    def place(self, link: str) -> str | None:
        """The URL of the picture that a link of a feed means; None for one outside the base."""
        if "://" in link:
            own, rest = link.startswith(self.base), link.removeprefix(self.base)
        else:
            own, rest = True, unquote(link).replace("\\", "/")
        rest = posixpath.normpath(rest)
        inside = own and not rest.startswith(("/", "..")) and rest != "." and "::" not in rest
        return self.base + rest if inside else None

    def get(self, place: str, *, etag: str, max_bytes: int) -> Fetched:
        """The file at a place that `place` gave, unless its mark is still `etag`.

        Raises FetchError for one that is not there, too large, or cannot be read.
        """
        path = posixpath.join(self._root, place.removeprefix(self.base))
        try:
            info: dict[str, Any] = self._files.info(path)
            mark = next((str(info[name]) for name in _MARKS if info.get(name)), "")
            if mark and mark == etag:
                return Fetched(place, b"", etag=mark, not_modified=True)
            size = info.get("size") or 0
            data = b"" if size > max_bytes else self._files.cat_file(path, end=max_bytes + 1)
        except FileNotFoundError as error:
            raise FetchError(f"{place}: is not there", 404) from error
        except Exception as error:  # the stores' clients' own errors share no narrower base
            raise FetchError(f"{place}: cannot be read: {error}") from error
        if max(size, len(data)) > max_bytes:
            raise FetchError(f"{place}: more than {max_bytes} bytes")
        return Fetched(place, data, etag=mark)


def store_of(images: str | os.PathLike[str] | None) -> ObjectStore | None:
    """The object store that the place of a feed's pictures names; None for a folder."""
    named = isinstance(images, str) and is_url(images)
    return ObjectStore(str(images)) if named else None


def _check(base: str) -> None:
    """Raises FeedError for a URL of this machine, of several parts, or with a password."""
    protocol = base.partition("://")[0]
    if protocol in {"file", "local"} or "::" in base:  # what follows may hold a password
        raise FeedError(f"{protocol}://: give a folder of this machine as a path")
    shown, password = without_password(base)
    if password:
        raise FeedError(
            f"{shown}: leave out the password; the store's client finds credentials itself, in "
            "the environment or its own files"
        )


def _fsspec() -> Any:
    try:
        import fsspec.core
    except ImportError as error:
        raise MissingExtraError("pictures in an object store", "cluster") from error
    return fsspec.core
