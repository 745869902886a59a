"""What a bug report gets, and what it must not."""

from __future__ import annotations

import dataclasses
import json
import socket

import pytest

from tests.store.catalog.conftest import DIM, row_of
from tests.store.scenes.made import KEY, Parser, photo
from tests.unwritable import unwritable
from thatlook.cli.doctor import doctor
from thatlook.core.version import __version__
from thatlook.quality.doctor import Finding, examine
from thatlook.store.catalog import Catalog
from thatlook.store.scenes.rows import rows_of
from thatlook.vision.models.registry import TASKS, resolve


@pytest.fixture
def folder(tmp_path):
    with Catalog.open(tmp_path / "a-secret-shop", "net", DIM) as catalog:
        catalog.upsert([dataclasses.replace(row_of(1), image="pictures/ab/gone"), row_of(2)])
    return tmp_path / "a-secret-shop"


def told(folder=None, port=0):
    return {found.name: found for found in examine(folder, port)}


def test_a_sound_installation_is_fine():
    found = told()
    assert all(one.fine for one in found.values())
    assert found["thatlook"].told == __version__
    assert found["package numpy"].told.split(".")[0].isdigit()
    for task in TASKS:
        assert resolve(task).sha256 in found[f"network {task}"].told


def test_a_catalog_is_looked_at_whole(folder):
    found = told(folder)
    assert found["catalog"].told.startswith("version ")
    assert "2 products, 0 that left, 0 not seen" in found["catalog"].told
    assert found["catalog's integrity"].told == "whole"
    assert found["catalog's pictures"].told == "1 that were put are gone"
    assert not found["catalog's pictures"].fine


def test_scenes_are_counted_and_another_network_is_told(folder):
    assert "catalog's scenes" not in told(folder)
    look = Parser().parse(photo(folder.parent / "a.png", (200, 0, 0)))
    with Catalog.open(folder / "scenes", KEY, 4) as scenes:
        scenes.upsert(rows_of("s1", look, "a.png", "d"))
    found = told(folder)["catalog's scenes"]
    assert not found.fine
    assert found.told == "1, of the network net:1: delete scenes/ and index them again"
    with Catalog.open(folder.parent / "same", KEY, 4):
        (folder / "scenes").rename(folder.parent / "same" / "scenes")
    assert told(folder.parent / "same")["catalog's scenes"] == Finding("catalog's scenes", "1")
    (folder.parent / "same" / "scenes" / "catalog.sqlite").write_bytes(b"no database" * 99)
    assert "cannot be opened" in told(folder.parent / "same")["catalog's scenes"].told


def test_a_catalog_that_can_only_be_read_is_no_fault(folder):
    with unwritable(folder):
        found = told(folder)
    assert found["catalog"].told.endswith(", can be read alone")
    assert found["catalog"].fine


def test_damage_is_counted_and_nothing_personal_is_told(folder, monkeypatch, capsys):
    monkeypatch.setenv("THATLOOK_EMBEDDING_MODEL", str(folder / "own.json"))
    with Catalog.open(folder) as catalog:
        catalog._store.database.execute("UPDATE products SET data = '{' WHERE id = 'p2'")
    status = doctor.main(["--catalog", str(folder), "--json"], standalone_mode=False)
    text = capsys.readouterr().out
    assert status == 1
    assert not json.loads(text)["fine"]
    names = {one["name"]: one for one in json.loads(text)["findings"] if not one["fine"]}
    assert sorted(names) == ["catalog's integrity", "catalog's pictures", "network embedding"]
    assert names["catalog's integrity"]["told"].startswith("1 findings")
    for secret in ("secret-shop", str(folder.parent), "own.json", "'p2'"):
        assert secret not in text


def test_an_emptied_catalog_and_a_missing_one_are_told(folder, tmp_path):
    (folder / "catalog.sqlite").write_bytes(b"")
    assert "CatalogDamagedError" in told(folder)["catalog"].told
    missing = told(tmp_path / "none")
    assert not missing["catalog"].fine
    assert not (tmp_path / "none").exists()


def test_a_port_that_is_taken_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert told(port=port)[f"port {port}"].told.startswith("cannot be listened on")
