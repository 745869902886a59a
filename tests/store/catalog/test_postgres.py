"""What PostgreSQL alone can do wrong: schemas, passwords, connections, other writers."""

from __future__ import annotations

import dataclasses
import logging
import random
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from tests.postgres import PASSWORD
from tests.proxy import proxy
from tests.service.live import free_port
from tests.store.catalog.conftest import DIM, row_of, vector_of
from thatlook.cli import main
from thatlook.core.errors import CatalogError, CatalogUnavailableError, CatalogVersionError
from thatlook.core.records import Product
from thatlook.search.index import Query
from thatlook.store.catalog import Catalog, Row
from thatlook.store.catalog.address import Address
from thatlook.store.catalog.database import Database
from thatlook.store.catalog.schema import MIGRATIONS, VERSION, Migration
from thatlook.store.catalog.schema import migrate as migrate_file
from thatlook.store.catalog.wanted import Wanted

postgres_store = pytest.importorskip(
    "thatlook.store.catalog.postgres", reason="needs the extra cluster"
)
postgres_link = pytest.importorskip("thatlook.store.catalog.postgres_link")
PostgresWords = postgres_store.PostgresWords


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def url(postgres):
    return postgres.new_url()


@pytest.fixture
def catalog(url):
    with Catalog.open(url, "net", DIM) as opened:
        yield opened


def tables_of(engine, schema=None):
    """Per table its columns: name, kind of value, whether it may be none, whether it is the key."""
    from sqlalchemy import Boolean, Integer, LargeBinary, Numeric, inspect

    kinds = {Boolean: "number", Integer: "number", Numeric: "number", LargeBinary: "bytes"}

    def kind(column):
        return next((kinds[k] for k in kinds if isinstance(column["type"], k)), "text")

    look = inspect(engine)
    found = {}
    for table in look.get_table_names(schema):
        if not table.startswith("words"):
            key = look.get_pk_constraint(table, schema)["constrained_columns"]
            found[table] = {
                (c["name"], kind(c), c["nullable"] and c["name"] not in key, c["name"] in key)
                for c in look.get_columns(table, schema)
            }
    return found


