"""Expressions, read as the Python that they also are, against the filters that they stand for."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.index.samples import random_entry, random_query
from thatlook.search.index import Entry, Filters, Query
from thatlook.search.index.exact import passes
from thatlook.search.index.milvus.expression import (
    ANY_COLOR,
    expression_of,
    id_of,
    key_of,
    number_of,
    row_of,
)

SAFE = re.compile(
    r"""(?:key|place|price|currency|brand|colors|availability|stocked|child|array_contains_any
    |array_contains_all|\ (?:in|and|or|==|<=|>=)\ |not\ |true|false|,\ |[\[\]()]
    |-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|"[A-Za-z0-9_.~%-]*")+""",
    re.VERBOSE,
)
TEXTS = st.text(max_size=20) | st.sampled_from(
    ['" or 1==1', "' or true or '", '"] or key != "', "\\", "%", "nike\x00", "a/b", "ä ö", "\n"]
)
WORDS = st.frozensets(TEXTS, max_size=3)
VECTOR = np.ones(1, np.float32)


def holds(expression: str | None, entry: Entry) -> bool:
    """Whether the row of the product passes."""
    names = {
        "true": True,
        "false": False,
        "array_contains_any": lambda values, wanted: not set(wanted).isdisjoint(values),
        "array_contains_all": lambda values, wanted: set(wanted) <= set(values),
        "__builtins__": {},
    }
    return expression is not None and bool(eval(expression, names, row_of(entry)))


def answers(query: Query, entry: Entry) -> bool:
    return (entry.category, entry.gender) in query.partitions() and passes(entry, query.filters)


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({}, ""),
        ({"min_price": 5}, " and price >= 5.0"),
        ({"max_price": 1e22}, " and price >= 0.0 and price <= 1e+22"),
        ({"in_stock": True, "age": "child"}, " and stocked == true and child == true"),
        ({"include_ids": {'a"b', "é"}}, ' and key in ["a%22b", "%C3%A9"]'),
        ({"exclude_ids": {"p-1"}}, ' and not (key in ["p-1"])'),
        ({"brands": {"Nike"}}, f" and brand in [{number_of('nike')}]"),
        ({"colors": {"Blue"}}, f" and (array_contains_any(colors, [0, {number_of('blue')}]))"),
    ],
)
def test_what_is_sent(filters, told):
    query = Query(category="bag", genders=frozenset({"male"}), filters=Filters(**filters))
    assert expression_of(query) == f'place in ["bag.male"]{told}'


@pytest.mark.parametrize(
    "query",
    [
        Query(genders=frozenset()),
        Query(filters=Filters(include_ids=frozenset())),
        Query(filters=Filters(colors=frozenset({" - "}))),
    ],
)
def test_what_nothing_can_pass_is_not_asked(query):
    assert expression_of(query) is None


@settings(max_examples=300, deadline=None)
@given(
    brands=WORDS, colors=WORDS, availability=WORDS, currency=TEXTS, ids=WORDS, more=WORDS,
    low=st.floats(0, 1e300),
)  # fmt: skip
def test_no_text_of_others_is_in_an_expression(
    brands, colors, availability, currency, ids, more, low
):
    filters = Filters(
        brands=brands, colors=colors, availability=availability, currency=currency,
        include_ids=ids, exclude_ids=more, min_price=low, max_price=low,
    )  # fmt: skip
    expression = expression_of(Query(filters=filters))
    assert expression is None or SAFE.fullmatch(expression)


@settings(max_examples=300, deadline=None)
@given(product_id=st.text())
def test_ids_come_back(product_id):
    key = key_of(product_id)
    assert id_of(key) == product_id
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]*", key)


@settings(max_examples=300, deadline=None)
@given(brand=TEXTS, other=TEXTS, wanted=TEXTS)
def test_a_brand_is_found_by_its_own_words_alone(brand, other, wanted):
    entries = [
        Entry(id=name, category="bag", gender="male", brand=name, color=name, vector=VECTOR)
        for name in {brand, other}
    ]
    for filters in (Filters(brands=frozenset({wanted})), Filters(colors=frozenset({wanted}))):
        for entry in entries:
            query = Query(filters=filters)
            holding = holds(expression_of(query), entry)
            assert holding >= answers(query, entry)
            assert holding == answers(query, entry) or filters.colors


def test_expressions_let_pass_what_answers():
    rng = np.random.default_rng(0)
    entries = [random_entry(rng, f"p{n}") for n in range(60)]
    passed = 0
    for _ in range(400):
        query = random_query(rng, [entry.id for entry in entries])
        expression = expression_of(query)
        for entry in entries:
            assert holds(expression, entry) == answers(query, entry), (query, entry)
            passed += answers(query, entry)
    assert passed > 500


@pytest.mark.parametrize(
    ("color", "wanted", "found"),
    [
        ("navy blue", "blue", True),
        ("navy blue", "Blue Navy", True),
        ("navy/blue", "navy blue", True),  # more than is meant: the store has the last word
        ("navy", "navy blue", False),
        (" ".join(map(str, range(99))), "purple", True),  # too many words to be told
    ],
)
def test_colors_word_by_word(color, wanted, found):
    entry = Entry(id="a", category="bag", gender="male", color=color, vector=VECTOR)
    query = Query(filters=Filters(colors=frozenset({wanted})))
    assert holds(expression_of(query), entry) is found


def test_a_row_says_all_that_filters_ask():
    entry = Entry(
        id="a b", category="dress", gender="female", vector=VECTOR, price=9.5, currency="EUR",
        brand="Acme", color="navy blue/red", availability="sold_out", age_group="kids",
    )  # fmt: skip
    row = row_of(entry)
    assert row.pop("vector") is VECTOR
    assert row == {
        "key": "a%20b",
        "place": "dress.female",
        "price": 9.5,
        "currency": number_of("eur"),
        "brand": number_of("ACME"),
        "colors": sorted(map(number_of, ("navy", "blue", "red"))),
        "availability": number_of("sold out"),
        "stocked": False,
        "child": True,
        "note": "",
    }
    bare = row_of(replace(entry, price=None, brand="", color="", availability="", age_group=""))
    assert (bare["price"], bare["brand"], bare["colors"]) == (-1.0, -1, [])
    assert (bare["stocked"], bare["child"], ANY_COLOR) == (True, False, 0)
