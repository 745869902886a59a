from __future__ import annotations

import numpy as np
import pytest

from tests.search.index.samples import unit
from thatlook.search.index import Entry, ExactIndex, Filters, PartitionedIndex, Query
from thatlook.search.index.block import Block
from thatlook.search.index.choosing import filtered_rows


def entry(product_id, vector, **facts):
    facts = {"category": "dress", "gender": "female"} | facts
    return Entry(id=product_id, vector=unit(vector), **facts)


@pytest.fixture(params=[ExactIndex, PartitionedIndex])
def index(request):
    made = request.param(2)
    made.upsert(
        [
            entry("a", [1, 0], price=10.0, currency="EUR", brand="Acme", color="navy blue"),
            entry(
                "b", [1, 0], price=20.0, currency="EUR", brand="Boss", color="red", age_group="baby"
            ),
            entry(
                "c", [0, 1], price=None, brand="acme", availability="in_stock", age_group="adult"
            ),
            entry("d", [3, 4], price=5.0, currency="USD", gender="unisex", availability="SoldOut"),
            entry("e", [1, 0], price=1.0, category="bag"),
        ],
        sequence=5,
    )
    return made


def found(index, vector=(1, 0), **query):
    filters = Filters(**query.pop("filters", {}))
    answers = index.search(
        unit(vector)[None], Query(**{"category": "dress"} | query, filters=filters)
    )
    return [(h.product_id, round(h.similarity, 6)) for h in answers[0]], answers.eligible


def test_best_first_and_ties_by_id(index):
    assert found(index) == ([("a", 1.0), ("b", 1.0), ("d", 0.6), ("c", 0.0)], 4)


def test_k_cuts_inside_a_tie_by_id(index):
    assert found(index, k=1) == ([("a", 1.0)], 4)


def test_category_none_searches_all(index):
    assert found(index, category=None, k=3) == ([("a", 1.0), ("b", 1.0), ("e", 1.0)], 5)


def test_genders_limit(index):
    assert found(index, genders=frozenset({"unisex"})) == ([("d", 0.6)], 1)
    assert found(index, genders=frozenset({"male"})) == ([], 0)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"min_price": 10}, ["a", "b"]),
        ({"max_price": 10}, ["a", "d"]),
        ({"min_price": 6, "max_price": 10}, ["a"]),
        ({"currency": "usd"}, ["d"]),
        ({"brands": {"ACME"}}, ["a", "c"]),
        ({"colors": {"blue"}}, ["a"]),
        ({"colors": {"blue", "red"}}, ["a", "b"]),
        ({"availability": {"in stock"}}, ["c"]),
        ({"in_stock": True}, ["a", "b", "c"]),
        ({"in_stock": True, "availability": {"soldout"}}, []),
        ({"availability": {"soldout"}}, ["d"]),
        ({"age": "adult"}, ["a", "d", "c"]),
        ({"age": "child"}, ["b"]),
        ({"age": "any"}, ["a", "b", "d", "c"]),
        ({"age": "child", "max_price": 10}, []),
        ({"include_ids": {"b", "c", "unknown"}}, ["b", "c"]),
        ({"include_ids": set()}, []),
        ({"exclude_ids": {"a", "unknown"}}, ["b", "d", "c"]),
        ({"include_ids": {"a", "b"}, "exclude_ids": {"a"}}, ["b"]),
    ],
)
def test_filters(index, filters, ids):
    assert [i for i, _ in found(index, filters=filters)[0]] == ids
    assert found(index, filters=filters)[1] == len(ids)


@pytest.mark.parametrize(("group", "looked_at"), [("adult", False), ("kids", True)])
def test_no_row_is_looked_at_where_none_can_fail(group, looked_at):
    block = Block.of([entry("a", [1, 0]), entry("b", [0, 1], age_group=group)], 2)
    filters = Filters(age="adult", in_stock=True)
    for _ in range(2):
        chosen = filtered_rows(block, np.ones(2, bool), filters, block.rows_of)
        assert (chosen.mask is not None) is looked_at
        assert chosen.count == 2 - looked_at


def test_upsert_moves_a_product_between_partitions(index):
    index.upsert([entry("a", [0, 1], category="bag")], sequence=6)
    assert found(index)[0][0] == ("b", 1.0)
    assert found(index, category="bag", vector=(0, 1))[0] == [("a", 1.0), ("e", 0.0)]
    assert (len(index), index.sequence) == (5, 6)


def test_delete(index):
    index.delete(["a", "unknown"], sequence=7)
    assert [i for i, _ in found(index)[0]] == ["b", "d", "c"]
    assert (len(index), index.sequence) == (4, 7)


def test_batches_answer_row_by_row(index):
    answers = index.search([[1, 0], [0, 1]], Query(category="dress", k=1))
    assert [hits[0].product_id for hits in answers.hits] == ["a", "c"]
