"""Errors, keys and emptiness on the page: every one in words."""

from __future__ import annotations

import pytest

from tests.page.conftest import LOOK, OPEN, until, upload
from tests.service.double import Double, engine_on
from tests.service.live import in_thread
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings

pytestmark = pytest.mark.browser


def give(page, data, name="a.jpg", kind="image/jpeg"):
    page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": data})


def alert(page):
    page.wait_for_selector("#alert:visible")
    return page.locator("#alert").inner_text()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"not a photo at all", "not a photo this page can read"),
        (b"", "empty"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(90), "HEIC"),
    ],
)
def test_a_file_that_is_no_photo(page, data, words):
    give(page, data)
    assert words in alert(page)
    assert page.locator("#start").is_visible()
    upload(page)  # and the next one works
    assert not page.locator("#alert").is_visible()


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (503, "busy", "Many people"),
        (429, "rate", "a lot of photos"),
        (500, "internal", "Something broke"),
        (413, "too_many_bytes", "too large"),
    ],
)
def test_what_the_service_refuses(page, status, code, words):
    answers = [True]

    def answer(route):
        if not answers:
            route.continue_()
            return
        answers.clear()
        body = {"code": code, "detail": "x", "request_id": "abcdef0123"}
        route.fulfill(status=status, json=body, headers={"Retry-After": "3"})

    page.route("**/v1/recommendations", answer)
    page.set_input_files("#file", LOOK)
    assert words in alert(page)
    if status != 413:
        page.get_by_role("button", name="Try again").click()
        page.wait_for_selector(".card")


def test_a_service_that_is_gone(page):
    page.route("**/v1/recommendations", lambda route: route.abort())
    page.set_input_files("#file", LOOK)
    assert "cannot be reached" in alert(page)


def test_a_photo_without_articles(page, double):
    double.places, kept = {}, double.places
    try:
        page.set_input_files("#file", LOOK)
        page.wait_for_selector("#rows .nothing")
        assert "Mark a piece" in page.locator("#rows .nothing").inner_text()
    finally:
        double.places = kept


def test_a_photo_without_a_person(page, double):
    double.persons = False
    try:
        upload(page)
        page.click("#developers")
        assert "No person was found" in page.locator("#personFacts").inner_text()
    finally:
        double.persons = True


def test_a_photo_that_the_policy_refuses(page, double):
    double.full_shot = False
    try:
        upload(page)
        page.click("#developers")
        page.check("[name=policy]")
        page.keyboard.press("Escape")
        page.wait_for_selector("#rows .nothing >> text=ankles")
        assert page.locator(".card").count() == 0
    finally:
        double.full_shot = True


def test_a_shop_that_needs_a_key(opened, catalog):
    settings = ServiceSettings(read_keys="app:read-key-of-tests-1", **OPEN)
    with in_thread(create_app(settings, lambda: engine_on(catalog, Double(), 0))) as base:
        page = opened(base)
        page.set_input_files("#file", LOOK)
        page.wait_for_selector("#asking[open]")
        page.fill("#key", "read-key-of-tests-1")
        page.locator("#asking button[value=ok]").click()
        page.wait_for_selector(".card")
        until(page, "document.querySelector('.card img').naturalWidth > 0")
        page.click("#developers")
        assert "read-key-of-tests-1" not in page.input_value("#curl")
        assert "$THATLOOK_KEY" in page.input_value("#curl")


def test_a_photo_by_its_address(opened, catalog):
    settings = ServiceSettings(photo_url=True, **OPEN)
    app = create_app(settings, lambda: engine_on(catalog, Double(), 0), lambda _: LOOK.read_bytes())
    with in_thread(app) as base:
        page = opened(base)
        page.fill("#url", f"{base}/examples/look_001.jpg")
        page.locator("#byUrl button").click()
        page.wait_for_selector(".card")
        assert page.locator(".spot").count() == 3


def answer_with(page, nearness, **more):
    """The page after an answer whose first article has matches of this nearness."""
    matches = [
        {
            "score": 0.3,
            "nearness": word,
            "product": {"id": f"p{n}", "title": f"Product {n}", "price": "1 EUR", "link": ""},
            "reasons": [],
            "variants": [],
        }
        for n, word in enumerate(nearness)
    ]
    article = {
        "category": "bag",
        "box": [10, 10, 99, 99],
        "score": 0.9,
        "attributes": {"color": "red", "type": "heels", "category": "footwear"},
    }
    found = {"article": 0, "category": "bag", "role": "primary", "matches": matches, "passed": 40}
    look = {"photo": "a", "width": 480, "height": 720, "person": None, "articles": [article]}
    body = {"look": look, "accepted": True, "reason": None, "recommendations": [found | more]}
    page.route("**/v1/recommendations", lambda route: route.fulfill(json=body))
    page.set_input_files("#file", LOOK)
    page.wait_for_selector("#rows > section")


def test_every_match_is_shown_with_its_word(page):
    words = ["very close", "similar", "same idea"]
    answer_with(page, words)
    shown = page.locator(".card .near").all_text_contents()
    assert shown == ["Very close", "Similar", "Same idea"]
    assert page.locator(".aside").count() == 0


def test_that_neighbours_were_searched_is_said(page):
    answer_with(page, ["similar"], best_score=0.1, searched={"neighbours": ["topwear", "dress"]})
    words = page.locator(".aside").inner_text()
    assert words == "No close match. You might like these: Also searched: Top, Dress."
    assert page.locator(".passed").inner_text() == ""


def test_that_there_are_only_neighbours_is_said_with_a_way_out(page):
    searched = {"neighbours": ["topwear"]}
    answer_with(page, ["same idea"], best_score=None, searched=searched, passed=0)
    words = page.locator(".aside").inner_text()
    assert words.startswith("No similar products in this shop for whom you look.")
    assert words.endswith("Also searched: Top.")
    assert page.get_by_role("button", name="Look in all departments").is_visible()


def test_a_type_of_another_category_is_left_out(page):
    answer_with(page, ["similar"])
    assert page.locator(".head .quiet").first.inner_text() == "red"
