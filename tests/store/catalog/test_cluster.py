"""One contract for every search of a catalog: built in, by Milvus Lite, by a Milvus server."""

from __future__ import annotations

import itertools
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.search.index.samples import DIM, random_entry, random_query, random_vector
from tests.service.live import free_port
from tests.store.catalog.test_oracle import catch_up, row_of
from thatlook.core.errors import (
    CatalogError,
    ModelMismatchError,
    SearchUnavailableError,
    SettingsError,
)
from thatlook.search.index import ExactIndex, Filters, Query
from thatlook.search.index.milvus import MilvusIndex, MilvusPlace
from thatlook.search.index.milvus import index as milvus_index
from thatlook.search.index.scan import SPARE
from thatlook.store.catalog import Catalog, Row, search_feed

NAMES = (f"contract_{n}" for n in itertools.count())
STRONG = {"index": "FLAT", "consistency": "strong", "timeout": 30}
ODD = ('" or 1==1', "\\", "é", "a b")


def catalog_on(folder, search, model="net", dim=DIM, store="") -> Catalog:
    """A catalog whose `catalog.toml` names this search and store."""
    folder.mkdir(exist_ok=True)
    (folder / "catalog.toml").write_text(f'search = "{search}"\n{store}')
    return Catalog.open(folder, model, dim)


@pytest.fixture(params=["built-in", "lite", "standalone", "postgres, lite", "postgres, standalone"])
def shop(request, tmp_path, monkeypatch):
    """A catalog whose search knows all that was stored, once it was warmed."""
    search, store = "built-in", ""
    for part in request.param.split(", "):
        if part == "postgres":
            server = request.getfixturevalue("postgres")
            store = (
                f'store = "{server.new_url(password="")}"\nstore_password_env = "SHOP_PASSWORD"\n'
            )
            monkeypatch.setenv("SHOP_PASSWORD", server.password)
        elif part != "built-in":
            search = request.getfixturevalue(part).url(next(NAMES), **STRONG)
    with catalog_on(tmp_path / "shop", search, store=store) as catalog:
        yield catalog
        if catalog.cluster is not None and catalog.cluster.engine.cursor() is not None:
            catalog.cluster.engine.drop()


@pytest.fixture
def fed(lite, tmp_path):
    """A catalog on Milvus Lite, with 60 products that it was fed."""
    rng = np.random.default_rng(0)
    with catalog_on(tmp_path / "fed", lite.url(next(NAMES), index="FLAT")) as catalog:
        catalog.upsert([row_of(random_entry(rng, f"p{n:02}")) for n in range(60)])
        catalog.warm()
        yield catalog
        catalog.cluster.engine.drop()


class Counts:
    """What a finder told its watch."""

    def __init__(self) -> None:
        self.questions, self.dropped = 0, 0

    def asked(self, seconds: float) -> None:
        self.questions += 1

    def stale(self, hits: int) -> None:
        self.dropped += hits


def change(catalog, rng, choose, ids) -> int:
    """Changes some products; returns how many."""
    some = choose.sample(ids, choose.choice((1, 10, 60)))
    kind = choose.choice(["upsert"] * 3 + ["remove", "left"])
    if kind == "remove":
        catalog.remove(some)
    elif kind == "left":
        catalog.mark_left(some)
    else:
        catalog.upsert([row_of(random_entry(rng, i)) for i in some])
    return len(some)


def compare(catalog, exact, rng, ids, queries) -> None:
    """Asserts that so many random queries are answered as the oracle answers them."""
    catch_up(exact, catalog)
    for _ in range(queries):
        query, vectors = random_query(rng, ids), np.stack([random_vector(rng) for _ in range(2)])
        assert catalog.search(vectors, query) == exact.search(vectors, query), query


def test_same_answers_as_the_oracle_before_and_after_changes(shop):
    rng, choose, exact = np.random.default_rng(1), random.Random(1), ExactIndex(DIM)
    ids = [*(f"p{n}" for n in range(200)), *ODD]
    shop.upsert([row_of(random_entry(rng, i)) for i in ids])
    shop.warm()
    compare(shop, exact, rng, ids, 15)
    changed = 0
    while changed < 300:
        changed += change(shop, rng, choose, ids)
    shop.warm()
    compare(shop, exact, rng, ids, 15)


