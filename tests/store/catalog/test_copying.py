"""A copy of a catalog in another store is the same catalog, however often it was interrupted."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tests.store.catalog.conftest import DIM, FULL, row_of
from thatlook.cli import main
from thatlook.core.errors import CatalogError, ModelMismatchError
from thatlook.store.catalog import Catalog, Row, transfer
from thatlook.store.catalog.address import Address
from thatlook.store.catalog.copying import copy_catalog
from thatlook.store.catalog.versions import compare

COUNT = 30


@pytest.fixture
def shop(tmp_path):
    """A catalog in a folder with every kind of product: full, left, of two pictures, unseen."""
    address = Address.of(tmp_path / "shop")
    with Catalog.open(address, "net", DIM) as catalog:
        catalog.upsert([row_of(n) for n in range(COUNT)])
        catalog.upsert([dataclasses.replace(row_of(1), product=FULL, pictures=("a", "b"))])
        catalog.upsert([dataclasses.replace(row_of(2), image="pictures/ab/1", from_feed=True)])
        catalog.use_pair("pair", 2)
        east = np.array([1, 0], np.float32)
        catalog.upsert([dataclasses.replace(row_of(9), pair_vector=east, pair_key="pair")])
        catalog.mark_left(["p3"])
        catalog.remove(["p4"])
    for place in ("pictures/ab/1", "images/cd/2"):
        picture = address.folder / place
        picture.parent.mkdir(parents=True)
        picture.write_bytes(place.encode())
    return address


def contents(address):
    """All that is kept of each product, but the numbers and times of changes."""
    with Catalog.open(address, create=False) as catalog:
        pair = catalog.pair_shelf()
        return [pair.vector("p9").tolist(), pair.model_key, pair.dim] + [
            dataclasses.replace(one, sequence=0, changed_at="", vector=None).__repr__()
            + (one.vector.tobytes().hex() if one.vector is not None else "")
            for one in catalog.all_stored()
        ]


def test_there_and_back_nothing_differs(shop, postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    cluster, back = Address.of(postgres.new_url()), tmp_path / "back"
    there = copy_catalog(shop, cluster)
    again = copy_catalog(cluster, back)
    assert (there.products, there.put, there.removed) == (COUNT, COUNT, 0)
    assert again == there
    assert contents(shop) == contents(cluster) == contents(back)
    with Catalog.open(back) as catalog:
        found = compare(catalog, str(shop.folder), queries=COUNT)
        assert (found.only_before, found.only_now, found.changes) == (0, 0, ())
        assert (found.overlap, found.queries) == (1.0, COUNT - 1)  # one left the feed
        assert catalog.image("p2").read_bytes() == b"pictures/ab/1"
        assert (back / "images" / "cd" / "2").read_bytes() == b"images/cd/2"


def test_what_is_the_same_is_left_alone(shop, address):
    assert copy_catalog(shop, address).put == COUNT
    with Catalog.open(shop, "net", DIM) as catalog:
        catalog.upsert([row_of(5, color="red")])
        catalog.remove(["p6"])
    with Catalog.open(address, "net", DIM) as catalog:
        catalog.upsert([row_of(100)])
        before = catalog.sequence
    done = copy_catalog(shop, address)
    assert (done.products, done.put, done.removed) == (COUNT - 1, 1, 2)
    with Catalog.open(address) as catalog:
        assert catalog.sequence == before + 3  # an outbox is told of these alone
        assert {c.product_id for c in catalog.changes(before)} == {"p5", "p6", "p100"}
    assert contents(shop) == contents(address)


def test_an_interrupted_copy_goes_on(shop, address, monkeypatch):
    monkeypatch.setattr(transfer, "BATCH", 7)
    apply = transfer._apply
    calls = []

    def breaking(*given):
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        apply(*given)

    monkeypatch.setattr(transfer, "_apply", breaking)
    with pytest.raises(KeyboardInterrupt):
        copy_catalog(shop, address)
    done = copy_catalog(shop, address)
    assert (done.products, done.put) == (COUNT, COUNT - 14)
    assert contents(shop) == contents(address)


def test_a_target_that_is_changed_meanwhile_is_told(shop, address, monkeypatch):
    checksum = transfer._checksum
    monkeypatch.setattr(transfer, "_checksum", lambda database: (1, str(id(database))))
    with pytest.raises(CatalogError, match="changed meanwhile; copy again"):
        copy_catalog(shop, address)
    monkeypatch.setattr(transfer, "_checksum", checksum)
    assert copy_catalog(shop, address).put == 0


def test_another_network_is_refused(shop, address):
    with Catalog.open(address, "other", DIM) as catalog:
        catalog.upsert([row_of(200)])
    with pytest.raises(ModelMismatchError, match="made by other, not by net"):
        copy_catalog(shop, address)
    with Catalog.open(address) as catalog:
        assert catalog.info().products == 1


def test_one_catalog_is_not_copied_onto_itself(shop):
    with pytest.raises(CatalogError, match="same catalog twice"):
        copy_catalog(shop, shop.folder)


def test_the_command(shop, postgres, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    url = postgres.new_url(password="")
    assert main(["catalog", "copy", str(shop.folder), url, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["products"], told["put"], told["removed"]) == (COUNT, COUNT, 0)
    assert main(["catalog", "compare", str(shop.folder), "--catalog", url]) == 0
    assert f"{COUNT - 1} in both, 0 only before, 0 only now" in capsys.readouterr().out


def test_a_row_without_a_picture_stays_without(shop, address):
    """As catalogs of older versions may hold them."""
    copy_catalog(shop, address)
    with Catalog.open(shop, "net", DIM) as catalog:
        catalog._store.database.execute(
            "DELETE FROM articles WHERE product = (SELECT key FROM products WHERE id = 'p7')"
        )
        catalog.upsert([Row(product=row_of(8).product, row_hash="new")])
    assert copy_catalog(shop, address).put == 2
    assert contents(shop) == contents(address)
