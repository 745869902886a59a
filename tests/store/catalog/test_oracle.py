"""The catalog against the exact index, over random changes, restarts, caches and rollbacks."""

from __future__ import annotations

import random
import shutil
from decimal import Decimal

import numpy as np
import pytest

from tests.search.index.samples import DIM, random_entry, random_query, random_vector
from thatlook.core.records import Price, Product
from thatlook.search.index import ExactIndex, partition
from thatlook.store.catalog import Catalog, Row, blocks
from thatlook.store.catalog.versions import rollback, snapshot


def row_of(entry) -> Row:
    price = None if entry.price is None else Price(Decimal(entry.price), entry.currency)
    words = {"brand": entry.brand, "color": entry.color, "availability": entry.availability}
    words["age_group"] = entry.age_group
    place = {"category": entry.category, "gender": entry.gender}
    return Row(product=Product(id=entry.id, price=price, **place, **words), vector=entry.vector)


def catch_up(exact, catalog):
    for change in catalog.changes(exact.sequence):
        if change.entry is None:
            exact.delete([change.product_id], change.sequence)
        else:
            exact.upsert([change.entry], change.sequence)


KINDS = ["upsert"] * 4 + ["remove", "left", "reopen", "warm", "uncached", "back"]


@pytest.mark.parametrize("seed", [2, 4, 5])
def test_same_answers(address, monkeypatch, seed):
    monkeypatch.setattr(blocks, "CACHED_FROM", 10)
    monkeypatch.setattr(partition, "TAIL_ROWS", 8)
    rng, choose = np.random.default_rng(seed), random.Random(seed)
    ids = [f"p{n}" for n in range(150)]
    exact = ExactIndex(DIM)
    catalog, reader = (Catalog.open(address, "net", DIM) for _ in range(2))
    for step in range(14):
        kind = choose.choice(
            ["upsert"] * 4 + ["remove", "left", "reopen", "warm", "uncached", "back"]
        )
        some = choose.sample(ids, choose.choice((1, 10, 60)))
        if kind == "upsert":
            catalog.upsert([row_of(random_entry(rng, i)) for i in some])
        elif kind == "remove":
            catalog.remove(some)
        elif kind == "left":
            catalog.mark_left(some)
        elif kind == "reopen":
            catalog.close()
            catalog = Catalog.open(address, "net", DIM)
        elif kind == "warm":
            catalog.warm()
        elif kind == "uncached":
            shutil.rmtree(address.folder / "cache", ignore_errors=True)
        elif (address.folder / "versions" / "v").exists():
            rollback(catalog, "v")
        else:
            snapshot(catalog, "v")
        catch_up(exact, catalog)
        vectors = np.stack([random_vector(rng) for _ in range(2)])
        for one in (catalog, reader):
            query = random_query(rng, ids)
            assert one.search(vectors, query) == exact.search(vectors, query), (step, kind)
    assert len(exact) == catalog.info().products
    catalog.close()
    reader.close()
