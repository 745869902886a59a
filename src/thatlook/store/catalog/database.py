"""One SQLite file, opened so that what was acknowledged is on the disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, TypeVar

from thatlook.core.errors import (
    CatalogError,
    CatalogReadOnlyError,
    CatalogUnavailableError,
    unwritable,
)
from thatlook.core.lock import locked
from thatlook.store.catalog.fts5 import Fts5
from thatlook.store.catalog.sqlite_errors import FULL, damaged_file, translated
from thatlook.store.catalog.sqlite_file import (
    UNLOCKED,
    ChangedError,
    connection_to,
    is_full,
    is_writable,
    log_of,
    looks_of,
    may_write,
    uri_of,
)
from thatlook.store.catalog.takeover import take_over
from thatlook.store.catalog.wanted import FullText

SQLITE_VERSION: Final = sqlite3.sqlite_version
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
            self._connection, self._unlocked = connection_to(self.path, mode)
        self._read_only = self._unlocked is not None or not may_write(self.path)
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
                except ChangedError:
                    continue
            raise ChangedError(self.path)

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
            other, unlocked = connection_to(path)
            other.close()
        return take_over(self, uri_of(path, "mode=ro" if unlocked is None else UNLOCKED))

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
                f"{log_of(self.path)}: cannot be read before the catalog is opened where it can "
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
                except ChangedError:
                    continue
            raise ChangedError(self.path)

    def _run_once(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        """Raises ChangedError where others wrote meanwhile a file that is read without locks."""
        try:
            with self._translated():
                found = work(self._connection)
        except CatalogError:
            self._check_unchanged()  # half of two states looks like damage
            raise
        self._check_unchanged()
        return found

    def _check_unchanged(self) -> None:
        if self._unlocked is not None and looks_of(self.path) != self._unlocked:
            raise ChangedError(self.path)

    def _follow(self) -> None:
        """Opens the file again where somebody else began to write it, or its disk has room."""
        if self._unlocked is not None and (
            looks_of(self.path) != self._unlocked
            or (is_writable(self.path) and not is_full(self.path))
        ):
            self._reopen()

    def _reopen(self) -> None:
        """Raises CatalogError; what was open stays open then."""
        looks_of(self.path)  # a file that is gone is told as that
        old = self._connection
        self._open("mode=rw")
        old.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise translated(self.path, error) from error
        except UnicodeEncodeError as error:
            raise CatalogError(
                f"a text holds half a character (a lone surrogate): {error}"
            ) from error
        except UnicodeDecodeError as error:  # a flipped bit that SQLite's own message quotes
            raise damaged_file(self.path, str(error)) from error


def _back_up(connection: sqlite3.Connection, path: Path) -> None:
    copy = sqlite3.connect(path)
    try:
        connection.backup(copy)
    except sqlite3.OperationalError as error:
        if FULL in str(error):  # it is the copy that does not fit
            raise translated(path, error) from error
        raise
    finally:
        copy.close()
