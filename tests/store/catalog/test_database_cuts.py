"""A cut of each kind; `python -m tests.soak.database_cuts` tries them in numbers."""

from __future__ import annotations

import pytest

from tests.store.catalog.cut_off import KINDS, cut, faults, selling, served


def test_a_database_that_is_cut_off_loses_nothing_and_all_goes_on_after(postgres, lite, tmp_path):
    pytest.importorskip("fastapi", reason="needs the extra serve")
    with selling(tmp_path, postgres, lite, "cut_off", seed=1) as shop, served(shop) as service:
        for kind in KINDS:
            before = dict(shop.counts)
            cut(shop, service, kind, cut_s=1)
            assert list(faults(shop)) == []
            assert shop.counts["changes acknowledged"] > before.get("changes acknowledged", 0)
    assert shop.wrong == []
