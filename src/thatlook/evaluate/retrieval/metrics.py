"""What is counted of a ranking: pure functions on arrays.

A query's `hits` are whether each of its first candidates is an answer, best first, and `answers`
how many there are among all candidates. A query without an answer, or that was not asked, is NaN:
it counts nowhere, and `trials.counts` says how many those are.

Recall@k is the share of queries with an answer among the first k, as the literature on metric
learning has it. Average precision and discounted gain are of the first k, divided by the best that
any ranking could reach (Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR
techniques", 2002). Written here, and held against scikit-learn in the tests: its functions want one
dense row of scores per query, 8,429 by 8,429, and average over ties, where ties here count against
the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DEPTHS: Final = (1, 5, 10, 20)
DEPTH: Final = 10
"""Of average precision, gain and precision."""
NOBODY: Final = -1
"""A place of a ranking that no candidate takes."""


def ranked(scores: NDArray[np.floating[Any]], allowed: Bools, wrong_first: Bools, k: int) -> Ints:
    """Per query, the gallery rows of its `k` best candidates, best first; NOBODY where there are
    fewer.

    `scores`, `allowed` (is a candidate) and `wrong_first` are (queries, gallery). Among equal
    scores those that `wrong_first` does not mark as answers come first, then the earlier row: a
    network that says one thing of all is not right by chance.
    """
    found = np.full((len(scores), k), NOBODY, np.int64)
    for row, values in enumerate(scores):
        indices = np.flatnonzero(allowed[row])
        if len(indices) > k:
            kth = np.partition(values[indices], -k)[-k]
            indices = indices[values[indices] >= kth]  # and all that equal the last
        order = np.lexsort((indices, wrong_first[row, indices], -values[indices]))[:k]
        found[row, : len(order)] = indices[order]
    return found


def counted(hits: Bools, answers: Ints, candidates: Ints) -> dict[str, Floats]:
    """Every metric of every query, by name: r1 r5 r10 r20 map10 ndcg10 p10 p10_ceiling.

    `hits` (queries, at least 20 columns), `answers` and `candidates` (queries,). Precision counts
    queries without an answer as 0, and divides by the candidates there are where those are fewer
    than 10; `p10_ceiling` is the best that any ranking could reach.
    """
    asked = answers > 0
    out = {f"r{k}": _known(np.asarray(hits[:, :k].any(axis=1)), asked) for k in DEPTHS}
    first = hits[:, :DEPTH].astype(np.float64)
    place = np.arange(1, DEPTH + 1)
    possible = np.minimum(np.maximum(answers, 1), DEPTH)
    precision = np.cumsum(first, axis=1) / place
    out[f"map{DEPTH}"] = _known((precision * first).sum(axis=1) / possible, asked)
    gain = 1 / np.log2(place + 1)
    out[f"ndcg{DEPTH}"] = _known((first @ gain) / np.cumsum(gain)[possible - 1], asked)
    room = np.minimum(candidates, DEPTH)
    some = candidates > 0
    out[f"p{DEPTH}"] = _known(first.sum(axis=1) / np.maximum(room, 1), some)
    out[f"p{DEPTH}_ceiling"] = _known(np.minimum(answers, room) / np.maximum(room, 1), some)
    return out


def _known(values: NDArray[Any], known: Bools) -> Floats:
    found: Floats = np.where(known, np.asarray(values, np.float64), np.nan)
    return found


def means(values: Mapping[str, Floats]) -> dict[str, float]:
    """The mean of each metric over the queries that count; NaN where none does."""
    return {name: mean(column) for name, column in values.items()}


def mean(column: Floats, weights: Floats | None = None) -> float:
    """The mean, weighted where `weights` are given, without NaN; NaN where nothing is left."""
    known = ~np.isnan(column)
    if not known.any():
        return float("nan")
    return float(np.average(column[known], weights=None if weights is None else weights[known]))


class Bootstrap:
    """Confidence intervals by resampling queries (Efron's percentile bootstrap, 1979).

    With `clusters`, a word per query, queries of one word are drawn together (the cluster
    bootstrap, Field and Welsh, 2007): seventy shirts that one shop names alike are right or wrong
    together, and an interval that takes them for seventy cases is too narrow.

    The same resamples serve every metric and every encoder of a trial, so that differences can be
    resampled too. The same seed gives the same intervals.
    """

    def __init__(
        self, queries: int, rounds: int = 1000, seed: int = 0, clusters: Sequence[str] = ()
    ) -> None:
        rng = np.random.default_rng(seed)
        owner = np.unique(clusters, return_inverse=True)[1] if clusters else np.arange(queries)
        count = int(owner.max(initial=-1)) + 1
        shares = np.full(count, 1 / max(1, count))
        drawn = rng.multinomial(count, shares, size=rounds)
        self._counts = drawn[:, owner].astype(np.float64)

    @property
    def counts(self) -> Floats:
        """How often each query is in each resample: (rounds, queries)."""
        return self._counts

    def interval(
        self, column: Floats, level: float = 0.95, weights: Floats | None = None
    ) -> tuple[float, float]:
        """Where the mean of `column` (queries,), weighted where `weights` are given, lies in
        `level` of the resamples; NaN counts nowhere, and both ends are NaN where nothing is left.
        """
        known = ~np.isnan(column)
        if not known.any():
            return float("nan"), float("nan")
        share = known * (1.0 if weights is None else weights)
        weights = self._counts @ share
        sums = self._counts @ np.where(known, column * share, 0.0)
        resampled = sums[weights > 0] / weights[weights > 0]
        low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its confidence interval, of `count` queries."""

    value: float
    low: float
    high: float
    count: int

    def to_list(self) -> list[float]:
        """Value, low, high, count: its JSON."""
        return [self.value, self.low, self.high, self.count]


def estimate(
    column: Floats,
    bootstrap: Bootstrap,
    among: Bools | None = None,
    weights: Floats | None = None,
) -> Estimate:
    """The mean, weighted or not, of the queries `among` which it is taken, with its interval."""
    kept = column if among is None else np.where(among, column, np.nan)
    low, high = bootstrap.interval(kept, weights=weights)
    return Estimate(mean(kept, weights), low, high, int((~np.isnan(kept)).sum()))


def proportional(asked: Sequence[str], offered: Sequence[str]) -> Floats:
    """Weights of the queries (queries,), their mean 1, that give each word the share among them
    that it has in the gallery (post-stratification).

    Words of the gallery that no query has are left out: nothing is known of them.
    """
    words, own, many = np.unique(asked, return_inverse=True, return_counts=True)
    there = np.array([np.count_nonzero(np.asarray(offered) == word) for word in words], float)
    weights: Floats = (there / many)[own]
    return weights / weights.mean() if weights.any() else np.ones(len(own))
