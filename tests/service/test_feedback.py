"""`POST /v1/feedback`, and two rankings shown as one."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.service.double import SAMPLE, Double, engine_on
from thatlook.core.errors import CatalogError, SettingsError
from thatlook.core.records import Price
from thatlook.engine import Engine
from thatlook.search.index import Filters
from thatlook.search.request import SearchRequest
from thatlook.service.app import create_app, open_rival
from thatlook.service.rival import TELL_AGAIN_S, Rival
from thatlook.service.settings import ServiceSettings
from thatlook.store.catalog import Row
from thatlook.store.feedback.book import FILE_NAME, Bounds, Feedback
from thatlook.store.feedback.records import ShownList, Told

LOOK = SAMPLE / "images" / "looks" / "look_001.jpg"
LIST = "00000000000000aa"
BODY = {
    "consent": True,
    "list": LIST,
    "source": "photo",
    "category": "topwear",
    "events": [
        {"product": "SP0001", "position": 1, "kind": "shown", "nearness": "similar", "score": 0.4},
        {"product": "SP0002", "position": 2, "kind": "clicked", "team": "b"},
    ],
}


@pytest.fixture
def folder(tmp_path):
    engine_on(tmp_path).close()
    return tmp_path


@pytest.fixture
def client(serve, folder):
    return serve(folder, feedback=True)


def kept(folder):
    with Feedback.open(folder / "catalog") as feedback:
        return list(feedback.choices())


def test_what_was_chosen_is_kept(client, folder):
    answer = client.post("/v1/feedback", json=BODY)
    assert (answer.status_code, answer.json()) == (200, {"kept": 2})
    more = {"events": [{"product": "SP0001", "position": 1, "kind": "accepted"}]}
    assert client.post("/v1/feedback", json=BODY | more).json() == {"kept": 1}
    one, other = kept(folder)
    assert (one.product, one.position, one.nearness, one.score) == ("SP0001", 1, "similar", 0.4)
    assert (one.clicked, one.accepted, one.shown.category) == (False, True, "topwear")
    assert (other.product, other.clicked, other.team) == ("SP0002", True, "b")


def test_it_is_off_until_it_is_switched_on(serve, folder):
    client = serve(folder)
    assert client.get("/v1/info").json()["feedback"] is False
    answer = client.post("/v1/feedback", json=BODY)
    assert (answer.status_code, answer.json()["code"]) == (403, "feedback_is_off")
    assert not (folder / "catalog" / FILE_NAME).exists()


def test_the_page_is_told_that_it_is_on(client):
    assert client.get("/v1/info").json()["feedback"] is True


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"consent": False}, "consent"),
        ({"consent": None}, "consent"),
        ({"list": "anna@example.org"}, "list"),
        ({"source": "mail"}, "source"),
        ({"category": "hats"}, "category"),
        ({"events": []}, "events"),
        ({"events": [{"product": "SP0001", "position": 0, "kind": "shown"}]}, "events.0.position"),
        ({"events": [{"product": "SP0001", "position": 1, "kind": "bought"}]}, "events.0.kind"),
        ({"events": [{"product": "SP0001", "position": 1, "kind": "shown", "who": "Anna"}]},
         "events.0.who"),
        ({"address": "Anna"}, "address"),
    ],
)  # fmt: skip
def test_what_does_not_belong_is_refused(client, folder, change, field):
    answer = client.post("/v1/feedback", json=BODY | change)
    assert answer.status_code == 422
    assert field in [one["field"] for one in answer.json()["errors"]]
    assert kept(folder) == []


def test_without_consent_nothing_is_taken(client, folder):
    body = {name: value for name, value in BODY.items() if name != "consent"}
    answer = client.post("/v1/feedback", json=body)
    assert answer.json()["errors"][0]["field"] == "consent"
    assert kept(folder) == []


def test_a_text_that_is_no_products_id_never_reaches_the_file(client, folder):
    event = {"product": "Anna Example, 1 Some Street", "position": 1, "kind": "clicked"}
    assert client.post("/v1/feedback", json=BODY | {"events": [event]}).json() == {"kept": 0}
    asked = {"source": "product", "query": "Anna Example"}
    answer = client.post("/v1/feedback", json=BODY | asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_product")
    assert kept(folder) == []
    assert b"Anna" not in (folder / "catalog" / FILE_NAME).read_bytes()


def test_a_query_goes_with_products_alone(client):
    answer = client.post("/v1/feedback", json=BODY | {"query": "SP0003"})
    assert answer.status_code == 422
    assert "for the source product alone" in answer.json()["detail"]


def test_nothing_of_the_caller_is_kept(client, folder):
    headers = {"User-Agent": "Browser of Anna", "X-Forwarded-For": "203.0.113.9"}
    client.post("/v1/feedback", json=BODY, headers=headers)
    with sqlite3.connect(folder / "catalog" / FILE_NAME) as connection:
        rows = connection.execute("SELECT * FROM choices").fetchall()
    connection.close()
    assert len(rows) == 2
    assert not any(text in str(rows) for text in ("Anna", "203.0.113", "testclient"))


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"[1]", "headers": {"Content-Type": "application/json"}}, 422),
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"json": BODY | {"events": BODY["events"] * 600}}, 413),
    ],
)
def test_bodies_that_are_none(client, sent, status):
    assert client.post("/v1/feedback", **sent).status_code == status


def test_it_has_a_rate_of_its_own(serve, folder):
    client = serve(folder, feedback=True, feedback_rate="2/minute")
    found = [client.post("/v1/feedback", json=BODY).status_code for _ in range(3)]
    assert found == [200, 200, 429]
    assert client.get("/v1/products/SP0001").status_code == 200


def test_bounds_are_the_settings(serve, folder):
    client = serve(folder, feedback=True, feedback_rows=3)
    for n in range(5):
        client.post("/v1/feedback", json=BODY | {"list": f"{n:016x}"})
    assert [choice.shown.id[-1] for choice in kept(folder)] == ["3", "4", "4"]


def test_what_is_too_old_goes_although_feedback_is_off(serve, folder):
    with Feedback.open(folder / "catalog", Bounds(36_500), create=True) as feedback:
        feedback.add(ShownList(LIST, "photo"), [Told("SP0001", 1, "shown")], date(2020, 3, 1))
    serve(folder, feedback_days=30)
    with Feedback.open(folder / "catalog", Bounds(36_500)) as feedback:
        assert list(feedback.choices()) == []


def test_a_damaged_file_of_feedback_does_not_stop_a_service_without_it(serve, folder, caplog):
    (folder / "catalog" / FILE_NAME).write_bytes(b"no database at all" * 100)
    assert serve(folder).get("/v1/products/SP0001").status_code == 200
    assert "old feedback not dropped" in caplog.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"feedback_days": 0}, "feedback_days must be 1 or more"),
        ({"feedback_rows": 0}, "feedback_rows must be 1 or more"),
        ({"rival_settings": "b.toml"}, "name its catalog too"),
    ],
)
def test_settings_that_cannot_be(given, words):
    with pytest.raises(SettingsError, match=words):
        ServiceSettings(**given)


# ---- two rankings as one ----


class Turned(Double):
    """A network of another mind: what is near to it is far from the double."""

    def parse_image(self, image, name, watch=None):
        return super().parse_image(image[::-1], name, watch)


@pytest.fixture
def both(folder):
    """A service with a rival on the same products, its vectors upside down."""
    from fastapi.testclient import TestClient

    app = create_app(
        ServiceSettings(),
        lambda: engine_on(folder),
        rival=lambda: engine_on(folder, Turned()),
    )
    with TestClient(app) as client:
        yield client


def test_the_rivals_file_beats_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "rival.toml"
    file.write_text('embedding_model = "rival.json"\n', encoding="utf-8")
    monkeypatch.setenv("THATLOOK_EMBEDDING_MODEL", "own.json")
    opened = []
    monkeypatch.setattr(Engine, "open", lambda place, dials, create: opened.append(dials))
    open_rival(ServiceSettings(rival="rival", rival_settings=str(file)), 3)
    assert [(dials.embedding_model, dials.threads) for dials in opened] == [("rival.json", 3)]


def test_two_rankings_are_shown_as_one(both, serve, folder):
    alone = serve(folder).post("/v1/recommendations", files={"photo": LOOK.read_bytes()}).json()
    found = both.post("/v1/recommendations", files={"photo": LOOK.read_bytes()}).json()
    assert len(found["recommendations"]) == len(alone["recommendations"]) == 3
    for row, ours in zip(found["recommendations"], alone["recommendations"], strict=True):
        ids = [match["product"]["id"] for match in row["matches"]]
        assert len(ids) == len(set(ids)) == len(ours["matches"])
        teams = Counter(match["team"] for match in row["matches"])
        assert abs(teams["a"] - teams["b"]) <= 1
        own = [match["product"]["id"] for match in ours["matches"]]
        first = next(m["product"]["id"] for m in row["matches"] if m["team"] == "a")
        assert first in own[:2]
        assert all("team" not in match for match in ours["matches"])
    assert {m["product"]["id"] for m in row["matches"]} - set(own)


def test_more_like_this_is_interleaved_too(both):
    found = both.get("/v1/products/SP0001/similar?k=6").json()["matches"]
    assert len(found) == 6
    assert {match["team"] for match in found} == {"a", "b"}


def test_an_article_that_the_rival_does_not_see_stays_as_it_is(folder):
    blind = Double()
    blind.places = {"topwear": (0.7, 0.7, 0.9, 0.9), "footwear": blind.places["footwear"]}
    with engine_on(folder) as engine, engine_on(folder, blind) as other:
        photo = LOOK.read_bytes()
        result = engine.recommend(photo, k=4)
        rival = Rival(other, engine, random.Random(0))
        shown = rival.recommended(photo, SearchRequest(k=4), result)
    teams = {
        row["category"]: {match.get("team", "") for match in row["matches"]}
        for row in shown["recommendations"]
    }
    assert teams == {"topwear": {""}, "bottomwear": {""}, "footwear": {"a", "b"}}


@pytest.fixture
def apart(tmp_path):
    """Two engines with a catalog each, of the same products; the other's network is turned."""
    with engine_on(tmp_path / "own") as own, engine_on(tmp_path / "rival", Turned()) as other:
        yield Rival(other, own, random.Random(0)), own


