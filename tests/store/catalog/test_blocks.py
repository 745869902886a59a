"""Cache files: used when good, made again with a warning when not."""

from __future__ import annotations

import logging
import shutil

import pytest

from tests.store.catalog.conftest import DIM, row_of, vector_of
from thatlook.search.index import ExactIndex, Query, cache, partition
from thatlook.search.index.quantised import QuantisedScan
from thatlook.store.catalog import Catalog, blocks, reads

QUERY = Query(category="dress", k=10)
COUNT = 60


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(blocks, "CACHED_FROM", 20)
    monkeypatch.setattr(partition, "TAIL_ROWS", 20)


@pytest.fixture
def folder(tmp_path):
    with Catalog.open(tmp_path, "net", DIM) as catalog:
        catalog.upsert([row_of(n) for n in range(COUNT)])
        catalog.warm()
    assert (tmp_path / "cache" / "dress.female.block").exists()
    return tmp_path


def answers(folder):
    with Catalog.open(folder, create=False) as catalog:
        return catalog.search(vector_of(5)[None], QUERY)


def oracle(catalog):
    index = ExactIndex(DIM)
    changes = catalog.changes(0)
    index.upsert([c.entry for c in changes if c.entry is not None], catalog.sequence)
    return index.search(vector_of(5)[None], QUERY)


def warnings(caplog):
    return [r.message for r in caplog.records if r.levelno == logging.WARNING]


def test_the_cache_is_used(folder, caplog, monkeypatch):
    expected = answers(folder)
    monkeypatch.setattr(reads.Reads, "block", lambda *_: pytest.fail("rebuilt"))
    with Catalog.open(folder) as catalog:
        assert catalog.search(vector_of(5)[None], Query(category="dress", genders={"female"})) == (
            expected
        )
    assert warnings(caplog) == []


def test_the_cache_can_be_deleted(folder, caplog):
    expected = answers(folder)
    shutil.rmtree(folder / "cache")
    assert answers(folder) == expected
    assert warnings(caplog) == []
    assert (folder / "cache" / "dress.female.block").exists()


def test_a_damaged_block_is_made_again(folder, caplog):
    expected = answers(folder)
    path = folder / "cache" / "dress.female.block"
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    assert answers(folder) == expected
    assert len(warnings(caplog)) == 1
    assert "made again" in warnings(caplog)[0]
    caplog.clear()
    assert answers(folder) == expected
    assert warnings(caplog) == []


