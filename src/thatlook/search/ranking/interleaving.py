"""Two rankings as one list, so that shoppers decide between them without knowing it."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def team_draft(
    first: Sequence[Key], second: Sequence[Key], k: int, rng: random.Random
) -> list[tuple[Key, str]]:
    """At most `k` of both rankings, each with the team that brought it: "a", "b" or "".

    As two captains choose: in every round a coin says who goes first, and each takes the best of
    its own ranking that nobody has. Once one ranking is used up, what is left of the other follows
    for nobody: it says nothing of the two. Source: Radlinski, Kurup and Joachims, "How Does
    Clickthrough Data Reflect Retrieval Quality?", CIKM 2008.
    """
    teams: dict[Key, str] = {}
    rankings = {"a": first, "b": second}
    while len(teams) < k:
        for team in rng.sample(("a", "b"), 2):
            if not (_left(first, teams) and _left(second, teams)):
                rest = dict.fromkeys(_left(first, teams) + _left(second, teams), "")
                return list({**teams, **rest}.items())[:k]
            teams[_left(rankings[team], teams)[0]] = team
    return list(teams.items())[:k]


def _left(ranking: Sequence[Key], taken: dict[Key, str]) -> list[Key]:
    return [key for key in ranking if key not in taken]