def theirs(rival, **asked):
    """The ids that the rival alone would bring for SP0001, and what is shown of them."""
    request = SearchRequest(k=6, **asked)
    raw = [match.product.id for match in rival.engine.similar("SP0001", request=request)]
    return raw, {match["product"]["id"]: match for match in rival.similar("SP0001", request)}


def test_what_the_own_catalog_no_longer_has_is_not_shown(apart):
    rival, own = apart
    raw, shown = theirs(rival)
    assert list(shown) == raw
    own.catalog.remove([raw[1]])
    assert list(theirs(rival)[1]) == [raw[0], *raw[2:]]
    photo = LOOK.read_bytes()
    kept = {match.product.id for one in own.recommend(photo, k=9).recommendations
            for match in one.matches}  # fmt: skip
    of_rival = rival.engine.recommend(photo, k=9).recommendations
    gone = sorted({match.product.id for one in of_rival for match in one.matches} - kept)
    own.catalog.remove(gone)
    request = SearchRequest(k=9)
    found = rival.recommended(photo, request, own.recommend(photo, request=request))
    ids = [m["product"]["id"] for one in found["recommendations"] for m in one["matches"]]
    assert gone
    assert set(ids).isdisjoint(gone)
    assert {m.get("team") for one in found["recommendations"] for m in one["matches"]} >= {"a", "b"}