def test_a_hostile_word_finds_what_has_it_and_breaks_nothing(shop):
    rng = np.random.default_rng(2)
    entry = replace(random_entry(rng, ODD[0]), brand=ODD[0], color=ODD[0], availability="")
    others = [replace(random_entry(rng, f"p{n}"), brand=f"b{n}") for n in range(5)]
    shop.upsert([row_of(one) for one in (entry, *others)])
    shop.warm()
    for filters, count in (
        (Filters(brands=frozenset({ODD[0]})), 1),
        (Filters(colors=frozenset({ODD[0]})), 1),
        (Filters(include_ids=frozenset({ODD[0]})), 1),
        (Filters(exclude_ids=frozenset({ODD[0]})), 5),
        (Filters(brands=frozenset({'b1" or brand != "'})), 0),
        (Filters(availability=frozenset({"'] or true or key in ['"})), 0),
    ):
        found = shop.search(entry.vector[None], Query(filters=filters, k=9))
        assert (len(found[0]), found.eligible) == (count, count), filters


@pytest.mark.parametrize("index", ["HNSW", "IVF_FLAT", "IVF_SQ8"])
def test_other_kinds_of_index_find_the_same(lite, tmp_path, index):
    rng, exact = np.random.default_rng(3), ExactIndex(DIM)
    ids = [f"p{n}" for n in range(300)]
    search = lite.url(next(NAMES), index=index, consistency="strong")
    with catalog_on(tmp_path / "shop", search) as catalog:
        catalog.upsert([row_of(random_entry(rng, i)) for i in ids])
        catalog.warm()
        catalog.cluster.engine.settle()
        compare(catalog, exact, rng, ids, 10)
        catalog.cluster.engine.drop()


def test_what_is_stale_is_dropped_and_others_take_its_place(fed):
    counts = fed.cluster.watch = Counts()
    vector = random_vector(np.random.default_rng(4))[None]
    before = [hit.product_id for hit in fed.search(vector, Query(k=60))[0]]
    assert (len(before), counts.dropped) == (60, 0)
    fed.remove(before[:8])
    fed.mark_left(before[8:18])
    for stored in fed.stored_many(before[18:20]):
        bag = replace(stored.product, category="bag")
        fed.upsert([Row(product=bag, vector=stored.vector)])
    clothes = {"topwear", "dress"} & {fed.product(one).category for one in before[20:]}
    found = [
        hit for category in clothes for hit in fed.search(vector, Query(category=category, k=40))[0]
    ]
    assert sorted(hit.product_id for hit in found) == sorted(before[20:])
    first = fed.search(vector, Query(k=10))[0]
    assert [hit.product_id for hit in first] == before[18:28]
    assert counts.dropped > 20
    assert counts.questions > 3


def test_an_old_count_keeps_no_product_from_being_found(fed, monkeypatch):
    """Where the nearest are all gone from the store the next are fetched, whatever was counted."""
    vector = random_vector(np.random.default_rng(27))[None]
    before = [hit.product_id for hit in fed.search(vector, Query(k=60))[0]]
    fed.remove(before[:30])
    monkeypatch.setattr(MilvusIndex, "_recent_count", lambda _self, _expression: 1)
    found = fed.search(vector, Query(k=10))[0]
    assert [hit.product_id for hit in found] == before[30:40]


def test_a_question_is_one_call_of_the_engine_and_one_of_the_store(fed, monkeypatch):
    """Of the count of all that pass the last minute's is taken."""
    vector, asked = random_vector(np.random.default_rng(22))[None], []
    fed.search(vector, Query(k=10))
    engine, database = fed.cluster.engine._client, fed._store.database
    for name, place, method in (
        ("engine", engine, "call"), ("store", database, "one"), ("store", database, "rows"),
    ):  # fmt: skip
        real = getattr(place, method)
        monkeypatch.setattr(
            place, method, lambda *a, n=name, real=real, **b: (asked.append(n), real(*a, **b))[1]
        )
    assert len(fed.search(vector, Query(k=10))[0]) == 10
    assert sorted(asked) == ["engine", "store"]


