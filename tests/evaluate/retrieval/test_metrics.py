"""Rankings and what is counted of them: by hand, by slow obvious code, by others' libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest

from thatlook.evaluate.retrieval.metrics import (
    NOBODY,
    Bootstrap,
    counted,
    estimate,
    mean,
    means,
    proportional,
    ranked,
)


def test_a_ranking_by_hand():
    scores = np.array([[0.1, 0.9, 0.5, 0.7], [0.4, 0.3, 0.2, 0.1]])
    allowed = np.array([[True, True, True, False], [False, False, False, True]])
    nothing = np.zeros_like(allowed)
    assert ranked(scores, allowed, nothing, 2).tolist() == [[1, 2], [3, NOBODY]]
    assert ranked(scores, allowed, nothing, 4).tolist() == [
        [1, 2, 0, NOBODY],
        [3, NOBODY, NOBODY, NOBODY],
    ]


def test_equal_scores_count_against_the_answer_then_the_earlier_row_is_first():
    scores = np.full((1, 6), 0.5)
    answers = np.array([[False, True, False, True, False, False]])
    everyone = np.ones((1, 6), bool)
    assert ranked(scores, everyone, answers, 5).tolist() == [[0, 2, 4, 5, 1]]
    assert ranked(scores, everyone, answers, 2).tolist() == [[0, 2]]


def test_ranking_equals_a_slow_sort():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 6, (40, 30)) / 6  # many ties
    allowed, answers = rng.random((40, 30)) < 0.6, rng.random((40, 30)) < 0.3
    found = ranked(scores, allowed, answers, 7)
    for row in range(40):
        places = [j for j in range(30) if allowed[row, j]]
        places.sort(key=lambda j: (-scores[row, j], answers[row, j], j))
        assert found[row].tolist() == (places + [NOBODY] * 7)[:7]


def hits(*rows):
    table = np.zeros((len(rows), 20), bool)
    for row, places in enumerate(rows):
        table[row, [place - 1 for place in places]] = True
    return table


def test_figures_by_hand():
    # Right at places 1 and 3 of 4 answers; at 7 of 1; nowhere of 2; at 12 of 12; no answer at all.
    found = counted(
        hits([1, 3], [7], [], [12], []),
        np.array([4, 1, 2, 12, 0]),
        np.array([50, 8, 50, 50, 50]),
    )
    assert found["r1"].tolist()[:4] == [1, 0, 0, 0]
    assert found["r5"].tolist()[:4] == [1, 0, 0, 0]
    assert found["r10"].tolist()[:4] == [1, 1, 0, 0]
    assert found["r20"].tolist()[:4] == [1, 1, 0, 1]
    assert found["map10"][:4] == pytest.approx([(1 / 1 + 2 / 3) / 4, 1 / 7, 0, 0])
    best = 1 + 1 / math.log2(3) + 1 / 2 + 1 / math.log2(5)
    assert found["ndcg10"][:4] == pytest.approx([(1 + 1 / 2) / best, 1 / 3, 0, 0])
    assert found["p10"] == pytest.approx([2 / 10, 1 / 8, 0, 0, 0])
    assert found["p10_ceiling"] == pytest.approx([4 / 10, 1 / 8, 2 / 10, 1, 0])
    for name in ("r1", "r20", "map10", "ndcg10"):
        assert np.isnan(found[name][4])  # without an answer: it counts nowhere
    assert means(found)["r10"] == 2 / 4
    assert means(found)["p10"] == pytest.approx((0.2 + 0.125) / 5)


def test_queries_without_a_candidate_count_nowhere():
    found = counted(hits([], [1]), np.array([0, 1]), np.array([0, 3]))
    assert np.isnan([found[name][0] for name in found]).all()
    assert means(found)["p10"] == pytest.approx(1 / 3)
    assert np.isnan(mean(np.array([np.nan])))


def slow_average_precision(right, answers):
    total, seen = 0.0, 0
    for index, one in enumerate(right[:10], start=1):
        if one:
            seen += 1
            total += seen / index
    return total / min(answers, 10)


def test_average_precision_and_gain_equal_slow_code_and_scikit_learn():
    ndcg_score = pytest.importorskip("sklearn.metrics", reason="needs the extra train").ndcg_score
    rng = np.random.default_rng(1)
    scores, right = rng.random((60, 35)), rng.random((60, 35)) < 0.2
    right[:, 0] |= ~right.any(axis=1)
    everyone = np.ones_like(right)
    rows = ranked(scores, everyone, right, 20)
    taken = np.take_along_axis(right, rows, axis=1)
    found = counted(taken, right.sum(1), np.full(60, 35))
    slow = [slow_average_precision(t, n) for t, n in zip(taken, right.sum(1), strict=True)]
    assert found["map10"] == pytest.approx(slow)
    assert mean(found["ndcg10"]) == pytest.approx(ndcg_score(right, scores, k=10))
    for row in range(60):
        one = ndcg_score(right[row : row + 1], scores[row : row + 1], k=10)
        assert found["ndcg10"][row] == pytest.approx(one)


def test_intervals_are_those_of_scipy():
    stats = pytest.importorskip("scipy.stats", reason="needs the extra train")
    values = np.random.default_rng(2).random(150) < 0.3
    low, high = Bootstrap(150, rounds=4000).interval(values.astype(float))
    theirs = stats.bootstrap(
        (values.astype(float),), np.mean, n_resamples=4000, method="percentile", rng=3
    ).confidence_interval
    assert low == pytest.approx(theirs.low, abs=0.012)
    assert high == pytest.approx(theirs.high, abs=0.012)
    assert low < values.mean() < high


def test_queries_of_one_cluster_are_drawn_together():
    column = np.repeat([0.0, 1.0], 50)
    alone = Bootstrap(100).interval(column)
    assert 0.35 < alone[0] < 0.5 < alone[1] < 0.65
    # Two clusters: in a resample out of four both are of the one, or of the other.
    assert Bootstrap(100, clusters=["a"] * 50 + ["b"] * 50).interval(column) == (0, 1)
    # A cluster for each query is what no clusters are.
    assert Bootstrap(100, clusters=[f"{k:03d}" for k in range(100)]).interval(column) == alone


def test_means_weighted_as_the_gallery_is_mixed():
    asked, offered = ["a", "b", "b", "b"], ["a", "a", "a", "b", "c"]
    weights = proportional(asked, offered)
    # Three a's for one query, one b for three; c is nobody's. The mean weight is 1.
    assert weights == pytest.approx([3, 1 / 3, 1 / 3, 1 / 3])
    column = np.array([1.0, 0.0, 0.0, np.nan])
    assert mean(column) == pytest.approx(1 / 3)
    assert mean(column, weights) == pytest.approx(3 / (3 + 2 / 3))
    found = estimate(column, Bootstrap(4), weights=weights)
    assert (found.value, found.count) == (pytest.approx(9 / 11), 3)
    assert (found.low, found.high) == (0, 1)
    assert np.isnan(mean(np.full(2, np.nan), np.ones(2)))
    assert proportional(["a"], ["b"]).tolist() == [1]


def test_intervals_of_what_does_not_vary_and_of_nothing():
    bootstrap = Bootstrap(4)
    assert bootstrap.interval(np.array([0.5, np.nan, 0.5, 0.5])) == pytest.approx((0.5, 0.5))
    assert np.isnan(bootstrap.interval(np.full(4, np.nan))).all()
    column = np.array([0.0, 1.0, 1.0, 0.0])
    assert bootstrap.interval(column) == Bootstrap(4).interval(column)
    assert bootstrap.interval(column, 0.5) != bootstrap.interval(column)
