"""Scores and the order of matches: calibration, duplicates, diversity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import ModelError
from thatlook.core.records import NEARNESS
from thatlook.core.taxonomy import category_prominence
from thatlook.search.ranking.reasons import Agreement
from thatlook.search.request import Boost

Floats = NDArray[np.floating[Any]]

_PRODUCT: Final = 2**18
"""Multiplications in one matrix product: OpenBLAS spreads larger ones over threads, which then
wait awake and take the cores from the networks."""

SAME_PICTURE: Final = 0.998
"""Two products whose vectors are more alike than this show one picture under two ids."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A logistic curve from similarity to score, moved by what the reasons say.

    `moves` are similarities to add, by "same type", "other color" and the like.
    """

    slope: float = 8.0
    middle: float = 0.55
    moves: Mapping[str, float] = field(default_factory=dict)

    def worth(self, similarity: float, agreement: Agreement) -> float:
        """The similarity, moved by whether type and color agree: what orders matches."""
        return similarity + self.move(agreement)

    def move(self, agreement: Agreement) -> float:
        """What is added to the similarity of a product that agrees so."""
        told = (f"{agreement.type} type", f"{agreement.color} color")
        return sum(self.moves.get(name, 0.0) for name in told)

    def worth_of(self, score: float) -> float:
        """The worth that has this score, within 0..1."""
        return self.middle + math.log(score / (1 - score)) / self.slope

    def score(self, worth: float) -> float:
        """The score, 0..1, rising with the worth."""
        steps = self.slope * (worth - self.middle)
        return 1.0 / (1.0 + math.exp(-min(max(steps, -500.0), 500.0)))


@dataclass(frozen=True, slots=True)
class NearnessScale:
    """What a score is called: "very close" or "similar" from these scores on, else "same idea"."""

    very_close: float = 0.5
    similar: float = 0.2

    def word(self, score: float) -> str:
        """One of NEARNESS."""
        return NEARNESS[(score < self.very_close) + (score < self.similar)]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The curve of each category; part of the embedding network's registry entry.

    A score is an estimate of the probability that a product is a good match: docs/scores.md says
    what that is and how it was fitted. `default` serves categories without a curve, `worn` all
    articles that somebody wears in a photo, where the entry has it.
    """

    default: Curve = Curve()
    categories: Mapping[str, Curve] = field(default_factory=dict)
    worn: Curve | None = None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """The curves in a registry entry: {"default": {"slope", "middle"}, "topwear": ...}, among
        them "worn", which may have "moves".

        Raises ModelError where an entry is not of this form.
        """
        try:
            curves = {name: _curve(numbers) for name, numbers in entry.items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"calibration: expected slope and middle per category, not {dict(entry)}"
            ) from error
        worn = curves.pop("worn", None)
        return cls(curves.pop("default", Curve()), curves, worn)

    def curve(self, category: str, *, worn: bool = False) -> Curve:
        """The curve of a category's articles, or of those `worn` in a photo."""
        own = self.categories.get(category, self.default)
        return own if self.worn is None or not worn else self.worn


def _curve(numbers: Mapping[str, Any]) -> Curve:
    moves = {str(name): float(value) for name, value in numbers.get("moves", {}).items()}
    return Curve(float(numbers["slope"]), float(numbers["middle"]), moves)


def distinct(vectors: Floats, limit: int) -> list[int]:
    """Places of the first `limit` vectors (n, dim) that show no picture shown before.

    Vectors are unit length, best first; of several alike the first is kept.
    """
    kept = np.zeros(0, np.int64)
    step = max(1, math.isqrt(_PRODUCT // vectors.shape[1]))
    for start in range(0, len(vectors), step):
        rows = vectors[start : start + step]
        new = np.ones(len(rows), bool)
        for first in range(0, len(kept), step):
            shown = vectors[kept[first : first + step]]
            new &= (rows @ shown.T < SAME_PICTURE).all(axis=1)
        alike = rows @ rows.T >= SAME_PICTURE
        for row in np.flatnonzero(alike.sum(axis=1) > 1):  # ascending: those before are settled
            new[row] &= not new[:row][alike[row, :row]].any()
        kept = np.append(kept, start + np.flatnonzero(new))
        if len(kept) >= limit:
            break
    return [int(place) for place in kept[:limit]]


def show_same_picture(vectors: Floats, query: Floats, look: slice) -> NDArray[np.bool_]:
    """Which of the vectors (n, dim) show the very picture that the query (dim,) shows: the numbers
    `look` of both, which no shop's word changes, point the same way.
    """
    own, theirs = query[look], vectors[:, look]
    lengths = np.sqrt((own @ own) * np.einsum("nd,nd->n", theirs, theirs))
    return np.asarray((theirs @ own >= SAME_PICTURE * lengths) & (lengths > 0))


CLEARLY_BETTER: Final = 0.05
"""A product more alike by this than one that is shown is not left out for variety."""


def diverse(similarities: Floats, vectors: Floats, k: int, diversity: float) -> list[int]:
    """Places of k of the candidates, in the order in which maximal marginal relevance takes them.

    Each step takes the largest (1 - diversity) * similarity to the query - diversity * largest
    similarity to what was taken; ties by index. `diversity` 0 keeps the order of similarity.
    Nothing is left out that is CLEARLY_BETTER than something taken: what is half of that above
    the k-th best is taken first, what is half of it below is not taken.
    Source: Carbonell and Goldstein, SIGIR 1998. `vectors` are unit (n, dim).
    """
    k = min(k, len(similarities))
    if not k:
        return []
    kth = np.sort(similarities)[-k]
    sure = similarities > kth + CLEARLY_BETTER / 2
    far = similarities < kth - CLEARLY_BETTER / 2
    first, unsure = np.count_nonzero(sure), np.where(sure, 0.0, -np.inf)
    alike = np.zeros(len(similarities))
    relevance = np.where(far, -np.inf, (1 - diversity) * similarities)
    taken: list[int] = []
    while len(taken) < k:
        worth = relevance - diversity * alike
        if len(taken) < first:
            worth += unsure
        best = int(worth.argmax())
        taken.append(best)
        relevance[best] = -np.inf
        np.maximum(alike, vectors @ vectors[best], out=alike)
    return taken


def most_prominent(candidates: Sequence[tuple[str, float, float]]) -> int | None:
    """The index of the article a shopper most likely means, or None when there is none.

    Each candidate is (category, score, area). The square root of the area counts, so that a
    large coat does not always beat the dress under it.
    """
    if not candidates:
        return None
    weight = category_prominence()
    weights = [weight[c] * score * math.sqrt(area) for c, score, area in candidates]
    return max(range(len(weights)), key=weights.__getitem__)


def cheapness(prices: Sequence[float | None]) -> list[float]:
    """Which share of the others that have a price costs more, 0..1; 0 for one without a price."""
    amounts = np.array([np.nan if price is None else price for price in prices])
    known = np.sort(amounts[~np.isnan(amounts)])
    dearer = len(known) - np.searchsorted(known, amounts, side="right")
    shares: list[float] = np.where(np.isnan(amounts), 0.0, dearer / max(1, len(known) - 1)).tolist()
    return shares


def boost_of(values: Sequence[str], boosts: Sequence[Boost]) -> float:
    """The sum of the weights of the boosts whose value a product has; `values` are what it has in
    the fields of the boosts, in their order.
    """
    pairs = zip(values, boosts, strict=True)
    return sum(boost.weight for value, boost in pairs if value.lower() == boost.value.lower())
