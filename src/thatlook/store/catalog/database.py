"""One SQLite file, opened so that what was acknowledged is on the disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, TypeVar

from thatlook.core.errors import (
    CatalogDamagedError,
    CatalogError,
    CatalogFullError,
    CatalogReadOnlyError,
    CatalogUnavailableError,
    unwritable,
)
from thatlook.core.lock import locked
from thatlook.store.catalog.fts5 import Fts5
from thatlook.store.catalog.takeover import take_over
from thatlook.store.catalog.wanted import FullText

SQLITE_VERSION: Final = sqlite3.sqlite_version
BUSY_SECONDS: Final = 60.0
"""How long a writer waits for another process's transaction."""
_ATTEMPTS: Final = 5
"""How often a query is repeated that others wrote into."""

Found = TypeVar("Found")


class Database:
    """A connection shared by the threads of this process, one statement or transaction at a time.

    Write-ahead log, `synchronous=FULL`: a commit returns when the log is on the disk. Every
    error of SQLite comes out as CatalogError, with the file's name and what to do. Where the file
    or its folder cannot be written it is `read_only`, and others who write are followed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        self._times_opened = 0
        self._open()

    def _open(self, mode: str = "mode=rwc") -> None:
        with self._translated():
            self._connection, self._unlocked = _connection(self.path, mode)
        self._read_only = self._unlocked is not None or not _may_write(self.path)
        self._times_opened += 1

    @property
    def name(self) -> str:
        """What messages call it: its file."""
        return str(self.path)

    @property
    def read_only(self) -> bool:
        """See Backend."""
        return self._read_only

    @property
    def full_text(self) -> FullText:
        """The words of its products."""
        return Fts5(self, in_memory=self.read_only)

    def close(self) -> None:
        """Closes the connection; a second time does nothing."""
        with self.lock, self._translated():
            self._connection.close()

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        """Runs one statement; raises CatalogError."""
        return self._run(lambda connection: connection.execute(sql, values))

    def executemany(self, sql: str, rows: Any) -> None:
        """Runs one statement for many rows; raises CatalogError."""
        self._run(lambda connection: connection.executemany(sql, rows))

    def rows(self, sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self._read(lambda connection: connection.execute(sql, values).fetchall())

    def batches(
        self, sql: str, values: Any = (), size: int = 4096
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query, in parts; for within one transaction."""
        cursor = self.execute(sql, values)
        while True:
            batch = self._read(lambda _: cursor.fetchmany(size))
            if not batch:
                return
            yield batch

    def one(self, sql: str, values: Any = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        found: tuple[Any, ...] | None = self._read(
            lambda connection: connection.execute(sql, values).fetchone()
        )
        return found

    def has(self, table: str) -> bool:
        """Whether there is a table of this name."""
        return bool(self.one("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)))

    def reserved(self, holder: str) -> AbstractContextManager[None]:  # noqa: ARG002 - see Backend
        """Nothing: a folder's index run is the only one by the lock on a file in it."""
        return nullcontext()

    def data_version(self) -> int:
        """A number that differs when another connection has committed since the last call."""
        found = self.one("PRAGMA data_version")
        return int(found[0] if found else 0) + (self._times_opened << 32)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One write transaction: committed, and on the disk, when the block ends without error.

        Where the file is `read_only` temporary tables alone can be changed in it.
        """
        with self.lock:
            if self._unlocked is not None:  # the disk may have room by now
                self._reopen()
            self.execute("BEGIN" if self.read_only else "BEGIN IMMEDIATE")
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                self._rollback()
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One read transaction: every query of the block sees the same state."""
        with self.lock:
            if self._connection.in_transaction:
                yield  # part of the transaction that is open
                return
            self.execute("BEGIN")
            try:
                yield
            finally:
                self._rollback()

    def in_one_state(self, work: Callable[[], Found]) -> Found:
        """See Backend; repeated so often as a query is. Raises CatalogUnavailableError after that,
        and at once within a transaction, which began before.
        """
        with self.lock:
            if self._unlocked is None or self._connection.in_transaction:
                return self._read_at_once(work)
            for _ in range(_ATTEMPTS):
                try:
                    return self._read_at_once(work)
                except _ChangedError:
                    continue
            raise _ChangedError(self.path)

    def _read_at_once(self, work: Callable[[], Found]) -> Found:
        with self.reading():
            return work()

    @contextmanager
    def alone(self, work: str) -> Iterator[Callable[[], bool]]:
        """See Backend; raises CatalogError where the folder cannot be written."""
        path = self.path.with_name(f"{work}.lock")
        try:
            file = path.open("a+b")
        except OSError as error:
            raise unwritable(path, error) from error
        with file:
            ours = locked(file)
            yield lambda: ours

    def backup(self, path: Path) -> None:
        """Writes a consistent copy to `path`, while others read and write."""
        self._run(lambda connection: _back_up(connection, path))

    def take_over(self, path: Path) -> int:
        """Makes the contents those of the catalog in another file; how many products changed."""
        with self._translated():
            other, unlocked = _connection(path)
            other.close()
        return take_over(self, _uri(path, "mode=ro" if unlocked is None else UNLOCKED))

    def damages(self, *, quick: bool = False) -> list[str]:
        """What SQLite's own check finds wrong; [] for nothing.

        All pages and keys; `quick` leaves out whether indices and tables agree, and stops at the
        first.
        """
        if quick:
            found = self.rows("PRAGMA quick_check(1)")
        else:
            found = self.rows("PRAGMA integrity_check(100)")
        texts = [str(row[0]) for row in found if row[0] != "ok"]
        if not quick:
            for table, row, *_ in self.rows("PRAGMA foreign_key_check"):
                texts.append(f"{table}: row {row} belongs to no product")
        return texts

    def settle(self) -> None:
        """Moves what is in the log to the database file, as far as no reader needs it."""
        if not self.read_only:
            self.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def size_bytes(self) -> int:
        """The file with its log."""
        files = self.path.parent.glob(f"{self.path.name}*")
        return sum(file.stat().st_size for file in files if file.is_file())

    def _rollback(self) -> None:
        with self._translated():
            if self._connection.in_transaction:  # a full disk makes SQLite roll back by itself
                self._connection.execute("ROLLBACK")

    def _read(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        try:
            return self._run(work)
        except CatalogReadOnlyError as error:  # whoever wrote the log ended in the midst of it
            raise CatalogUnavailableError(
                f"{_log_of(self.path)}: cannot be read before the catalog is opened where it can "
                f"be written: thatlook catalog info ({error.__cause__})"
            ) from error

    def _run(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        with self.lock:
            if self._unlocked is None or self._connection.in_transaction:
                return self._run_once(work)
            for _ in range(_ATTEMPTS):
                try:
                    self._follow()
                    return self._run_once(work)
                except _ChangedError:
                    continue
            raise _ChangedError(self.path)

    def _run_once(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        """Raises _ChangedError where others wrote meanwhile a file that is read without locks."""
        try:
            with self._translated():
                found = work(self._connection)
        except CatalogError:
            self._check_unchanged()  # half of two states looks like damage
            raise
        self._check_unchanged()
        return found

    def _check_unchanged(self) -> None:
        if self._unlocked is not None and _looks(self.path) != self._unlocked:
            raise _ChangedError(self.path)

    def _follow(self) -> None:
        """Opens the file again where somebody else began to write it, or its disk has room."""
        if self._unlocked is not None and (
            _looks(self.path) != self._unlocked
            or (_is_writable(self.path) and not _is_full(self.path))
        ):
            self._reopen()

    def _reopen(self) -> None:
        """Raises CatalogError; what was open stays open then."""
        _looks(self.path)  # a file that is gone is told as that
        old = self._connection
        self._open("mode=rw")
        old.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _translated(self.path, error) from error
        except UnicodeEncodeError as error:
            raise CatalogError(
                f"a text holds half a character (a lone surrogate): {error}"
            ) from error
        except UnicodeDecodeError as error:  # a flipped bit that SQLite's own message quotes
            raise damaged_file(self.path, str(error)) from error


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
_Looks = tuple[int, ...]


class _ChangedError(CatalogUnavailableError):
    """A file that is read without locks and that others write just now."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: was written while it was read; try again")


def _connection(path: Path, mode: str = "mode=rwc") -> tuple[sqlite3.Connection, _Looks | None]:
    """A connection to a file, made where there is none and the mode allows it; how the file looks
    where it is read without locks, for which it must not change.
    """
    # SQLite would make a log beside a file that is not ours, and its owner could not write it.
    if not path.is_file() or _may_write(path):
        logged = _log_of(path).exists()
        try:
            return _connected(path, mode, _PRAGMAS), None
        except sqlite3.OperationalError as error:
            open_to_write = _may_write(path.parent) and not _is_full(path)
            if open_to_write or not path.is_file() or not _is_shut(error):
                raise
        if not logged and _log_of(path).exists():
            _remove_log(path)
    return _connection_to_read(path)


def _connection_to_read(path: Path) -> tuple[sqlite3.Connection, _Looks | None]:
    looks = _looks(path)
    if _log_of(path).exists() and _log_index_of(path).exists():
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
        if _looks(path) != looks:
            raise _ChangedError(path) from error
        raise


def _connected_to_log(path: Path) -> sqlite3.Connection:
    if _may_write(path):
        return _connected(path, "mode=ro", _PRAGMAS_TO_READ)
    try:
        connection = _connected(path, "mode=ro&readonly_shm=1", _PRAGMAS_TO_READ)
    except sqlite3.OperationalError:
        _remove_our_log(path)
        raise
    if _is_our_log(path):
        connection.close()
        _remove_our_log(path)
        raise _ChangedError(path)
    return connection


def _is_our_log(path: Path) -> bool:
    """Whether this user made the log beside another's file, who removed his own just then."""
    if sys.platform == "win32":
        return False
    try:
        log = _log_of(path).stat()
        return log.st_uid == os.geteuid() != path.stat().st_uid and not log.st_size
    except FileNotFoundError:
        return False


def _remove_our_log(path: Path) -> None:
    if _is_our_log(path):
        _log_of(path).unlink(missing_ok=True)


def _remove_log(path: Path) -> None:
    """Removes the empty log that an attempt without room left, unless others have the file open.

    SQLite removes it with its last connection, here one that needs no room for an index of the log.
    """
    connection = sqlite3.connect(_uri(path, "mode=rw"), uri=True, timeout=0, isolation_level=None)
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
        _uri(path, mode),
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


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?{mode}"


def _is_writable(path: Path) -> bool:
    return _may_write(path) and _may_write(path.parent)


def _is_full(path: Path) -> bool:
    """Whether room is what is missing: a read-only medium has none free either."""
    writable = _may_write(path.parent) and (not path.exists() or _may_write(path))
    return writable and shutil.disk_usage(path.parent).free < NO_ROOM_BYTES


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _log_index_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-shm")


def _looks(path: Path) -> _Looks:
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
        log = _log_of(path).stat()
    except FileNotFoundError:
        return -1, 0
    return log.st_size, log.st_mtime_ns


def _check_no_log(path: Path) -> None:
    """Raises CatalogUnavailableError where changes are in a log that cannot be read."""
    size, _ = _looks_of_log(path)
    if size > 0:
        raise CatalogUnavailableError(
            f"{_log_of(path)}: holds changes that can be read only where its folder can be written "
            "and has room; there, open the catalog once: thatlook catalog info"
        )


def _back_up(connection: sqlite3.Connection, path: Path) -> None:
    copy = sqlite3.connect(path)
    try:
        connection.backup(copy)
    except sqlite3.OperationalError as error:
        if _FULL in str(error):  # it is the copy that does not fit
            raise _translated(path, error) from error
        raise
    finally:
        copy.close()


_FULL: Final = "disk is full"
_DAMAGED: Final = ("not a database", "malformed", "Could not decode")


def _translated(path: Path, error: sqlite3.Error) -> CatalogError:
    text = str(error)
    if _FULL in text or (path.parent.is_dir() and _is_full(path) and _is_of_room(text)):
        return CatalogFullError(
            f"{path}: the disk is full; nothing of the last change was stored, free some space"
        )
    if any(words in text for words in _DAMAGED):
        return damaged_file(path, text)
    shut = "unable to open" in text and path.exists() and not _is_writable(path)
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
