"""The partitioned index against the exact one, over random data, filters, changes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.index.samples import DIM, random_entry, random_query, random_vector
from thatlook.index import ExactIndex, PartitionedIndex, partition


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), tail_rows=st.sampled_from([0, 5, 1024]))
def test_same_answers_after_every_change(seed, tail_rows):
    rng = np.random.default_rng(seed)
    exact, fast = ExactIndex(DIM), PartitionedIndex(DIM)
    ids = [f"p{n}" for n in range(60)] + ["é", "x" * 60]
    kept, partition.TAIL_ROWS = partition.TAIL_ROWS, tail_rows
    try:
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
    finally:
        partition.TAIL_ROWS = kept


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
