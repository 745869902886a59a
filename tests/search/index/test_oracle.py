"""The partitioned index against the exact one, over random data, filters, changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.index.samples import DIM, random_entry, random_query, random_vector
from thatlook.search.index import ExactIndex, Filters, PartitionedIndex, Query

NAMES = (
    "thatlook.search.index.partition.TAIL_ROWS",
    "thatlook.search.index.choosing.ORDERED_FROM",
    "thatlook.search.index.merging.POOLED",
    "thatlook.search.index.scans.QUANTISED_FROM",
)
SIZES = st.sampled_from(
    [(1024, 2048, 512, 50_000), (0, 0, 0, 50_000), (5, 0, 3, 50_000), (0, 0, 4, 4), (5, 99, 0, 4)]
)
"""What decides which way is taken: usual, and so small that 60 products take every way."""


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=SIZES,
    shares=st.sampled_from([(0.3, 0.9), (0.0, 0.0), (1.1, 1.1), (1.1, 0.0)]),
)
def test_same_answers_after_every_change(seed, sizes, shares):
    with pytest.MonkeyPatch.context() as patch:
        for name, size in zip(NAMES, sizes, strict=True):
            patch.setattr(name, size)
        patch.setattr("thatlook.search.index.choosing.NARROW", shares[0])
        patch.setattr("thatlook.search.index.scan.FloatScan.rows_below", shares[1])
        patch.setattr("thatlook.search.index.quantised.QuantisedScan.rows_below", shares[1])
        _changed_and_searched(np.random.default_rng(seed))


def _changed_and_searched(rng):
    exact, fast = ExactIndex(DIM), PartitionedIndex(DIM)
    ids = [f"p{n}" for n in range(60)] + ["é", "x" * 60]
    for sequence in range(1, 9):
        if rng.random() < 0.7:
            chosen = rng.choice(ids, rng.integers(1, 30), replace=False)
            entries = [random_entry(rng, str(i)) for i in chosen]
            for index in (exact, fast):
                index.upsert(entries, sequence)
        else:
            gone = [str(i) for i in rng.choice(ids, rng.integers(1, 10))]
            for index in (exact, fast):
                index.delete(gone, sequence)
        assert len(fast) == len(exact)
        vectors = np.stack([random_vector(rng) for _ in range(rng.integers(1, 4))])
        query = random_query(rng, ids)
        assert fast.search(vectors, query) == exact.search(vectors, query)


@pytest.mark.parametrize(
    ("low", "high", "narrow", "some"),
    [
        (None, 1.5, True, True),
        (99.0, None, True, True),
        (40.0, 40.0, True, True),
        (50.0, 40.0, True, False),
        (200.0, None, True, False),
        (None, 90.0, False, True),
        (0.0, None, False, True),
    ],
)
def test_price_ranges_of_large_partitions(low, high, narrow, some):
    rng = np.random.default_rng(4)
    exact, fast = ExactIndex(DIM), PartitionedIndex(DIM)
    entries = [random_entry(rng, f"p{n:05}") for n in range(20_000)]
    prices = rng.integers(0, 100, len(entries))
    entries = [replace(e, price=e.price and float(p)) for e, p in zip(entries, prices, strict=True)]
    for index in (exact, fast):
        index.upsert(entries, 1)
        index.delete([e.id for e in entries[::50]], 2)
    filters = Filters(min_price=low, max_price=high, exclude_ids=frozenset({entries[7].id}))
    for category, more in ((None, {}), ("dress", {"brands": frozenset({"acme"})})):
        query = Query(category=category, k=20, filters=replace(filters, **more))
        vectors = np.stack([random_vector(rng) for _ in range(3)])
        assert fast.search(vectors, query) == exact.search(vectors, query)
    parts = [partition.parts(filters)[0].chosen for partition in fast.prepared(Query())]
    by_rows = [part.rows is not None for part in parts if part.count]
    assert set(by_rows) == ({narrow} if some else set())


def test_remembered_words_are_those_of_the_block(monkeypatch):
    monkeypatch.setattr("thatlook.search.index.choosing.MAX_TABLES", 2)
    rng = np.random.default_rng(5)
    exact, fast = ExactIndex(DIM), PartitionedIndex(DIM)
    for sequence in range(1, 5):
        entries = [random_entry(rng, f"p{n}") for n in range(0, 90, sequence)]
        entries += [replace(entries[0], id=f"new{sequence}", brand=f"Brand {sequence}")]
        for index in (exact, fast):
            index.upsert(entries, sequence)
        for brand in ("acme", "boss", "brand 1", f"brand {sequence}", "acme"):
            query = Query(k=5, filters=Filters(brands=frozenset({brand})))
            vector = random_vector(rng)[None]
            found = fast.search(vector, query)
            assert found == exact.search(vector, query)
            assert found.eligible > 0


def test_a_search_that_began_sees_the_state_it_began_with():
    rng = np.random.default_rng(3)
    index = PartitionedIndex(DIM)
    entries = [random_entry(rng, f"p{n}") for n in range(50)]
    index.upsert(entries, 1)
    query, vector = random_query(rng, []), random_vector(rng)[None]
    partitions = index.prepared(query)
    before = index.search(vector, query)
    index.delete([e.id for e in entries[:25]], 2)
    index.upsert([random_entry(rng, f"q{n}") for n in range(200)], 3)
    assert index.search_in(partitions, vector, query) == before
