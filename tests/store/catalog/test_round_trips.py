"""How often a look asks PostgreSQL and Milvus: each time costs a way over the network."""

from __future__ import annotations

import itertools

import pytest

from tests.search.test_recommender import article, at, look_of, product
from thatlook.search.ranking import Calibration, Curve
from thatlook.search.recommender import Recommender
from thatlook.search.request import SearchRequest
from thatlook.store.catalog import Catalog, Row

CATEGORIES = ("topwear", "bottomwear", "footwear")
NAMES = (f"round_trips_{n}" for n in itertools.count())


def row_of(category, number) -> Row:
    """Of two products next to each other the titles are alike, and their colors."""
    title = f"Linen Oxford Piece {number // 2}"
    shown = product(f"{category}{number}", category=category, title=title, color="red")
    return Row(product=shown, vector=at(3 * number + 1, 1 + number % 7), outline=bytes([number]))


@pytest.fixture
def shop(lite, postgres, tmp_path, monkeypatch):
    """A catalog in PostgreSQL that Milvus Lite searches, with ten products of each category."""
    monkeypatch.setenv("SHOP_PASSWORD", postgres.password)
    (tmp_path / "catalog.toml").write_text(
        f'store = "{postgres.new_url(password="")}"\nstore_password_env = "SHOP_PASSWORD"\n'
        f'search = "{lite.url(next(NAMES), index="FLAT")}"\n'
    )
    with Catalog.open(tmp_path, "fake:1", 8) as catalog:
        catalog.upsert(row_of(category, n) for category in CATEGORIES for n in range(10))
        catalog.warm()
        yield catalog
        catalog.cluster.engine.drop()


@pytest.fixture
def asked(shop, monkeypatch):
    """What PostgreSQL and Milvus are asked, as it comes."""
    from sqlalchemy import event

    found = []
    event.listen(
        shop._store.database._engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: found.append(statement),
    )
    call = shop.cluster.engine._client.call
    monkeypatch.setattr(
        shop.cluster.engine._client,
        "call",
        lambda name, **given: (found.append(name), call(name, **given))[1],
    )
    return found


def looked(shop, asked, request=None) -> tuple[list[list[str]], int, int]:
    """The products shown for three articles; statements and searches that it took."""
    asked.clear()
    look = look_of("female", *(article(category, at(0)) for category in CATEGORIES))
    found = Recommender(shop, Calibration(Curve(8, 0.5))).for_look(look, request or SearchRequest())
    shown = [sorted(match.product.id for match in row.matches) for row in found]
    counted = asked.count("search"), sum(" FROM " in statement for statement in asked)
    return shown, counted[1], counted[0]


def test_a_look_asks_milvus_once_for_each_article_and_postgresql_once(shop, asked):
    first, statements, searches = looked(shop, asked)
    assert [len(ids) for ids in first] == [10, 10, 10]
    # The state, what was found, which styles are vague, what is shown.
    assert (statements, searches) == (4, 3)
    again, statements, searches = looked(shop, asked)
    assert again == first
    assert (statements, searches) == (1, 3)  # the state


def test_what_another_process_changed_is_seen_by_the_next_look(shop, asked):
    looked(shop, asked)
    with Catalog.open(shop.address, "fake:1", 8) as other:
        other.remove(["topwear3"])
        other.mark_left(["footwear4"])
    shown, statements, searches = looked(shop, asked)
    assert "topwear3" not in shown[0]
    assert "footwear4" not in shown[2]
    assert [len(ids) for ids in shown] == [9, 10, 9]
    # The state, whether it is still this catalog, what has changed; of what has changed what was
    # found, and which styles are vague.
    assert (statements, searches) == (5, 3)


def test_what_was_liked_costs_a_look_as_much_again(shop, asked):
    request = SearchRequest(liked=frozenset({"topwear1"}), disliked=frozenset({"footwear2"}))
    looked(shop, asked)
    shown, statements, searches = looked(shop, asked, request)
    assert "footwear2" not in shown[2]
    # The state twice, what was liked, what was disliked; two articles anew.
    assert (statements, searches) == (4, 5)