def test_a_network_that_was_switched_is_noticed(fed):
    vector = random_vector(np.random.default_rng(23))[None]
    fed.search(vector, Query())
    fed._store.database.execute("UPDATE state SET model_key = 'other'")
    for filters in (Filters(), Filters(brands=frozenset({"nobody's"}))):
        with pytest.raises(ModelMismatchError, match="made by other, not by net"):
            fed.search(vector, Query(filters=filters))


def together(monkeypatch, catalog, count):
    """Lets searches of the engine go on when so many wait for it; breaks where fewer come."""
    barrier, call = threading.Barrier(count, timeout=60), catalog.cluster.engine._client.call

    def waiting(name, **given):
        if name == "search":
            barrier.wait()
        return call(name, **given)

    monkeypatch.setattr(catalog.cluster.engine._client, "call", waiting)


def all_of(catalog, questions):
    """The answers in the order of the questions."""
    found = dict(catalog.search_each(questions))
    return [found[place] for place in range(len(questions))]


def questions_of(seed, count):
    """Up to three questions of one vector each, of other filters and k."""
    rng = np.random.default_rng(seed)
    filters = [Filters(colors=frozenset({color})) for color in ("red", "blue", "white")]
    return [(random_vector(rng)[None], Query(k=3 + n, filters=filters[n])) for n in range(count)]


def test_questions_asked_together_wait_for_the_engine_side_by_side(fed, monkeypatch, tmp_path):
    questions = questions_of(24, 3)
    alone = [fed.search(*question) for question in questions]
    together(monkeypatch, fed, 3)
    found = all_of(fed, questions)
    assert found == alone
    assert [len(one[0]) for one in found] == [3, 4, 5]
    assert len({one.moment for one in found} - {None}) == 1
    assert all_of(fed, []) == []
    with Catalog.open(tmp_path / "fed" / "built-in", "net", DIM) as plain:
        plain.upsert(Row(product=s.product, vector=s.vector) for s in fed.all_stored())
        assert all_of(plain, questions) == alone


def test_one_question_that_fails_fails_all_and_the_next_are_answered(fed, monkeypatch):
    questions = questions_of(25, 3)
    call, failing = fed.cluster.engine._client.call, [5]

    def broken(name, **given):
        if name == "search" and failing and given["limit"] == failing[0] + SPARE:
            raise SearchUnavailableError("down")
        return call(name, **given)

    monkeypatch.setattr(fed.cluster.engine._client, "call", broken)
    for failing[0] in (3, 4, 5):
        with pytest.raises(SearchUnavailableError, match="down"):
            all_of(fed, questions)
    failing.clear()
    assert [len(one[0]) for one in all_of(fed, questions)] == [3, 4, 5]


def test_callers_do_not_wait_for_each_others_questions(fed, monkeypatch):
    callers = 12
    questions = questions_of(26, 2)
    alone = all_of(fed, questions)
    together(monkeypatch, fed, 2 * callers)
    with ThreadPoolExecutor(callers) as pool:
        assert list(pool.map(all_of, [fed] * callers, [questions] * callers)) == [alone] * callers


def test_what_changed_since_is_compared_as_it_is_now(fed):
    vector = random_vector(np.random.default_rng(6))
    red = Query(k=60, filters=Filters(colors=frozenset({"red"})))
    last = fed.search(vector[None], red)[0][-1]
    stored = fed.stored(last.product_id)
    row = row_of(random_entry(np.random.default_rng(7), last.product_id))
    fed.upsert([replace(row, product=replace(stored.product, color="Red wine"), vector=vector)])
    first = fed.search(vector[None], red)[0][0]
    assert first.product_id == last.product_id
    assert first.similarity == pytest.approx(1)
    fed.upsert([replace(row, product=replace(stored.product, color="green"), vector=vector)])
    assert last.product_id not in [hit.product_id for hit in fed.search(vector[None], red)[0]]


