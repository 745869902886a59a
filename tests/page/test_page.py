"""What a shopper does on the page."""

from __future__ import annotations

import json
import re

import pytest

from tests.page.conftest import LOOK, settled, until, upload
from thatlook.core.records import NEARNESS
from thatlook.core.taxonomy import CATEGORIES, drawing_colors, shown_names

pytestmark = pytest.mark.browser


ROWS = "#rows > section.row"


def ids(page, row=0):
    cards = page.locator("#rows > section").nth(row).locator(".card")
    return cards.evaluate_all("all => all.map(one => one.dataset.id)")


def test_a_photo_gives_articles_and_products(looked):
    assert looked.locator(".spot").count() == 3
    assert looked.locator(ROWS).count() == 3
    card = looked.locator(".card").first
    assert card.locator("h3").inner_text()
    assert card.locator(".near").get_attribute("data-near") in NEARNESS
    assert "%" not in looked.locator("#rows").inner_text()
    assert "€" in card.inner_text()
    assert card.locator(".reasons li").count() >= 1
    until(looked, "document.querySelector('.card img').naturalWidth > 0")


def test_examples_can_be_tried(page):
    page.locator("#examples button").first.click()
    page.wait_for_selector(".card")


def test_a_photo_can_be_dropped_and_pasted(page):
    give = """async (kind) => {
      const bytes = await (await fetch('/examples/look_001.jpg')).blob();
      const data = new DataTransfer();
      data.items.add(new File([bytes], 'dropped.jpg', {type: 'image/jpeg'}));
      const event = kind === 'drop'
        ? new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})
        : new ClipboardEvent('paste', {clipboardData: data, bubbles: true});
      document.getElementById('drop').dispatchEvent(event);
    }"""
    page.evaluate(give, "drop")
    page.wait_for_selector(".card")
    page.click("#again")
    assert page.locator("#start").is_visible()
    page.evaluate(give, "paste")
    page.wait_for_selector(".card")


