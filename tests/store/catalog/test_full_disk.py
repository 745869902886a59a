"""A disk without room: what can be answered is, what does not fit is named, nothing stays half."""

from __future__ import annotations

import subprocess

import pytest

from tests.small_disk import fill, small_disk
from tests.store.catalog.conftest import DIM, row_of, vector_of
from thatlook.core.errors import CatalogFullError, CatalogReadOnlyError
from thatlook.search.index import Query
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.backup import backup
from thatlook.store.catalog.opening import FILE_NAME
from thatlook.store.catalog.sqlite_file import _remove_log
from thatlook.store.catalog.versions import snapshot

COUNT = 40


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, 4):
        with Catalog.open(folder / "c", "net", DIM) as catalog:
            catalog.upsert(row_of(n, title=f"gown {n}") for n in range(COUNT))
        yield folder


def files_of(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def asked(catalog):
    (hits,) = catalog.search(vector_of(7)[None], Query(k=1))
    words = catalog.by_words([[("gown",)]], Query(k=COUNT))
    return hits[0].product_id, len(words), catalog.info().products


def test_what_can_be_answered_is(disk):
    fill(disk)
    before = files_of(disk)
    with Catalog.open(disk / "c", "net", DIM, create=False) as catalog:
        assert asked(catalog) == ("p7", COUNT, COUNT)
    assert files_of(disk) == before


def test_a_change_is_refused_and_made_once_there_is_room(disk):
    fill(disk)
    with Catalog.open(disk / "c", "net", DIM, create=False) as catalog:
        for change in (lambda: catalog.remove(["p1"]), lambda: catalog.upsert([row_of(50)])):
            with pytest.raises(CatalogFullError, match=r"c/catalog\.sqlite: the disk is full"):
                change()
        assert asked(catalog) == ("p7", COUNT, COUNT)
        (disk / "ballast").unlink()
        assert catalog.remove(["p1"]) == ["p1"]
        assert asked(catalog) == ("p7", COUNT - 1, COUNT - 1)


def test_who_writes_once_there_is_room_is_followed(disk):
    fill(disk)
    with Catalog.open(disk / "c", create=False) as reader:
        assert asked(reader) == ("p7", COUNT, COUNT)
        (disk / "ballast").unlink()
        with Catalog.open(disk / "c", "net", DIM) as writer:
            for n in range(5):
                writer.remove([f"p{n}"])
                assert asked(reader) == ("p7", COUNT - 1 - n, COUNT - 1 - n)
        assert not reader.read_only


def test_the_log_of_who_writes_stays(disk):
    with Catalog.open(disk / "c", "net", DIM) as writer:
        writer.remove(["p1"])
        before = files_of(disk)
        _remove_log(disk / "c" / FILE_NAME)
        assert files_of(disk) == before
        writer.remove(["p2"])
    with Catalog.open(disk / "c", create=False) as catalog:
        assert catalog.info().products == COUNT - 2


def test_a_read_only_medium_has_no_room_either_and_is_not_called_full(disk):
    fill(disk)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with Catalog.open(disk / "c", "net", DIM, create=False) as catalog:
        assert asked(catalog) == ("p7", COUNT, COUNT)
        with pytest.raises(CatalogReadOnlyError, match="cannot be written here"):
            catalog.remove(["p1"])
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


def test_a_search_for_words_after_a_change_needs_no_room(disk):
    with Catalog.open(disk / "c", "net", DIM) as catalog:
        assert asked(catalog) == ("p7", COUNT, COUNT)
        catalog.remove(["p1"])
        fill(disk)
        assert asked(catalog) == ("p7", COUNT - 1, COUNT - 1)
        (disk / "ballast").unlink()
        catalog.remove(["p2"])
        assert asked(catalog) == ("p7", COUNT - 2, COUNT - 2)
    with Catalog.open(disk / "c", "net", DIM) as catalog:
        assert asked(catalog) == ("p7", COUNT - 2, COUNT - 2)


@pytest.mark.parametrize("left_bytes", [0, 40_000])
def test_a_copy_that_does_not_fit_names_its_place_and_leaves_nothing(disk, left_bytes, tmp_path):
    fill(disk, left_bytes)
    before = files_of(disk)
    with Catalog.open(disk / "c", "net", DIM, create=False) as catalog:
        with pytest.raises(CatalogFullError, match=r"versions/\.new-now/.*: the disk is full"):
            snapshot(catalog, "now")
        with pytest.raises(CatalogFullError, match=r"disk/\.copy\.new/.*: the disk is full"):
            backup(catalog, disk / "copy")
        assert backup(catalog, tmp_path / "elsewhere").products == COUNT
    assert files_of(disk) == before