def test_strong_consistency_reads_what_was_written(lite, tmp_path):
    name = next(NAMES)
    search = lite.url(name, index="FLAT", consistency="strong", timeout=20)
    row = row_of(random_entry(np.random.default_rng(8), "new"))
    stop = threading.Event()
    with (
        catalog_on(tmp_path / "shop", search) as writer,
        catalog_on(tmp_path / "shop", search) as worker,
        catalog_on(tmp_path / "shop", search) as reader,
    ):
        writer.upsert([row])
        writer.warm()
        thread = threading.Thread(target=worker.cluster.feed().run, args=(stop, 0.01))
        thread.start()
        try:
            for number in range(5):
                writer.upsert([replace(row, product=replace(row.product, id=f"new{number}"))])
                found = reader.search(row.vector[None], Query(k=20))[0]
                assert f"new{number}" in [hit.product_id for hit in found]
        finally:
            stop.set()
            thread.join()
        reader.cluster.engine.drop()


def test_strong_consistency_says_when_nobody_feeds(lite, tmp_path):
    search = lite.url(next(NAMES), index="FLAT", consistency="strong", timeout=0.3)
    rng = np.random.default_rng(9)
    with catalog_on(tmp_path / "shop", search) as catalog:
        catalog.upsert([row_of(random_entry(rng, "a"))])
        catalog.warm()
        catalog.upsert([row_of(random_entry(rng, "b"))])
        assert catalog.cluster.lag() == 1
        with pytest.raises(SearchUnavailableError, match="thatlook catalog feed-search"):
            catalog.search(random_vector(rng)[None], Query())
        catalog.cluster.engine.drop()


def test_strong_consistency_knows_that_another_emptied_the_collection(lite, tmp_path):
    search = lite.url(next(NAMES), index="FLAT", consistency="strong", timeout=1)
    rng = np.random.default_rng(20)
    with (
        catalog_on(tmp_path / "shop", search) as other,
        catalog_on(tmp_path / "shop", search) as reader,
    ):
        other.upsert([row_of(random_entry(rng, f"p{n}")) for n in range(9)])
        other.warm()
        vector, query = random_vector(rng)[None], Query(k=20)
        assert len(reader.search(vector, query)[0]) == 9
        other.cluster.feed().rebuild()
        other.cluster.engine.prepare()
        with pytest.raises(SearchUnavailableError, match="the engine is behind"):
            reader.search(vector, query)
        assert other.cluster.feed().catch_up() == 9
        assert len(reader.search(vector, query)[0]) == 9
        other.cluster.engine.drop()


def test_a_feed_that_was_cut_off_goes_on(fed, monkeypatch):
    monkeypatch.setattr(search_feed, "BATCH", 7)
    rng, feed = np.random.default_rng(10), fed.cluster.feed()
    assert feed.step() == 0
    fed.upsert([row_of(random_entry(rng, f"q{n:02}")) for n in range(30)])
    fed.remove(["p00", "q29"])
    assert feed.step() == 7
    again = fed.cluster.feed()  # as another process would after a kill
    assert again.catch_up() == 31 - 7
    assert len(fed.cluster.engine) == 60 + 30 - 2
    monkeypatch.setattr(MilvusIndex, "_move", lambda self, cursor: None)  # killed before the cursor
    fed.upsert([row_of(random_entry(rng, "q01"))])
    assert fed.cluster.feed().step() == 1
    monkeypatch.undo()
    assert fed.cluster.feed().catch_up() == 1
    assert len(fed.cluster.engine) == 60 + 30 - 2


def test_two_do_not_feed_at_once(shop):
    if shop.cluster is None:
        pytest.skip("its search needs no feeding")
    shop.upsert([row_of(random_entry(np.random.default_rng(16), "a"))])
    with Catalog.open(shop.folder) as other, other._store.database.alone("search") as alone:
        assert alone()
        assert shop.cluster.feed().catch_up() == 0
        with pytest.raises(CatalogError, match="another process feeds"):
            shop.cluster.feed().rebuild()
    assert shop.cluster.feed().catch_up() == 1


