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
        assert "Draw a box" in page.locator("#rows .nothing").inner_text()
    finally:
        double.places = kept


def test_a_photo_without_a_person(page, double):
    double.persons = False
    try:
        upload(page)
        assert "No person was found" in page.locator("#facts").inner_text()
    finally:
        double.persons = True


def test_a_photo_that_the_policy_refuses(page, double):
    double.full_shot = False
    try:
        upload(page)
        page.click("#filters summary")
        page.check("[name=policy]")
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
        page.click("#share")
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


def answer_with(page, scores, best_score=None):
    """The page after an answer whose first article has matches of these scores.

    Where `best_score` is given none of them is in the answer, unless asked for whatever it is.
    """
    matches = [
        {
            "score": score,
            "product": {"id": f"p{n}", "title": f"Product {n}", "price": "1 EUR", "link": ""},
            "reasons": [],
            "variants": [],
        }
        for n, score in enumerate(scores)
    ]
    article = {
        "category": "bag",
        "box": [10, 10, 99, 99],
        "score": 0.9,
        "attributes": {"color": "red", "type": "heels", "category": "footwear"},
    }
    found = {"article": 0, "category": "bag", "role": "primary", "matches": matches, "passed": 40}
    look = {"photo": "a", "width": 480, "height": 720, "person": None, "articles": [article]}
    body = {"look": look, "accepted": True, "reason": None, "recommendations": [found]}
    none = body | {"recommendations": [found | {"matches": [], "best_score": best_score}]}

    def answer(route):
        everything = (
            best_score is None
            or 'name="min_score"' in route.request.post_data_buffer.decode("latin-1")
        )
        route.fulfill(json=body if everything else none)

    page.route("**/v1/recommendations", answer)
    page.set_input_files("#file", LOOK)
    page.wait_for_selector("#rows > section")


def test_what_is_hardly_alike_is_shown_on_request_only(page):
    answer_with(page, [0.8, 0.5, 0.09, 0.01, 0.015, 0.01])
    assert page.locator(".card h3").count() == 4
    page.get_by_role("button", name="2 more that are less alike").click()
    assert page.locator(".card h3").count() == 6


def test_nothing_good_is_said_and_the_nearest_shown_on_request(page):
    answer_with(page, [0.015, 0.01], best_score=0.015)
    words = page.locator(".nothing").inner_text()
    assert "Nothing good found: none of 40 products is like it." in words
    page.get_by_role("button", name="Show the nearest all the same").click()
    page.wait_for_selector(".card")
    assert page.locator(".card h3").count() == 2


def test_nearest_is_not_called_a_find(page):
    answer_with(page, [0.3, 0.2])
    assert "Nothing here is really close" in page.locator(".weak").inner_text()


def test_a_type_of_another_category_is_left_out(page):
    answer_with(page, [0.8])
    assert page.locator(".head .quiet").first.inner_text() == "red"
