"""A catalog whose folder cannot be written: what can be answered is, what must write says why."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.store.catalog.conftest import DIM, row_of, vector_of
from tests.unwritable import unwritable
from thatlook.core.errors import CatalogReadOnlyError, CatalogUnavailableError
from thatlook.search.index import Query
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.backup import backup, restore
from thatlook.store.catalog.blocks import CACHED_FROM
from thatlook.store.catalog.opening import FILE_NAME
from thatlook.store.catalog.sqlite_file import _connected_to_log
from thatlook.store.catalog.versions import snapshot
from thatlook.store.ingest.turn import own_turn


@contextmanager
def writable(folder):
    """For the block somebody else may write in a folder that is `unwritable`."""
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
    try:
        yield
    finally:
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)


WORDS = [[("gown",)]]


def filled(folder, count=20):
    with Catalog.open(folder, "net", DIM) as catalog:
        catalog.upsert(row_of(n, title=f"gown {n}") for n in range(count))
    return folder


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def found(catalog, number):
    (hits,) = catalog.search(vector_of(number)[None], Query(k=1))
    return hits[0].product_id


def log_of(folder):
    return folder / f"{FILE_NAME}-wal"


def words_of(catalog):
    return sorted(hit.product_id for hit in catalog.by_words(WORDS, Query(k=1000)))


def test_what_can_be_answered_is(tmp_path):
    folder = filled(tmp_path / "c")
    before = names_in(folder)
    with unwritable(folder), Catalog.open(folder, "net", DIM, create=False) as catalog:
        assert catalog.info().products == 20
        assert found(catalog, 7) == "p7"
        assert catalog.product("p3").title == "gown 3"
        assert catalog.damages() == []
        assert len(words_of(catalog)) == 20  # no search for words has filled the index before
        catalog.warm()
        catalog.settle()
        assert backup(catalog, tmp_path / "copy").products == 20
    assert names_in(folder) == before


def test_a_file_that_is_not_ours_in_a_folder_that_is(tmp_path):
    folder = filled(tmp_path / "c")
    with unwritable(folder):
        folder.chmod(0o755)
        with Catalog.open(folder, "net", DIM, create=False) as catalog:
            assert found(catalog, 7) == "p7"
            assert len(words_of(catalog)) == 20
            with pytest.raises(
                CatalogReadOnlyError, match=r"catalog\.sqlite: cannot be written here"
            ):
                catalog.remove(["p7"])
        assert names_in(folder) == [FILE_NAME]  # a log of ours would lock its owner out
        folder.chmod(0o777)
        with writable(folder):
            writer = Catalog.open(folder, "net", DIM)
        with Catalog.open(folder, "net", DIM, create=False) as catalog:
            folder.chmod(0o777)
            writer.remove(["p7"])
            assert found(catalog, 7) != "p7"
        writer.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda catalog: catalog.upsert([row_of(100)]),
        lambda catalog: catalog.remove(["p1"]),
        lambda catalog: catalog.mark_left(["p1"]),
        lambda catalog: snapshot(catalog, "now"),
        lambda catalog: own_turn(catalog.folder, "feed.csv").__enter__(),
    ],
)
def test_what_must_write_says_why(change, tmp_path):
    folder = filled(tmp_path / "c")
    with unwritable(folder), Catalog.open(folder, "net", DIM, create=False) as catalog:
        with pytest.raises(CatalogReadOnlyError, match="cannot be written"):
            change(catalog)
        assert catalog.info().products == 20
        assert found(catalog, 1) == "p1"


def test_a_catalog_is_made_nowhere_else(tmp_path):
    (tmp_path / "here").mkdir()
    with unwritable(tmp_path / "here"), pytest.raises(CatalogReadOnlyError, match="here/c: cannot"):
        Catalog.open(tmp_path / "here" / "c", "net", DIM)


def test_who_may_write_is_followed(tmp_path):
    folder = filled(tmp_path / "c")
    with unwritable(folder), Catalog.open(folder, "net", DIM, create=False) as reader:
        assert (found(reader, 7), len(words_of(reader))) == ("p7", 20)
        with writable(folder):
            writer = Catalog.open(folder, "net", DIM)
            writer.remove(["p7"])
        assert found(reader, 7) != "p7"
        with writable(folder):
            writer.upsert([row_of(30, title="gown 30")])
        assert found(reader, 30) == "p30"
        assert len(words_of(reader)) == 20
        with writable(folder):
            writer.close()
        assert reader.info().products == 20


def test_a_file_that_was_written_meanwhile_is_read_again(tmp_path):
    folder = filled(tmp_path / "c")
    with unwritable(folder), Catalog.open(folder, "net", DIM, create=False) as reader:
        assert (found(reader, 7), len(words_of(reader))) == ("p7", 20)
        with writable(folder), Catalog.open(folder, "net", DIM) as writer:
            writer.remove(["p7"])
        assert found(reader, 7) != "p7"
        assert "p7" not in words_of(reader)
        with pytest.raises(CatalogReadOnlyError):
            reader.remove(["p8"])


def test_who_writes_into_an_empty_log_that_lay_there_is_followed(tmp_path):
    folder = filled(tmp_path / "c")
    log_of(folder).touch()
    with unwritable(folder), Catalog.open(folder, create=False) as reader:
        assert found(reader, 7) == "p7"
        with writable(folder), Catalog.open(folder, "net", DIM) as writer:
            writer.remove(["p7"])
            assert found(reader, 7) != "p7"
            assert reader.info().products == 19


def removed(folder, *ids):
    """By somebody else, who moves it to the file itself."""
    with writable(folder), Catalog.open(folder, "net", DIM) as writer:
        writer.remove(ids)


def test_a_query_that_others_write_into_is_asked_again(tmp_path):
    folder = filled(tmp_path / "c")
    with unwritable(folder), Catalog.open(folder, create=False) as reader:
        seen = []

        def meanwhile(_):
            if not seen:
                seen.append(1)
                removed(folder, "p7")

        reader._store.database._connection.set_trace_callback(meanwhile)
        assert reader._store.database.rows(
            "SELECT count(*), (SELECT sequence FROM state) FROM products"
        ) == [(19, 21)]


@pytest.mark.parametrize("after", range(1, 8))
@pytest.mark.parametrize(
    ("read", "before", "afterwards"),
    [
        (lambda reader: found(reader, 7) == "p7", True, False),
        (lambda reader: reader.info().products, 20, 19),
        (lambda reader: reader.offered().genders[0].count, 20, 19),
        (lambda reader: len([c for c in reader.changes(0) if c.entry is None]), 0, 1),
    ],
)
def test_what_takes_several_queries_is_read_again(tmp_path, after, read, before, afterwards):
    folder = filled(tmp_path / "c")
    statements = []

    def meanwhile(statement):
        statements.append(statement)
        if len(statements) == after:
            removed(folder, "p7")

    with unwritable(folder), Catalog.open(folder, "net", DIM, create=False) as reader:
        reader._store.database._connection.set_trace_callback(meanwhile)
        assert read(reader) in {before, afterwards}
        if len(statements) >= after:
            assert read(reader) == afterwards


def test_a_transaction_never_mixes_two_states(tmp_path):
    folder = filled(tmp_path / "c")
    with unwritable(folder), Catalog.open(folder, create=False) as reader:
        database = reader._store.database
        with database.reading():
            assert database.one("SELECT sequence FROM state") == (20,)
            removed(folder, "p7")
            with pytest.raises(CatalogUnavailableError, match="was written while it was read"):
                database.rows("SELECT id FROM products")
        assert reader.info().products == 19


def test_half_of_two_states_is_not_called_damaged(tmp_path):
    folder = filled(tmp_path / "c")
    file = folder / FILE_NAME
    whole = file.read_bytes()
    with unwritable(folder), Catalog.open(folder, create=False) as reader:
        database = reader._store.database
        with database.reading():
            database.one("SELECT 1 FROM state")
            with writable(folder):
                file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
            with pytest.raises(CatalogUnavailableError, match="was written while it was read"):
                database.rows("SELECT * FROM articles")
        with writable(folder):
            file.write_bytes(whole)
        assert found(reader, 7) == "p7"


def test_a_file_that_comes_back_is_read_again(tmp_path):
    folder = filled(tmp_path / "c")
    file, away = folder / FILE_NAME, tmp_path / "away"
    with unwritable(folder), Catalog.open(folder, create=False) as reader:
        with writable(folder):
            file.rename(away)
        with pytest.raises(CatalogUnavailableError, match=r"catalog\.sqlite: is not there now"):
            reader.product("p7")
        with writable(folder):
            away.rename(file)
        assert reader.product("p7").title == "gown 7"


def test_after_changes_that_could_not_be_read_it_is_read_again(tmp_path):
    folder = filled(tmp_path / "c")
    with unwritable(folder), Catalog.open(folder, create=False) as reader:
        with writable(folder):
            log_of(folder).write_bytes(bytes(5000))
        for _ in range(2):
            with pytest.raises(CatalogUnavailableError, match="-wal: holds changes"):
                reader.product("p7")
        with writable(folder):
            log_of(folder).unlink()
        assert reader.product("p7").title == "gown 7"


@pytest.fixture
def shared_folder():
    """Where every user may make files."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        (Path(name) / "c").mkdir()
        (Path(name) / "c").chmod(0o777)
        yield Path(name) / "c"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user")