def test_the_collection_of_another_catalog_is_refused(fed, tmp_path, lite):
    search = fed.cluster.engine.place
    with catalog_on(tmp_path / "other", lite.url(search.collection)) as other:
        other.upsert([row_of(random_entry(np.random.default_rng(11), "a"))])
        with pytest.raises(CatalogError, match="another catalog's"):
            other.cluster.feed().catch_up()
        other.cluster.feed().rebuild()
        assert other.cluster.feed().catch_up() == 1
        assert len(other.cluster.engine) == 1
    with (
        catalog_on(tmp_path / "longer", lite.url(search.collection), dim=DIM + 1) as longer,
        pytest.raises(CatalogError, match="does not hold vectors of 9 numbers"),
    ):
        longer.cluster.feed().catch_up()


def test_a_store_brought_back_from_a_copy_is_noticed(fed):
    token = fed._store.token(fed.sequence)
    assert fed.cluster.engine.cursor().token == token != ""
    fed._store.database.execute("UPDATE commits SET token = randomblob(8)")
    with pytest.raises(CatalogError, match="brought back from a copy"):
        fed.cluster.feed().step()


def bring_back(catalog, sequence):
    """Makes the store what it was after this change, which added all that is there."""
    database = catalog._store.database
    database.execute("DELETE FROM products WHERE sequence > ?", (sequence,))
    database.execute("DELETE FROM commits WHERE sequence > ?", (sequence,))
    database.execute("UPDATE state SET sequence = ?", (sequence,))


@pytest.mark.parametrize("more", [0, 3, 50])
def test_a_store_brought_back_to_before_a_commit_that_was_half_fed_is_noticed(
    fed, monkeypatch, more
):
    """Also where it has since had more changes than the collection knows."""
    monkeypatch.setattr(search_feed, "BATCH", 7)
    rng, before = np.random.default_rng(18), fed.sequence
    fed.upsert([row_of(random_entry(rng, f"q{n:02}")) for n in range(30)])
    assert fed.cluster.feed().step() == 7  # and then the worker is killed
    assert fed.cluster.engine.cursor(strong=True).sequence == before + 7
    bring_back(fed, before)
    if more:
        fed.upsert([row_of(random_entry(rng, f"r{n:02}")) for n in range(more)])
    with pytest.raises(CatalogError, match="brought back from a copy"):
        fed.cluster.feed().step()
    fed.cluster.feed().rebuild()
    assert fed.cluster.feed().catch_up() == 60 + more


def test_a_store_brought_back_under_a_worker_at_work_is_noticed(fed):
    rng, before, feed = np.random.default_rng(21), fed.sequence, fed.cluster.feed()
    fed.upsert([row_of(random_entry(rng, f"q{n:02}")) for n in range(3)])
    assert (feed.step(), feed.step()) == (3, 0)
    bring_back(fed, before)
    fed.upsert([row_of(random_entry(rng, f"r{n:02}")) for n in range(9)])
    with pytest.raises(CatalogError, match="brought back from a copy"):
        feed.step()


def test_many_products_that_pass_are_all_compared_where_the_engine_gives_too_few(fed, monkeypatch):
    call = fed.cluster.engine._client.call
    monkeypatch.setattr(
        fed.cluster.engine._client,
        "call",
        lambda name, **given: (
            [SimpleNamespace(ids=one.ids[:3], distances=one.distances[:3]) for one in found]
            if (found := call(name, **given)) and name == "search"
            else found
        ),
    )
    found = fed.search(random_vector(np.random.default_rng(12))[None], Query(k=15))
    assert (len(found[0]), found.eligible) == (15, 60)
    exact = ExactIndex(DIM)
    catch_up(exact, fed)
    assert found[0] == exact.search(random_vector(np.random.default_rng(12))[None], Query(k=15))[0]


