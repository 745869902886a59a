"""One PostgreSQL schema as the tables of a catalog, through SQLAlchemy and psycopg."""

from __future__ import annotations

import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, TypeVar

from psycopg.errors import ConnectionTimeout
from sqlalchemy import Connection, CursorResult, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from thatlook.core.errors import (
    CatalogDamagedError,
    CatalogError,
    CatalogUnavailableError,
    unwritable,
)
from thatlook.store.catalog.address import Address
from thatlook.store.catalog.database import Database
from thatlook.store.catalog.postgres_link import SERVER_SETTINGS, Link, ServerSilentError
from thatlook.store.catalog.postgres_schema import make, migrate
from thatlook.store.catalog.postgres_words import PostgresWords
from thatlook.store.catalog.schema import migrate as migrate_file
from thatlook.store.catalog.sqlite_file import BUSY_SECONDS
from thatlook.store.catalog.tables import NO_ZERO
from thatlook.store.catalog.transfer import replace_all
from thatlook.store.catalog.wanted import FullText

Found = TypeVar("Found")

SCHEMA: Final = "thatlook"
OLDEST_SERVER: Final = 130000
PAUSE_S: Final = 1.0
"""After a server was silent, for so long everything is refused at once: else each of many callers
would wait for it anew."""
_SCHEMA_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_LOCKS: Final = {"write": 0x7A71, "index": 0x7A72, "search": 0x7A73}
"""The first half of the keys of our advisory locks; the second is the schema's."""

