"""What a shopper does next: saves, shares, undoes, goes back, sorts, in their language."""

from __future__ import annotations

import re

import pytest

from tests.page.conftest import LOOK, settled, until, upload

pytestmark = pytest.mark.browser

ROWS = "#rows > section.row"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
MATCH = {
    "score": 0.5,
    "nearness": "similar",
    "product": {"id": "SP0009", "title": "Boots", "price": "9 EUR", "link": "https://shop.example"},
    "reasons": ["worn with jeans in 12 of 1285 looks: boots", "red with blue"],
}


@pytest.fixture
def example(page):
    """The page after one of its examples: its address says which."""
    page.locator("#examples button").first.click()
    page.wait_for_selector(".card")
    settled(page)
    return page


def ids(page, row=0):
    cards = page.locator(ROWS).nth(row).locator(".card")
    return cards.evaluate_all("all => all.map(one => one.dataset.id)")


def completed(page, match=MATCH):
    """Answers what goes with it, which the double does not know."""
    asked = []

    def answer(route):
        asked.append(route.request.post_data_buffer.decode("latin-1"))
        found = [{"category": "footwear", "passed": 3, "matches": [match]}]
        route.fulfill(json={"given": [], "completions": found, "message": None, "timing_ms": {}})

    page.route("**/v1/completions", answer)
    return asked


def test_a_reload_brings_an_examples_refined_result_back(example):
    first = ids(example)[0]
    assert example.url.endswith("/?example=look_001")
    with example.expect_response("**/v1/recommendations"):
        example.locator(".card").first.get_by_role("button", name=re.compile("^Not ")).click()
    settled(example)
    example.locator(ROWS).nth(1).get_by_role("button", name="Remove").click()
    after = ids(example)
    assert first not in after
    assert f"not=0%3A{first}" in example.url
    example.reload()
    example.wait_for_selector(".taste")
    settled(example)
    assert ids(example) == after
    assert example.locator(ROWS).count() == 2


def test_where_no_network_knows_what_goes_together_the_page_does_not_ask_again(example):
    row = example.locator("section.together")
    assert row.count() == 1
    with example.expect_response("**/v1/completions") as answered:
        row.scroll_into_view_if_needed()
    assert answered.value.status == 501
    row.wait_for(state="detached")


def test_each_refinement_can_be_undone(example):
    before = ids(example)
    undo = example.get_by_role("button", name="Undo")
    assert not undo.is_visible()
    example.locator(".card").first.get_by_role("button", name=re.compile("^Not ")).click()
    example.wait_for_selector(".taste")
    settled(example)
    with example.expect_response("**/v1/recommendations"):
        example.check("[name=gender][value=male]", force=True)
    settled(example)
    undo.click()
    until(example, "document.querySelector('[name=gender]:checked').value === 'auto'")
    until(example, "document.querySelector('.taste') !== null")
    undo.click()
    example.wait_for_selector(".taste", state="detached")
    settled(example)
    assert ids(example) == before
    assert not undo.is_visible()


def test_an_address_is_asked_for_once(example):
    asked = []
    example.on("request", lambda sent: asked.append(sent.url) if "/v1/rec" in sent.url else None)
    example.reload()
    example.wait_for_selector(".card")
    example.wait_for_timeout(700)  # longer than filters wait for the next change
    assert len(asked) == 1


def test_back_from_a_result_is_the_start_and_forth_the_result(example):
    example.go_back()
    example.wait_for_selector("#start:visible")
    example.go_forward()
    example.wait_for_selector(".card:visible")


def test_an_own_photo_is_kept_for_back_but_not_by_a_reload(looked):
    with looked.expect_response("**/v1/recommendations"):
        looked.check("[name=gender][value=male]", force=True)
    settled(looked)
    looked.go_back()
    until(looked, "document.querySelector('[name=gender]:checked').value === 'auto'")
    assert looked.locator(".card").count()
    looked.click("#share")
    assert "not in the link" in looked.locator("#linkNote").inner_text()
    assert "photo" not in looked.input_value("#link")
    looked.reload()
    looked.wait_for_selector("#alert:visible")
    assert "Choose it again" in looked.locator("#alert").inner_text()
    upload(looked)


def test_a_link_to_an_example_brings_it_back(example):
    example.click("#share")
    assert example.input_value("#link") == example.url
    assert "brings this result back" in example.locator("#linkNote").inner_text()


