"""The index of words follows the catalog."""

from __future__ import annotations

import numpy as np
import pytest

from thatlook.core import tokens as words_of
from thatlook.core.records import Product
from thatlook.search.index import Query
from thatlook.store.catalog import Catalog, Row
from thatlook.store.catalog import words as module
from thatlook.store.catalog.words import label

DIM = 2
EAST = np.array([1, 0], np.float32)


def row(product_id, title, **fields):
    return Row(product=Product(product_id, title, **fields), vector=EAST)


@pytest.fixture
def catalog(address):
    with Catalog.open(address, model_key="net", dim=DIM) as opened:
        yield opened


def found(catalog, *words, **query):
    groups = [[(word,)] for word in words]
    return [hit.product_id for hit in catalog.by_words(groups, Query(**query))]


def test_all_words_come_before_some_and_the_rarer_count(catalog):
    catalog.upsert(
        [row("both", "red shoe"), row("rare", "zig shoe"), *(row(f"r{n}", "red") for n in range(9))]
    )
    assert found(catalog, "red", "shoe", k=1) == ["both"]
    assert found(catalog, "red", "zig")[0] == "rare"
    assert found(catalog, "none") == []


def test_some_products_with_the_words_without_their_order(catalog):
    catalog.upsert(
        [
            row("both", "red shoe", category="footwear"),
            row("rare", "zig shoe", category="footwear"),
            *(row(f"r{n}", "red hat", category="headwear") for n in range(9)),
        ]
    )
    groups = [[("red",)], [("shoe",)]]
    assert catalog.some_with(groups, Query(k=1)) == ["both"]
    assert catalog.some_with(groups, Query(k=2)) == ["both", "rare"]  # shoes are rarer
    assert len(catalog.some_with([[("red",)]], Query(k=4))) == 4
    assert catalog.some_with([[("none",)]], Query()) == []
    assert catalog.matching(groups) == ["both"]
    assert len(catalog.matching([[("red",)]])) == 10
    assert catalog.matching([[("red",)]], Query(category="footwear")) == ["both"]


def test_every_change_is_found_by_the_next_search(catalog):
    catalog.upsert([row("a", "red shoe"), row("b", "blue shoe")])
    assert found(catalog, "red") == ["a"]
    catalog.upsert([row("a", "green shoe"), row("c", "red hat")])
    assert found(catalog, "red") == ["c"]
    catalog.mark_left(["c"])
    assert found(catalog, "red") == []
    catalog.remove(["b"])
    assert found(catalog, "blue") == []
    catalog.upsert([row("c", "red hat")])
    assert found(catalog, "red") == ["c"]


@pytest.mark.parametrize("scored", [True, False])
def test_a_feed_indexed_again_and_again_is_found_as_at_first(catalog, monkeypatch, scored):
    """What is asked for is as much as there is: old entries must not take the places."""
    if not scored:
        monkeypatch.setattr(module, "MOST_SCORED", 1)
    monkeypatch.setattr(module, "MOST_MATCHING", 6)
    groups = [[("red",)], [("shoe",)]]
    for turn in range(3):
        catalog.upsert([row(f"p{n}", f"red shoe turn{turn}") for n in range(6)])
        for asked in ([[("red",)]], groups):
            for k in (1, 4, 6):
                hits = catalog.by_words(asked, Query(k=k))
                assert len(hits) == len({hit.product_id for hit in hits}) == k
                assert len(set(catalog.some_with(asked, Query(k=k)))) == k
            assert set(catalog.matching(asked)) == {f"p{n}" for n in range(6)}
    catalog.mark_left(["p0", "p1"])
    assert sorted(catalog.some_with(groups, Query(k=4))) == ["p2", "p3", "p4", "p5"]
    assert sorted(found(catalog, "red", k=4)) == ["p2", "p3", "p4", "p5"]
    assert len(catalog.matching(groups)) == 4


