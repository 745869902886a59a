"""Which of two interleaved rankings shoppers prefer, and whether that may be chance."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from thatlook.store.feedback.records import Choice


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of the lists with products of both teams, how many each won, and how many nobody did.

    A list is won by the team of which more products were taken (clicked or accepted).
    """

    wins_a: int
    wins_b: int
    ties: int

    @property
    def lists(self) -> int:
        """How many lists were interleaved."""
        return self.wins_a + self.wins_b + self.ties

    @property
    def share_b(self) -> float:
        """The part of the lists that b won, ties half each; 0.5 where there are none."""
        return (self.wins_b + self.ties / 2) / self.lists if self.lists else 0.5

    @property
    def p(self) -> float:
        """How probable so clear a result, or a clearer one, is by chance: the two-sided sign test,
        exact, ties left out.
        """
        return sign_test(self.wins_a, self.wins_b)

    def to_dict(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "lists": self.lists,
            "wins_a": self.wins_a,
            "wins_b": self.wins_b,
            "ties": self.ties,
            "share_b": round(self.share_b, 4),
            "p": float(f"{self.p:.3g}"),
        }


def verdict(choices: Iterable[Choice]) -> Verdict:
    """The verdict over the choices; lists in which not both teams were shown do not count."""
    teams: dict[str, set[str]] = defaultdict(set)
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    for choice in choices:
        if choice.team:
            teams[choice.shown.id].add(choice.team)
            taken[choice.shown.id][choice.team] += choice.taken
    leads = [taken[one]["a"] - taken[one]["b"] for one, seen in teams.items() if len(seen) == 2]
    wins_a, wins_b = sum(lead > 0 for lead in leads), sum(lead < 0 for lead in leads)
    return Verdict(wins_a, wins_b, len(leads) - wins_a - wins_b)


def sign_test(wins: int, losses: int) -> float:
    """The probability that of fair coins as many as both fall at least as unevenly."""
    n, few = wins + losses, min(wins, losses)
    if wins == losses:
        return 1.0
    probabilities = (math.exp(_log_probability(n, k)) for k in range(few + 1))
    return min(1.0, 2 * math.fsum(probabilities))


def _log_probability(n: int, k: int) -> float:
    """The logarithm of the probability that k of n fair coins fall on one side."""
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return ways - n * math.log(2)
