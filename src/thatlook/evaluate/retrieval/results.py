"""A trial with the answers of every encoder: its figures with their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from thatlook.evaluate.retrieval.encoders import NETWORK
from thatlook.evaluate.retrieval.metrics import Bootstrap, Estimate, estimate
from thatlook.evaluate.retrieval.trials import Trial, TrialRankings, counts, subsets

METRICS: Final = ("r1", "r5", "r10", "r20", "map10", "ndcg10", "p10", "p10_ceiling")


@dataclass(frozen=True, slots=True, eq=False)
class TrialResult:
    """What was measured of one trial. `half` is the network's with half-precision storage."""

    trial: Trial
    encoders: Mapping[str, TrialRankings]
    half: TrialRankings
    bootstrap: Bootstrap
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def network(self) -> TrialRankings:
        """The answers of the network that is measured."""
        return self.encoders[NETWORK]

    def figure(self, metric: str, notion: str = "", encoder: str = NETWORK) -> Estimate:
        """One figure; the trial's main notion where none is given."""
        values = self.encoders[encoder].values[notion or self.trial.main][metric]
        return estimate(values, self.bootstrap)

    def difference(self, metric: str, notion: str, encoder: str) -> Estimate:
        """What an encoder has more than the network, query by query, with its interval."""
        other, own = (self.encoders[e].values[notion][metric] for e in (encoder, NETWORK))
        return estimate(other - own, self.bootstrap)

    def mixed(self, metric: str, notion: str, encoder: str = NETWORK) -> Estimate:
        """One figure with the queries mixed as the gallery is, by the trial's `proportions`."""
        values = self.encoders[encoder].values[notion][metric]
        return estimate(values, self.bootstrap, weights=self.trial.proportions)

    def by_subset(
        self, metrics: Sequence[str] = METRICS, notion: str = ""
    ) -> dict[str, dict[str, Estimate]]:
        """The network's figures per category and side of the queries; of the main notion where
        none is given.
        """
        values = self.network.values[notion or self.trial.main]
        return {
            name: {metric: estimate(values[metric], self.bootstrap, among) for metric in metrics}
            for name, among in subsets(self.trial).items()
        }

    def half_costs(self) -> dict[str, float]:
        """By notion and metric, what half precision loses, in points (hundredths)."""
        return {
            f"{notion}_{metric}": 100
            * (self.network.figure(notion, metric) - self.half.figure(notion, metric))
            for notion in self.trial.notions
            for metric in METRICS
            if not metric.endswith("ceiling")
        }

    @property
    def _mixes(self) -> bool:
        return self.trial.proportions is not None

    def _proportional(self) -> dict[str, Any]:
        return {
            name: {
                notion: {m: self.mixed(m, notion, name).to_list() for m in METRICS}
                for notion in self.trial.notions
            }
            for name in self.encoders
        }

    def to_dict(self) -> dict[str, Any]:
        """Its JSON; each figure is value, low, high and the number of queries."""
        return {
            "title": self.trial.title,
            "what": self.trial.lead,
            "main": self.trial.main,
            "counts": dict(self.counts),
            "encoders": {
                name: {
                    notion: {m: self.figure(m, notion, name).to_list() for m in METRICS}
                    for notion in self.trial.notions
                }
                for name in self.encoders
            },
            **({"proportional": self._proportional()} if self._mixes else {}),
            "subsets": {
                notion: {
                    name: {metric: one.to_list() for metric, one in row.items()}
                    for name, row in self.by_subset(notion=notion).items()
                }
                for notion in self.trial.notions
            },
            "half_precision_points_lost": self.half_costs(),
        }


def result_of(
    trial: Trial, encoders: Mapping[str, TrialRankings], half: TrialRankings, rounds: int
) -> TrialResult:
    """The result of a trial, its intervals from `rounds` resamples of the queries' clusters."""
    bootstrap = Bootstrap(len(trial.queries), rounds, clusters=trial.clusters)
    return TrialResult(trial, encoders, half, bootstrap, counts(trial))


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """What detection costs retrieval: the same queries with true and with found boxes.

    Figures are Recall@k by name; `lost` the difference, which is resampled as such.
    """

    name: str
    queries: int
    not_found: int
    true: Mapping[str, float]
    detected: Mapping[str, float]
    lost: Mapping[str, Estimate]

    def line(self) -> str:
        """One line for people."""
        told = []
        for metric, lost in self.lost.items():
            told.append(
                f"Recall@{metric[1:]} {self.true[metric]:.3f} with true boxes, "
                f"{self.detected[metric]:.3f} with those found: {100 * lost.value:.1f} points lost "
                f"({100 * lost.low:.1f} to {100 * lost.high:.1f})"
            )
        missed = f"{self.not_found} of {self.queries} articles were not found"
        return f"{self.name}: {'; '.join(told)}; {missed}"

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "queries": self.queries,
            "not_found": self.not_found,
            "true": dict(self.true),
            "detected": dict(self.detected),
            "lost": {name: one.to_list() for name, one in self.lost.items()},
        }


def budgets(results: Sequence[TrialResult]) -> Iterator[ErrorBudget]:
    """The error budget of every trial that was also measured with found boxes."""
    by_name = {result.trial.name: result for result in results}
    for name, found in by_name.items():
        base = name.removesuffix("_detected")
        if base == name or base not in by_name:
            continue
        true, metrics = by_name[base], ("r1", "r10")
        values = {
            metric: [r.network.values[r.trial.main][metric] for r in (true, found)]
            for metric in metrics
        }
        yield ErrorBudget(
            base,
            found.counts["queries"],
            found.counts["not_found"],
            {metric: true.figure(metric).value for metric in metrics},
            {metric: found.figure(metric).value for metric in metrics},
            {m: estimate(np.subtract(*values[m]), true.bootstrap) for m in metrics},
        )
