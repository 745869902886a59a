"""Flipped bits, emptied and missing files: told by name, nothing made new in their place."""

from __future__ import annotations

import random
import shutil
import sqlite3

import pytest

from tests.store.catalog.conftest import DIM, row_of, vector_of
from thatlook.core.errors import CatalogDamagedError, CatalogError
from thatlook.quality.catalog_audit import AuditDepth, audit
from thatlook.search.index import Query
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.opening import FILE_NAME
from thatlook.store.catalog.versions import rollback, snapshot, versions

COUNT = 200


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    with Catalog.open(folder, "net", DIM) as catalog:
        catalog.upsert(row_of(n) for n in range(COUNT))
        snapshot(catalog, "before")
        catalog.settle()
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / "c")


def change(folder, sql, *values):
    """Changes the tables as no thatlook would."""
    with sqlite3.connect(folder / FILE_NAME) as connection:
        assert connection.execute(sql, values).rowcount == 1
    connection.close()


def test_an_emptied_file_is_no_new_catalog(folder):
    for content in (b"", bytes(4096), b"hello"):
        (folder / FILE_NAME).write_bytes(content)
        with pytest.raises(CatalogDamagedError, match="thatlook catalog restore"):
            Catalog.open(folder, "net", DIM)
        assert (folder / FILE_NAME).read_bytes() == content


def test_a_database_without_tables_is_no_new_catalog(folder):
    (folder / FILE_NAME).unlink()
    with sqlite3.connect(folder / FILE_NAME) as connection:
        connection.execute("CREATE TABLE other (a)")
    connection.close()
    with pytest.raises(CatalogDamagedError, match="no products"):
        Catalog.open(folder, "net", DIM)


def test_a_log_without_its_file_is_no_new_catalog(folder):
    (folder / FILE_NAME).rename(folder / "elsewhere")
    (folder / f"{FILE_NAME}-wal").write_bytes(b"acknowledged")
    with pytest.raises(CatalogDamagedError, match="its log"):
        Catalog.open(folder, "net", DIM)
    assert (folder / f"{FILE_NAME}-wal").read_bytes() == b"acknowledged"


def test_a_new_catalog_is_there_whole_and_leaves_nothing_beside(tmp_path):
    Catalog.open(tmp_path / "c", "net", DIM).close()
    assert [path.name for path in (tmp_path / "c").iterdir()] == [FILE_NAME]
    assert (tmp_path / "c" / FILE_NAME).stat().st_size > 4096


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("UPDATE products SET data = ? WHERE id = 'p7'", "{"),
        ("UPDATE products SET data = ? WHERE id = 'p7'", '{"id":"p8","title":"t"}'),
        ("UPDATE products SET data = ? WHERE id = 'p7'", '{"id":"p7","title":"t","nothing":1}'),
        ("UPDATE products SET data = CAST(? AS TEXT) WHERE id = 'p7'", b"\xff\xfe{}"),
    ],
)
def test_a_broken_row_is_named_and_breaks_no_other(folder, sql, value):
    change(folder, sql, value)
    with Catalog.open(folder, "net", DIM) as catalog:
        with pytest.raises(CatalogDamagedError, match=r"'p7'|decode"):
            catalog.product("p7")
        assert catalog.product("p8").id == "p8"
        found = audit(catalog, AuditDepth(files=False))
        assert found.products == COUNT - 1
        assert [f.kind for f in found.integrity if f.kind == "damaged"] == ["damaged"]
        assert found.severe
        with pytest.raises(CatalogDamagedError):
            snapshot(catalog, "after")
        assert versions(catalog) == ["before"]
        catalog.remove(["p7"])
        assert catalog.damages() == []
        assert len(catalog.search(vector_of(1)[None], Query(k=COUNT))[0]) == COUNT - 1


@pytest.mark.parametrize("column", ["attributes", "box", "pictures"])
def test_a_broken_article_is_named(folder, column):
    row = "(SELECT key FROM products WHERE id = 'p7')"
    change(folder, f"UPDATE articles SET {column} = '[1' WHERE product = {row}")
    with Catalog.open(folder, "net", DIM) as catalog:
        with pytest.raises(CatalogDamagedError, match="'p7'"):
            catalog.vector("p7")
        assert len(catalog.damages()) == 1


def test_a_cut_vector_is_told_when_it_is_searched(folder):
    row = "(SELECT key FROM products WHERE id = 'p7')"
    change(folder, f"UPDATE articles SET vector = x'0011' WHERE product = {row}")
    with (
        Catalog.open(folder, "net", DIM) as catalog,
        pytest.raises(CatalogDamagedError, match="catalog audit names it"),
    ):
        catalog.search(vector_of(1)[None], Query())


def test_a_damaged_version_is_not_brought_back(folder):
    version = folder / "versions" / "before"
    change(version, "UPDATE products SET data = '{' WHERE id = 'p7'")
    with Catalog.open(folder, "net", DIM) as catalog:
        with pytest.raises(CatalogDamagedError):
            rollback(catalog, "before")
        assert catalog.product("p7").id == "p7"


def test_flipped_bits_are_told_by_name_alone(folder):
    dice = random.Random(5)
    whole = (folder / FILE_NAME).read_bytes()
    told = 0
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 30))):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        (folder / FILE_NAME).write_bytes(data)
        shutil.rmtree(folder / "cache", ignore_errors=True)
        try:
            with Catalog.open(folder, "net", DIM) as catalog:
                catalog.search(vector_of(1)[None], Query())
                list(catalog.all_stored())
                catalog.check()
        except CatalogError:
            told += 1
        for log in folder.glob(f"{FILE_NAME}-*"):
            log.unlink()
    assert told >= 20  # the others fell into room that nothing is in, or into words and numbers
