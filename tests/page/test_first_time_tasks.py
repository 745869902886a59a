"""What somebody wants who sees the page for the first time, done by what is written on it.

Each task was written down before it was tried. Nothing is found by an id or a class that no reader
sees: only by its words, as the page says them.
"""

from __future__ import annotations

import re

import pytest

from tests.page.conftest import LOOK, settled

pytestmark = pytest.mark.browser

SIZES = [
    pytest.param({"viewport": {"width": 1366, "height": 900}}, id="1366"),
    pytest.param(
        {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}, id="390"
    ),
]


@pytest.fixture(params=SIZES)
def page(request, opened):
    return opened(**request.param)


def button(page, name, exact=False):
    return page.get_by_role("button", name=name, exact=exact)


def with_photo(page):
    """Choose a photo, as everybody can."""
    with page.expect_file_chooser() as chooser:
        button(page, "Choose a photo").click()
    chooser.value.set_files(LOOK)
    row(page, "Top").wait_for()
    settled(page)


def row(page, name):
    return page.get_by_role("region", name=re.compile(f"^\\d+ ?{name}"))


def cards(place):
    """The products of a row; the reasons in them are items of lists too."""
    return place.get_by_role("listitem").filter(has=place.page.get_by_role("heading"))


def prices(cards):
    return [float(re.search(r"€([\d.]+)", text)[1]) for text in cards.all_inner_texts()]


def test_find_these_shoes_in_red_under_70(page):
    with_photo(page)
    shoes = row(page, "Shoes")
    shoes.get_by_label("this, but in another color").select_option("in red")
    settled(page)
    page.get_by_text(re.compile("^Filters")).click()
    page.get_by_label("to", exact=True).fill("70")
    page.keyboard.press("Tab")
    settled(page)
    if button(page, "Show results").is_visible():
        button(page, "Show results").click()
    found = cards(row(page, "Shoes"))
    found.first.wait_for()
    assert max(prices(found)) <= 70
    assert "red" in found.first.inner_text().lower()


def test_keep_three_products_and_find_them_again(page):
    with_photo(page)
    titles = []
    for n in range(3):
        card = cards(row(page, "Trousers or skirt")).nth(n)
        titles.append(card.get_by_role("heading").inner_text())
        button(card, re.compile("^Save ")).click()
    page.reload()
    page.wait_for_selector("body[data-ready]")
    button(page, re.compile("^Saved")).click()
    kept = page.get_by_role("dialog").get_by_role("listitem")
    assert [item.get_by_role("link").first.inner_text() for item in kept.all()] == titles


def test_mend_a_wrong_box(page):
    with_photo(page)
    button(row(page, "Shoes"), "Adjust the box").click()
    shape = page.get_by_label(re.compile("^The box. Arrow keys"))
    before = shape.bounding_box()
    assert 0 < before["y"] < 700  # it is on the screen
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    assert shape.bounding_box()["y"] < before["y"]
    button(page, "Search this area").click()
    page.get_by_label(re.compile("^The box. Arrow keys")).wait_for(state="hidden")
    settled(page)
    assert 0 < row(page, "Shoes").bounding_box()["y"] < 800
    assert cards(row(page, "Shoes")).count() > 0


def test_say_that_it_is_a_dress(page):
    with_photo(page)
    top = row(page, "Top")
    button(top, "Dress", exact=True).click()
    row(page, "Dress").wait_for()


def test_why_this_product(page):
    with_photo(page)
    button(row(page, "Top"), re.compile("^Compare ")).first.click()
    told = page.get_by_role("dialog")
    assert told.get_by_text(re.compile("in 100 shoppers")).is_visible()
    assert told.get_by_role("listitem").count() >= 1


def test_send_it_to_a_friend(page):
    with_photo(page)
    button(page, "Share").click()
    told = page.get_by_role("dialog")
    assert told.get_by_label("Link to this result").input_value().startswith("http")
    with page.expect_download() as saved:
        button(told, "Save the image").click()
    assert saved.value.suggested_filename == "look.png"


def test_a_navy_shirt_in_words(page):
    page.get_by_role("searchbox").fill("navy shirt under 90")
    page.keyboard.press("Enter")
    found = page.get_by_role("listitem").filter(has_text="€")
    found.first.wait_for()
    assert max(prices(found)) <= 90
    assert "shirt" in found.first.inner_text().lower()


def test_something_like_it_without_a_photo_of_ones_own(page):
    button(page, "Example 1").click()
    row(page, "Top").wait_for()
    settled(page)
    card = cards(row(page, "Top")).first
    title = card.get_by_role("heading").inner_text()
    card.get_by_role("link", name=f"What goes with {title}").click()
    page.get_by_role("heading", name=title).first.wait_for()
    assert page.get_by_role("heading", name="Similar").is_visible()


def test_back_to_the_photo_of_before(page):
    with_photo(page)
    button(page, "New photo").click()
    button(page, "Example 2").click()
    row(page, "Top").wait_for()
    settled(page)
    button(page, re.compile("^Go to look 1")).click()
    page.get_by_role("img", name=re.compile("look_001")).first.wait_for()


def test_only_one_brand_and_back_again(page):
    with_photo(page)
    before = cards(row(page, "Top")).first.inner_text()
    page.get_by_text(re.compile("^Filters")).click()
    page.get_by_label("Brand", exact=True).first.fill("Millrace")
    page.keyboard.press("Tab")
    settled(page)
    button(page, "Clear filters").first.click()
    settled(page)
    assert cards(row(page, "Top")).first.inner_text() == before


def test_a_photo_that_is_no_photo_is_told_with_what_to_do(page):
    with page.expect_file_chooser() as chooser:
        button(page, "Choose a photo").click()
    chooser.value.set_files(
        {"name": "list.jpg", "mimeType": "image/jpeg", "buffer": b"no picture" * 20}
    )
    alert = page.get_by_role("alert")
    alert.first.wait_for()
    assert "JPEG, PNG, WebP, AVIF, GIF and BMP work" in alert.first.inner_text()
    assert button(page, "Choose a photo").is_visible()
