"""What came of a feed's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from thatlook.feed.rows import Problem

MOST_PROBLEMS: Final = 10_000
"""As many problems are kept in full; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Counts of products; `failed` counts the rows and products that could not be taken.

    `changed` includes products whose row changed but whose picture was embedded before, and
    products that came back to the feed. `removed` left the feed. `problems` says what was wrong,
    in the feed's order as far as possible; a product with a problem may still have been taken,
    with its other pictures.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    problems: tuple[Problem, ...] = ()
    seconds: float = 0.0

    def __str__(self) -> str:
        counts = ", ".join(
            f"{getattr(self, name)} {name}"
            for name in ("added", "changed", "unchanged", "removed", "failed")
        )
        return f"{counts} in {self.seconds:.1f} s"

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook index`."""
        return {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "failed": self.failed,
            "problems": [problem.to_dict() for problem in self.problems],
            "seconds": round(self.seconds, 3),
        }
