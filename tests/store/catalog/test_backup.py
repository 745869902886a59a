"""A backup holds what is truth, is a catalog, and is brought back whole."""

from __future__ import annotations

import dataclasses
import shutil

import pytest

from tests.store.catalog.conftest import DIM, row_of, vector_of
from thatlook.core.errors import CatalogDamagedError, CatalogError
from thatlook.search.index import Query
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.backup import Backup, Truth, backup, restore, truth_of
from thatlook.store.catalog.opening import FILE_NAME

PLACE = "pictures/ab/abc-1"


@pytest.fixture
def shop(address):
    folder = address.folder
    (folder / PLACE).parent.mkdir(parents=True)
    (folder / PLACE).write_bytes(b"a picture")
    (folder / "pictures" / "ab" / "half.part").write_bytes(b"half")
    with Catalog.open(address, "net", DIM) as catalog:
        catalog.upsert([dataclasses.replace(row_of(1), image=PLACE), row_of(2), row_of(3)])
        yield catalog


def test_a_backup_is_a_catalog_with_the_pictures_that_were_put(shop, tmp_path):
    copy = tmp_path / "copy"
    assert backup(shop, copy) == Backup(str(copy), products=3, pictures=1, missing=0)
    shop.upsert([row_of(4)])  # of another moment
    with Catalog.open(copy, "net", DIM) as kept:
        assert [stored.product.id for stored in kept.all_stored()] == ["p1", "p2", "p3"]
        assert kept.image("p1").read_bytes() == b"a picture"
        assert kept.search(vector_of(2)[None], Query(k=1))[0][0].product_id == "p2"
    assert sorted(path.name for path in copy.rglob("*") if path.is_file()) == ["abc-1", FILE_NAME]
    assert {path.name for path in tmp_path.iterdir()} == {"catalog", "copy"}


def test_a_backup_takes_no_place_that_is_taken_and_leaves_nothing_half(shop, tmp_path):
    with pytest.raises(CatalogError, match="empty or not there"):
        backup(shop, shop.folder)
    shop._store.database.execute("UPDATE products SET data = '{' WHERE id = 'p2'")
    with pytest.raises(CatalogDamagedError, match="'p2'"):
        backup(shop, tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["catalog"]


def test_what_is_truth_is_counted(shop):
    found = truth_of(shop)
    assert found == Truth(found.database_bytes, found.log_bytes, 1, len(b"a picture"), missing=0)
    assert (found.log_bytes > 0) == (not shop.address.store)
    assert found.database_bytes > 0
    (shop.folder / PLACE).unlink()
    assert (truth_of(shop).pictures, truth_of(shop).missing) == (0, 1)


def test_a_backup_is_brought_back_and_readers_follow(shop, tmp_path):
    backup(shop, tmp_path / "copy")
    shop.remove(["p1"])
    (shop.folder / PLACE).unlink()
    shop.upsert([row_of(4)])
    assert restore(tmp_path / "copy", shop.folder) == 2
    assert shop.search(vector_of(1)[None], Query(k=1))[0][0].product_id == "p1"
    assert shop.image("p1").read_bytes() == b"a picture"
    assert [stored.product.id for stored in shop.all_stored()] == ["p1", "p2", "p3"]


@pytest.mark.parametrize("address", ["folder"], indirect=True)
@pytest.mark.parametrize("damage", ["emptied", "gone", "a row"])
def test_a_damaged_catalog_is_kept_aside(shop, tmp_path, damage):
    backup(shop, tmp_path / "copy")
    if damage == "a row":
        shop._store.database.execute("UPDATE products SET data = '{' WHERE id = 'p2'")
    shop.close()
    file = shop.folder / FILE_NAME
    if damage == "emptied":
        file.write_bytes(b"")
    if damage == "gone":
        shutil.rmtree(shop.folder)
    assert restore(tmp_path / "copy", shop.folder) == 3
    with Catalog.open(shop.folder, "net", DIM) as catalog:
        assert catalog.damages() == []
        assert catalog.image("p1").read_bytes() == b"a picture"
    assert (shop.folder / "damaged-1" / FILE_NAME).exists() == (damage != "gone")


def test_a_damaged_backup_changes_nothing(shop, tmp_path):
    backup(shop, tmp_path / "copy")
    (tmp_path / "copy" / FILE_NAME).write_bytes(b"")
    with pytest.raises(CatalogDamagedError):
        restore(tmp_path / "copy", shop.folder)
    assert shop.info().products == 3
