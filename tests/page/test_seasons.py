"""The season of "Goes with it": offered where the shop has some, kept in the address."""

from __future__ import annotations

import pytest

from tests.page.conftest import settled, until
from tests.page.test_access import findings
from tests.page.test_languages import NARROW, WIDE, wider
from tests.page.test_returning import completed
from thatlook.core.shopper_words import LANGUAGES

pytestmark = pytest.mark.browser

SEASON = ".together [name=season]"
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1366", "390"])
NAMES = {
    "en": ("Season", ["Any", "Summer", "Winter"]),
    "de": ("Jahreszeit", ["Egal", "Sommer", "Winter"]),
    "fr": ("Saison", ["Toutes", "Été", "Hiver"]),
}


def beginning(opened, path, seasons=("summer", "winter"), **options):
    """The page at an address, in a shop with seasons, and what it asked of what goes together."""

    def answer(route):
        found = route.fetch().json()
        found["offered"]["seasons"] = [{"value": name, "count": 3} for name in seasons]
        route.fulfill(json=found)

    page = opened(**options)
    page.route("**/v1/info", answer)
    asked = completed(page)
    page.goto(page.url.rstrip("/") + path)
    page.wait_for_selector(".card")
    settled(page)
    page.locator(".together").scroll_into_view_if_needed()
    page.wait_for_selector(".together .card")
    return page, asked


def chosen(page):
    return page.locator(SEASON).evaluate("one => one.value")


@SIZES
def test_the_season_of_what_goes_with_a_photo_is_in_the_address(opened, size):
    page, asked = beginning(opened, "/?example=look_001", **size)
    assert 'name="season"' not in asked[0]
    page.select_option(SEASON, "winter")
    until(page, lambda: len(asked) == 2)
    assert 'name="season"\r\n\r\nwinter' in asked[1]
    assert page.url.endswith("/?example=look_001&season=winter")
    page.wait_for_selector(".together .card")
    page.reload()
    page.wait_for_selector(".card")
    page.locator(".together").scroll_into_view_if_needed()
    until(page, lambda: len(asked) == 3)
    assert (chosen(page), 'name="season"\r\n\r\nwinter' in asked[2]) == ("winter", True)
    page.get_by_role("button", name="Undo").click()
    settled(page)
    page.locator(".together").scroll_into_view_if_needed()
    until(page, lambda: len(asked) == 4)
    assert (chosen(page), "season" in page.url) == ("", False)


@SIZES
def test_another_filter_keeps_the_season(opened, size):
    page, asked = beginning(opened, "/?example=look_001&season=winter", **size)
    page.click("#filters summary")
    with page.expect_response("**/v1/recommendations") as answer:
        page.check("[name=gender][value=male]", force=True)
    assert answer.value.ok
    settled(page)
    assert "season=winter" in page.url
    page.locator("#filters").evaluate("one => { one.open = false }")
    page.locator(".together").scroll_into_view_if_needed()
    until(page, lambda: len(asked) == 2)
    assert 'name="season"\r\n\r\nwinter' in asked[1]


@SIZES
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_season_of_what_goes_with_a_product(opened, size, language):
    label, names = NAMES[language]
    options = {"locale": language, "bypass_csp": True, **size}
    page, asked = beginning(opened, "/?product=SP0001", **options)
    assert page.get_by_label(label, exact=True).locator("option").all_inner_texts() == names
    page.select_option(SEASON, "summer")
    until(page, lambda: len(asked) == 2)
    questions = [
        '{"product_ids":["SP0001"],"k":6}',
        '{"product_ids":["SP0001"],"k":6,"season":"summer"}',
    ]
    assert asked == questions
    assert page.url.endswith("/?product=SP0001&season=summer")
    page.wait_for_selector(".together .card")
    assert wider(page) <= 0
    assert findings(page) == []
    page.go_back()
    until(page, f"document.querySelector('{SEASON}').value === ''")
    page.locator(".together").scroll_into_view_if_needed()
    until(page, lambda: len(asked) == 3)
    assert asked[2] == questions[0]


@pytest.mark.parametrize("seasons", [(), ("summer",)])
def test_there_is_no_choice_where_the_shop_has_none(opened, seasons):
    page, asked = beginning(opened, "/?product=SP0001&season=winter", seasons)
    assert page.locator(SEASON).count() == 0
    assert asked == ['{"product_ids":["SP0001"],"k":6}']


def test_the_answer_to_the_season_chosen_last_is_shown(opened):
    page, _ = beginning(opened, "/?product=SP0001")
    held = []
    page.unroute("**/v1/completions")
    page.route("**/v1/completions", lambda route: held.append(route))  # noqa: PLW0108 - it is given attributes
    page.select_option(SEASON, "summer")
    page.select_option(SEASON, "winter")
    until(page, lambda: len(held) == 2)
    none = {"given": [], "completions": [], "message": None, "timing_ms": {}}
    held[1].fulfill(json=none)
    page.wait_for_selector(".together .nothing")
    found = [
        {"category": "bag", "passed": 1, "matches": [{"score": 0.5, "product": {"id": "SP0009"}}]}
    ]
    with page.expect_response("**/v1/completions"):
        held[0].fulfill(json=none | {"completions": found})
    assert page.locator(".together .card").count() == 0
    assert page.locator(".together .nothing").count() == 1
