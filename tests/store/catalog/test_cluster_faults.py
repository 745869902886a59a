"""A few faults of each kind; `python -m tests.soak.cluster` tries them in numbers."""

from __future__ import annotations

import pytest

from tests.store.catalog.faults import fail, selling


@pytest.mark.parametrize(
    ("kind", "where"),
    [("worker", "lite"), ("network", "lite"), ("engine", "standalone")],
)
def test_a_fault_loses_nothing_and_shows_nothing_deleted(kind, where, request, tmp_path):
    engine = request.getfixturevalue(where)
    with selling(tmp_path, engine, f"faults_{kind}_{where}", seed=1) as shop:
        before = shop.acknowledged
        assert list(fail(shop, kind, cut_s=2.5)) == []
        assert shop.acknowledged > before
        assert (shop.refused > 0) == (kind != "worker")
