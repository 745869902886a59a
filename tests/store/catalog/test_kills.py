"""kill -9 and a full disk: nothing acknowledged is lost, the catalog opens, the answers hold."""

from __future__ import annotations

import subprocess

import pytest

from tests.store.catalog.conftest import DIM, row_of, vector_of
from tests.store.catalog.killed import kill_server, rounds
from thatlook.core.errors import CatalogError
from thatlook.search.index import Query
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.versions import snapshot, versions


def test_kills_lose_nothing(address):
    told = list(rounds(address.folder, kills=6, seed=20))
    assert [wrong for _, _, wrong in told if wrong] == []
    assert sum(done for _, done, _ in told) >= 3  # the processes did get to work


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_kills_of_the_database_lose_nothing(address, postgres):
    told = list(rounds(address.folder, kills=4, seed=21, kill=kill_server(postgres)))
    assert [wrong for _, _, wrong in told if wrong] == []
    assert sum(done for _, done, _ in told) >= 2


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("a small disk needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(catalog, acknowledged):
    while True:
        first = sum(acknowledged)
        catalog.upsert([row_of(first + n, description="x" * 2000) for n in range(50)])
        acknowledged.append(50)


def test_a_full_disk_is_told_and_loses_nothing(small_disk):
    acknowledged = []
    with Catalog.open(small_disk / "c", "net", DIM) as catalog:
        with pytest.raises(CatalogError, match="disk is full"):
            fill(catalog, acknowledged)
        stored = sum(acknowledged)
        assert stored > 0
        assert catalog.info().products == stored
        assert len(catalog.search(vector_of(1)[None], Query(k=1000))[0]) == stored
        with pytest.raises(CatalogError):
            snapshot(catalog, "v")
        assert versions(catalog) == []
    with Catalog.open(small_disk / "c", "net", DIM) as catalog:
        assert catalog.info().products == stored
        assert catalog.damages() == []
        assert catalog.stored(f"p{stored - 1}").row_hash == f"row {stored - 1}"
