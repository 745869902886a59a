"""One SQLite file, opened so that what was acknowledged is on the disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import CatalogDamagedError, CatalogError
from thatlook.core.lock import locked
from thatlook.store.catalog.fts5 import Fts5
from thatlook.store.catalog.takeover import take_over
from thatlook.store.catalog.wanted import FullText

SQLITE_VERSION: Final = sqlite3.sqlite_version
BUSY_SECONDS: Final = 60.0
"""How long a writer waits for another process's transaction."""


class Database:
    """A connection shared by the threads of this process, one statement or transaction at a time.

    Write-ahead log, `synchronous=FULL`: a commit returns when the log is on the disk. Every
    error of SQLite comes out as CatalogError, with the file's name and what to do.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        with self._translated():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self.execute(f"PRAGMA {pragma}").fetchall()
            self.execute("PRAGMA fullfsync=ON")  # macOS: past the disk's own cache
            self.execute("PRAGMA temp_store=FILE")
            self.execute("PRAGMA cache_size=-65536")
        except CatalogError:
            self._connection.close()
            raise

    @property
    def name(self) -> str:
        """What messages call it: its file."""
        return str(self.path)

    @property
    def full_text(self) -> FullText:
        """The words of its products."""
        return Fts5(self)

    def close(self) -> None:
        """Closes the connection; a second time does nothing."""
        with self.lock, self._translated():
            self._connection.close()

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        """Runs one statement; raises CatalogError."""
        with self.lock, self._translated():
            return self._connection.execute(sql, values)

    def executemany(self, sql: str, rows: Any) -> None:
        """Runs one statement for many rows; raises CatalogError."""
        with self.lock, self._translated():
            self._connection.executemany(sql, rows)

    def rows(self, sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self.lock, self._translated():
            return self._connection.execute(sql, values).fetchall()

    def batches(
        self, sql: str, values: Any = (), size: int = 4096
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query, in parts; for within one transaction."""
        cursor = self.execute(sql, values)
        while True:
            with self._translated():
                batch = cursor.fetchmany(size)
            if not batch:
                return
            yield batch

    def one(self, sql: str, values: Any = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        with self.lock, self._translated():
            found: tuple[Any, ...] | None = self._connection.execute(sql, values).fetchone()
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
        return int(found[0]) if found else 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One write transaction: committed, and on the disk, when the block ends without error."""
        with self.lock:
            self.execute("BEGIN IMMEDIATE")
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

    @contextmanager
    def alone(self, work: str) -> Iterator[Callable[[], bool]]:
        """See Backend; raises CatalogError where the folder cannot be written."""
        path = self.path.with_name(f"{work}.lock")
        try:
            file = path.open("a+b")
        except OSError as error:
            raise CatalogError(f"{path}: cannot be written: {error.strerror}") from error
        with file:
            ours = locked(file)
            yield lambda: ours

    def backup(self, path: Path) -> None:
        """Writes a consistent copy to `path`, while others read and write."""
        with self.lock, self._translated():
            copy = sqlite3.connect(path)
            try:
                self._connection.backup(copy)
            finally:
                copy.close()

    def take_over(self, path: Path) -> int:
        """Makes the contents those of the catalog in another file; how many products changed."""
        return take_over(self, path)

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
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def size_bytes(self) -> int:
        """The file with its log."""
        files = self.path.parent.glob(f"{self.path.name}*")
        return sum(file.stat().st_size for file in files if file.is_file())

    def _rollback(self) -> None:
        if self._connection.in_transaction:  # a full disk makes SQLite roll back by itself
            self.execute("ROLLBACK")

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


_DAMAGED: Final = ("not a database", "malformed", "Could not decode")


def _translated(path: Path, error: sqlite3.Error) -> CatalogError:
    text = str(error)
    if any(words in text for words in _DAMAGED):
        return damaged_file(path, text)
    return CatalogError(f"{path}: {_explained(text)}")


def damaged_file(name: str | Path, what: str) -> CatalogDamagedError:
    """The error for a file that is not what was written, with what can be done."""
    return CatalogDamagedError(
        f"{name}: not a catalog, or a damaged one ({what}); bring back a copy (thatlook catalog "
        "restore), or index the feed into another folder"
    )


def _explained(text: str) -> str:
    if "full" in text:
        return "the disk is full; nothing of the last change was stored, free some space"
    if "locked" in text:
        return f"another process has been writing for {BUSY_SECONDS:.0f} s ({text}); try again"
    if "readonly" in text or "unable to open" in text:
        return f"cannot be opened for writing ({text}); check the folder and its permissions"
    return text
