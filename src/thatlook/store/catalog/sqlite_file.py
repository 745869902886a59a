"""How an SQLite file is opened: to write, beside a writer to read, or without any locks.

What can be told of the file and its log from outside is here too.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from thatlook.core.errors import CatalogUnavailableError

BUSY_SECONDS: Final = 60.0
"""How long a writer waits for another process's transaction."""
NO_ROOM_BYTES: Final = 1_000_000
"""Of a disk with less the log and its index may not fit."""
UNLOCKED: Final = "immutable=1"
"""How a file is read beside which SQLite cannot make its log and its locks."""
_SHUT: Final = frozenset(
    {
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
    }
)
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "fullfsync=ON",  # macOS: past the disk's own cache
    "temp_store=FILE",
    "cache_size=-65536",
)
_PRAGMAS_TO_READ: Final = ("temp_store=MEMORY", "cache_size=-65536")
Looks = tuple[int, ...]


class ChangedError(CatalogUnavailableError):
    """A file that is read without locks and that others write just now."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: was written while it was read; try again")


def connection_to(path: Path, mode: str = "mode=rwc") -> tuple[sqlite3.Connection, Looks | None]:
    """A connection to a file, made where there is none and the mode allows it; how the file looks
    where it is read without locks, for which it must not change.
    """
    # SQLite would make a log beside a file that is not ours, and its owner could not write it.
    if not path.is_file() or may_write(path):
        logged = log_of(path).exists()
        try:
            return _connected(path, mode, _PRAGMAS), None
        except sqlite3.OperationalError as error:
            open_to_write = may_write(path.parent) and not is_full(path)
            if open_to_write or not path.is_file() or not _is_shut(error):
                raise
        if not logged and log_of(path).exists():
            _remove_log(path)
    return _connection_to_read(path)


def _connection_to_read(path: Path) -> tuple[sqlite3.Connection, Looks | None]:
    looks = looks_of(path)
    if log_of(path).exists() and _log_index_of(path).exists():
        # By the log and the locks of somebody who writes; SQLite would make missing ones.
        try:
            return _connected_to_log(path), None
        except sqlite3.OperationalError as error:
            if not _is_shut(error):
                raise
    _check_no_log(path)
    try:
        return _connected(path, UNLOCKED, _PRAGMAS_TO_READ), looks
    except sqlite3.Error as error:
        if looks_of(path) != looks:
            raise ChangedError(path) from error
        raise


def _connected_to_log(path: Path) -> sqlite3.Connection:
    if may_write(path):
        return _connected(path, "mode=ro", _PRAGMAS_TO_READ)
    try:
        connection = _connected(path, "mode=ro&readonly_shm=1", _PRAGMAS_TO_READ)
    except sqlite3.OperationalError:
        _remove_our_log(path)
        raise
    if _is_our_log(path):
        connection.close()
        _remove_our_log(path)
        raise ChangedError(path)
    return connection


def _is_our_log(path: Path) -> bool:
    """Whether this user made the log beside another's file, who removed his own just then."""
    if sys.platform == "win32":
        return False
    try:
        log = log_of(path).stat()
        return log.st_uid == os.geteuid() != path.stat().st_uid and not log.st_size
    except FileNotFoundError:
        return False


def _remove_our_log(path: Path) -> None:
    if _is_our_log(path):
        log_of(path).unlink(missing_ok=True)


def _remove_log(path: Path) -> None:
    """Removes the empty log that an attempt without room left, unless others have the file open.

    SQLite removes it with its last connection, here one that needs no room for an index of the log.
    """
    connection = sqlite3.connect(uri_of(path, "mode=rw"), uri=True, timeout=0, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        _log_index_of(path).unlink(missing_ok=True)
    except sqlite3.OperationalError:
        pass  # others have it open
    finally:
        connection.close()


def _is_shut(error: sqlite3.Error) -> bool:
    """Whether a file beside the database could not be made: not that somebody has it locked."""
    return error.sqlite_errorcode & 0xFF in _SHUT


def _connected(path: Path, mode: str, pragmas: Sequence[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri_of(path, mode),
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def uri_of(path: Path, mode: str) -> str:
    """The address by which SQLite opens a file so."""
    return f"{path.absolute().as_uri()}?{mode}"


def is_writable(path: Path) -> bool:
    """Whether the file can be written here, and a log be made beside it."""
    return may_write(path) and may_write(path.parent)


def is_full(path: Path) -> bool:
    """Whether room is what is missing: a read-only medium has none free either."""
    writable = may_write(path.parent) and (not path.exists() or may_write(path))
    return writable and shutil.disk_usage(path.parent).free < NO_ROOM_BYTES


def may_write(path: Path) -> bool:
    """Whether this process may write a file or a folder that is there."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def log_of(path: Path) -> Path:
    """Where the file's write-ahead log is."""
    return path.with_name(f"{path.name}-wal")


def _log_index_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-shm")


def looks_of(path: Path) -> Looks:
    """What differs once somebody else wrote the file, or changes to its log.

    Raises CatalogUnavailableError where the file is gone.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise CatalogUnavailableError(f"{path}: is not there now: {error.strerror}") from error
    return found.st_ino, found.st_size, found.st_mtime_ns, *_looks_of_log(path)


def _looks_of_log(path: Path) -> tuple[int, int]:
    try:
        log = log_of(path).stat()
    except FileNotFoundError:
        return -1, 0
    return log.st_size, log.st_mtime_ns


def _check_no_log(path: Path) -> None:
    """Raises CatalogUnavailableError where changes are in a log that cannot be read."""
    size, _ = _looks_of_log(path)
    if size > 0:
        raise CatalogUnavailableError(
            f"{log_of(path)}: holds changes that can be read only where its folder can be written "
            "and has room; there, open the catalog once: thatlook catalog info"
        )