def test_where_words_are_not_ordered_what_changed_last_comes(catalog, monkeypatch):
    monkeypatch.setattr(module, "MOST_SCORED", 1)
    catalog.upsert([row(f"p{n}", "red shoe") for n in range(6)])
    catalog.upsert([row("p2", "a red shoe")])
    assert set(catalog.some_with([[("red",)]], Query(k=2))) == {"p2", "p5"}
    assert set(found(catalog, "red", k=2)) == {"p2", "p5"}


def test_another_process_sees_it_too(catalog):
    with Catalog.open(catalog.address) as other:
        catalog.upsert([row("a", "red shoe")])
        assert found(other, "red") == ["a"]
        assert other.lines().frequency("shoe") == 1
        catalog.upsert([row("b", "shoe")])
        assert other.lines().frequency("shoe") == 2


def test_the_partitions_of_the_query_hold(catalog):
    catalog.upsert(
        [
            row("hers", "red", category="dress", gender="female"),
            row("his", "red", category="topwear", gender="male"),
            row("any", "red", category="topwear"),
        ]
    )
    assert set(found(catalog, "red", category="topwear")) == {"his", "any"}
    assert found(catalog, "red", genders=frozenset({"female"})) == ["hers"]


def test_what_the_picture_shows_is_found_where_the_feed_is_mute(catalog):
    seen = {"type": ["heels", 0.9], "color": ("red", 0.8)}
    catalog.upsert([Row(product=Product("a", "Eva"), vector=EAST, attributes=seen)])
    assert found(catalog, "heel", "red") == ["a"]
    facts = catalog.facts(["a", "unknown"])["a"]
    assert (facts.product_type, facts.title, facts.entry.id) == ("heels", "Eva", "a")


def test_stale_entries_are_dropped_in_time(catalog, monkeypatch):
    monkeypatch.setattr(module, "_FEW", 4)
    for turn in range(8):
        catalog.upsert([row("a", f"word{turn}")])
        assert found(catalog, f"word{turn}") == ["a"]
    known = catalog.lines().frequencies
    assert "word0" not in known
    assert "word7" in known


def test_words_of_an_older_thatlook_are_made_anew(address, monkeypatch):
    with Catalog.open(address, model_key="net", dim=DIM) as catalog:
        catalog.upsert([row("a", "red")])
        assert found(catalog, "red") == ["a"]
    monkeypatch.setattr(module, "VERSION", words_of.VERSION + 1)
    with Catalog.open(address) as catalog:
        assert found(catalog, "red") == ["a"]
        assert catalog.lines().frequency("red") == 1


def test_a_shops_own_words(catalog):
    extra = {"Size": "41|42, XL", "material": "x"}
    catalog.upsert([row("a", "t", brand="Red Tape", extra=extra), row("b", "t")])
    lines = catalog.lines()
    assert lines.brands() == {("red", "tape"): "Red Tape", ("redtape",): "Red Tape"}
    assert lines.sizes() == {"41", "42", "xl"}
    assert not lines.priced
    assert lines.names() == frozenset()
    catalog.upsert(row(f"n{n}", "Red Tape Shoes") for n in range(5))
    catalog.upsert(row(f"b{n}", "Blue Moon Shoes", brand="Blue Moon") for n in range(5))
    assert catalog.lines().names() == {("red", "tape")}


def test_many_products_with_all_words_are_not_ordered(catalog, monkeypatch):
    monkeypatch.setattr(module, "MOST_SCORED", 3)
    catalog.upsert([row(f"p{n}", "shoe") for n in range(9)])
    assert len(found(catalog, "shoe", k=5)) == 5


@pytest.mark.parametrize(
    ("stored", "text"), [(["red", 0.9], "red"), ("red", "red"), ([], ""), (None, ""), ([3], "")]
)
def test_labels(stored, text):
    assert label(stored) == text


def test_what_left_counts_in_no_rarity_for_long(catalog, monkeypatch):
    monkeypatch.setattr(module, "_FEW", 1)
    catalog.upsert([row(str(n), "Zorro") for n in range(8)] + [row("kept", "Zorro Hat")])
    assert catalog.lines().frequency("zorro") == 9
    catalog.remove([str(n) for n in range(8)])
    catalog.upsert([row("new", "Hat")])
    assert catalog.lines().frequency("zorro") == 1
