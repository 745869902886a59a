"""Own photos after a reload, and looks that are kept until removed: in the browser alone."""

from __future__ import annotations

import re

import pytest

from tests.page.conftest import LOOK, settled, until, upload
from tests.page.test_access import findings

pytestmark = pytest.mark.browser

ROWS = "#rows > section.row"
SIZES = [
    pytest.param({"viewport": {"width": 1366, "height": 900}}, id="1366"),
    pytest.param(
        {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}, id="390"
    ),
]


def ids(page):
    return page.locator(".card").evaluate_all("all => all.map(one => one.dataset.id)")


def reloaded(page):
    page.reload()
    page.wait_for_selector("body[data-ready]")
    settled(page)


@pytest.fixture(params=SIZES)
def looked(request, opened):
    page = opened(**request.param)
    upload(page)
    return page


def test_a_reload_keeps_the_result_of_an_own_photo(looked):
    looked.locator(ROWS).nth(1).get_by_role("button", name="Remove").click()
    before = ids(looked)
    reloaded(looked)
    assert not looked.locator("#alert").is_visible()
    assert ids(looked) == before
    assert looked.locator(ROWS).count() == 2
    assert LOOK.name in looked.locator("#photo").get_attribute("alt")
    upload(looked, LOOK.with_name("look_004.jpg"))
    assert looked.url.endswith("photo=2")  # the first one's number stays its own


def test_another_tab_does_not_have_the_photo(looked):
    other = looked.context.new_page()
    other.goto(looked.url)
    other.wait_for_selector("#alert:visible")
    assert "Choose it again" in other.locator("#alert").inner_text()


def test_a_photo_larger_than_the_tabs_storage_is_asked_for_again(looked):
    looked.evaluate("sessionStorage.clear()")
    looked.evaluate("sessionStorage.setItem('other', 'x'.repeat(5_200_000))")
    upload(looked, LOOK.with_name("look_004.jpg"))
    assert looked.evaluate("Object.keys(sessionStorage)") == ["other"]


def test_older_photos_make_room_for_the_newest(looked):
    looked.evaluate("sessionStorage.setItem('thatlook-photo-1', 'x'.repeat(5_200_000))")
    upload(looked, LOOK.with_name("look_004.jpg"))
    assert looked.evaluate("Object.keys(sessionStorage)") == ["thatlook-photo-2"]


def test_a_look_is_saved_with_its_photo_and_comes_back_as_it_was(looked):
    sent = []
    looked.on("request", lambda asked: sent.append((asked.method, asked.url)))
    looked.locator(ROWS).nth(1).get_by_role("button", name="Remove").click()
    before = ids(looked)
    button = looked.get_by_role("button", name="Save this look")
    button.click()
    until(looked, "savedCount.textContent === '1'")
    assert button.get_attribute("aria-pressed") == "true"
    # What goes with the look is asked for as soon as its place is on the screen.
    assert not [to for method, to in sent if method == "POST" and "completions" not in to]
    # Another tab, another day: nothing of this one is left but what was saved.
    looked.evaluate("sessionStorage.clear()")
    looked.goto(looked.url.split("?", maxsplit=1)[0])
    looked.wait_for_selector("body[data-ready]")
    looked.get_by_role("button", name=re.compile("^Saved")).click()
    looked.get_by_role("dialog").get_by_role("button", name="Show the look look_001.jpg").click()
    looked.wait_for_selector(".card")
    settled(looked)
    assert not looked.locator("#savedProducts").is_visible()
    assert ids(looked) == before
    assert looked.locator(ROWS).count() == 2
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    until(looked, "savedCount.hidden")
    assert button.get_attribute("aria-pressed") == "false"


def test_saved_looks_can_be_removed_and_examples_are_known_again(page):
    page.locator("#examples button").first.click()
    page.wait_for_selector(".card")
    settled(page)
    page.click("#saveLook")
    until(page, "savedCount.textContent === '1'")
    reloaded(page)
    assert page.locator("#saveLook").get_attribute("aria-pressed") == "true"
    page.check("[name=gender][value=male]", force=True)
    until(page, "saveLook.getAttribute('aria-pressed') === 'false'")
    page.click("#saved")
    until(page, "document.querySelector('.open-look img')?.naturalWidth > 0")
    page.get_by_role("button", name="Remove: look_001.jpg").click()
    page.wait_for_selector("#savedNone:visible")
    assert page.locator("#savedLooks").is_visible() is False
    assert page.locator("#savedCount").is_visible() is False


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_in_the_dialog_with_a_saved_look(opened, scheme, size):
    page = opened(bypass_csp=True, color_scheme=scheme, **size)
    upload(page)
    page.click("#saveLook")
    until(page, "savedCount.textContent === '1'")
    page.click("#saved")
    page.wait_for_selector(".open-look:visible")
    assert findings(page) == []


def test_a_browser_that_keeps_nothing_offers_no_saving(opened):
    page = opened(path="/favicon.ico")
    page.add_init_script(
        "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };"
    )
    page.goto(page.url.replace("/favicon.ico", "/"))
    page.wait_for_selector("body[data-ready]")
    upload(page)
    assert not page.locator("#saveLook").is_visible()
    assert not page.locator("#alert").is_visible()


def test_a_double_click_saves_once(looked):
    looked.dblclick("#saveLook")
    settled(looked)
    assert looked.locator("#savedCount").text_content() == "1"
    assert looked.locator("#saveLook").get_attribute("aria-pressed") == "true"


def test_what_the_disk_takes_back_is_not_called_saved(looked):
    looked.evaluate(
        """() => { const add = IDBObjectStore.prototype.add;
        IDBObjectStore.prototype.add = function (...given) {
          const request = add.apply(this, given);
          request.addEventListener("success", () => this.transaction.abort());
          return request; }; }"""
    )
    looked.click("#saveLook")
    looked.wait_for_selector("#alert:visible")
    assert looked.locator("#saveLook").get_attribute("aria-pressed") == "false"