def test_products_are_saved_in_this_browser_alone(looked):
    sent = []
    card = looked.locator(".card").first
    title = card.locator("h3").inner_text()
    looked.on("request", lambda asked: sent.append(asked.method))
    card.get_by_role("button", name=f"Save {title}").click()
    assert card.locator(".keep").get_attribute("aria-pressed") == "true"
    assert "POST" not in sent
    looked.reload()
    assert looked.locator("#savedCount").inner_text() == "1"
    looked.click("#saved")
    assert title in looked.locator("#savedList").inner_text()
    looked.locator("#savedList").get_by_role("button").click()
    assert looked.locator("#savedNone").is_visible()


def test_view_in_shop_is_the_feeds_link(looked):
    card = looked.locator(".card").first
    link = card.get_by_role("link", name=re.compile("^View .* in the shop$"))
    assert link.get_attribute("href") == f"https://shop.example/{ids(looked)[0]}"


def test_the_comparison_can_be_zoomed(looked):
    looked.locator(".see").first.click()
    until(looked, "compareProduct.naturalWidth > 0")
    before = looked.locator("#compareProduct").bounding_box()["height"]
    looked.click("#zoom")
    assert looked.locator("#zoom").get_attribute("aria-pressed") == "true"
    assert looked.locator("#compareProduct").bounding_box()["height"] > before


def test_what_goes_with_the_look_comes_with_its_reasons(page):
    asked = completed(page)
    upload(page)
    page.locator(".together").scroll_into_view_if_needed()
    page.wait_for_selector(".together .card")
    assert page.locator(".together h2").all_inner_texts() == ["Goes with it", "Shoes"]
    reasons = page.locator(".together .reasons li").all_inner_texts()
    assert reasons == ["worn with jeans in 12 of 1,285 looks: boots", "red with blue"]
    assert len(asked) == 1
    assert 'name="photo"' in asked[0]


def test_that_nothing_spoke_for_it_is_said_in_the_readers_language(opened):
    page = opened(path="/?product=SP0001", locale="de")
    completed(page, MATCH | {"reasons": ["little in this shop goes better"]})
    page.wait_for_selector("#product .card")
    page.locator(".together").scroll_into_view_if_needed()
    page.wait_for_selector(".together .card")
    told = page.locator(".together .reasons li").all_inner_texts()
    assert told == ["wenig in diesem Shop passt besser"]


def test_where_nothing_can_be_said_of_what_goes_with_it_that_is_said(looked):
    looked.route("**/v1/completions", lambda route: route.abort())
    looked.locator(".together").scroll_into_view_if_needed()
    looked.wait_for_selector(".together .nothing")
    assert "could not be looked up" in looked.locator(".together").inner_text()


def test_a_products_own_page(opened):
    page = opened(path="/?product=SP0001")
    asked = completed(page)
    page.wait_for_selector("#product .card")
    assert page.locator("#product h1").inner_text() == "Millrace Women's white t-shirt"
    shop = page.locator(".product-head .shop").get_attribute("href")
    assert shop == "https://shop.example/SP0001"
    page.locator(".together").scroll_into_view_if_needed()
    page.wait_for_selector(".together .card")
    assert asked == ['{"product_ids":["SP0001"],"k":6}']
    page.get_by_role("button", name="Shop this look").click()
    page.wait_for_selector("#product > div:last-child .card, #product > div:last-child .nothing")
    page.locator("#product .card .with").first.click()
    page.wait_for_selector("#product h1")
    assert "SP0001" not in page.url


def test_a_product_that_is_not_there(opened):
    page = opened(path="/?product=none")
    page.wait_for_selector("#alert:visible")
    assert "no such product" in page.locator("#alert").inner_text()


def prices(page):
    texts = page.locator(ROWS).first.locator(".price b").all_inner_texts()
    return [float(text.removeprefix("€")) for text in texts]


def test_products_are_sorted_by_price_or_nearness(looked):
    nearest = ids(looked)
    looked.locator("#work [data-sort]").select_option("cheapest")
    assert prices(looked) == sorted(prices(looked))
    looked.locator("#work [data-sort]").select_option("dearest")
    assert prices(looked) == sorted(prices(looked), reverse=True)
    looked.locator("#work [data-sort]").select_option("")
    assert ids(looked) == nearest


def test_a_wide_screen_has_a_grid_and_see_all(looked):
    row = looked.locator(ROWS).first
    visible = row.locator(".card:visible")
    assert visible.count() == 5
    tops = {round(card.bounding_box()["y"]) for card in visible.all()}
    assert len(tops) == 1
    with looked.expect_response("**/v1/recommendations") as answer:
        row.get_by_role("button", name=re.compile("^See all ")).click()
    (found,) = answer.value.json()["recommendations"]
    settled(looked)
    assert visible.count() == len(found["matches"]) > 10
    with looked.expect_response("**/v1/recommendations"):
        row.get_by_role("button", name="See fewer").click()
    until(looked, "document.querySelector('.cards.all') === null")


