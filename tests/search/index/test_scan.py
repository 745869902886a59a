from __future__ import annotations

import numpy as np
import pytest

from thatlook.search.index import scan as scans
from thatlook.search.index.listed import ListScan, scan_by_lists
from thatlook.search.index.quantised import QuantisedScan
from thatlook.search.index.query import similarities
from thatlook.search.index.scan import FloatScan, search
from thatlook.search.index.scans import scan_of


def clustered(rows: int, dim: int, clusters: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    middles = rng.standard_normal((clusters, dim))
    found = middles[rng.integers(clusters, size=rows)] + 0.3 * rng.standard_normal((rows, dim))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def slow(vectors, query, k, mask):
    """The rows of the k highest similarities and all tied with the last, as a set."""
    values = similarities(vectors, query)
    allowed = np.arange(len(vectors)) if mask is None else np.flatnonzero(mask)
    if not len(allowed):
        return set()
    last = np.sort(values[allowed])[::-1][:k][-1]
    return {int(row) for row in allowed if values[row] >= last}


@pytest.mark.parametrize("kind", [FloatScan, QuantisedScan.of])
@pytest.mark.parametrize("share", [None, 0.6, 0.1, 0.004, 0.0])
def test_exact_under_masks(kind, share):
    vectors = clustered(3000, 16, 40)
    vectors[100:160] = vectors[7]  # a tie longer than what is fetched at first
    rng = np.random.default_rng(1)
    mask = None if share is None else rng.random(len(vectors)) < share
    queries = np.concatenate([vectors[[7, 5]], clustered(4, 16, 4, seed=2)])
    for k in (1, 10, 100):
        found = search(kind(vectors), vectors, queries, k, mask)
        for query, (scores, rows) in zip(queries, found, strict=True):
            assert set(rows.tolist()) == slow(vectors, query, k, mask)
            assert (scores == similarities(vectors[rows], query)).all()
            assert (np.diff(scores) <= 0).all()


def test_worst_error_holds():
    vectors = clustered(2000, 16, 10)
    scan = QuantisedScan.of(vectors)
    query = clustered(1, 16, 1, seed=5)
    scores, rows = scan.candidates(query, 2000, None)
    off = np.abs(scores[0] - similarities(vectors[rows[0]], query[0]))
    assert off.max() <= scan.error(query[0])
    assert scan.error(query[0]) < 0.05


def test_queries_longer_than_one_stay_exact():
    vectors = clustered(500, 8, 5)
    query = (10 * vectors[:1]).astype(np.float32)
    rows = search(QuantisedScan.of(vectors), vectors, query, 5, None)[0][1]
    assert set(rows.tolist()) == slow(vectors, query[0], 5, None)


@pytest.fixture(scope="module")
def listed():
    vectors = clustered(5000, 16, 100)
    scan = ListScan.of(vectors)
    assert scan is not None
    return vectors, scan


def test_lists_measure_their_recall(listed):
    vectors, scan = listed
    queries = clustered(50, 16, 100, seed=0)
    hits = 0
    for query in queries:
        found = search(scan, vectors, query[None], 10, None)[0][1][:10]
        hits += len(set(found.tolist()) & slow(vectors, query, 10, None))
    assert hits >= 0.99 * 500


def test_lists_leave_small_masks_to_the_flat_scan(listed):
    vectors, scan = listed
    mask = np.random.default_rng(2).random(len(vectors)) < 0.05
    rows = search(scan, vectors, vectors[:1], 10, mask)[0][1]
    assert set(rows.tolist()) == slow(vectors, vectors[0], 10, mask)


def test_no_lists_where_they_would_miss():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((4000, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert ListScan.of(vectors) is None
    assert isinstance(scan_by_lists(vectors), QuantisedScan)


def test_threads_are_given_back():
    before = scans.faiss.omp_get_max_threads()
    with scans.threads_for(1):
        assert scans.faiss.omp_get_max_threads() == 1
    assert scans.faiss.omp_get_max_threads() == before


@pytest.mark.parametrize(
    ("rows", "kind"), [(99, FloatScan), (100, QuantisedScan), (999, QuantisedScan), (1000, str)]
)
def test_which_scan_a_block_gets(monkeypatch, rows, kind):
    monkeypatch.setattr("thatlook.search.index.scans.QUANTISED_FROM", 100)
    monkeypatch.setattr("thatlook.search.index.scans.LISTED_FROM", 1000)
    monkeypatch.setattr("thatlook.search.index.scans.scan_by_lists", lambda vectors: "lists")
    assert isinstance(scan_of(clustered(rows, 8, 5)), kind)
    quick = scan_of(clustered(rows, 8, 5), quick=True)
    assert isinstance(quick, FloatScan if rows < 100 else QuantisedScan)
    assert getattr(quick, "final", True) is (rows < 1000)
