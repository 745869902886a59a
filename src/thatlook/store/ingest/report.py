"""What came of a feed's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from thatlook.core.errors import FeedError
from thatlook.core.progress import Progress
from thatlook.store.feed.rows import Problem

MAX_PROBLEMS: Final = 10_000
"""As many problems are kept in full; further ones are only counted."""
_ROWS: Final = ("added", "changed", "unchanged", "failed")
_COUNTS: Final = ("added", "changed", "unchanged", "removed", "failed", "kept", "unreadable")


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Counts of products; `failed` counts the rows and products that could not be taken.

    `changed` includes products whose row changed but whose picture was embedded before, and
    products that came back to the feed. `removed` left the feed. `kept` are those that the feed
    does not have but that were not marked: the ids of `unreadable` rows cannot be told, or no row
    could be taken. `problems` says what was wrong, in the feed's order as far as possible; a
    product with a problem may still have been taken, with its other pictures.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    kept: int = 0
    unreadable: int = 0
    problems: tuple[Problem, ...] = ()
    seconds: float = 0.0

    def __str__(self) -> str:
        counts = ", ".join(f"{getattr(self, name)} {name}" for name in _COUNTS[:5])
        text = f"{counts} in {self.seconds:.1f} s"
        if not self.kept:
            return text
        rows = f"rows whose id cannot be read: {self.unreadable}"
        why = rows if self.unreadable else "no row could be taken"
        return (
            f"{text}; {self.kept} products that the feed does not have were kept ({why}); "
            "--allow-removals marks them as gone"
        )

    @property
    def all_failed(self) -> bool:
        """Whether not one row could be taken."""
        return self.failed > 0 and not self.added + self.changed + self.unchanged

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook index`."""
        return {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "failed": self.failed,
            "kept": self.kept,
            "unreadable": self.unreadable,
            "problems": [problem.to_dict() for problem in self.problems],
            "seconds": round(self.seconds, 3),
        }


class Tally:
    """Counts while a feed is read, and moves the bar. `strict` makes every problem an error."""

    def __init__(self, bar: Progress, *, strict: bool) -> None:
        self._bar = bar
        self._strict = strict
        self._counts = dict.fromkeys(_COUNTS, 0)
        self._problems: list[Problem] = []

    def count(self, name: str, number: int = 1) -> None:
        """Adds to one of the report's counts."""
        self._counts[name] += number
        if name in _ROWS:
            self._bar.update(number)

    def problem(self, line: int, product_id: str, message: str) -> None:
        """Notes what was wrong; raises it as FeedError where that was asked for."""
        problem = Problem(line, product_id, message)
        if self._strict:
            raise FeedError(str(problem))
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(problem)

    def first_problem(self) -> Problem | None:
        """The problem of the lowest line so far, or None."""
        return min(self._problems, key=lambda problem: problem.line, default=None)

    @property
    def taken(self) -> int:
        """How many rows were taken so far."""
        return sum(self._counts[name] for name in _ROWS) - self._counts["failed"]

    def report(self, seconds: float) -> IngestReport:
        """The counts so far."""
        problems = tuple(sorted(self._problems, key=lambda problem: problem.line))
        return IngestReport(**self._counts, problems=problems, seconds=seconds)
