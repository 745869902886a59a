"""What goes with it over HTTP: what is asked of the engine, what is refused."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from thatlook.core.errors import UnknownProductError
from thatlook.core.records import Match, Product
from thatlook.engine import Engine
from thatlook.search.completing import (
    Completion,
    CompletionRequest,
    Completions,
    OutfitOffer,
    Outfits,
)
from thatlook.search.index import Filters

MATCH = Match(0.5, Product("boots", "Boots", "footwear"), ("goes with jeans: boots",))


@pytest.fixture
def asked(monkeypatch):
    """What the engine was asked for, in its place."""
    seen = []

    def complete(_engine, worn, request):
        if worn == ["nothing"]:
            raise UnknownProductError("nothing")
        seen.append((worn, request))
        return Completions((), (Completion("footwear", (MATCH,), 7),), None, {"search": 1.0})

    def outfits(_engine, worn, request):
        seen.append((worn, request))
        return Outfits((), (OutfitOffer((MATCH,), 0.5, Decimal("9.90")),), None)

    monkeypatch.setattr(Engine, "complete", complete)
    monkeypatch.setattr(Engine, "outfits", outfits)
    return seen


def test_products_that_go_with_products(client, asked):
    body = {
        "product_ids": ["15970"], "k": 3, "gender": "male", "categories": ["footwear"],
        "budget": 99.5, "brands": ["Acme"], "diversity": 0, "exclude_ids": ["x"],
        "season": "autumn",
    }  # fmt: skip
    answer = client.post("/v1/completions", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "given": [],
        "completions": [{"category": "footwear", "passed": 7, "matches": [MATCH.to_dict()]}],
        "message": None,
        "timing_ms": {"search": 1.0},
    }
    filters = Filters(brands=frozenset({"Acme"}), exclude_ids=frozenset({"x"}))
    request = CompletionRequest(
        k=3,
        gender="male",
        categories=("footwear",),
        budget=99.5,
        filters=filters,
        diversity=0,
        season="autumn",
    )
    assert asked == [(["15970"], request)]


def test_outfits_around_a_photo(client, asked, photo):
    answer = client.post(
        "/v1/outfits", files={"photo": ("a.jpg", photo)}, data={"budget": "80", "categories": "bag"}
    )
    assert answer.status_code == 200, answer.text
    (offer,) = answer.json()["outfits"]
    assert (offer["total"], offer["score"]) == ("9.90", 0.5)
    assert asked == [(photo, CompletionRequest(budget=80.0, categories=("bag",)))]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"product_ids": ["1"], "photo_url": "https://shop.example/a.jpg"}, "invalid"),
        ({"product_ids": ["1"], "categories": ["shoes"]}, "invalid"),
        ({"product_ids": ["1"], "budget": -1}, "invalid"),
        ({"product_ids": ["1"], "price": 5}, "invalid"),
        ({"product_ids": ["nothing"]}, "unknown_product"),
    ],
)
def test_what_cannot_be_asked_is_refused(client, asked, body, code):
    answer = client.post("/v1/completions", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert asked == []


def test_a_photo_that_is_none_is_a_problem(client):
    answer = client.post("/v1/completions", files={"photo": ("a.jpg", b"no photo")})
    assert answer.status_code in {415, 422}
    assert json.loads(answer.text)["code"]


def test_a_catalog_of_another_network_has_no_completions(client):
    """The double's vectors are none that the compatibility network was made for."""
    answer = client.post("/v1/completions", json={"product_ids": ["SP0001"]})
    assert answer.status_code == 501
    assert answer.json()["code"] == "no_completions"
