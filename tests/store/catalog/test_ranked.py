"""What candidates are ranked by: columns that say what the whole products would."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.store.catalog.conftest import DIM, FULL, row_of, vector_of
from thatlook.core.errors import UnknownProductError
from thatlook.search.ranking import Style, Traits, label, style_key
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.kept import Changes
from thatlook.store.catalog.ranked import Ranked

SHIRT = {"title": "Acme Men Oxford Navy Shirt", "item_group_id": "g", "product_type": "A > Shirts"}


def test_columns_say_what_the_product_and_its_picture_say(catalog):
    catalog.upsert(
        [
            dataclasses.replace(row_of(1), product=FULL),
            row_of(2, color="Off White", **SHIRT),
            dataclasses.replace(row_of(3), attributes={"type": "gown", "pattern": [], "color": 5}),
        ]
    )
    ids = ["p3", "full", "p2", "full"]
    found = catalog.candidates(ids)
    assert found.vectors.dtype == np.float32
    assert (found.vectors == [vector_of(n) for n in (3, 1, 2, 1)]).all()
    assert found.traits[0] == Traits("gown", "", "")
    assert found.traits[1] == Traits("Dresses", "red", "striped")
    assert found.traits[2] == Traits("A > Shirts", "off white", "")
    group, key = "g", style_key(catalog.product("p2"))
    assert found.styles[2] == Style(group, key, "off white", ("gown", ""), bytes([2]))
    for traits, style, stored in zip(
        found.traits, found.styles, catalog.stored_many(ids), strict=True
    ):
        seen = tuple(label(stored.attributes.get(name)) for name in ("type", "pattern"))
        product = stored.product
        assert traits == Traits.of_product(product, stored.attributes)
        assert style == Style(
            product.item_group_id, style_key(product), traits.color, seen, stored.outline
        )


def test_each_change_is_seen_whoever_made_it(catalog):
    catalog.upsert([row_of(n) for n in range(4)])
    with Catalog.open(catalog.address, "net", DIM) as other:
        assert [t.type for t in catalog.candidates(["p0", "p1"]).traits] == ["gown", "gown"]
        other.upsert([row_of(1, product_type="Coats")])
        catalog.upsert([dataclasses.replace(row_of(0), vector=vector_of(9))])
        found = catalog.candidates(["p0", "p1", "p2"])
        assert [t.type for t in found.traits] == ["gown", "Coats", "gown"]
        assert (found.vectors[0] == vector_of(9)).all()
        other.remove(["p1"])
        with pytest.raises(UnknownProductError, match="p1"):
            catalog.candidates(["p0", "p1"])
        other.upsert([row_of(n, color="red") for n in range(4)])
        assert [t.color for t in catalog.candidates(["p0", "p3"]).traits] == ["red", "red"]


def test_no_more_are_kept_than_said_and_none_is_read_again(catalog, monkeypatch):
    catalog.upsert([row_of(n) for n in range(6)])
    rows, read = catalog._store.ranked_rows, []
    monkeypatch.setattr(catalog._store, "ranked_rows", lambda ids: read.append(ids) or rows(ids))
    ranked = Ranked(Changes(catalog._store), kept=3)
    for asked in (["p0", "p1"], ["p1", "p0"], ["p2", "p3"], ["p3", "p1"], ["p0"]):
        assert (
            ranked.candidates(asked).vectors == [vector_of(int(name[1])) for name in asked]
        ).all()
    assert [ids for ids in read if ids] == [["p0", "p1"], ["p2", "p3"], ["p0"]]


def test_nobody_is_asked_twice_as_of_one_moment(catalog, monkeypatch):
    catalog.upsert([row_of(n) for n in range(4)])
    moment = catalog._store.moment()
    catalog.candidates(["p0", "p1"])
    read, asked = catalog._store.moment, []
    monkeypatch.setattr(catalog._store, "moment", lambda: asked.append(1) or read())
    with Catalog.open(catalog.address, "net", DIM) as other:
        other.upsert([row_of(1, color="red")])
        kept = catalog.candidates(["p0", "p1"], moment).traits
        assert ([t.color for t in kept], asked) == (["navy blue", "navy blue"], [])
        assert [t.color for t in catalog.candidates(["p0", "p1"]).traits] == ["navy blue", "red"]
        later = catalog._store.moment()
        assert later != moment
        # What is kept is newer than the moment asked for: what has changed is looked at.
        other.upsert([row_of(0, color="green")])
        found = catalog.candidates(["p0", "p1"], moment).traits
        assert [t.color for t in found] == ["green", "red"]


def test_vague_styles_are_known_until_something_changes(catalog, monkeypatch):
    catalog.upsert([row_of(1, **SHIRT | {"color": "navy"})])
    key, moment = style_key(catalog.product("p1")), catalog._store.moment()
    styles, asked = catalog._store.vague_styles, []

    def read(some):
        asked.extend([set(some)] if some else [])
        return styles(some)

    monkeypatch.setattr(catalog._store, "vague_styles", read)
    assert catalog.vague_styles({key}, moment) == set()
    assert catalog.vague_styles({key, "other"}, moment) == set()
    assert asked == [{key}, {"other"}]
    catalog.upsert([row_of(2, **SHIRT | {"color": "Navy"})])
    assert catalog.vague_styles({key}) == {key}
    later = catalog._store.moment()
    assert [catalog.vague_styles({key}, later) for _ in range(2)] == [{key}] * 2
    assert asked[2:] == [{key}, {key}]


@pytest.mark.parametrize("more", [1, 2])
def test_nothing_is_kept_of_a_catalog_that_was_brought_back(catalog, more):
    """Also where it has had other changes since, as many or more."""
    catalog.upsert([row_of(n) for n in range(4)])
    database, before = catalog._store.database, catalog.sequence
    catalog.upsert([row_of(1, color="red")])
    assert [t.color for t in catalog.candidates(["p0", "p1"]).traits] == ["navy blue", "red"]
    database.execute("UPDATE products SET color = 'navy blue', sequence = 2 WHERE id = 'p1'")
    database.execute("DELETE FROM commits WHERE sequence > ?", (before,))
    database.execute("UPDATE state SET sequence = ?", (before,))
    for _ in range(more):
        catalog.upsert([row_of(3, color="red")])
    found = catalog.candidates(["p0", "p1", "p3"])
    assert [t.color for t in found.traits] == ["navy blue", "navy blue", "red"]


def test_nothing_and_the_unknown(catalog):
    catalog.upsert([row_of(1)])
    assert catalog.candidates([]).vectors.shape[0] == 0
    with pytest.raises(UnknownProductError, match="nothing"):
        catalog.candidates(["p1", "nothing"])


def test_fields_of_many(catalog):
    catalog.upsert([dataclasses.replace(row_of(1), product=FULL), row_of(2, brand='A"\n')])
    assert catalog.fields(["p2", "full"], ["brand", "age_group", "brand"]) == [
        ('A"\n', "", 'A"\n'),
        ("Acme", "adult", "Acme"),
    ]
    with pytest.raises(UnknownProductError, match="nothing"):
        catalog.fields(["nothing"], ["brand"])