def test_no_log_of_ours_stays_where_its_owner_removed_his_just_then(shared_folder):
    file = filled(shared_folder) / FILE_NAME
    os.seteuid(65534)
    try:
        with pytest.raises(sqlite3.OperationalError):
            _connected_to_log(file)
    finally:
        os.seteuid(0)
    assert names_in(shared_folder) == [FILE_NAME]


WRITER = """
import sys
from thatlook.store.catalog import Catalog
with Catalog.open(sys.argv[1], create=False) as catalog:
    catalog.remove(["p7"])
    print("removed", flush=True)
    sys.stdin.read()
"""


def test_who_writes_and_is_killed_in_the_midst_is_no_error_of_who_reads(tmp_path):
    folder = filled(tmp_path / "c")
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"removed\n"
        with unwritable(folder), Catalog.open(folder, create=False) as reader:
            assert reader.info().products == 19
            writer.kill()
            writer.wait()
            with writable(folder), (folder / f"{FILE_NAME}-shm").open("r+b") as index:
                index.seek(16)
                index.write(bytes(4))  # the head of the log's index, half written
            with pytest.raises(CatalogUnavailableError, match="-wal: cannot be read before"):
                reader.product("p1")
    with Catalog.open(folder, create=False) as catalog:
        assert catalog.info().products == 19


