"""The report on feedback: click-through rates by what was shown, and the verdict of shoppers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from thatlook.evaluate.feedback.rates import Rate, rates
from thatlook.evaluate.feedback.verdict import Verdict, verdict
from thatlook.store.feedback.records import Choice

BY: Final[Mapping[str, Callable[[Choice], str]]] = {
    "position": lambda choice: f"{choice.position:>3}" if choice.position <= MOST else f">{MOST}",
    "category": lambda choice: choice.shown.category or "all",
    "nearness": lambda choice: choice.nearness or "none",
    "source": lambda choice: choice.shown.source,
}
"""What rates are given by."""
MOST: Final = 20
"""Positions behind this one are counted together."""
SURE: Final = 0.05
"""Below this probability a difference is called no chance."""


@dataclass(frozen=True, slots=True)
class FeedbackReport:
    """What there is of feedback; `by` has rates by name and value."""

    lists: int
    days: tuple[str, str]
    every: Rate
    by: Mapping[str, Mapping[str, Rate]]
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook feedback report`; `interleaving` null where nothing was."""
        return {
            "lists": self.lists,
            "first_day": self.days[0],
            "last_day": self.days[1],
            "all": self.every.to_dict(),
            "by": {
                name: {value.strip(): rate.to_dict() for value, rate in found.items()}
                for name, found in self.by.items()
            },
            "interleaving": self.verdict.to_dict() if self.verdict.lists else None,
        }

    def table(self) -> str:
        """The report as text."""
        first, last = self.days
        head = f"{self.every.shown} products shown in {self.lists} lists, {first} to {last}"
        columns = f"{'':<14}{'shown':>8}{'clicked':>9}{'accepted':>10}{'dismissed':>11}"
        lines = [head, "", f"{columns}  click-through (95 %)", _line("all", self.every)]
        for name, found in self.by.items():
            lines += ["", f"by {name}", *(_line(value, rate) for value, rate in found.items())]
        return "\n".join([*lines, "", *_told(self.verdict)])


def _line(name: str, rate: Rate) -> str:
    low, high = rate.interval
    counts = f"{rate.shown:>8}{rate.clicked:>9}{rate.accepted:>10}{rate.dismissed:>11}"
    return f"{name:<14}{counts}  {rate.share:.3f} ({low:.3f} to {high:.3f})"


def _told(found: Verdict) -> list[str]:
    if not found.lists:
        return ["no rankings were interleaved"]
    better = "b" if found.wins_b > found.wins_a else "a"
    words = f"shoppers prefer {better}" if found.p < SURE else "no difference is sure yet"
    won = f"a won {found.wins_a} lists, b {found.wins_b}, nobody {found.ties}"
    return [
        f"interleaved: {won}; b's share {found.share_b:.3f}",
        f"{words} (two-sided sign test, p = {found.p:.2g})",
    ]


def report(choices: Sequence[Choice]) -> FeedbackReport:
    """The report on the choices, at least one."""
    days = [choice.day for choice in choices]
    (every,) = rates(choices, lambda _: "all").values()
    return FeedbackReport(
        lists=len({choice.shown.id for choice in choices}),
        days=(min(days), max(days)),
        every=every,
        by={name: rates(choices, key) for name, key in BY.items()},
        verdict=verdict(choices),
    )
