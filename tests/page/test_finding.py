"""Several photos, looks of before, an image to share, arrows, and counts beside the filters."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.page.conftest import LOOK, settled, until, upload

pytestmark = pytest.mark.browser

OTHERS = [LOOK.with_name(f"look_00{n}.jpg") for n in (4, 7)]
ROWS = "#rows > section.row"


def current(page):
    buttons = page.locator("#looksList button")
    return buttons.evaluate_all("all => all.map(one => one.getAttribute('aria-current'))")


def test_several_photos_are_looks_to_go_to(page):
    page.set_input_files("#file", [LOOK, *OTHERS])
    page.wait_for_selector(".card")
    settled(page)
    assert current(page) == ["true", None, None]
    assert "look_001.jpg" in page.locator("#photo").get_attribute("alt")
    with page.expect_response("**/v1/recommendations"):
        page.locator("#looksList button").nth(2).click()
    settled(page)
    assert "look_007.jpg" in page.locator("#photo").get_attribute("alt")
    assert current(page) == [None, None, "true"]
    until(page, "[...document.querySelectorAll('.looks img')].every(one => one.naturalWidth > 0)")


def test_one_look_alone_is_no_history(looked):
    assert not looked.locator("#looks").is_visible()


def test_a_look_comes_back_as_it_was_left(looked):
    with looked.expect_response("**/v1/recommendations"):
        looked.check("[name=gender][value=male]", force=True)
    settled(looked)
    looked.click("#again")
    start = looked.locator("#looksAtStart")
    assert start.is_visible()
    looked.locator("#examples button").first.click()
    looked.wait_for_selector("#looks:visible")
    settled(looked)
    assert looked.locator("[name=gender]:checked").get_attribute("value") == "auto"
    looked.locator("#looksList button").first.click()
    until(looked, "document.querySelector('[name=gender]:checked').value === 'male'")
    settled(looked)
    assert looked.locator(".card").count()
    looked.go_back()
    until(looked, "location.search.includes('example')")


def test_looks_are_gone_with_the_page(looked):
    looked.click("#again")
    looked.reload()
    looked.wait_for_selector("body[data-ready]")
    assert not looked.locator("#looksAtStart").is_visible()


def drawn(page):
    until(page, "!document.getElementById('saveImage').disabled")
    data = page.evaluate("image.toDataURL()").split(",")[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)


def test_the_image_to_share_has_the_photo_only_where_it_is_wanted(looked):
    looked.click("#share")
    without = drawn(looked)
    height, width, _ = without.shape
    assert width == 1200
    assert height == 48 + 56 + 3 * (60 + 300 + 106) + 48
    tile = without[48 + 56 + 60 + 8 : 48 + 56 + 60 + 292, 60:280]
    assert tile.std() > 10  # a product's picture
    looked.check("#withPhoto")
    until(looked, "document.getElementById('image').height > 1700")
    photo = drawn(looked)[48 + 56 : 48 + 56 + 720, 360:840]
    shown = Image.open(LOOK).convert("RGB").resize((480, 720))
    assert np.abs(photo - np.asarray(shown).astype(int)).mean() < 6
    with looked.expect_download() as saved:
        looked.click("#saveImage")
    assert saved.value.suggested_filename == "look.png"
    looked.keyboard.press("Escape")
    looked.click("#share")
    assert not looked.is_checked("#withPhoto")
    assert drawn(looked).shape == without.shape


def with_key(page, handler):
    """Pictures are fetched from now on, and the fetches come to the handler."""
    page.evaluate("sessionStorage.setItem('thatlook-key', 'any')")
    page.route("**/image?size=medium", handler)


def test_a_slower_drawing_with_the_photo_is_never_painted_over_the_newest(looked):
    looked.click("#share")
    without = drawn(looked)
    held = []
    with_key(looked, lambda route: held.append(route))  # noqa: PLW0108 - it is given attributes
    looked.check("#withPhoto")
    looked.uncheck("#withPhoto")
    until(looked, lambda: len(held) == 2 * 12)  # four products of three rows, drawn twice
    assert looked.is_disabled("#saveImage")
    for route in held[12:]:
        route.fulfill(path=LOOK)
    newest = drawn(looked)
    assert newest.shape == without.shape
    for route in held[:12]:
        route.fulfill(path=LOOK)
    looked.wait_for_timeout(500)  # only time can show that the older one is not painted
    assert np.array_equal(drawn(looked), newest)


def test_pictures_that_cannot_be_fetched_with_a_key_leave_their_places_empty(looked):
    with_key(looked, lambda route: route.fulfill(status=404))
    looked.click("#share")
    tile = drawn(looked)[48 + 56 + 60 + 8 : 48 + 56 + 60 + 292, 60:280]
    assert tile.std() == 0


def test_rows_that_scroll_have_arrows_for_a_mouse(opened):
    page = opened(viewport={"width": 760, "height": 900})
    upload(page)
    row = page.locator(ROWS).first
    on, back = row.locator(".arrow.on"), row.locator(".arrow.back")
    assert on.is_visible()
    assert not back.is_visible()
    on.click()
    back.wait_for()
    assert row.locator(".cards").evaluate("one => one.scrollLeft") > 300
    row.locator(".cards").evaluate("one => one.scrollTo(one.scrollWidth, 0)")
    on.wait_for(state="hidden")


@pytest.mark.parametrize(
    "options",
    [{"viewport": {"width": 1366, "height": 900}}, {"is_mobile": True, "has_touch": True}],
)
def test_no_arrows_where_nothing_scrolls_or_a_finger_does(opened, options):
    page = opened(**options)
    upload(page)
    assert page.locator(".arrow:visible").count() == 0


def small(page, name):
    return page.locator(f"#colors .pill:has(input[value='{name}']) small").text_content()


def test_filters_say_how_many_there_are(page, address):
    info = page.request.get(f"{address}/v1/info").json()["offered"]
    sold = sum(one["count"] for one in info["colors"] if "blue" in one["value"].lower())
    assert small(page, "blue") == str(sold)
    with page.expect_response("**/v1/recommendations") as answer:
        upload(page)
    found = [m["product"] for r in answer.value.json()["recommendations"] for m in r["matches"]]
    blue = sum("blue" in one["color"].lower() for one in found)
    assert blue > 0
    assert small(page, "blue") == str(blue)
    page.click("#filters summary")
    chip = page.locator("#topBrands .chip").first
    brand = chip.evaluate("one => one.firstChild.textContent")
    counts = [one["brand"] for one in found]
    assert chip.locator("small").text_content() == str(counts.count(brand))
    assert counts.count(brand) == max(map(counts.count, counts))
    with page.expect_response("**/v1/recommendations") as answer:
        chip.click()
    settled(page)
    found = [m["product"] for r in answer.value.json()["recommendations"] for m in r["matches"]]
    assert {one["brand"] for one in found} == {brand}
    assert page.locator("#topBrands .chip[aria-pressed=true]").count() == 1


def test_colors_are_offered_however_the_feed_spells_them(opened, address):
    def loud(route):
        found = route.fetch().json()
        for color in found["offered"]["colors"]:
            color["value"] = color["value"].title()
        route.fulfill(json=found)

    page = opened(path="/favicon.ico")
    page.route("**/v1/info", loud)
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    upload(page)
    page.click("#filters summary")
    assert page.locator("#colors .pill").count() > 5
