from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest

from tests.store.catalog.conftest import DIM, FULL, row_of, vector_of
from thatlook.core.errors import (
    CatalogError,
    ModelMismatchError,
    SettingsError,
    UnknownProductError,
)
from thatlook.search.index import Filters, Query
from thatlook.store.catalog import Catalog, Row, reads
from thatlook.store.catalog.schema import VERSION


def ids(catalog, number=0, **query):
    filters = Filters(**query.pop("filters", {}))
    answers = catalog.search(vector_of(number)[None], Query(k=100, filters=filters, **query))
    return [hit.product_id for hit in answers[0]]


def test_everything_comes_back(catalog):
    row = dataclasses.replace(row_of(1), product=FULL)
    assert catalog.upsert([row]) == 1
    stored = catalog.stored("full")
    assert catalog.product("full") == stored.product == FULL
    assert dict(stored.product.extra) == {"season": "summer"}
    assert (catalog.vector("full") == vector_of(1)).all()
    assert catalog.vector("full").dtype == np.float32
    assert stored.box == row.box
    assert stored.attributes == row.attributes
    assert (stored.article_score, stored.found) == (0.5, True)
    assert (stored.image, stored.image_hash, stored.row_hash) == ("1.jpg", "image 1", "row 1")
    assert (stored.status, stored.model_key, stored.sequence) == ("active", "net", 1)


def test_unknown_products(catalog):
    for ask in (catalog.product, catalog.vector, catalog.stored, catalog.image):
        with pytest.raises(UnknownProductError, match="nothing"):
            ask("nothing")
        for none in ([], {}, None, 5):
            with pytest.raises(SettingsError, match="an id must be a text"):
                ask(none)


def test_an_id_has_one_spelling(catalog):
    catalog.upsert([row_of(1, id=" cafe\u0301 "), row_of(2)])
    for given in ("caf\u00e9", "cafe\u0301", "caf\u00e9\n"):
        assert catalog.product(given).id == catalog.stored(given).product.id == "caf\u00e9"
        assert (catalog.vector(given) == vector_of(1)).all()
        assert [p.id for p in catalog.products([given, "p2 "])] == ["caf\u00e9", "p2"]
        assert list(catalog.states([given])) == ["caf\u00e9"]
    assert ids(catalog, filters={"exclude_ids": {"cafe\u0301"}}) == ["p2"]
    assert ids(catalog, filters={"include_ids": {" cafe\u0301"}}) == ["caf\u00e9"]
    catalog.upsert([row_of(3, id="caf\u00e9")])
    assert (catalog.vector("cafe\u0301") == vector_of(3)).all()
    assert catalog.mark_left([" p2"]) == ["p2"]
    assert catalog.remove(["none", " cafe\u0301", "caf\u00e9"]) == [" cafe\u0301", "caf\u00e9"]
    assert [stored.product.id for stored in catalog.all_stored()] == ["p2"]
    with pytest.raises(CatalogError, match="empty"):
        catalog.upsert([row_of(4, id=" \n")])


def test_ids_of_older_catalogs_are_found_as_they_are(catalog):
    catalog.upsert([row_of(1), row_of(2, id="lead")])
    database = catalog._store.database
    with database.writing():
        database.execute(
            """UPDATE products SET id = ' lead', data = replace(data, '"p1"', '" lead"')
            WHERE id = 'p1'"""
        )
    assert catalog.stored(" lead").product.id == " lead"
    assert [p.id for p in catalog.products(["lead", " lead"])] == ["lead", " lead"]
    assert catalog.remove([" lead"]) == [" lead"]
    assert catalog.product(" lead").id == "lead"


def test_many_at_once(catalog):
    catalog.upsert([row_of(n) for n in range(3)])
    assert [s.product.id for s in catalog.stored_many(["p2", "p0", "p2"])] == ["p2", "p0", "p2"]
    assert [p.id for p in catalog.products(["p1"])] == ["p1"]
    assert catalog.stored_many([]) == []
    with pytest.raises(UnknownProductError, match="nothing"):
        catalog.stored_many(["p1", "nothing"])