def test_both_databases_have_the_tables_that_are_defined(catalog, tmp_path):
    from sqlalchemy import create_engine

    file = Database(tmp_path / "catalog.sqlite")
    migrate_file(file)
    file.close()
    ours = create_engine(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    database = catalog._store.database
    assert tables_of(database._engine, database.schema) == tables_of(ours)
    ours.dispose()


def test_a_later_version_is_reached_by_its_own_migration(catalog, monkeypatch):
    from thatlook.store.catalog import postgres_schema

    later = Migration(VERSION + 1, "later", (), ("CREATE TABLE added (x integer)",))
    database = catalog._store.database
    postgres_schema.migrate(database, (*MIGRATIONS, later))
    postgres_schema.migrate(database, (*MIGRATIONS, later))
    assert database.has("added")
    assert catalog.info().version == VERSION + 1
    with pytest.raises(CatalogVersionError, match="install a newer thatlook"):
        Catalog.open(catalog.address)


def test_two_processes_may_make_a_catalog_at_once(url):
    failures = []

    def make():
        try:
            Catalog.open(url, "net", DIM).close()
        except CatalogError as error:
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_catalog_that_is_not_there(url):
    with pytest.raises(CatalogError, match="no catalog is there; make one with"):
        Catalog.open(url, create=False)


def test_a_user_without_rights_needs_a_schema_of_its_own(catalog, postgres):
    database = catalog._store.database
    mine, name = Address.of(postgres.new_url()), f"clerk_{database.schema}"
    clerk = replace(mine, store=mine.store.replace("//shop@", f"//{name}@"))
    database.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    with pytest.raises(CatalogError, match="the user may not do this; grant it"):
        Catalog.open(clerk)
    schema = mine.store.rpartition("=")[2]
    database.execute(f"CREATE SCHEMA {schema} AUTHORIZATION {name}")
    with Catalog.open(clerk, "net", DIM) as own:
        own.upsert([row_of(1)])
        assert own.info().products == 1


def test_catalogs_of_one_database_are_apart(catalog, postgres):
    catalog.upsert([row_of(1)])
    with Catalog.open(postgres.new_url(), "net", DIM) as other:
        assert other.info().products == 0


@pytest.mark.parametrize("schema", ["Shop", "a b", 'a"; DROP TABLE state; --', "x" * 64])
def test_names_of_schemas(postgres, schema):
    with pytest.raises(CatalogError, match="a schema has small letters"):
        Catalog.open(postgres.url(schema))


def wrong_addresses(postgres):
    """Addresses with a password that cannot be used, and what they are told."""
    secret = "hunter2/@:%"
    return secret, {
        postgres.url("a", password=secret): "set PGPASSWORD, or name its variable",
        f"postgresql://u:{secret}@127.0.0.1:{free_port()}/d": "Connection refused",
        f"postgresql://u:{secret}@nowhere.invalid/d": "nowhere.invalid",
        f"postgresql://u:{secret}@127.0.0.1:port/d": "no address of a database",
        f"postgresql://h/d?user=u&password={secret}": "a password is no part of what stands",
        f"mysql://u:{secret}@h/d": "a catalog is a folder",
    }


def test_no_password_is_ever_told(postgres, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    secret, addresses = wrong_addresses(postgres)
    for address, words in addresses.items():
        with pytest.raises(CatalogError) as told:
            Catalog.open(address)
        assert words in str(told.value)
        for text in (str(told.value), repr(told.value), caplog.text):
            assert "hunter2" not in text
            assert secret not in text
        assert main(["catalog", "info", "--catalog", address]) in {1, 2}
        assert main(["doctor", "--catalog", address, "--json"]) in {1, 2}
        assert "hunter2" not in "".join(capsys.readouterr())


def test_an_unreachable_server_is_told_as_such(postgres):
    with pytest.raises(CatalogUnavailableError, match="Connection refused"):
        Catalog.open(f"postgresql://u@127.0.0.1:{free_port()}/d")


def test_info_and_doctor_show_no_password(catalog, capsys, monkeypatch, tmp_path):
    catalog.upsert([row_of(1)])
    assert PASSWORD not in str(catalog.info().to_dict())
    assert PASSWORD not in repr(catalog.address)
    (tmp_path / "catalog.toml").write_text(
        f'store = "{catalog.address}"\nstore_password_env = "SHOP_PASSWORD"\n'
    )
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
    for arguments in (["catalog", "info"], ["catalog", "info", "--json"], ["doctor"]):
        main([*arguments, "--catalog", str(tmp_path)])
        told = "".join(capsys.readouterr())
        assert PASSWORD not in told
        assert "1 products" in told or '"products": 1' in told


def test_the_extra_is_named_where_it_is_missing(postgres, url):
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from thatlook.store.catalog import Catalog\n"
        f"Catalog.open({url!r})"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "a catalog in PostgreSQL needs an optional package" in found.stderr
    assert "pip install 'thatlook[cluster]'" in found.stderr


def test_one_index_run_at_a_time_among_all_machines(catalog):
    with (
        Catalog.open(catalog.address, "net", DIM) as other,
        catalog.reserved("process 5 of the other machine"),
    ):
        with (
            pytest.raises(CatalogError, match="indexed by process 5 of the other machine"),
            other.reserved("mine"),
        ):
            pass
        other.upsert([row_of(1)])  # a service goes on meanwhile
    with Catalog.open(catalog.address, "net", DIM) as other, other.reserved("mine"):
        assert other.info().products == 1


def test_many_writers_number_their_changes_one_after_another(catalog):
    """Whoever reads up to a number misses no change below it, though many write at once."""
    seen, failures = [], []

    def write(first):
        with Catalog.open(catalog.address, "net", DIM) as mine:
            for n in range(first, first + 12):
                mine.upsert([row_of(n), row_of(n + 1000)])

    def read():
        with Catalog.open(catalog.address) as mine:
            last = 0
            while len(seen) < 96 and (any(one.is_alive() for one in writers) or mine.changes(last)):
                changes = mine.changes(last)
                numbers = [change.sequence for change in changes]
                if numbers != list(range(last + 1, last + 1 + len(numbers))):
                    failures.append(numbers)
                    return
                seen.extend(numbers)
                last += len(numbers)

    writers = [threading.Thread(target=write, args=(100 * n,)) for n in range(4)]
    reader = threading.Thread(target=read)
    for thread in (*writers, reader):
        thread.start()
    for thread in (*writers, reader):
        thread.join()
    assert failures == []
    assert seen == list(range(1, 97))


def test_a_writer_that_waited_too_long_is_told_and_can_write_after(catalog, monkeypatch):
    monkeypatch.setattr(postgres_store, "BUSY_SECONDS", 0.05)
    with Catalog.open(catalog.address, "net", DIM) as other:
        with catalog._store.database.writing():
            with pytest.raises(CatalogError, match="another process has been writing"):
                other.upsert([row_of(1)])
            assert other.info().products == 0  # readers wait for nobody
        other.upsert([row_of(1)])
        assert catalog.info().products == 1


def test_a_connection_that_broke_is_made_again(catalog, postgres):
    catalog.upsert([row_of(1)])
    postgres.stop()
    try:
        with pytest.raises(CatalogUnavailableError):
            catalog.product("p1")
        with pytest.raises(CatalogUnavailableError):
            catalog.upsert([row_of(2)])
    finally:
        postgres.start()
    assert catalog.product("p1").id == "p1"
    catalog.upsert([row_of(2)])
    postgres.stop()
    postgres.start()  # nobody asked meanwhile
    assert catalog.search(vector_of(2)[None], Query(k=1))[0][0].product_id == "p2"
    postgres.kill()
    postgres.start()
    catalog.upsert([row_of(3)])
    assert catalog.info().products == 3


def test_a_silent_server_is_given_up_and_then_left_alone_for_a_moment(
    catalog, postgres, monkeypatch
):
    monkeypatch.setattr(postgres_link, "SILENT_S", 0.2)
    monkeypatch.setattr(postgres_store, "PAUSE_S", 600)
    catalog.upsert([row_of(1)])
    with proxy(postgres.port) as network:
        near = str(catalog.address).replace(str(postgres.port), str(network.port))
        address = replace(Address.of(near), store_password=PASSWORD)
        with Catalog.open(address, "net", DIM) as mine:
            network.cut()
            begun = time.monotonic()
            with pytest.raises(CatalogUnavailableError, match="does not answer any more"):
                mine.upsert([row_of(2)])
            assert time.monotonic() - begun < 10
            with pytest.raises(CatalogUnavailableError, match="did not answer a moment ago"):
                mine.product("p1")
            network.mend()
            monkeypatch.setattr(mine._store.database, "_again_at", 0.0)
            assert mine.product("p1").id == "p1"
            mine.upsert([row_of(2)])
            assert mine.info().products == 2


def test_a_slow_statement_is_no_silent_server(catalog, monkeypatch):
    monkeypatch.setattr(postgres_link, "SILENT_S", 0.2)
    asked = []
    check = postgres_link.Link._check_server
    monkeypatch.setattr(
        postgres_link.Link, "_check_server", lambda self: (asked.append(1), check(self))
    )
    assert catalog._store.database.rows("SELECT 5 FROM pg_sleep(1.2)") == [(5,)]
    assert len(asked) >= 2


def test_the_server_keeps_no_lock_for_a_client_that_is_gone(catalog):
    for name, value in postgres_link.SERVER_SETTINGS:
        sql = "SELECT setting FROM pg_settings WHERE name = ?"
        assert catalog._store.database.one(sql, (name,)) == (value,)


def test_an_index_run_does_not_go_on_without_its_lock(catalog, postgres):
    with catalog.reserved("me"):
        catalog.upsert([row_of(1)])
        postgres.stop()
        postgres.start()
        with pytest.raises(CatalogUnavailableError):
            catalog.upsert([row_of(2)])
        with pytest.raises(CatalogUnavailableError, match="connection was lost during the run"):
            catalog.upsert([row_of(2)])
    catalog.upsert([row_of(2)])
    assert catalog.info().products == 2


def ask_after_the_end(database):
    """Whether it is alone, once the connection that has the lock was ended from elsewhere."""
    with database.alone("search") as alone:
        assert alone()
        assert database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND classid = ? AND objid::bigint = ?",
            (postgres_store._LOCKS["search"], database._half % (1 << 32)),
        ) == [(True,)]
        return alone()


def test_a_feed_whose_connection_was_ended_is_told_as_such(catalog):
    database = catalog._store.database
    with pytest.raises(CatalogUnavailableError, match="terminating connection"):
        ask_after_the_end(database)
    with database.alone("search") as alone:
        assert alone()


@pytest.mark.parametrize("text", ["a\x00b", "half \ud800"])
def test_texts_that_no_database_keeps_are_told(catalog, text):
    with pytest.raises(CatalogError, match="character"):
        catalog.upsert([row_of(1, title=text)])
    with pytest.raises(CatalogError, match="character"):
        catalog.upsert([row_of(1, brand=text)])
    assert catalog.info().products == 0


WORDS = ("red", "blue", "shoe", "boot", "wool", "silk", "zip", "acme", "slim", "café", "größe")


def test_words_find_the_same_in_the_same_order_as_in_a_folder(catalog, tmp_path):
    """Half of it before and after changes, so that old entries are in both."""
    rng = random.Random(3)

    def product(n):
        texts = {
            name: " ".join(rng.choices(WORDS, k=rng.randint(0, count)))
            for name, count in {"title": 5, "brand": 1, "product_type": 2, "description": 9}.items()
        }
        category, gender = rng.choice(("dress", "bag")), rng.choice(("female", "male", "unisex"))
        return Row(
            product=Product(id=f"p{n}", category=category, gender=gender, **texts),
            vector=vector_of(n),
        )

    def asked():
        groups = [[(word,) for word in rng.sample(WORDS, 2)] for _ in range(rng.randint(1, 3))]
        genders = rng.choice((None, frozenset({"female", "unisex"})))
        return groups, Query(category=rng.choice((None, "dress")), genders=genders, k=15)

    with Catalog.open(tmp_path / "folder", "net", DIM) as folder:
        for _ in range(6):
            rows = [product(n) for n in rng.sample(range(150), 60)]
            gone = [f"p{n}" for n in rng.sample(range(150), 10)]
            for one in (folder, catalog):
                one.upsert(rows)
                one.remove(gone)
                one.warm()
            assert folder.lines().frequencies == catalog.lines().frequencies
            for _ in range(20):
                groups, query = asked()
                expected, found = (one.by_words(groups, query) for one in (folder, catalog))
                assert [hit.product_id for hit in found] == [hit.product_id for hit in expected]
                assert [hit.score for hit in found] == pytest.approx(
                    [hit.score for hit in expected], rel=1e-6
                )


def bm25_of(database, phrases):
    """The BM25 of each entry with all the words, added up phrase by phrase in numpy."""
    rows = database.rows(
        "SELECT entry, length, words, weights FROM words WHERE words @> CAST(? AS text[])",
        (list(phrases),),
    )
    entries, length = database.one("SELECT entries, length FROM words_state")
    having = dict(database.rows("SELECT term, doc FROM words_terms"))
    norm = 1.2 * (1 - 0.75 + 0.75 * np.array([row[1] for row in rows]) / (length / entries))
    scores = np.zeros(len(rows))
    for word in phrases:
        weight = np.array([row[3][row[2].index(word)] for row in rows])
        idf = max(np.log((entries - having[word] + 0.5) / (having[word] + 0.5)), 1e-6)
        scores += idf * (weight * (1.2 + 1) / (weight + norm))
    return {row[0]: score for row, score in zip(rows, scores.tolist(), strict=True)}


def test_common_words_are_ordered_by_the_database_which_gives_no_more_than_asked(
    catalog, monkeypatch
):
    rng, database = random.Random(4), catalog._store.database
    for start in (0, 200):
        catalog.upsert(
            row_of(n, title=" ".join(("shoe", *rng.choices(WORDS, k=rng.randint(0, 9)))))
            for n in range(start, start + 200)
        )
    catalog.warm()
    catalog.lines()
    given, rows = [], database.rows

    def counted(sql, values=()):
        found = rows(sql, values)
        given.append(len(found))
        return found

    ids = dict(rows("SELECT sequence, id FROM products"))
    for words in (("shoe",), ("shoe", "red"), ("shoe", "shoe", "wool")):
        scores = bm25_of(database, words)
        best = sorted(scores, key=lambda entry: (-scores[entry], entry))[:25]
        wanted = Wanted([[(word,)] for word in words], every=True, marks=())
        with monkeypatch.context() as watched:
            watched.setattr(database, "rows", counted)
            found = PostgresWords(database).matching(wanted, 25, scored=True)
        assert sorted(found) == sorted((ids[entry], scores[entry]) for entry in best)
        first = PostgresWords(database).matching(wanted, 25, scored=False)
        assert {one for one, _ in first} == {ids[entry] for entry in sorted(scores)[-25:]}
    assert max(given) == 25
    assert len(scores) > 50


def test_what_a_folder_keeps_beside_a_database(catalog, tmp_path):
    folder = tmp_path / "data" / "thatlook"
    assert catalog.folder.parent == folder
    catalog.upsert([dataclasses.replace(row_of(1), image="images/a")])
    picture = catalog.folder / "images" / "a"
    picture.parent.mkdir()
    picture.write_bytes(b"x")
    assert catalog.image("p1") == picture


def test_a_folder_that_cannot_be_made_is_told(url, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(CatalogError, match="cannot be written"):
        Catalog.open(url)


def test_a_database_that_was_brought_back_is_noticed(catalog):
    """As by pg_restore, or by a replica that had not heard of the last changes."""
    catalog.upsert([row_of(1), row_of(2)])
    query, database = Query(k=9), catalog._store.database
    tables = ("products", "articles", "state", "commits", "tombstones")
    for table in tables:
        database.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")
    catalog.remove(["p1"])
    catalog.upsert([row_of(3), row_of(2, color="red")])
    assert len(catalog.search(vector_of(1)[None], query)[0]) == 2
    assert [traits.color for traits in catalog.candidates(["p2"]).traits] == ["red"]
    with database.writing():
        for table in tables:
            database.execute(f"DELETE FROM {table}")
            new = "OVERRIDING SYSTEM VALUE" if table == "products" else ""
            database.execute(f"INSERT INTO {table} {new} SELECT * FROM old_{table}")
    found = [hit.product_id for hit in catalog.search(vector_of(1)[None], query)[0]]
    assert found == ["p1", "p2"]
    assert [traits.color for traits in catalog.candidates(["p2"]).traits] == ["navy blue"]
