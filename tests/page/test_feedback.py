"""What shoppers choose is told only where the shop wants it and they agreed."""

from __future__ import annotations

import re

import pytest

from tests.page.conftest import OPEN, settled, until, upload
from tests.page.test_embed import shop
from tests.service.double import Double, engine_on
from tests.service.live import free_port, in_thread
from thatlook.core.shopper_words import LANGUAGES
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings
from thatlook.service.texts import catalogue
from thatlook.store.feedback.book import Feedback

pytestmark = pytest.mark.browser

OF_SHOP = free_port()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("feedback")
    engine_on(made).close()
    return made


@pytest.fixture(scope="module")
def counting(folder):
    """A service that keeps feedback."""
    origin = f"http://127.0.0.1:{OF_SHOP}"
    settings = ServiceSettings(feedback=True, cors_origins=origin, **OPEN)
    with in_thread(create_app(settings, lambda: engine_on(folder, Double(), 0))) as address:
        yield address


def kept(folder, list_id):
    with Feedback.open(folder / "catalog") as feedback:
        choices = list(feedback.choices())
    return {choice.product: choice for choice in choices if choice.shown.id == list_id}


def sending(page):
    """The bodies of feedback that the page sends from now on."""
    sent = []
    page.on("request", lambda one: sent.append(one.post_data_json) if told(one) else None)
    return sent


def told(request):
    return request.url.endswith("/v1/feedback")


def long_enough(page):
    """Longer than the page gathers choices: only time can show that none are told."""
    page.wait_for_timeout(1800)


def shown_in(page, row=0):
    cards = page.locator("#rows > section").nth(row).locator(".card")
    return cards.evaluate_all("all => all.map(one => one.dataset.id)")


def test_a_shop_that_does_not_want_it_does_not_ask(looked):
    sent = sending(looked)
    assert not looked.locator("#consent").is_visible()
    assert not looked.locator("#consentChange").is_visible()
    looked.locator(".card .keep").first.click()
    long_enough(looked)
    assert sent == []


def test_nothing_is_sent_before_the_shopper_agreed(opened, counting, folder):
    page = opened(counting)
    assert not page.locator("#consent").is_visible()
    sent = sending(page)
    upload(page)
    assert "count" in page.locator("#consent").inner_text()
    page.locator(".card .keep").first.click()
    long_enough(page)
    assert sent == []
    page.get_by_role("button", name="No", exact=True).click()
    assert not page.locator("#consent").is_visible()
    page.locator(".card .see").first.click()
    page.keyboard.press("Escape")
    long_enough(page)
    assert sent == []
    # The answer stays, and can be changed.
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert not page.locator("#consent").is_visible()
    page.get_by_role("button", name="Your choices are not counted: change").click()
    page.get_by_role("button", name="Yes, count").click()
    assert page.get_by_role("button", name="Your choices are counted: change").is_visible()


def test_what_the_shopper_chooses_is_told(opened, counting, folder):
    page = opened(counting, viewport={"width": 1366, "height": 900})
    sent = sending(page)
    upload(page)
    with page.expect_request("**/v1/feedback") as first:
        page.get_by_role("button", name="Yes, count").click()
    body = first.value.post_data_json
    assert body["consent"] is True
    assert re.fullmatch("[0-9a-f]{16}", body["list"])
    assert (body["source"], body["category"]) == ("photo", "topwear")
    ids = shown_in(page)
    assert [one["product"] for one in body["events"]][:3] == ids[:3]
    assert {one["kind"] for one in body["events"]} == {"shown"}
    assert [one["position"] for one in body["events"]][:3] == [1, 2, 3]
    before = len(sent)
    page.locator(".card .see").nth(1).click()
    page.locator("#compareBuy .keep").click()
    page.keyboard.press("Escape")
    page.locator(".card").nth(2).get_by_role("button", name=re.compile("^Not ")).click()
    settled(page)

    def chosen():
        events = [one for body in sent[before:] for one in body["events"] if one["kind"] != "shown"]
        return [(one["product"], one["position"], one["kind"]) for one in events]

    until(page, lambda: len(chosen()) == 3)
    assert chosen() == [(ids[1], 2, "clicked"), (ids[1], 2, "accepted"), (ids[2], 3, "dismissed")]
    until(page, lambda: any(one.dismissed for one in kept(folder, body["list"]).values()))
    rows = kept(folder, body["list"])
    assert (rows[ids[1]].clicked, rows[ids[1]].accepted) == (True, True)
    assert rows[ids[2]].dismissed
    assert not rows[ids[0]].taken
    assert not rows[ids[0]].dismissed
    # What was dismissed makes a new list; that a product is let go again is no choice.
    until(page, lambda: len({one["list"] for one in sent if one["category"] == "topwear"}) == 2)
    before = len(sent)
    page.locator(f".card[data-id={ids[1]}] .keep").first.click()
    long_enough(page)
    assert [one for body in sent[before:] for one in body["events"] if one["kind"] != "shown"] == []
    assert len({one["list"] for one in sent if one["category"] == "topwear"}) == 2


