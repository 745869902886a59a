"""The exact choice against trying everything."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import numpy as np
import pytest

from thatlook.search.completing.solver import Problem, best


def value(problem, chosen):
    own = sum(float(problem.own[s][c]) for s, c in enumerate(chosen))
    slots = range(len(chosen))
    pairs = (
        float(problem.pairs[i, j][chosen[i], chosen[j]]) for i in slots for j in slots if j > i
    )
    return own + sum(pairs)


def by_trying(problem, taken, differing):
    """The best value of all choices that may be; None where none may."""
    values = []
    for chosen in product(*(range(len(own)) for own in problem.own)):
        cost = sum(problem.prices[s][c] for s, c in enumerate(chosen))
        apart = [sum(a != b for a, b in zip(chosen, one, strict=True)) for one in taken]
        if cost <= problem.budget and all(count >= differing for count in apart):
            values.append(value(problem, chosen))
    return max(values, default=None)


@pytest.mark.parametrize("seed", range(40))
def test_the_choice_is_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, size=rng.integers(1, 5))
    slots = range(len(sizes))
    problem = Problem(
        [rng.normal(size=n) for n in sizes],
        {(i, j): rng.normal(size=(sizes[i], sizes[j])) for i in slots for j in slots if j > i},
        [[Decimal(int(p)) for p in rng.integers(1, 30, size=n)] for n in sizes],
        Decimal(int(rng.integers(5, 60))),
    )
    taken = []
    for _ in range(3):
        chosen = best(problem, taken, 1)
        expected = by_trying(problem, taken, 1)
        if expected is None:
            assert chosen is None
            return
        assert value(problem, chosen) == pytest.approx(expected)
        taken.append(chosen)


def test_equal_choices_come_in_the_order_of_places():
    problem = Problem([np.zeros(3), np.zeros(2)], {(0, 1): np.zeros((3, 2))})
    assert best(problem) == [0, 0]
    assert best(problem, [[0, 0]], 2) == [1, 1]
