"""`/v1/search`, and words beside a photo."""

from __future__ import annotations

import pytest


def test_words_find_products_and_say_what_was_understood(client):
    found = client.get("/v1/search", params={"q": "blue dress for women", "k": 3}).json()
    assert [chip["key"] for chip in found["understood"]] == [
        "color:blue",
        "type:dress",
        "category:dress",
        "gender:female",
    ]
    assert 0 < len(found["matches"]) <= 3
    assert {match["product"]["category"] for match in found["matches"]} == {"dress"}
    assert found["total"] >= len(found["matches"])
    assert sum(one["count"] for one in found["facets"]["category"]) == found["total"]
    assert found["message"] is None


def test_what_is_taken_off_no_longer_counts(client):
    query = {"q": "blue dress", "off": ["category:dress", "type:dress"]}
    found = client.get("/v1/search", params=query).json()
    assert [chip["key"] for chip in found["understood"]] == ["color:blue"]


def test_pages_are_different(client):
    pages = [
        client.get("/v1/search", params={"q": "shirt", "k": 2, "offset": offset}).json()
        for offset in (0, 2)
    ]
    ids = [match["product"]["id"] for page in pages for match in page["matches"]]
    assert len(set(ids)) == len(ids) == 4


def test_facets_limit_what_is_found(client):
    found = client.get("/v1/search", params={"q": "for women"}).json()
    color = found["facets"]["color"][-1]["value"]
    limited = client.get("/v1/search", params={"q": "for women", "colors": color}).json()
    assert 0 < limited["total"] < found["total"]
    counts = {one["value"]: one["count"] for one in limited["facets"]["color"]}
    assert counts[color] == limited["total"]


@pytest.mark.parametrize(
    "wrong",
    [{"q": "x" * 301}, {"k": 0}, {"offset": -1}, {"category": "hats"}, {"diversity": 0.5}],
)
def test_what_is_refused(client, wrong):
    answer = client.get("/v1/search", params=wrong)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


def test_words_beside_a_photo(client, photo):
    answer = client.post(
        "/v1/recommendations",
        files={"photo": ("a.jpg", photo)},
        data={"text": "shoes in red", "text_weight": "0.7", "off": "color:red"},
    )
    found = answer.json()
    assert [chip["key"] for chip in found["understood"]] == ["category:footwear"]
    assert [one["category"] for one in found["recommendations"]] == ["footwear"]


def test_without_words_nothing_is_said_of_them(client, photo):
    found = client.post("/v1/recommendations", files={"photo": ("a.jpg", photo)}).json()
    assert "understood" not in found
