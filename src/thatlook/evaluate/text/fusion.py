"""Another way to make one order of several: reciprocal rank fusion, to compare ours with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from thatlook.search.words.searcher import Ranked

RANK_CONSTANT: Final = 60
"""Cormack, Clarke and Buettcher, SIGIR 2009."""


def by_reciprocal_rank(found: Sequence[Ranked]) -> list[str]:
    """The ids of the candidates by the sum, over the parts of their score, of 1 / (60 + rank).

    Candidates with the same value in a part share its best rank; ties of the sum by id.
    """
    totals = dict.fromkeys((one.facts.entry.id for one in found), 0.0)
    for part in sorted({name for one in found for name in one.parts}):
        values = [one.parts.get(part, 0.0) for one in found]
        ordered = sorted(values, reverse=True)
        ranks = {value: ordered.index(value) + 1 for value in set(values)}
        for one, value in zip(found, values, strict=True):
            totals[one.facts.entry.id] += 1 / (RANK_CONSTANT + ranks[value])
    return sorted(totals, key=lambda id_: (-totals[id_], id_))
