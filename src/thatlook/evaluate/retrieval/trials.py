"""A trial: what is asked, what it is asked of, what counts as an answer; and its measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.evaluate.retrieval.cache import Vectors
from thatlook.evaluate.retrieval.crops import Crop, digest_of
from thatlook.evaluate.retrieval.metrics import DEPTHS, NOBODY, counted, mean, ranked

Floats = NDArray[np.float32]
Words = Sequence[str]

BLOCK: Final = 512
PLACES: Final = max(DEPTHS)


@dataclass(frozen=True, slots=True, eq=False)
class Relevance:
    """What makes a product of the gallery an answer: it has the query's label.

    A query whose label is "" is not asked.
    """

    queries: Words
    gallery: Words


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Queries, a gallery, and what counts.

    A query that is None could not be put (nothing was found in the photo): a miss, not an
    exception. `notions` are the ways to be an answer, `main` the one of boards and headlines.
    `part` are words of queries and gallery that must be equal for a product to be a candidate at
    all, `apart` words that must not be: the query itself, or its photographer. `categories` are
    one per query, `sides` further subsets of the queries to be told apart.
    """

    name: str
    title: str
    lead: str
    queries: Sequence[Crop | None]
    gallery: Sequence[Crop]
    notions: Mapping[str, Relevance]
    main: str
    categories: Words
    part: Relevance | None = None
    apart: Relevance | None = None
    sides: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    captions: Words = ()
    """Of the gallery, for boards."""
    clusters: Words = ()
    """Of the queries: those that are right or wrong together, such as variants, have one word."""
    proportions: NDArray[np.float64] | None = None
    """Weights of the queries that mix them as the gallery is mixed."""


@dataclass(frozen=True, slots=True, eq=False)
class TrialRankings:
    """One encoder's answers to a trial: `rows` (queries, 20) of the gallery, best first, their
    `scores`, and every metric of every query by notion and name.
    """

    rows: NDArray[np.int64]
    scores: Floats
    values: Mapping[str, Mapping[str, NDArray[np.float64]]]

    def figure(self, notion: str, metric: str) -> float:
        """The mean over the queries that count."""
        return mean(self.values[notion][metric])


def measure(trial: Trial, vectors: Vectors, *, half: bool = False) -> TrialRankings:
    """The encoder's rankings and what is counted of them.

    With `half` the gallery's vectors are stored in half precision, as a small catalog would.
    """
    gallery = vectors.of(trial.gallery)
    asked = np.array([crop is not None for crop in trial.queries])
    queries = np.zeros((len(asked), gallery.shape[1]), np.float32)
    if asked.any():
        queries[asked] = vectors.of([crop for crop in trial.queries if crop is not None])
    if half:
        gallery = gallery.astype(np.float16).astype(np.float32)
    return _measured(trial, queries, gallery, asked)


def _measured(
    trial: Trial, queries: Floats, gallery: Floats, asked: NDArray[np.bool_]
) -> TrialRankings:
    blocks = [
        _block(trial, slice(start, start + BLOCK), queries, gallery, asked)
        for start in range(0, len(queries), BLOCK)
    ]
    rows = np.concatenate([block[0] for block in blocks])
    scores = np.concatenate([block[1] for block in blocks])
    values = {
        notion: {
            name: np.concatenate([block[2][notion][name] for block in blocks])
            for name in blocks[0][2][notion]
        }
        for notion in trial.notions
    }
    return TrialRankings(rows, scores, values)


def _block(
    trial: Trial, part: slice, queries: Floats, gallery: Floats, asked: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Floats, dict[str, dict[str, NDArray[np.float64]]]]:
    allowed = candidates_of(trial, part)
    answers = {name: _equal(notion, part) for name, notion in trial.notions.items()}
    scores = queries[part] @ gallery.T
    rows = ranked(scores, allowed & asked[part, None], answers[trial.main], PLACES)
    taken = np.take_along_axis(scores, np.maximum(rows, 0), axis=1)
    values = {}
    for name, notion in trial.notions.items():
        right = answers[name] & allowed
        hits = np.take_along_axis(right, np.maximum(rows, 0), axis=1) & (rows != NOBODY)
        counts = counted(hits, right.sum(axis=1), allowed.sum(axis=1))
        labelled = np.array([bool(word) for word in notion.queries[part]])
        values[name] = {m: np.where(labelled, column, np.nan) for m, column in counts.items()}
    return rows, taken, values


def candidates_of(trial: Trial, part: slice) -> NDArray[np.bool_]:
    """Which of the gallery each query of `part` is compared with."""
    count = len(trial.queries[part])
    allowed = np.ones((count, len(trial.gallery)), bool)
    if trial.part is not None:
        allowed &= _equal(trial.part, part)
    if trial.apart is not None:
        allowed &= ~_equal(trial.apart, part)
    return allowed


def _equal(notion: Relevance, part: slice) -> NDArray[np.bool_]:
    asked, offered = _codes(notion)
    own = asked[part, None]
    return np.asarray((own == offered) & (own != 0), np.bool_)


@lru_cache(maxsize=64)
def _codes(notion: Relevance) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The words of queries and gallery as numbers: equal words, equal numbers; "" is 0."""
    numbers: dict[str, int] = {"": 0}
    asked = [numbers.setdefault(word, len(numbers)) for word in notion.queries]
    offered = [numbers.setdefault(word, len(numbers)) for word in notion.gallery]
    return np.array(asked, np.int64), np.array(offered, np.int64)


def counts(trial: Trial) -> dict[str, int]:
    """What is asked, and what is left out and why: nothing is passed over in silence.

    `pairings_left_out` counts query and candidate: itself, or one of the same sender. `twins` are
    queries whose very picture is in the gallery under another name than their own.
    """
    alone = unanswered = left_out = 0
    for start in range(0, len(trial.queries), BLOCK):
        part = slice(start, start + BLOCK)
        allowed = candidates_of(trial, part)
        right = _equal(trial.notions[trial.main], part) & allowed
        alone += int((~allowed.any(axis=1)).sum())
        unanswered += int((allowed.any(axis=1) & ~right.any(axis=1)).sum())
        left_out += int(_equal(trial.apart, part).sum()) if trial.apart else 0
    return {
        "queries": len(trial.queries),
        "gallery": len(trial.gallery),
        "not_found": sum(crop is None for crop in trial.queries),
        "without_candidate": alone,
        "without_answer": unanswered,
        "pairings_left_out": left_out,
        "twins": _twins(trial),
    }


def _twins(trial: Trial) -> int:
    """Queries of which the same picture is in the gallery as another file."""
    files: dict[str, set[Any]] = {}
    for crop in trial.gallery:
        files.setdefault(digest_of(crop.path), set()).add(crop.path)
    asked = [crop for crop in trial.queries if crop is not None]
    return sum(bool(files.get(digest_of(c.path), set()) - {c.path}) for c in asked)


def subsets(trial: Trial) -> dict[str, NDArray[np.bool_]]:
    """Queries by category, then by the trial's own sides."""
    words = np.asarray(trial.categories, dtype=np.str_)
    return {str(name): words == name for name in np.unique(words)} | dict(trial.sides)
