"""The vectors of a text-image pair beside those of the embedding network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.store.catalog.conftest import DIM, row_of, vector_of
from thatlook.core.errors import CatalogError, ModelMismatchError
from thatlook.search.index import Filters, Query
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.backup import backup
from thatlook.store.catalog.versions import compare_pair, rollback, snapshot

PAIR, PAIR_DIM = "clip:1", 6


def paired(number: int, vector: int | None = None, key: str = PAIR, **facts):
    """A row whose pair's vector tells a number of its own."""
    told = vector_of(100 + (number if vector is None else vector), PAIR_DIM)
    return replace(row_of(number, **facts), pair_vector=told, pair_key=key)


@pytest.fixture
def both(catalog):
    catalog.use_pair(PAIR, PAIR_DIM)
    catalog.upsert([paired(n) for n in range(1, 6)])
    return catalog


def found(catalog, number, k=10, **filters):
    shelf = catalog.pair_shelf()
    vector = vector_of(100 + number, PAIR_DIM)
    query = Query(k=k, filters=Filters(**filters))
    return [hit.product_id for hit in shelf.search(vector[None], query)[0]]


def test_each_network_finds_by_its_own_vectors(both):
    assert found(both, 3)[0] == "p3"
    assert both.search(vector_of(3)[None], Query())[0][0].product_id == "p3"
    shelf = both.pair_shelf()
    assert (both.pair_key, shelf.model_key, shelf.dim) == (PAIR, PAIR, PAIR_DIM)
    assert both.info().pair_vectors == 5
    np.testing.assert_array_equal(shelf.vector(" p3 "), vector_of(103, PAIR_DIM))
    np.testing.assert_array_equal(shelf.facts(["p3"])["p3"].entry.vector, vector_of(103, PAIR_DIM))
    np.testing.assert_array_equal(both.facts(["p3"])["p3"].entry.vector, vector_of(3))


def test_changes_are_followed_here_and_in_another_process(both):
    assert found(both, 3)[0] == "p3"
    with Catalog.open(both.folder, "net", DIM) as other:
        assert found(other, 3)[0] == "p3"
        both.upsert([paired(6, vector=3), paired(3, vector=40)])
        both.remove(["p1"])
        both.mark_left(["p2"])
        for one in (both, other):
            assert found(one, 3)[0] == "p6"
            assert sorted(found(one, 3)) == ["p3", "p4", "p5", "p6"]
            assert found(one, 3, exclude_ids=frozenset({"p6"}))[0] != "p6"


def test_another_picture_without_a_vector_of_the_pair_has_none(both):
    both.upsert([row_of(3, title="Another picture")])
    assert "p3" not in found(both, 3)
    shelf = both.pair_shelf()
    assert shelf.vector("p3") is None
    assert shelf.facts(["p3"])["p3"].entry.vector.tolist() == [0.0] * PAIR_DIM
    assert both.info().pair_vectors == 4


def test_a_row_that_keeps_its_picture_keeps_the_vector(both):
    both.upsert([replace(row_of(3, title="Cheaper"), vector=None)])
    assert found(both, 3)[0] == "p3"


def test_vectors_of_a_pair_that_the_catalog_does_not_name_are_not_kept(catalog):
    catalog.upsert([paired(1)])
    assert catalog.pair_shelf() is None
    assert catalog.info().pair_key is None
    catalog.use_pair(PAIR, PAIR_DIM)
    catalog.upsert([paired(2), paired(3, key="clip:2")])
    assert found(catalog, 2) == ["p2"]
    with pytest.raises(CatalogError, match=r"expected a vector of shape \(6,\)"):
        catalog.upsert([replace(paired(4), pair_vector=vector_of(4))])


def test_another_pair_drops_the_vectors(both):
    shelf = both.pair_shelf()
    assert found(both, 3)[0] == "p3"
    both.use_pair(PAIR, PAIR_DIM)
    assert both.info().pair_vectors == 5
    both.use_pair("clip:2", 3)
    assert (both.pair_key, both.info().pair_vectors) == ("clip:2", 0)
    with pytest.raises(ModelMismatchError, match="clip:2"):
        shelf.search(vector_of(1, PAIR_DIM)[None], Query())
    states = both.states(["p1"])
    assert states["p1"].pair_key == ""


def test_states_name_the_pair(both):
    both.upsert([row_of(7)])
    assert {i: s.pair_key for i, s in both.states(["p1", "p7"]).items()} == {"p1": PAIR, "p7": ""}


def test_versions_and_backups_have_them(both, tmp_path):
    snapshot(both, "before")
    both.upsert([row_of(1, title="Changed"), row_of(2)])
    both.use_pair("clip:2", 3)
    assert rollback(both, "before") == 5
    assert (both.pair_key, both.info().pair_vectors) == (PAIR, 5)
    assert found(both, 1)[0] == "p1"
    backup(both, tmp_path / "saved")
    with Catalog.open(tmp_path / "saved", create=False) as saved:
        assert found(saved, 2)[0] == "p2"


def test_a_rollback_brings_back_what_differs_in_the_pairs_vector_alone(both):
    snapshot(both, "before")
    both.upsert([paired(2, vector=50)])
    rows = both.stored("p2")
    assert found(both, 50)[0] == "p2"
    assert rollback(both, "before") == 1
    assert found(both, 2)[0] == "p2"
    assert both.stored("p2").product == rows.product


def test_the_pair_beside_the_embedding_network(both):
    both.upsert([row_of(6)])  # without a vector of the pair
    result = compare_pair(both, k=2)
    assert (result.model_before, result.model_now) == ("net", PAIR)
    assert (result.in_both, result.only_before, result.only_now, result.queries) == (5, 1, 0, 5)

    def best(number, dim, first):
        others = [n for n in range(1, 7 if dim == DIM else 6) if n != number]
        own = vector_of(first + number, dim)
        ranked = sorted(others, key=lambda n: -float(vector_of(first + n, dim) @ own))
        return tuple(f"p{n}" for n in ranked[:2])

    expected = {f"p{n}": (best(n, DIM, 0), best(n, PAIR_DIM, 100)) for n in range(1, 6)}
    shares = {i: len(set(old) & set(new)) / 2 for i, (old, new) in expected.items()}
    assert result.overlap == pytest.approx(sum(shares.values()) / 5)
    assert {c.product_id: (c.before, c.now) for c in result.changes} == {
        i: told for i, told in expected.items() if told[0] != told[1]
    }


def test_without_a_pair_there_is_nothing_to_compare(catalog):
    catalog.upsert([row_of(1)])
    with pytest.raises(CatalogError, match="no text-image pair; name one"):
        compare_pair(catalog)