_CONNECTING: Final = {
    "connect_timeout": "5",
    "application_name": "thatlook",
    "client_encoding": "utf8",
    # A peer that is gone without a word is noticed within half a minute.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
_TOLD: Final = {
    "3D000": "no such database; make it with createdb",
    "42501": "the user may not do this; grant it, or use the schema's owner",
    "53100": "the disk is full; nothing of the last change was stored, free some space",
    "55P03": f"another process has been writing for {BUSY_SECONDS:.0f} s; try again",
    "25006": "the server only reads, as a replica does; name the one that writes",
    "22P05": "a text holds the character 0, which PostgreSQL cannot keep",
}
"""What to do, by PostgreSQL's code of an error."""


def opened(address: Address, *, create: bool) -> PostgresDatabase:
    """The database of a catalog, its tables of the newest version.

    Raises CatalogUnavailableError where the server cannot be reached, CatalogError where there is
    no catalog (and not `create`) or it cannot be used.
    """
    database = PostgresDatabase(address)
    try:
        database.check_server()
        if not database.has("migrations"):
            database.make(create=create)
        migrate(database)
        address.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        database.close()
        raise unwritable(address.folder, error) from error
    except BaseException:
        database.close()
        raise
    return database


class PostgresDatabase:
    """See Backend. A connection that broke is made again by the next statement.

    Except within `reserved`, whose lock went with it.
    """

    def __init__(self, address: Address) -> None:
        try:
            url = make_url(address.store)
        except (ArgumentError, ValueError) as error:
            raise CatalogError(f"{address}: no address of a database") from error
        query = dict(url.query)
        self.schema = str(query.pop("schema", SCHEMA))
        self.name = address.store
        self._secret = address.store_password
        if not _SCHEMA_NAME.fullmatch(self.schema):
            raise CatalogError(
                f"{self.name}: a schema has small letters, digits and '_', not {self.schema!r}"
            )
        self.lock = threading.RLock()
        self._engine = create_engine(
            url.set(drivername="postgresql+psycopg", password=self._secret or None, query={}),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",  # transactions are begun and ended in words, below
            hide_parameters=True,
            connect_args=_CONNECTING | query,
        )
        event.listen(self._engine, "do_connect", _linked)
        self._again_at = 0.0
        self._open: Connection | None = None
        self._in_transaction = False
        self._reserved = False

    @property
    def read_only(self) -> bool:
        """False: what a server refuses is told when it does."""
        return False

    @property
    def full_text(self) -> FullText:
        """The words of its products."""
        return PostgresWords(self)

    def close(self) -> None:
        """Closes the connection; a second time does nothing."""
        with self.lock:
            self._drop()
            self._engine.dispose()

    def check_server(self) -> None:
        """Raises CatalogError for a server that is too old, or a database without UTF-8."""
        asked = "SELECT current_setting('server_version_num')::int, "
        found = self.one(f"{asked} current_setting('server_encoding')") or (0, "")
        if found[0] < OLDEST_SERVER or found[1] != "UTF8":
            raise CatalogError(
                f"{self.name}: expected PostgreSQL {OLDEST_SERVER // 10000} or newer and a "
                f"database in UTF8, not {found[0] // 10000} and {found[1]}"
            )

    def make(self, *, create: bool) -> None:
        """Makes the tables of an empty catalog; raises CatalogError unless it may."""
        if not create:
            raise CatalogError(f"{self.name}: no catalog is there; make one with: thatlook index")
        with self.lock, self._translated():
            make(self._connected(), self, self.schema)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> CursorResult[Any]:
        """Runs one statement; raises CatalogError."""
        with self.lock, self._translated():
            return self._connected().exec_driver_sql(_placed(sql), tuple(values))

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Runs one statement for many rows; raises CatalogError."""
        if rows:
            with self.lock, self._translated():
                self._connected().exec_driver_sql(_placed(sql), [tuple(row) for row in rows])

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self.lock:
            result = self._begun(sql, values)
            with self._translated():
                return [tuple(row) for row in result]

    def batches(
        self, sql: str, values: Sequence[Any] = (), size: int = 4096
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query, in parts; for within one transaction."""
        with self.lock, self._translated():
            result = self._connected().exec_driver_sql(
                _placed(sql), tuple(values), {"stream_results": True}
            )
            for part in result.partitions(size):
                yield [tuple(row) for row in part]

    def one(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def has(self, table: str) -> bool:
        """Whether there is a table of this name."""
        sql = "SELECT 1 FROM pg_tables WHERE schemaname = ? AND tablename = ?"
        return self.one(sql, (self.schema, table)) is not None

    def data_version(self) -> int:
        """The transaction that last changed the catalog."""
        found = self.one("SELECT xmin::text::bigint FROM state")
        return int(found[0]) if found else 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One write transaction, the only one of this catalog until the block ends."""
        with self.lock:
            self._begun("BEGIN")
            with self._transaction("COMMIT"):
                # In order of their numbers: who reads up to a number has all changes below it.
                self.execute(f"SELECT pg_advisory_xact_lock({self._key('write')})")
                yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One read transaction: every query of the block sees the same state."""
        with self.lock:
            if self._in_transaction:
                yield  # part of the transaction that is open
                return
            self._begun("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            with self._transaction("ROLLBACK"):
                yield

    def in_one_state(self, work: Callable[[], Found]) -> Found:
        """See Backend: a server keeps to the state that a transaction began with."""
        with self.reading():
            return work()

    @contextmanager
    def reserved(self, holder: str) -> Iterator[None]:
        """For the block, the only index run on this catalog; raises CatalogError."""
        key = self._key("index")
        if not (self.one(f"SELECT pg_try_advisory_lock({key})") or (False,))[0]:
            raise CatalogError(
                f"{self.name}: is being indexed by {self._holder()}; wait for it, or end it"
            )
        self._reserved = True
        try:
            self._called(holder)
            yield
        finally:
            self._reserved = False
            if self._open is not None:
                self.rows(f"SELECT pg_advisory_unlock({key})")
                self._called("thatlook")

    @contextmanager
    def alone(self, work: str) -> Iterator[Callable[[], bool]]:
        """See Backend: a lock of a connection of its own, which other work does not break."""
        with self._translated():
            connection = self._made()
        with connection:
            try:
                lock = f"SELECT pg_try_advisory_lock({self._key(work)})"
                yield partial(self._mine, connection, lock)
            finally:
                # A dead connection holds no lock, and SQLAlchemy refuses one that it knows dead.
                with suppress(SQLAlchemyError):
                    connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")

    def _mine(self, connection: Connection, lock: str) -> bool:
        """Whether the connection has the lock, or can take it now."""
        with self._translated():
            return bool(connection.exec_driver_sql(lock).scalar())

    def backup(self, path: Path) -> None:
        """Writes a consistent copy as an SQLite file to `path`, while others read and write."""
        file = Database(path)
        try:
            migrate_file(file)
            with self.reading(), file.writing():
                replace_all(self, file)
        finally:
            file.close()

    def take_over(self, path: Path) -> int:
        """Makes the contents those of the catalog in an SQLite file; how many products changed."""
        file = Database(path)
        try:
            with file.reading(), self.writing():
                return replace_all(file, self)
        finally:
            file.close()

    def damages(self, *, quick: bool = False) -> list[str]:  # noqa: ARG002 - see Backend
        """Nothing: keys are checked by the server, its pages by its own tools (pg_amcheck)."""
        return []

    def settle(self) -> None:
        """Nothing: the server's log is its own."""

    def size_bytes(self) -> int:
        """What the tables take on the server's disk, with their indices."""
        sql = """SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
            JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = ? AND relkind = 'r'"""
        found = self.one(sql, (self.schema,))
        return int(found[0] or 0) if found else 0

    def _key(self, lock: str) -> str:
        return f"{_LOCKS[lock]}, {self._half}"

    @property
    def _half(self) -> int:
        """The schema's half of a lock's key, of 32 bits with a sign."""
        return zlib.crc32(self.schema.encode()) - (1 << 31)

    def _called(self, name: str) -> None:
        self.rows("SELECT set_config('application_name', ?, false)", (name[:60],))

    def _holder(self) -> str:
        sql = """SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
            WHERE locktype = 'advisory' AND granted AND application_name != ''
            AND classid = ? AND objid::bigint = ?"""
        found = self.one(sql, (_LOCKS["index"], self._half % (1 << 32)))
        return str(found[0]) if found and found[0] else "another run"

    def _begun(self, sql: str, values: Sequence[Any] = ()) -> CursorResult[Any]:
        """Runs a statement that changes nothing; once more where only the connection was old."""
        once_more = self._open is not None and not self._in_transaction
        try:
            return self.execute(sql, values)
        except CatalogUnavailableError:
            if not once_more or self._silent:
                raise
        return self.execute(sql, values)

    @contextmanager
    def _transaction(self, end: str) -> Iterator[None]:
        """The block's transaction, already begun, ends with this word, or is rolled back."""
        self._in_transaction = True
        try:
            yield
            self.execute(end)
        except BaseException:
            if self._open is not None:
                self.execute("ROLLBACK")
            raise
        finally:
            self._in_transaction = False

    def _connected(self) -> Connection:
        if self._open is None:
            if self._in_transaction or self._reserved:
                raise CatalogUnavailableError(
                    f"{self.name}: the connection was lost during the run; run it again"
                )
            self._open = self._made()
        return self._open

    def _made(self) -> Connection:
        """A new connection; refused at once where the server was silent a moment ago."""
        if self._silent:
            raise CatalogUnavailableError(f"{self.name}: it did not answer a moment ago")
        connection = self._engine.connect()
        settings = (*SERVER_SETTINGS, ("lock_timeout", f"{BUSY_SECONDS * 1000:.0f}"))
        told = "; ".join(f"SET {name} TO {value}" for name, value in settings)
        connection.exec_driver_sql(f'SET search_path TO "{self.schema}"; {told}')
        return connection

    @property
    def _silent(self) -> bool:
        """Whether the server was silent a moment ago."""
        return time.monotonic() < self._again_at

    def _drop(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._error(error) from error
        except UnicodeEncodeError as error:
            raise CatalogError(
                f"a text holds half a character (a lone surrogate): {error}"
            ) from error

    def _error(self, error: DBAPIError) -> CatalogError:
        """What a caller is told, without the password; a broken connection is let go."""
        lines = str(error.orig).splitlines() or [type(error.orig).__name__]
        code = getattr(error.orig, "sqlstate", None) or ""
        why = _TOLD.get(code, lines[0])
        if "password" in why:  # refused, or none was given: the server sends no code then
            why = f"{why}; set PGPASSWORD, or name its variable by store_password_env"
        if "NUL (0x00)" in why or NO_ZERO in why:
            why = _TOLD["22P05"]
        if self._secret:
            why = why.replace(self._secret, "***")
        told = f"{self.name}: {why}"
        if isinstance(error.orig, ConnectionTimeout | ServerSilentError):
            self._again_at = time.monotonic() + PAUSE_S
        if error.connection_invalidated or self._open is None or code.startswith(("57P", "08")):
            self._drop()
            return CatalogUnavailableError(told)
        if code == "22P02":
            return CatalogDamagedError(f"{told}; thatlook catalog audit names the product")
        return CatalogError(told)


def _linked(_dialect: Any, _record: Any, _given: list[Any], named: dict[str, Any]) -> Link:
    """The connection that SQLAlchemy is to take in place of psycopg's own."""
    return Link.to(**named)


@lru_cache(maxsize=512)
def _placed(sql: str) -> str:
    """The statement with psycopg's places for values."""
    return sql.replace("%", "%%").replace("?", "%s")
