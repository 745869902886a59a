"""What the tables of a catalog need of the database that they are in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from thatlook.store.catalog.wanted import FullText

Found = TypeVar("Found")


class Cursor(Protocol):
    """What a statement gives back."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...


class Backend(Protocol):
    """A connection shared by the threads of this process, one statement or transaction at a time.

    Statements are of the SQL that SQLite and PostgreSQL share, with "?" for each value, and the
    functions `hex`, `json_extract` and `randomblob` of SQLite. Whatever goes wrong is raised as
    CatalogError with the catalog's name, never a password, and what to do.
    """

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def read_only(self) -> bool:
        """Whether this user cannot write it, or not where it lies."""
        ...

    @property
    def full_text(self) -> FullText:
        """The words of its products."""
        ...

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Held by one thread at a time, again by the one that has it."""
        ...

    def close(self) -> None:
        """Closes the connection; a second time does nothing."""
        ...

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        """Runs one statement."""
        ...

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Runs one statement for many rows."""
        ...

    def rows(self, sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...

    def batches(
        self, sql: str, values: Any = (), size: int = 4096
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query, in parts; for within one transaction."""
        ...

    def one(self, sql: str, values: Any = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        ...

    def has(self, table: str) -> bool:
        """Whether there is a table of this name."""
        ...

    def reserved(self, holder: str) -> AbstractContextManager[None]:
        """For the block, the only index run on this catalog among all machines that share it.

        `holder` is what others are told; raises CatalogError with theirs.
        """
        ...

    def data_version(self) -> int:
        """A number that differs when another connection has committed since the last call."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """One write transaction, the only one: durable when the block ends without error."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """One read transaction: every query of the block sees the same state."""
        ...

    def in_one_state(self, work: Callable[[], Found]) -> Found:
        """What `work` gives, all its queries in one read transaction.

        It is done again from its beginning where others wrote into what is read without locks.
        """
        ...

    def alone(self, work: str) -> AbstractContextManager[Callable[[], bool]]:
        """Tells within the block whether this process alone, of all machines, does this work.

        The turn ends with its process or connection, however that ends.
        """
        ...

    def backup(self, path: Path) -> None:
        """Writes a consistent copy as an SQLite file to `path`, while others read and write."""
        ...

    def take_over(self, path: Path) -> int:
        """Makes the contents those of the catalog in an SQLite file, in one transaction.

        What is the same in both keeps its number of change. Returns how many products changed.
        """
        ...

    def damages(self, *, quick: bool = False) -> list[str]:
        """What the database's own check finds wrong; [] for nothing."""
        ...

    def settle(self) -> None:
        """Moves what is in a log to where a copy of the files finds it."""
        ...

    def size_bytes(self) -> int:
        """What the tables take on the disk, log and indices included."""
        ...