def test_what_was_on_the_screen_counts_from_the_consent_on(opened, counting):
    page = opened(counting, viewport={"width": 1366, "height": 900})
    upload(page)
    with page.expect_request("**/v1/feedback") as asked:
        page.get_by_role("button", name="Yes, count").click()
    assert {one["kind"] for one in asked.value.post_data_json["events"]} == {"shown"}


def test_words_and_products_are_lists_too(opened, counting):
    # Tall enough for half of each first card: a lower one is seen or not by when pictures come.
    page = opened(counting, viewport={"width": 1366, "height": 1000})
    page.fill("#words", "shirt")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hits .card")
    with page.expect_request("**/v1/feedback") as asked:
        page.get_by_role("button", name="Yes, count").click()
    assert asked.value.post_data_json["source"] == "words"
    assert "shirt" not in str(asked.value.post_data_json)
    with page.expect_request("**/v1/feedback") as asked:
        page.goto(f"{counting}/?product=SP0001")
    body = asked.value.post_data_json
    assert (body["source"], body["query"]) == ("product", "SP0001")


def test_a_browser_that_asks_for_privacy_is_not_asked(opened, counting):
    page = opened(counting, "/favicon.ico")
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page.goto(counting)
    page.wait_for_selector("body[data-ready]")
    assert not page.locator("#consent").is_visible()
    assert page.locator("#consentChange").inner_text() == "Your choices are not counted: change"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [390, 1366])
def test_the_question_covers_little_in_every_language(opened, counting, language, width):
    page = opened(counting, locale=language, viewport={"width": width, "height": 844})
    upload(page)
    assert page.locator("#consentAsk").inner_text() == catalogue(language)["consent_ask"]
    assert page.locator("#consent").bounding_box()["height"] < 844 * 0.2
    assert page.evaluate("document.documentElement.scrollWidth") <= width


PAGE = """<!doctype html><html lang="en"><head><title>A shop</title></head><body>
<img id="hero" src="/hero.jpg" alt="The dress" width="320" height="480">
<script id="it" src="{base}/embed.js" data-image="#hero" data-k="3" async></script></body></html>"""


def test_the_script_for_shops_tells_once_it_may(browser, counting, folder):
    with shop(OF_SHOP, counting, PAGE) as address:
        context = browser.new_context(viewport={"width": 1000, "height": 800})
        page = context.new_page()
        page.goto(address)
        sent = sending(page)
        page.get_by_role("button", name="Shop this look").click()
        page.get_by_role("dialog").wait_for()
        long_enough(page)
        assert sent == []
        with page.expect_request("**/v1/feedback"):
            page.evaluate("document.getElementById('it').dataset.feedback = 'yes'")
        assert {one["kind"] for body in sent for one in body["events"]} == {"shown"}
        assert [one["position"] for one in sent[0]["events"]][:2] == [1, 2]
        with page.expect_response(lambda one: "clicked" in (one.request.post_data or "")) as answer:
            page.locator(".panel li a").nth(1).evaluate(
                "one => { one.addEventListener('click', (e) => e.preventDefault()); one.click(); }"
            )
        body = answer.value.request.post_data_json
        (event,) = body["events"]
        assert (event["position"], event["kind"]) == (2, "clicked")
        assert answer.value.json() == {"kept": 1}
        assert kept(folder, body["list"])[event["product"]].clicked
        context.close()