def test_a_large_photo_is_shrunk_before_it_is_sent(page, double):
    from tests.service.conftest import photo_bytes

    large = photo_bytes(2400, 3200)
    sent = []
    page.on("request", lambda asked: sent.append(asked.post_data_buffer or b""))
    upload(page, {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": large})
    size = page.evaluate("[photo.naturalWidth, photo.naturalHeight]")
    assert size == [1200, 1600]
    assert max(map(len, sent)) < len(large)


def test_categories_have_the_names_and_colors_of_the_taxonomy(looked):
    pills = looked.locator("#categories .pill")
    assert pills.all_text_contents() == list(shown_names().values())
    values = [box.get_attribute("value") for box in pills.locator("input").all()]
    assert values == list(CATEGORIES)
    looked.click("#draw")
    choices = looked.locator("#boxcategory option").all_text_contents()
    assert choices == ["Guess what it is", *shown_names().values()]
    looked.keyboard.press("Escape")
    painted = looked.evaluate(
        """names => names.map(name => {
          const spot = document.createElement('i');
          spot.className = `spot c-${name}`;
          spot.append(document.createElement('b'));
          document.body.append(spot);
          const color = getComputedStyle(spot.firstChild).backgroundColor;
          spot.remove();
          return color;
        })""",
        list(CATEGORIES),
    )
    assert painted == [
        f"rgb{tuple(bytes.fromhex(color[1:]))}" for color in drawing_colors().values()
    ]


def test_a_click_on_an_article_leads_to_its_row(looked):
    spot = looked.locator(".spot").nth(2)
    assert spot.get_attribute("aria-label").startswith("3: Shoes")
    spot.click()
    assert "chosen" in looked.locator("#rows > section").nth(2).get_attribute("class")
    assert looked.evaluate("document.activeElement.id") == "row-3"


def test_key_points_and_outlines_on_request(looked):
    assert not looked.locator("#joints").is_visible()
    looked.click("#developers")
    assert "full length" in looked.locator("#personFacts").inner_text()
    looked.click("#showJoints")
    assert looked.locator("#joints circle").count() == 17
    assert looked.locator("#joints").is_visible()
    looked.click("#showMasks")
    pixels = "masks.getContext('2d').getImageData(0, 0, masks.width, masks.height).data"
    assert looked.evaluate(f"{pixels}.some(value => value)")


def test_filters_and_department(looked):
    everything = set(ids(looked))
    looked.click("#filters summary")
    looked.fill("[name=max_price]", "45")
    looked.locator("[name=max_price]").press("Tab")
    looked.wait_for_selector("#active:visible")
    settled(looked)
    prices = looked.locator(".card .price b").all_inner_texts()
    assert prices
    assert all(float(price.removeprefix("€")) <= 45 for price in prices)
    with looked.expect_response("**/v1/recommendations") as answer:
        looked.check("[name=gender][value=male]", force=True)
    genders = {
        match["product"]["gender"]
        for found in answer.value.json()["recommendations"]
        for match in found["matches"]
    }
    assert genders
    assert genders <= {"male", "unisex"}
    with looked.expect_response("**/v1/recommendations"):
        looked.click("#clear")
    settled(looked)
    assert set(ids(looked)) == everything


def test_for_whom_it_is_can_be_chosen(opened):
    looked = opened(path="/favicon.ico")
    looked.route("**/v1/info", with_children)
    looked.goto(looked.url.replace("/favicon.ico", "/"))
    looked.wait_for_selector("body[data-ready]")
    upload(looked)
    with looked.expect_response("**/v1/recommendations") as answer:
        looked.check("[name=age][value=child]", force=True)
    rows = answer.value.json()["recommendations"]
    assert {row["searched"]["filters"]["age"] for row in rows} == {"child"}
    settled(looked)
    # The sample has nothing for children.
    words = looked.locator(".nothing").first.inner_text()
    assert words.startswith("No similar products in this shop for whom you look.")
    assert not looked.locator("#active").is_visible()
    with looked.expect_response("**/v1/recommendations") as answer:
        looked.locator(".nothing button").first.click()
    rows = answer.value.json()["recommendations"]
    assert {row["searched"]["filters"].get("age") for row in rows} == {None}
    settled(looked)
    assert looked.locator(".card").count()
    assert looked.locator("[name=age]:checked").get_attribute("value") == "any"


def with_children(route):
    """The info of a shop that sells things for children too."""
    found = route.fetch().json()
    found["offered"]["age_groups"] = [{"value": "kids", "count": 1}]
    route.fulfill(json=found)


def test_a_wrong_category_is_changed_by_one_click(looked):
    row = looked.locator("#rows > section").nth(1)
    sent = []

    def note(route):
        sent.append(route.request.post_data_buffer.decode("latin-1"))
        route.continue_()

    looked.route("**/v1/recommendations", note)
    with looked.expect_response("**/v1/recommendations") as answer:
        row.locator(".is-it").get_by_role("button", name="Dress").click()
    assert 'name="corrections"\r\n\r\n1=dress\r\n' in sent[-1]
    (found,) = answer.value.json()["recommendations"]
    assert (found["article"], found["category"]) == (1, "dress")
    settled(looked)
    assert row.locator("h2").inner_text().endswith("Dress")
    assert looked.locator(ROWS).count() == 3
    # It stays so when a filter changes, and what is in no list of neighbours is in the other one.
    with looked.expect_response("**/v1/recommendations"):
        looked.check("[name=gender][value=any]", force=True)
    settled(looked)
    dress = looked.locator("#rows > section.c-dress")  # now the first row, being the primary one
    assert dress.locator("h2").inner_text() == "1\nDress"
    with looked.expect_response("**/v1/recommendations"):
        dress.locator(".is-it select").select_option("bag")
    looked.wait_for_selector("#rows > section.c-bag")
    assert dress.count() == 0


def test_how_many_were_searched_is_said(looked):
    passed = looked.locator(".passed").first
    assert re.fullmatch(r"10 products / \d+ searched", passed.inner_text())


def test_a_preferred_brand_is_in_the_request_too(looked):
    sent = []

    def note(route):
        sent.append(route.request.post_data_buffer.decode("latin-1"))
        route.continue_()

    looked.route("**/v1/recommendations", note)
    looked.click("#filters summary")
    with looked.expect_response("**/v1/recommendations"):
        looked.fill("[name=prefer]", "Millrace")
        looked.locator("[name=prefer]").press("Tab")
    assert 'name="boosts"\r\n\r\nbrand=Millrace:0.05\r\n' in sent[-1]
    settled(looked)
    assert looked.locator("#active").inner_text() == "1"
    assert looked.locator(".card").count()
    assert not looked.locator("#alert").is_visible()


def test_why_there_is_nothing_is_said_and_the_filters_can_be_cleared(looked):
    looked.click("#filters summary")
    looked.fill("[name=min_price]", "99999")
    looked.locator("[name=min_price]").press("Tab")
    looked.wait_for_selector(".nothing")
    words = looked.locator(".nothing").first.inner_text()
    assert words.startswith("No similar products in this shop pass your filters.")
    looked.locator(".nothing button").first.click()
    looked.wait_for_selector(".card")


def test_like_and_dislike(looked):
    first = ids(looked)[0]
    looked.locator(".card").first.get_by_role("button", name=re.compile("^Not ")).click()
    looked.wait_for_selector(".taste")
    settled(looked)
    assert first not in ids(looked)
    with looked.expect_response("**/v1/recommendations"):
        looked.locator(".card").nth(1).get_by_role("button", name=re.compile("^More like")).click()
    looked.wait_for_selector(".round[aria-pressed=true]")
    with looked.expect_response("**/v1/recommendations"):
        looked.locator(".taste button").click()
    looked.wait_for_selector(".taste", state="detached")


def test_this_but_in_another_color(looked):
    with looked.expect_response("**/v1/recommendations") as answer:
        looked.locator("#rows > section .mend .acts select").first.select_option("white")
    (found,) = answer.value.json()["recommendations"]
    assert found["matches"]
    assert all("white" in match["product"]["color"] for match in found["matches"])
    settled(looked)
    assert looked.locator("#rows > section .mend .acts select").first.input_value() == "white"


def test_a_box_can_be_drawn_with_the_pointer(looked):
    looked.click("#draw")
    area = looked.locator("#drawing").bounding_box()
    looked.mouse.move(area["x"] + 20, area["y"] + 30)
    looked.mouse.down()
    looked.mouse.move(area["x"] + 120, area["y"] + 160, steps=4)
    looked.mouse.up()
    looked.select_option("#boxcategory", "topwear")
    with looked.expect_response("**/v1/recommendations") as answer:
        looked.click("#boxbar button[type=submit]")
    (article,) = answer.value.json()["look"]["articles"]
    scale = 480 / area["width"]
    wanted = [20 * scale, 30 * scale, 120 * scale, 160 * scale]
    assert article["box"] == pytest.approx(wanted, abs=2)
    until(looked, "document.querySelectorAll('#rows > section.row').length === 4")
    assert looked.locator(".spot").count() == 4
    looked.locator("#rows > section").nth(3).get_by_role("button", name="Remove").click()
    assert looked.locator(ROWS).count() == 3


def test_a_box_can_be_moved_with_the_keys(looked):
    looked.locator("#rows > section").first.get_by_role("button", name="Adjust the box").click()
    shape = looked.locator("#shape")
    before = shape.bounding_box()
    assert looked.evaluate("document.activeElement.id") == "shape"
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowDown"):
        looked.keyboard.press(key)
    after = shape.bounding_box()
    assert after["x"] > before["x"]
    assert after["y"] > before["y"]
    assert after["width"] > before["width"]
    assert after["height"] > before["height"]
    with looked.expect_response("**/v1/recommendations") as answer:
        looked.keyboard.press("Enter")
    assert answer.value.json()["look"]["articles"][0]["category"] == "topwear"
    settled(looked)
    assert looked.locator(ROWS).count() == 3


def test_escape_puts_the_box_away(looked):
    looked.click("#draw")
    looked.keyboard.press("Escape")
    assert not looked.locator("#boxbar").is_visible()
    assert looked.evaluate("document.activeElement.id") == "draw"


def test_a_box_stays_inside_the_photo(looked):
    looked.click("#draw")
    for _ in range(80):
        looked.keyboard.press("ArrowLeft")
    frame, shape = looked.locator("#frame").bounding_box(), looked.locator("#shape").bounding_box()
    assert shape["x"] == pytest.approx(frame["x"], abs=1.5)


def test_compare_shows_the_crop_beside_the_product(looked):
    title = looked.locator(".card h3").first.inner_text()
    looked.locator(".see").first.click()
    assert looked.locator("#compareTitle").inner_text() == title
    assert "in 100 shoppers" in looked.locator("#compareNear").inner_text()
    size = looked.evaluate("[compareCrop.width, compareCrop.height]")
    assert size[0] > 50
    assert size[1] > 50
    until(looked, "compareProduct.naturalWidth > 0")
    looked.keyboard.press("Escape")
    assert not looked.locator("#compare").is_visible()


def test_the_answer_as_json_and_as_a_curl_line(looked):
    looked.click("#developers")
    assert json.loads(looked.input_value("#json"))["accepted"] is True
    line = looked.input_value("#curl")
    assert line.startswith("curl 'http://127.0.0.1:")
    assert "photo=@look_001.jpg" in line
    looked.click("[data-copy=curl]")
    until(looked, "devCopied.textContent.length > 0")


def test_products_are_text_not_html(looked):
    looked.route(
        "**/v1/recommendations",
        lambda route: route.fulfill(json=poisoned(), headers={"Content-Type": "application/json"}),
    )
    upload(looked, LOOK)
    assert looked.locator(".card h3").first.inner_text().startswith("<img src=x")
    assert looked.locator(".card h3 a").count() == 0
    assert looked.locator(".card .shop").count() == 0
    assert looked.evaluate("window.broken") is None


def poisoned():
    attack = "<img src=x onerror='window.broken=1'>"
    product = dict.fromkeys(("id", "title", "brand", "color", "price", "image_link"), attack)
    product |= {"category": "topwear", "gender": "female", "link": "javascript:window.broken=1"}
    match = {
        "score": 0.5,
        "nearness": attack,
        "product": product,
        "reasons": [attack],
        "variants": [product],
    }
    article = {
        "category": "topwear",
        "box": [10, 10, 99, 99],
        "score": 0.9,
        "attributes": {"color": attack},
    }
    found = {"article": 0, "category": "topwear", "role": "primary", "matches": [match]}
    look = {"photo": attack, "width": 480, "height": 720, "person": None, "articles": [article]}
    return {"look": look, "accepted": True, "reason": None, "recommendations": [found]}
