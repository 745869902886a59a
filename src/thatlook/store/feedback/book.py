"""The file that feedback is kept in, beside the catalog's: bounded, and nobody is in it.

A file of its own, because every commit to the catalog's makes all processes look for changes of
products, and because it can be deleted without harm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

from thatlook.core.closing import Closing
from thatlook.core.errors import CatalogDamagedError, CatalogError
from thatlook.store.catalog.database import Database
from thatlook.store.catalog.schema import Migration, migrate
from thatlook.store.feedback.records import Choice, ShownList, Told

FILE_NAME: Final = "feedback.sqlite"
LIST_ROWS: Final = 200
"""Of so many products of one list at most it is kept what became of them: whoever sends more is no
shopper."""
MIGRATIONS: Final = (
    Migration(
        1,
        "products shown in lists, and what became of them",
        (
            """CREATE TABLE choices (
                list TEXT NOT NULL, product TEXT NOT NULL, day TEXT NOT NULL,
                source TEXT NOT NULL, category TEXT NOT NULL, query TEXT NOT NULL,
                position INTEGER NOT NULL, nearness TEXT NOT NULL, score REAL,
                team TEXT NOT NULL, clicked INTEGER NOT NULL, accepted INTEGER NOT NULL,
                dismissed INTEGER NOT NULL, UNIQUE (list, product))""",
            "CREATE INDEX choices_by_day ON choices (day)",
        ),
    ),
)
_ADD: Final = """INSERT INTO choices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (list, product) DO UPDATE SET clicked = max(clicked, excluded.clicked),
    accepted = max(accepted, excluded.accepted), dismissed = max(dismissed, excluded.dismissed)"""
_READ: Final = """SELECT list, source, category, query, day, product, position, nearness, score,
    team, clicked, accepted, dismissed FROM choices WHERE day >= ? ORDER BY rowid"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long feedback is kept, in `days`, and how many `rows` at most: the oldest go first."""

    days: int = 365
    rows: int = 1_000_000


class Feedback(Closing):
    """The feedback of one catalog's folder. Threads may share one; processes each open their own.

    What it holds of a product in a list: the day, the list's random id, what was asked with where
    that is a product, the row's category, the place, the score with its word, and whether it was
    clicked, accepted or dismissed.
    """

    def __init__(self, database: Database, bounds: Bounds) -> None:
        self._database = database
        self._bounds = bounds

    @classmethod
    def open(cls, folder: Path, bounds: Bounds | None = None, *, create: bool = False) -> Self:
        """That of the catalog in `folder`.

        Raises CatalogError where there is none (and not `create`), CatalogDamagedError,
        CatalogVersionError.
        """
        file = folder / FILE_NAME
        if not create and not file.is_file():
            raise CatalogError(
                f"{folder}: no feedback is here; it is gathered by thatlook serve with "
                "THATLOOK_SERVE_FEEDBACK=on"
            )
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        try:
            database = Database(file)
        except CatalogDamagedError as error:
            raise _damaged(file) from error
        try:
            migrate(database, MIGRATIONS)
        except CatalogDamagedError as error:
            database.close()
            raise _damaged(file) from error
        except BaseException:
            database.close()
            raise
        return cls(database, bounds or Bounds())

    def close(self) -> None:
        """Lets go of the file; a second time does nothing."""
        self._database.close()

    def add(self, shown: ShownList, told: Sequence[Told], day: date | None = None) -> int:
        """Keeps what is told of products of a list; on the disk when it returns. How many it kept:
        of one list no more than LIST_ROWS products.

        The same told again changes nothing. `day` is today in UTC unless given. Then drops what is
        older or more than the bounds allow. Raises CatalogError.
        """
        today = day or _today()
        with self._database.writing():
            found = self._database.rows("SELECT product FROM choices WHERE list = ?", (shown.id,))
            places = dict.fromkeys([*(product for (product,) in found), *(t.product for t in told)])
            room = set(islice(places, max(LIST_ROWS, len(found))))
            kept = [one for one in told if one.product in room]
            self._database.executemany(_ADD, [_row(shown, one, today.isoformat()) for one in kept])
            self._drop(today)
        return len(kept)

    def purge(self, today: date | None = None) -> None:
        """Drops what is older or more than the bounds allow. Raises CatalogError."""
        with self._database.writing():
            self._drop(today or _today())

    def _drop(self, today: date) -> None:
        self._database.execute("DELETE FROM choices WHERE day < ?", (self._first(today),))
        self._database.execute(
            "DELETE FROM choices WHERE rowid <= (SELECT max(rowid) FROM choices) - ?",
            (self._bounds.rows,),
        )

    def _first(self, today: date) -> str:
        """The first day that may be kept."""
        return (today - timedelta(days=self._bounds.days)).isoformat()

    def choices(self, since: str = "", today: date | None = None) -> Iterator[Choice]:
        """The products that were shown from the day `since` on, in the order they came; never of a
        day before the bounds, although nothing dropped it yet.
        """
        since = max(since, self._first(today or _today()))
        with self._database.reading():
            for batch in self._database.batches(_READ, (since,)):
                yield from map(_choice, batch)


def _today() -> date:
    return datetime.now(UTC).date()


def _row(shown: ShownList, told: Told, day: str) -> tuple[Any, ...]:
    of_list = (shown.id, told.product, day, shown.source, shown.category, shown.query)
    score = None if told.score is None else round(told.score, 4)
    outcome = (told.kind == kind for kind in ("clicked", "accepted", "dismissed"))
    return (*of_list, told.position, told.nearness, score, told.team, *map(int, outcome))


def _choice(row: tuple[Any, ...]) -> Choice:
    list_id, source, category, query, day, product, position, nearness, score, team = row[:10]
    shown = ShownList(list_id, source, category, query)
    outcome = (bool(value) for value in row[10:])
    return Choice(shown, day, product, position, nearness, score, team, *outcome)


def _damaged(file: Path) -> CatalogDamagedError:
    return CatalogDamagedError(
        f"{file}: damaged, or no file of feedback; move it away: a new one is begun"
    )