def test_a_products_data_and_filters_are_the_own_catalogs(apart):
    rival, own = apart
    raw, _ = theirs(rival)
    cheap, dear = raw[:2]
    for product_id, price in (
        (cheap, Price(Decimal(5), "EUR")),
        (dear, Price(Decimal(900), "EUR")),
    ):
        stored = own.catalog.stored(product_id)
        product = replace(stored.product, title=f"now {price}", price=price, sale_price=None)
        own.catalog.upsert([Row(product=product, vector=stored.vector, image=stored.image)])
    _, shown = theirs(rival)
    assert shown[cheap]["product"]["title"] == "now 5 EUR"
    before, shown = theirs(rival, filters=Filters(max_price=500))
    assert dear in before
    assert dear not in shown
    assert cheap in shown


def test_a_rival_that_fails_leaves_the_own_answer(apart, monkeypatch, caplog):
    rival, own = apart

    def failing(*_, **__):
        raise CatalogError("the rival's catalog is gone")

    monkeypatch.setattr(Engine, "similar", failing)
    request = SearchRequest(k=4)
    result = own.recommend(LOOK.read_bytes(), request=request)
    monkeypatch.setattr(Engine, "recommend", failing)
    assert rival.recommended(LOOK.read_bytes(), request, result) == result.to_dict()
    assert rival.similar("SP0001", request) == []
    assert [one.error for one in caplog.records] == ["the rival's catalog is gone"]
    rival._told_at = -TELL_AGAIN_S - 1
    monkeypatch.setattr("thatlook.service.rival.monotonic", lambda: 0.0)
    rival.similar("SP0001", request)
    assert len(caplog.records) == 2
