"""The best choices of one candidate per slot within a budget: branch and bound, exact.

The value of a choice is the sum of the candidates' own values and of the values of their pairs.
Slots are filled in order; a branch is left when even the best own and pair values of what is not
chosen yet would not reach the best whole choice found (Land and Doig, Econometrica 1960), or when
the cheapest of the rest no longer fit the budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]

EPSILON: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """`own` holds the values of each slot's candidates, `pairs` those of two slots' candidates
    (n, m) by the slots' indices (i, j), i < j; `prices` the candidates' prices, None where there is
    no budget.
    """

    own: Sequence[Values]
    pairs: Mapping[tuple[int, int], Values]
    prices: Sequence[Sequence[Decimal]] | None = None
    budget: Decimal | None = None


def best(
    problem: Problem, taken: Sequence[Sequence[int]] = (), differing: int = 1
) -> list[int] | None:
    """The indices of the chosen candidates, one per slot; None where no choice is possible.

    A choice differs from each of those `taken` in so many slots. Of equal ones the first in the
    order of indices is chosen.
    """
    search = _Search(problem, [list(one) for one in taken], differing)
    search.extend([], 0.0)
    return search.best


class _Search:
    def __init__(self, problem: Problem, taken: Sequence[list[int]], differing: int) -> None:
        self._problem = problem
        self._taken, self._differing = taken, differing
        self._hope = self._hopes()
        self._floor = self._floors()
        self.best: list[int] | None = None
        self._value = -np.inf

    def _hopes(self) -> list[float]:
        """Per slot the most that it and all later ones can add among themselves."""
        slots = range(len(self._problem.own))
        hope = [0.0] * (len(slots) + 1)
        for slot in reversed(slots):
            later = sum(float(self._problem.pairs[slot, j].max()) for j in slots if j > slot)
            hope[slot] = hope[slot + 1] + float(self._problem.own[slot].max()) + later
        return hope

    def _floors(self) -> list[Decimal]:
        """Per slot what it and all later ones cost at least."""
        prices = self._problem.prices or []
        floor = [Decimal(0)] * (len(self._problem.own) + 1)
        for slot in reversed(range(len(prices))):
            floor[slot] = floor[slot + 1] + min(prices[slot])
        return floor

    def extend(self, chosen: list[int], value: float) -> None:
        """Tries every candidate of the next slot."""
        slot = len(chosen)
        if slot == len(self._problem.own):
            if self._differs(chosen):
                self.best, self._value = list(chosen), value
            return
        gains = self._problem.own[slot].astype(np.float64).copy()
        for index, candidate in enumerate(chosen):
            gains += self._problem.pairs[index, slot][candidate]
        for candidate in np.argsort(-gains, kind="stable"):
            reached = value + float(gains[candidate])
            if reached + self._rest(slot, [*chosen, int(candidate)]) <= self._value + EPSILON:
                continue
            if self._fits(chosen, slot, int(candidate)):
                self.extend([*chosen, int(candidate)], reached)

    def _rest(self, slot: int, chosen: list[int]) -> float:
        """The most that the later slots can still add."""
        later = range(slot + 1, len(self._problem.own))
        crossed = sum(
            float(self._problem.pairs[index, j][candidate].max())
            for index, candidate in enumerate(chosen)
            for j in later
        )
        return self._hope[slot + 1] + crossed

    def _fits(self, chosen: Sequence[int], slot: int, candidate: int) -> bool:
        prices, budget = self._problem.prices, self._problem.budget
        if prices is None or budget is None:
            return True
        spent = sum((prices[s][c] for s, c in enumerate(chosen)), prices[slot][candidate])
        return spent + self._floor[slot + 1] <= budget

    def _differs(self, chosen: Sequence[int]) -> bool:
        return all(
            sum(one != other for one, other in zip(chosen, taken, strict=True)) >= self._differing
            for taken in self._taken
        )