def test_a_block_of_another_version_is_made_again_silently(tmp_path, caplog, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(cache, "FORMAT", 1)  # which had no age groups
        before.setattr(cache, "WORD_COLUMNS", ("currency", "brand", "color", "availability"))
        with Catalog.open(tmp_path, "net", DIM) as catalog:
            catalog.upsert([row_of(n) for n in range(COUNT)])
            catalog.warm()
            expected = catalog.search(vector_of(5)[None], QUERY)
    path = tmp_path / "cache" / "dress.female.block"
    with pytest.raises(cache.OtherFormatError):
        cache.read_block(path)
    assert answers(tmp_path) == expected
    assert warnings(caplog) == []
    assert cache.read_block(path) is not None


def test_a_block_of_another_catalog_is_not_used(folder, tmp_path_factory, caplog):
    other = tmp_path_factory.mktemp("other")
    with Catalog.open(other, "net", DIM) as catalog:
        catalog.upsert([row_of(n + 1000) for n in range(COUNT)])
        expected = oracle(catalog)
    shutil.copytree(folder / "cache", other / "cache")
    assert answers(other) == expected
    assert "another state" in warnings(caplog)[0]


def test_a_block_of_a_lost_future_is_not_used(folder, caplog):
    """The store is put back to an older copy, changed differently, and reaches the same number."""
    copy = folder / "copy.sqlite"
    with Catalog.open(folder, "net", DIM) as catalog:
        catalog.settle()
        shutil.copyfile(folder / "catalog.sqlite", copy)
        catalog.upsert([row_of(n) for n in range(100, 140)])
        catalog.warm()
        last = catalog.sequence
    for name in ("catalog.sqlite-wal", "catalog.sqlite-shm"):
        (folder / name).unlink(missing_ok=True)
    copy.replace(folder / "catalog.sqlite")
    with Catalog.open(folder, "net", DIM) as catalog:
        catalog.upsert([row_of(n) for n in range(200, 240)])
        assert catalog.sequence == last
        expected = oracle(catalog)
        assert catalog.search(vector_of(5)[None], QUERY) == expected
    assert "another state" in warnings(caplog)[0]


@pytest.mark.parametrize("changed", [3, 30])
def test_a_block_that_is_behind_is_caught_up(folder, changed):
    with Catalog.open(folder, "net", DIM) as catalog:
        catalog.upsert([row_of(n, color="red") for n in range(changed)])
        catalog.upsert([row_of(n + 500) for n in range(changed)])
        catalog.remove([f"p{n}" for n in range(changed, changed + 5)])
        catalog.upsert([row_of(50, category="bag")])
        expected = oracle(catalog)
    assert answers(folder) == expected


def test_a_cache_that_cannot_be_written_costs_only_a_warning(tmp_path, caplog):
    (tmp_path / "cache").write_text("in the way")
    with Catalog.open(tmp_path, "net", DIM) as catalog:
        catalog.upsert([row_of(n) for n in range(COUNT)])
        assert len(catalog.search(vector_of(5)[None], QUERY)[0]) == 10
    assert any("the cache is not written" in message for message in warnings(caplog))


def test_warming_writes_only_what_is_behind(folder, monkeypatch):
    path = folder / "cache" / "dress.female.block"
    monkeypatch.setattr(blocks, "_BEHIND", 10)
    with Catalog.open(folder, "net", DIM) as catalog:
        catalog.search(vector_of(5)[None], QUERY)
        written = path.stat().st_ino
        catalog.upsert([row_of(n, category="bag") for n in range(100, 110)])
        catalog.warm()
        assert path.stat().st_ino == written  # the change was elsewhere, and small
        catalog.upsert([row_of(200, category="bag")])
        catalog.warm()
        assert path.stat().st_ino != written
        written = path.stat().st_ino
        catalog.upsert([row_of(1, color="red")])
        catalog.warm()
        assert path.stat().st_ino != written
        expected = oracle(catalog)
    assert answers(folder) == expected


def test_leftovers_of_killed_processes_are_removed(folder, monkeypatch):
    left, older = folder / "cache" / ".abc.part", folder / "cache" / ".new-abc"
    left.write_text("half")
    older.write_text("half, by an earlier version")
    monkeypatch.setattr(blocks, "_LEFTOVER_SECONDS", -1)
    with Catalog.open(folder) as catalog:
        catalog.warm()
    assert not left.exists()
    assert not older.exists()


def test_slow_scans_are_built_by_warming_only(tmp_path, monkeypatch):
    """A search never waits for lists; until they are built the flat scan answers the same."""
    monkeypatch.setattr("thatlook.search.index.scans.QUANTISED_FROM", 5)
    monkeypatch.setattr("thatlook.search.index.scans.LISTED_FROM", 40)
    built = []

    def by_lists(vectors):
        built.append(len(vectors))
        return QuantisedScan.of(vectors)

    monkeypatch.setattr("thatlook.search.index.scans.scan_by_lists", by_lists)
    with Catalog.open(tmp_path, "net", DIM) as catalog:
        catalog.upsert([row_of(n) for n in range(COUNT)])
        assert catalog.search(vector_of(5)[None], QUERY) == oracle(catalog)
        catalog.upsert([row_of(n) for n in range(COUNT, 2 * COUNT)])
        assert catalog.search(vector_of(5)[None], QUERY) == oracle(catalog)
        assert built == []
        catalog.warm()
        assert built == [2 * COUNT]
        catalog.warm()
        assert built == [2 * COUNT]
        expected = oracle(catalog)
    with Catalog.open(tmp_path) as catalog:
        assert catalog.search(vector_of(5)[None], QUERY) == expected
        catalog.warm()
    assert built == [2 * COUNT]


def test_updates_do_not_copy_the_partition(folder):
    with Catalog.open(folder, "net", DIM) as catalog:
        catalog.search(vector_of(5)[None], QUERY)
        before = catalog._finder._index.partitions["dress", "female"].main
        catalog.upsert([row_of(777)])
        catalog.search(vector_of(5)[None], QUERY)
        after = catalog._finder._index.partitions["dress", "female"]
        assert after.main is before
        assert len(after.tail) == 1