def test_changes_in_a_log_that_cannot_be_read_are_not_passed_over(tmp_path):
    folder = filled(tmp_path / "c")
    copy = tmp_path / "copy"
    copy.mkdir()
    with Catalog.open(folder, "net", DIM) as catalog:
        catalog.remove(["p7"])
        for name in (FILE_NAME, f"{FILE_NAME}-wal"):
            shutil.copyfile(folder / name, copy / name)
    with (
        unwritable(copy),
        pytest.raises(CatalogUnavailableError, match=r"-wal: holds changes .* catalog info"),
    ):
        Catalog.open(copy, create=False)
    with Catalog.open(copy, create=False) as catalog:
        assert catalog.info().products == 19


def test_an_older_catalog_says_that_it_must_be_upgraded_elsewhere(tmp_path):
    folder = filled(tmp_path / "c")
    with sqlite3.connect(folder / FILE_NAME) as connection:
        connection.execute("DELETE FROM migrations WHERE version > 5")
    connection.close()
    with unwritable(folder), pytest.raises(CatalogReadOnlyError, match="has version 5, and cannot"):
        Catalog.open(folder, create=False)


def test_a_backup_that_can_only_be_read_is_brought_back(tmp_path):
    kept = tmp_path / "kept"
    with Catalog.open(filled(tmp_path / "c"), "net", DIM) as catalog:
        backup(catalog, kept)
        catalog.remove([f"p{n}" for n in range(5)])
    with unwritable(kept):
        assert restore(kept, tmp_path / "c") == 5
    with Catalog.open(tmp_path / "c", create=False) as catalog:
        assert catalog.info().products == 20


def test_blocks_stay_in_memory(tmp_path, caplog):
    folder = filled(tmp_path / "c", CACHED_FROM + 1)
    with unwritable(folder), Catalog.open(folder, "net", DIM, create=False) as catalog:
        assert found(catalog, 7) == "p7"
    assert not (folder / "cache").exists()
    assert "the cache is not written: [Errno 13]" in caplog.text