def test_search_sees_each_change(catalog):
    catalog.upsert([row_of(n) for n in range(3)])
    assert ids(catalog) == sorted(
        ["p0", "p1", "p2"], key=lambda i: -float(vector_of(0) @ vector_of(int(i[1])))
    )
    catalog.upsert([row_of(7)])
    assert "p7" in ids(catalog)
    assert catalog.remove(["p7", "unknown"]) == ["p7"]
    assert "p7" not in ids(catalog)
    assert catalog.mark_left(["p1", "p1", "unknown"]) == ["p1"]
    assert catalog.mark_left(["p1"]) == []
    assert sorted(ids(catalog)) == ["p0", "p2"]
    assert catalog.stored("p1").status == "left"
    catalog.upsert([row_of(1)])
    assert sorted(ids(catalog)) == ["p0", "p1", "p2"]


def test_another_opener_sees_each_change(catalog):
    with Catalog.open(catalog.address, create=False) as reader:
        catalog.upsert([row_of(1)])
        assert ids(reader) == ["p1"]
        catalog.upsert([row_of(2), row_of(1, category="bag")])
        assert ids(reader, category="dress") == ["p2"]
        reader.remove(["p2"])
        assert ids(catalog) == ["p1"]


def test_the_current_price_and_the_seen_color_are_filtered(catalog):
    priced = dataclasses.replace(row_of(1), product=FULL)
    catalog.upsert([priced, row_of(2)])
    assert ids(catalog, filters={"max_price": 15.1}) == ["full"]
    assert ids(catalog, filters={"max_price": 15.09}) == []
    assert ids(catalog, filters={"colors": {"blue"}}) == ["p2"]
    assert ids(catalog, filters={"colors": {"red"}}) == ["full"]


def test_a_row_without_a_vector_keeps_the_article(catalog):
    catalog.upsert([row_of(1)])
    moved = dataclasses.replace(FULL, id="p1", color="")
    catalog.upsert([Row(product=moved, image="new.jpg", row_hash="new")])
    stored = catalog.stored("p1")
    assert stored.product == moved
    assert (stored.image, stored.row_hash, stored.image_hash) == ("new.jpg", "new", "image 1")
    assert (stored.vector == vector_of(1)).all()
    assert ids(catalog, filters={"colors": {"navy"}}) == ["p1"]


def test_a_batch_is_all_or_nothing(catalog):
    catalog.upsert([row_of(1)])
    with pytest.raises(CatalogError, match="needs a vector"):
        catalog.upsert([row_of(2), Row(product=FULL)])
    assert catalog.sequence == 1
    assert ids(catalog) == ["p1"]


@pytest.mark.parametrize(
    "vector",
    [np.zeros(DIM), np.ones(DIM), np.full(DIM, np.nan), np.ones(DIM + 1) / (DIM + 1) ** 0.5],
)
def test_vectors_that_do_not_fit(catalog, vector):
    with pytest.raises(CatalogError, match="full: expected a vector"):
        catalog.upsert([Row(product=FULL, vector=vector.astype(np.float32))])


@pytest.mark.parametrize("product_id", ["x" * 256, "a\x00b"])
def test_ids_that_do_not_fit(catalog, product_id):
    with pytest.raises(CatalogError, match="255 bytes"):
        catalog.upsert(
            [dataclasses.replace(row_of(1), product=dataclasses.replace(FULL, id=product_id))]
        )


def test_another_network_is_refused(catalog):
    catalog.upsert([row_of(1)])
    with pytest.raises(ModelMismatchError, match="made by net, not by other"):
        Catalog.open(catalog.address, "other", DIM)
    with pytest.raises(ModelMismatchError):
        Catalog.open(catalog.address, "net", DIM + 1)


def test_opening_without_a_network(address):
    with Catalog.open(address) as catalog:
        assert (catalog.model_key, catalog.dim) == (None, None)
        with pytest.raises(CatalogError, match="open the catalog with"):
            catalog.upsert([row_of(1)])
        with pytest.raises(CatalogError, match="index a feed first"):
            catalog.search(vector_of(1)[None], Query())
    with pytest.raises(CatalogError, match="both"):
        Catalog.open(address, model_key="net")


