from __future__ import annotations

import sqlite3

import pytest

from tests.store.catalog.conftest import DIM, row_of, vector_of
from thatlook.core.errors import CatalogError, CatalogVersionError
from thatlook.search.index import Query
from thatlook.search.ranking import Style, Traits, label
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.database import Database
from thatlook.store.catalog.schema import MIGRATIONS, VERSION, Migration, migrate, version_of


def test_versions_count_up():
    assert [step.version for step in MIGRATIONS] == list(range(1, VERSION + 1))


@pytest.mark.parametrize("version", range(1, VERSION))
def test_an_older_catalog_opens_and_is_upgraded(tmp_path, version):
    database = Database(tmp_path / "catalog.sqlite")
    migrate(database, MIGRATIONS[:version])
    assert version_of(database) == version
    database.close()
    with Catalog.open(tmp_path, "net", DIM) as catalog:
        assert catalog.info().version == VERSION
        catalog.upsert([row_of(1)])
        assert len(catalog.search(vector_of(1)[None], Query())[0]) == 1


def written_by_the_first(file, count):
    """A file of version 1 with products p1, p2, ... in it, as that version wrote it."""
    database = Database(file)
    migrate(database, MIGRATIONS[:1])
    products = [
        (n, f"p{n}", n, f'{{"id":"p{n}","category":"dress","gender":"female"}}')
        for n in range(1, count + 1)
    ]
    with database.writing():
        database.execute("UPDATE state SET sequence = ?, model_key = 'net', dim = ?", (count, DIM))
        database.executemany(
            """INSERT INTO products VALUES (?, ?, ?, 'active', 'dress', 'female', NULL, '', '', '',
            '', ?, 'hash', 'then')""",
            products,
        )
        database.executemany(
            "INSERT INTO articles VALUES (?, 'net', ?, NULL, 0.5, 1, '{}', '', '')",
            [(n, vector_of(n).tobytes()) for n, *_ in products],
        )
    database.close()


def test_products_survive_the_upgrade(tmp_path):
    written_by_the_first(tmp_path / "catalog.sqlite", 1)
    with Catalog.open(tmp_path, "net", DIM) as catalog:
        assert catalog.search(vector_of(1)[None], Query())[0][0].product_id == "p1"
        assert catalog.info().version == VERSION


@pytest.mark.parametrize(
    ("data", "attributes", "traits", "group"),
    [
        (
            '{"id":"p1","item_group_id":"g","product_type":"A > B","pattern":"Dots","color":"Red"}',
            '{"type": ["gown", 0.5], "pattern": ["plain", 0.5], "color": ["blue", 0.5]}',
            Traits("A > B", "red", "dots"),
            "g",
        ),
        (
            '{"id":"p1"}',
            '{"type": ["gown", 0.5], "pattern": "Plain"}',
            Traits("gown", "", "plain"),
            "",
        ),
        ('{"id":"p1"}', '{"type": [], "pattern": {"a": 1}}', Traits(), ""),
    ],
)
def test_the_upgrade_to_6_fills_what_candidates_are_ranked_by(
    tmp_path, data, attributes, traits, group
):
    """A file of version 5 with a product in it, as that version wrote it."""
    database = Database(tmp_path / "catalog.sqlite")
    migrate(database, MIGRATIONS[:5])
    database.execute("UPDATE state SET sequence = 1, model_key = 'net', dim = ?", (DIM,))
    database.execute(
        """INSERT INTO products VALUES (1, 'p1', 1, 'active', 'dress', 'female', NULL, '', '', ?,
        '', ?, 'hash', 'then', 1, 'key')""",
        (traits.color.title(), data),
    )
    database.execute(
        "INSERT INTO articles VALUES (1, 'net', ?, NULL, 0.5, 1, ?, '', '', x'01', '[]')",
        (vector_of(1).tobytes(), attributes),
    )
    database.close()
    with Catalog.open(tmp_path, "net", DIM) as catalog:
        found = catalog.candidates(["p1"])
        stored = catalog.stored("p1")
    assert found.traits == (traits,) == (Traits.of_product(stored.product, stored.attributes),)
    seen = tuple(label(stored.attributes.get(name)) for name in ("type", "pattern"))
    assert found.styles == (Style(group, "key", traits.color, seen, b"\x01"),)


def test_a_newer_catalog_is_refused(tmp_path):
    Catalog.open(tmp_path, "net", DIM).close()
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        connection.execute("INSERT INTO migrations VALUES (99, 'from the future', 'later')")
    connection.close()
    with pytest.raises(
        CatalogVersionError, match=f"version 99, this thatlook knows up to {VERSION}"
    ):
        Catalog.open(tmp_path)


def test_a_migration_that_fails_leaves_the_version_before(tmp_path):
    database = Database(tmp_path / "catalog.sqlite")
    broken = Migration(VERSION + 1, "broken", ("CREATE TABLE added (x)", "NO SUCH STATEMENT"))
    with pytest.raises(CatalogError, match="syntax error"):
        migrate(database, (*MIGRATIONS, broken))
    assert version_of(database) == VERSION
    assert database.one("SELECT count(*) FROM sqlite_master WHERE name = 'added'") == (0,)
    database.close()


def test_what_was_promised_of_sqlite(tmp_path):
    with Catalog.open(tmp_path, "net", DIM) as catalog:
        database = catalog._store.database
        assert database.one("PRAGMA journal_mode") == ("wal",)
        assert database.one("PRAGMA synchronous") == (2,)
        assert database.one("PRAGMA foreign_keys") == (1,)
