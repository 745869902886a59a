"""What SQLite says, in words of the catalog's: what is wrong with which file, and what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from thatlook.core.errors import (
    CatalogDamagedError,
    CatalogError,
    CatalogFullError,
    CatalogReadOnlyError,
)
from thatlook.store.catalog.sqlite_file import BUSY_SECONDS, is_full, is_writable

FULL: Final = "disk is full"
_DAMAGED: Final = ("not a database", "malformed", "Could not decode")


def translated(path: Path, error: sqlite3.Error) -> CatalogError:
    """The error of the catalog for one of SQLite's about the file."""
    text = str(error)
    if FULL in text or (path.parent.is_dir() and is_full(path) and _is_of_room(text)):
        return CatalogFullError(
            f"{path}: the disk is full; nothing of the last change was stored, free some space"
        )
    if any(words in text for words in _DAMAGED):
        return damaged_file(path, text)
    shut = "unable to open" in text and path.exists() and not is_writable(path)
    if "readonly" in text or shut:
        return CatalogReadOnlyError(
            f"{path}: cannot be written here ({text}); it can be read. Check the permissions of "
            "the file and its folder, and whether its file system is mounted read-only"
        )
    return CatalogError(f"{path}: {_explained(text)}")


def damaged_file(name: str | Path, what: str) -> CatalogDamagedError:
    """The error for a file that is not what was written, with what can be done."""
    return CatalogDamagedError(
        f"{name}: not a catalog, or a damaged one ({what}); bring back a copy (thatlook catalog "
        "restore), or index the feed into another folder"
    )


def _is_of_room(text: str) -> bool:
    return any(words in text for words in ("disk I/O error", "readonly", "unable to open"))


def _explained(text: str) -> str:
    if "locked" in text:
        return f"another process has been writing for {BUSY_SECONDS:.0f} s ({text}); try again"
    if "unable to open" in text:
        return f"cannot be opened ({text}); check the folder and its permissions"
    return text