def test_vectors_need_their_network_named(catalog):
    catalog.upsert([row_of(1)])
    with Catalog.open(catalog.address) as reader:
        assert (reader.model_key, reader.dim) == ("net", DIM)
        with pytest.raises(CatalogError, match="open the catalog with"):
            reader.upsert([row_of(2)])
        reader.upsert([Row(product=dataclasses.replace(FULL, id="p1"))])
        assert catalog.product("p1").title == "A dress"


def test_missing_and_damaged_catalogs(tmp_path):
    with pytest.raises(CatalogError, match="no catalog is there"):
        Catalog.open(tmp_path / "c", create=False)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "catalog.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(CatalogError, match="not a catalog, or a damaged one"):
        Catalog.open(tmp_path / "d")
    (tmp_path / "file").write_text("x")
    with pytest.raises(CatalogError, match="cannot be written"):
        Catalog.open(tmp_path / "file" / "c")
    with pytest.raises(CatalogError, match="a catalog is a folder"):
        Catalog.open("http://cluster.example:19530")


def test_the_outbox(catalog):
    catalog.upsert([row_of(1), row_of(2), row_of(3)])
    catalog.mark_left(["p2"])
    catalog.remove(["p3"])
    catalog.upsert([row_of(1, color="red")])
    told = [(c.sequence, c.product_id, c.entry and c.entry.color) for c in catalog.changes(0)]
    assert told == [(4, "p2", None), (5, "p3", None), (6, "p1", "red")]
    assert [c.sequence for c in catalog.changes(0, limit=2)] == [4, 5]
    assert [c.sequence for c in catalog.changes(5)] == [6]
    catalog.upsert([row_of(3)])
    assert [c.product_id for c in catalog.changes(4)] == ["p1", "p3"]


def test_info(catalog):
    catalog.upsert([row_of(1), row_of(2, gender="male"), row_of(3, category="bag")])
    catalog.mark_left(["p3"])
    info = catalog.info()
    assert info.categories == {"dress": {"female": 1, "male": 1}}
    assert (info.products, info.left, info.without_vector) == (2, 1, 0)
    assert (info.model_key, info.dim, info.sequence, info.version) == ("net", DIM, 4, VERSION)
    assert info.to_dict()["size_bytes"] > 0


def test_the_picture(catalog, tmp_path):
    picture = tmp_path / "x.jpg"
    picture.write_bytes(b"x")
    catalog.upsert(
        [
            dataclasses.replace(row_of(1), image=str(picture)),
            dataclasses.replace(row_of(2), image="images/2"),
        ]
    )
    assert catalog.image("p1") == picture
    with pytest.raises(CatalogError, match="not there"):
        catalog.image("p2")
    (catalog.folder / "images").mkdir()
    (catalog.folder / "images" / "2").write_bytes(b"x")
    assert catalog.image("p2").read_bytes() == b"x"


def test_all_stored_is_in_order_and_survives_writes(catalog):
    catalog.upsert([row_of(n) for n in range(9)])
    seen = []
    for stored in catalog._store.all_stored(batch=2):
        seen.append(stored.product.id)
        catalog.remove([stored.product.id])
    assert seen == [f"p{n}" for n in range(9)]


def test_threads_share_a_catalog(catalog):
    catalog.upsert([row_of(n) for n in range(50)])
    failures = []

    def read():
        for _ in range(20):
            found = ids(catalog)
            if len(found) < 50 or found[0] != "p0":
                failures.append(found)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(50, 80):
        catalog.upsert([row_of(number)])
    for reader in readers:
        reader.join()
    assert failures == []
    assert len(ids(catalog)) == 80


@pytest.mark.parametrize(("count", "asked"), [(1, 1), (2, 2), (3, 4), (5, 8), (500, 512)])
def test_queries_for_many_ids_are_of_few_kinds(count, asked):
    """So that databases keep them prepared: the last id is asked for again and again."""
    ids = [f"p{n}" for n in range(count)]
    assert reads._padded(ids) == ids + [ids[-1]] * (asked - count)
