from __future__ import annotations

import dataclasses

import pytest

from tests.store.catalog.conftest import DIM, row_of, vector_of
from thatlook.core.errors import CatalogError, ModelMismatchError
from thatlook.search.index import ExactIndex, Query
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.versions import compare, opened, rollback, snapshot, versions


@pytest.fixture
def filled(catalog):
    catalog.upsert([row_of(n) for n in range(30)])
    return catalog


def contents(catalog):
    """Everything that can be seen of the products, without the numbers of changes."""
    facts = ("product", "status", "row_hash", "model_key", "box", "attributes", "image", "found")
    return {
        s.product.id: (*(getattr(s, f) for f in facts), s.vector.tobytes())
        for s in catalog.all_stored()
    }


def test_a_snapshot_is_the_catalog_of_its_moment(filled):
    before = contents(filled)
    folder = snapshot(filled, "before")
    filled.remove(["p1"])
    assert versions(filled) == ["before"]
    with opened(filled, "before") as version:
        assert contents(version) == before
        assert version.folder == folder
    assert sorted(p.name for p in folder.parent.iterdir()) == ["before"]


def test_names_of_versions(filled):
    snapshot(filled, "a")
    with pytest.raises(CatalogError, match="there already"):
        snapshot(filled, "a")
    for name in ("", "../x", ".hidden", "a/b"):
        with pytest.raises(CatalogError, match="name"):
            snapshot(filled, name)
    with pytest.raises(CatalogError, match="no version 'b'; there are: a"):
        rollback(filled, "b")


def test_rollback_brings_everything_back(filled):
    before = contents(filled)
    snapshot(filled, "before")
    filled.remove(["p1", "p2"])
    filled.mark_left(["p3"])
    filled.upsert([row_of(4, color="red"), row_of(100), row_of(1, category="bag")])
    last = filled.sequence
    assert rollback(filled, "before") == 5  # p1, p2, p3, p4 back, p100 gone
    assert contents(filled) == before
    assert filled.sequence == last + 5
    assert sorted(c.product_id for c in filled.changes(last)) == ["p1", "p100", "p2", "p3", "p4"]
    assert rollback(filled, "before") == 0
    assert filled.damages() == []


def test_readers_and_outboxes_follow_a_rollback(filled):
    mirror = ExactIndex(DIM)

    def catch_up():
        for change in filled.changes(mirror.sequence):
            if change.entry is None:
                mirror.delete([change.product_id], change.sequence)
            else:
                mirror.upsert([change.entry], change.sequence)

    query, vector = Query(k=50), vector_of(3)[None]
    snapshot(filled, "before")
    with Catalog.open(filled.address) as reader:
        filled.remove(["p1"])
        filled.upsert([row_of(2, category="bag"), row_of(40)])
        catch_up()
        assert reader.search(vector, query) == mirror.search(vector, query)
        rollback(filled, "before")
        catch_up()
        expected = mirror.search(vector, query)
        assert len(expected[0]) == 30
        assert reader.search(vector, query) == filled.search(vector, query) == expected


def test_new_weights_are_tried_beside_the_old(filled):
    """The feed is indexed into a version by another network, compared, and switched to."""
    folder = filled.folder / "versions" / "trial"
    with Catalog.open(folder, "new", DIM + 2) as trial:
        trial.upsert([row_of(n, DIM + 2) for n in range(25)])
        expected = contents(trial)
    found = compare(filled, "trial", queries=10, k=5)
    assert (found.model_before, found.model_now) == ("new", "net")
    assert (found.in_both, found.only_before, found.only_now) == (25, 0, 5)
    with Catalog.open(filled.address, "net", DIM) as other:
        other.search(vector_of(1)[None], Query())
        assert rollback(filled, "trial") == 30
        assert contents(filled) == expected
        assert (filled.model_key, filled.dim) == ("new", DIM + 2)
        with pytest.raises(CatalogError, match="open the catalog with"):
            filled.upsert([row_of(1)])
        assert len(filled.search(vector_of(1, DIM + 2)[None], Query(k=50))[0]) == 25
        with pytest.raises(ModelMismatchError):
            other.search(vector_of(1)[None], Query())
        with pytest.raises(ModelMismatchError):
            other.upsert([row_of(1)])


def test_comparing_the_same(filled):
    snapshot(filled, "same")
    found = compare(filled, "same", k=5)
    assert (found.overlap, found.changes, found.queries) == (1.0, (), 30)
    assert (found.only_before, found.only_now, found.in_both) == (0, 0, 30)
    assert found.to_dict()["overlap@5"] == 1.0


def test_what_a_comparison_counts(catalog):
    """Five products on a circle; the third moves away, so answers lose or replace it."""
    import numpy as np

    def at(number, degrees):
        angle = np.radians(degrees)
        vector = np.array([np.cos(angle), np.sin(angle), 0, 0], np.float32)
        return dataclasses.replace(row_of(number), vector=vector)

    catalog.upsert([at(0, 0), at(1, 10), at(2, 20), at(3, 35), at(4, 70)])
    snapshot(catalog, "v")
    catalog.upsert([at(2, 180)])
    found = compare(catalog, "v", k=2, ids=["p0", "p4", "unknown"])
    # p0: (p1, p2) became (p1, p3); p4: (p3, p2) became (p3, p1)
    assert found.queries == 2
    assert found.overlap == 0.5
    assert [(c.product_id, c.before, c.now) for c in found.changes] == [
        ("p0", ("p1", "p2"), ("p1", "p3")),
        ("p4", ("p3", "p2"), ("p3", "p1")),
    ]


def test_nothing_in_both(catalog, filled):
    with Catalog.open(filled.folder / "versions" / "empty", "net", DIM):
        pass
    assert compare(filled, "empty").overlap is None


def test_a_version_finds_the_pictures_of_its_catalog(catalog):
    catalog.upsert([dataclasses.replace(row_of(1), image="images/ab/c")])
    picture = catalog.folder / "images" / "ab" / "c"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"x")
    snapshot(catalog, "v")
    with opened(catalog, "v") as version:
        assert version.image("p1") == picture
