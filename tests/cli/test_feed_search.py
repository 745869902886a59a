from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.cli.test_catalog import thatlook
from tests.search.index.samples import random_entry
from tests.store.catalog.test_cluster import DIM, NAMES, catalog_on
from tests.store.catalog.test_oracle import row_of
from thatlook.core.errors import SettingsError


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def shop(lite, tmp_path, rng):
    """A catalog of five products whose cluster has none of them."""
    with catalog_on(tmp_path / "shop", lite.url(next(NAMES), index="FLAT")) as catalog:
        catalog.upsert([row_of(random_entry(rng, f"p{n}")) for n in range(5)])
        yield catalog
        catalog.cluster.engine.drop()


def test_once(shop, capsys):
    told = thatlook(capsys, "feed-search", "--catalog", shop.folder, "--once", "--json")
    assert (told[0], json.loads(told[1])) == (0, {"fed": 5, "lag": 0})
    told = thatlook(capsys, "feed-search", "--catalog", shop.folder, "--once")
    assert told[:2] == (0, "0 changes fed, 0 to go\n")
    told = thatlook(capsys, "feed-search", "--catalog", shop.folder, "--once", "--rebuild")
    assert told[:2] == (0, "5 changes fed, 0 to go\n")
    assert len(shop.cluster.engine) == 5


def test_it_goes_on_until_it_is_told_to_stop(shop, rng):
    words = ("catalog", "feed-search", "--catalog", str(shop.folder))
    process = subprocess.Popen([sys.executable, "-m", "thatlook", *words])
    try:
        for number in (5, 6):
            shop.upsert([row_of(random_entry(rng, f"p{number}"))])
            end = time.monotonic() + 60
            while behind(shop):
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def behind(catalog) -> bool:
    return not catalog.cluster.engine.exists() or catalog.cluster.lag() > 0


def test_a_catalog_without_a_cluster_needs_none(tmp_path, capsys):
    catalog_on(tmp_path / "shop", "built-in", dim=DIM).close()
    with pytest.raises(SettingsError, match="built in"):
        thatlook(capsys, "feed-search", "--catalog", tmp_path / "shop")