def test_a_limit_of_the_engine_is_kept(fed, monkeypatch):
    monkeypatch.setattr(milvus_index, "MOST", 20)
    monkeypatch.setattr("thatlook.store.catalog.cluster.MOST", 20)
    found = fed.search(random_vector(np.random.default_rng(13))[None], Query(k=30))
    assert (len(found[0]), found.eligible) == (20, 60)


def test_an_engine_that_is_not_there_is_told_soon(tmp_path, monkeypatch):
    monkeypatch.setattr("thatlook.search.index.milvus.client.PAUSE_S", 600)
    rng = np.random.default_rng(14)
    search = f"milvus://127.0.0.1:{free_port()}/products?timeout=0.5"
    with catalog_on(tmp_path / "shop", search) as catalog:
        catalog.upsert([row_of(random_entry(rng, "a"))])
        catalog.warm()  # all is stored: the feed waits
        begun = time.monotonic()
        with pytest.raises(SearchUnavailableError, match=r"milvus://127\.0\.0\.1"):
            catalog.search(random_vector(rng)[None], Query())
        assert time.monotonic() - begun < 10
        with pytest.raises(SearchUnavailableError, match="did not answer a moment ago"):
            catalog.search(random_vector(rng)[None], Query())
        assert catalog.product("a").id == "a"


def test_a_password_is_in_no_message(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_SEARCH", "geheim")
    search = f"milvus://me@127.0.0.1:{free_port()}/products?timeout=0.3"
    named = 'search_password_env = "SHOP_SEARCH"\n'
    with catalog_on(tmp_path / "shop", search, store=named) as catalog:
        assert catalog.cluster.engine.place.password == "geheim"
        with pytest.raises(SearchUnavailableError) as error:
            catalog.search(random_vector(np.random.default_rng(17))[None], Query())
        assert "geheim" not in f"{error.value!r} {catalog.cluster.engine.place!r} {catalog.info()}"


def test_another_engine_is_refused(tmp_path):
    with pytest.raises(CatalogError, match="search must be 'built-in' or milvus://"):
        catalog_on(tmp_path / "shop", "qdrant://host/products")
    with pytest.raises(SettingsError, match="did you mean"):
        catalog_on(tmp_path / "shop", "milvus://host/products?indx=FLAT")


@pytest.mark.parametrize("engine", ["lite", "standalone"])
@pytest.mark.parametrize("step", ["create_index", "load_collection"])
def test_a_collection_whose_maker_was_killed_is_completed(engine, step, request, monkeypatch):
    from pymilvus import MilvusClient

    def killed(*_args, **_options):
        raise KeyboardInterrupt

    url = request.getfixturevalue(engine).url(next(NAMES), **STRONG)
    index = MilvusIndex(MilvusPlace.of(url), DIM)
    with monkeypatch.context() as cut:
        cut.setattr(MilvusClient, step, killed)
        with pytest.raises(KeyboardInterrupt):
            index.prepare()
    index.prepare()
    assert index._client.call("list_indexes") == ["vector"]
    entry = random_entry(np.random.default_rng(19), "a")
    index.upsert([entry], 1)
    assert index.search(entry.vector[None], Query(k=9))[0][0].product_id == "a"
    index.drop()
    index.close()


def test_the_protocol_by_itself(lite):
    rng = np.random.default_rng(15)
    index = MilvusIndex(MilvusPlace.of(lite.url(next(NAMES), **STRONG)), DIM)
    index.prepare()
    index.prepare()
    entries = [random_entry(rng, f"p{n}") for n in range(5)]
    assert (index.dim, index.sequence) == (DIM, 0)
    index.upsert(entries, 3)
    index.upsert(entries, 3)
    index.delete(["p0", "nobody"], 4)
    assert (len(index), index.sequence) == (4, 4)
    hits = index.search(entries[1].vector[None], Query(k=9))[0]
    assert len(hits) == 4
    assert len(index.search(np.zeros((0, DIM), np.float32), Query())) == 0
    index.close()
    index.close()
    index.drop()