def test_wrong_filters_are_told(looked):
    looked.click("#filters summary")
    looked.fill("[name=min_price]", "50")
    looked.fill("[name=max_price]", "20")
    looked.locator("[name=max_price]").press("Tab")
    trouble = looked.locator("#filterTrouble")
    trouble.wait_for()
    assert trouble.inner_text() == "The lowest price is above the highest."
    looked.fill("[name=min_price]", "")
    looked.fill("[name=brands]", "Milrace")
    looked.locator("[name=brands]").press("Tab")
    until(looked, "filterTrouble.textContent.includes('Milrace')")
    assert trouble.inner_text() == "This shop has no brand Milrace. Did you mean Millrace?"
    with looked.expect_response("**/v1/recommendations"):
        looked.fill("[name=brands]", "Millrace")
        looked.locator("[name=brands]").press("Tab")
    assert not trouble.is_visible()


def test_only_filters_that_the_shop_has_data_for(looked):
    looked.click("#filters summary")
    assert "EUR" in looked.locator("#currency").inner_text()
    assert looked.locator("#ofBrand").is_visible()
    for missing in ("#ofStock", "#ofAge"):
        assert not looked.locator(missing).is_visible()
    brands = looked.locator("#brandlist option").evaluate_all("all => all.map(one => one.value)")
    assert "Millrace" in brands


def test_what_is_marked_gets_its_category_guessed(looked):
    looked.get_by_role("button", name="Something missing? Mark it").click()
    area = looked.locator("#drawing").bounding_box()
    looked.mouse.move(area["x"] + area["width"] * 0.4, area["y"] + area["height"] * 0.92)
    looked.mouse.down()
    looked.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + area["height"] * 0.99, steps=3)
    looked.mouse.up()
    looked.get_by_role("button", name="Search this area").click()
    until(looked, f"document.querySelectorAll('{ROWS}').length === 4")
    settled(looked)
    drawn = looked.locator(ROWS).nth(3)
    assert drawn.locator("h2").inner_text() == "4\nShoes"
    with looked.expect_response("**/v1/recommendations"):
        drawn.locator(".is-it select").select_option("bag")
    settled(looked)
    assert looked.locator(ROWS).nth(3).locator("h2").inner_text() == "4\nBag"


TEXTS = {
    "de-DE": ("Wir speichern dein Foto nicht.", "Im Shop ansehen", "Sehr nah", "andere"),
    "fr-FR": ("Nous ne conservons pas votre photo.", "Voir en boutique", "Très proche", "autre"),
    "en-GB": ("We don't store your photo.", "View in shop", "Very close", "different"),
}


@pytest.mark.parametrize("locale", TEXTS)
def test_the_page_speaks_the_browsers_language(opened, locale):
    private, shop, near, differs = TEXTS[locale]
    page = opened(locale=locale)
    assert page.locator("html").get_attribute("lang") == locale[:2]
    assert page.locator(".private").inner_text() == private
    upload(page)
    assert page.locator(".card .shop").first.inner_text() == shop
    assert page.locator(".near[data-near='very close']").first.inner_text() == near
    assert page.locator(".differs").first.inner_text().startswith(differs)
    assert "%" not in page.locator("#rows").inner_text()
    for hidden in ("#showMasks", "#showJoints", "#curl", "[name=policy]"):
        assert not page.locator(hidden).is_visible()


@pytest.mark.parametrize("locale", TEXTS)
def test_a_phone_has_a_product_on_its_first_screen(opened, locale):
    page = opened(locale=locale, **PHONE)
    upload(page)
    picture = page.locator(".card .see").first.bounding_box()
    assert picture["y"] + picture["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.locator("#tabs .tab").count() == 3
    page.locator("#tabs .tab").nth(2).click()
    assert page.evaluate("document.activeElement.id") == "row-3"


def test_filters_are_a_sheet_on_a_phone(opened):
    page = opened(**PHONE)
    upload(page)
    assert not page.locator(".segments").first.is_visible()
    page.click("#filters summary")
    sheet = page.locator("#request").bounding_box()
    assert sheet["y"] + sheet["height"] == pytest.approx(844, abs=1)
    assert page.locator(".segments").first.is_visible()
    page.get_by_role("button", name="Show results").click()
    assert not page.locator("#showResults").is_visible()


def test_no_file_name_gets_into_the_address(looked):
    assert looked.url.endswith("/?photo=1")
    assert LOOK.stem not in looked.url
