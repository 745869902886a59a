"""Everything thatlook raises for a cause that a caller can mend.

    ThatlookError
    ├── PhotoError           a photo cannot be used (code says why)
    ├── FeedError            a feed, or a row of it, cannot be read
    ├── DataError            labelled photos or pairs cannot be used
    ├── CatalogError         a catalog cannot be opened or changed
    │   ├── CatalogDamagedError   its file, or a row of it, is not what was written
    │   ├── CatalogFullError      its disk has no room for a change; it may pass
    │   ├── CatalogReadOnlyError   it cannot be written by this user, or in this place
    │   ├── CatalogUnavailableError   its file, database or search engine cannot be read now
    │   │   └── SearchUnavailableError   its search engine does not answer
    │   ├── CatalogVersionError   written by a newer thatlook
    │   ├── ModelMismatchError    its vectors come from another embedding network
    │   └── UnknownProductError   no product has this id
    ├── ModelError           weights are missing, damaged or of the wrong shape
    ├── SettingsError        a setting or an argument has an impossible value
    ├── FetchError           an address could not, or must not, be fetched
    └── MissingExtraError    an optional dependency is not installed; says the pip line

Every message says what was expected, what came and what to do. A bug in thatlook
raises something else. All can be pickled: they cross from worker processes.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, Final

_NOT_ALLOWED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class ThatlookError(Exception):
    """The root: catch this to catch everything that thatlook raises on purpose."""


class PhotoError(ThatlookError):
    """A photo that cannot be used.

    `code` is one of PHOTO_ERROR_CODES and stable; `message` is for people; `source` names
    the photo (its path, or "<bytes>").
    """

    def __init__(self, code: str, message: str, source: str = "<bytes>") -> None:
        super().__init__(f"{source}: {message}")
        self.code = code
        self.message = message
        self.source = source

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.message, self.source)

    def to_dict(self) -> dict[str, str]:
        """The `error` object of the JSON contract."""
        return {"code": self.code, "message": self.message}


PHOTO_ERROR_CODES = (
    "not_found",
    "unreadable",
    "empty",
    "too_many_bytes",
    "too_many_pixels",
    "too_many_scans",
    "too_small",
    "unsupported_format",
    "damaged",
)


class FeedError(ThatlookError):
    """A feed, or a row of it, that cannot be read."""


class DataError(ThatlookError):
    """Labelled photos, pairs or kept results that cannot be used."""


class CatalogError(ThatlookError):
    """A catalog that cannot be opened or changed."""


class CatalogDamagedError(CatalogError):
    """A catalog whose file, or a row of it, is not what was written."""


class CatalogFullError(CatalogError):
    """A catalog, or a copy of it, whose disk has no room for a change; it can be read."""


class CatalogReadOnlyError(CatalogError):
    """A catalog that cannot be written by this user, or where it lies; it can be read."""


class CatalogUnavailableError(CatalogError):
    """A catalog whose file, database or search engine cannot be read now; it may pass."""


class CatalogVersionError(CatalogError):
    """A catalog written by a newer thatlook than this one."""


class ModelMismatchError(CatalogError):
    """A catalog whose vectors were made by another embedding network."""


class SearchUnavailableError(CatalogUnavailableError):
    """A catalog whose search engine does not answer, or not yet with all that is asked for."""


class UnknownProductError(CatalogError, KeyError):
    """No product of the catalog has this id."""

    def __init__(self, product_id: str) -> None:
        super().__init__(f"no product with the id {product_id!r} is in the catalog")
        self.product_id = product_id

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.product_id,)

    def __str__(self) -> str:
        return str(self.args[0])


class ModelError(ThatlookError):
    """Weights that are missing, damaged or do not fit their registry entry."""


class SettingsError(ThatlookError, ValueError):
    """A setting or an argument with an impossible value."""


class FetchError(ThatlookError):
    """An address that could not, or must not, be fetched.

    `status` is the HTTP status where the server answered with one, else None; `retry_after_s`
    for how long it asked to be left alone, where it did.
    """

    def __init__(
        self, message: str, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


class MissingExtraError(ThatlookError, ImportError):
    """An optional dependency that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional package: pip install 'thatlook[{extra}]'")
        self.what = what
        self.extra = extra

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.what, self.extra)


def unwritable(path: Path, error: OSError) -> CatalogError:
    """The error for a file or folder of a catalog that could not be written: what `path` it is, and
    what the system says.
    """
    kind: type[CatalogError] = CatalogError
    if error.errno in _NOT_ALLOWED:
        kind = CatalogReadOnlyError
    elif error.errno in _NO_ROOM:
        kind = CatalogFullError
    return kind(f"{path}: cannot be written: {error.strerror or error}")
