"""Every part of the page in three languages, two widths, light and dark, by axe's rules."""

from __future__ import annotations

import re

import pytest

from tests.page.conftest import OPEN, upload
from tests.page.test_access import findings
from tests.service.double import Double, engine_on
from tests.service.live import in_thread
from thatlook.core.shopper_words import LANGUAGES
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings
from thatlook.service.texts import catalogue

pytestmark = pytest.mark.browser

WIDE = {"viewport": {"width": 1366, "height": 900}}
NARROW = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
TITLES = {
    "en": "1: Top, navy blue striped shirt",
    "de": "1: Oberteil, Hemd, marineblau, gestreift",
    "fr": "1: Haut, chemise, bleu marine, rayé",
}


CONTROLS = ["#filters summary", ".above select", "#draw"]
PRICES = {"en": r"€\d+\.\d\d", "de": r"\d+,\d\d\s€", "fr": r"\d+,\d\d\s€"}


@pytest.fixture(scope="module")
def asking(catalog):
    """A service that asks for feedback, so that the question is seen too."""
    app = create_app(
        ServiceSettings(feedback=True, **OPEN), lambda: engine_on(catalog, Double(), 0)
    )
    with in_thread(app) as address:
        yield address


def wider(page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1366", "390"])
def test_nothing_is_wrong_anywhere(opened, asking, language, scheme, size):
    page = opened(asking, bypass_csp=True, locale=language, color_scheme=scheme, **size)
    assert findings(page) == []
    upload(page)
    assert page.evaluate("document.documentElement.lang") == language
    assert page.locator(".spot").first.get_attribute("title") == TITLES[language]
    price = page.locator(".card .price b").first.inner_text()
    assert re.fullmatch(PRICES[language], price)
    assert page.locator("#consent").is_visible()
    assert findings(page) == []
    assert wider(page) <= 0
    page.locator("#consentButtons button").last.click()
    page.locator("#filters summary").click()
    assert findings(page) == []
    assert wider(page) <= 0
    page.locator("[name=min_price]").press("Escape")
    page.click("#share")
    page.wait_for_selector("#saveImage:enabled")
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.locator(".card a.with").first.click()
    page.wait_for_selector("#product h1")
    page.wait_for_selector("#product .card")
    assert findings(page) == []
    assert wider(page) <= 0
    page.goto(f"{asking}/?q=shirt")
    page.wait_for_selector("#hits .card")
    assert findings(page) == []
    assert wider(page) <= 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_controls_above_the_rows_fit_a_phone(opened, language):
    page = opened(locale=language, **NARROW)
    upload(page)
    boxes = [page.locator(one).bounding_box() for one in CONTROLS]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    assert all(box["height"] >= 44 for box in boxes)
    lines = {round(box["y"] + box["height"] / 2) for box in boxes}
    assert len(lines) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_of_a_text_is_shown(opened, asking, language):
    page = opened(asking, locale=language)
    upload(page)
    page.locator("#filters summary").click()
    shown = page.evaluate("document.body.innerText") + page.content()
    keys = {key for key in catalogue(language) if "_" in key}
    assert not [key for key in keys if f">{key}<" in shown or f'"{key}"' in shown]


def test_a_price_that_is_no_amount_stays_as_it_is(opened, asking):
    page = opened(asking, locale="de")
    said = page.evaluate(
        """async () => {
          const { money } = await import('/static/texts.js');
          return ['9 EUR', '1299.50 USD', '', null, 'from 9 EUR', '9', '5000 JPY'].map(money);
        }"""
    )
    assert said == ["9,00\xa0€", "1.299,50\xa0$", "", "", "from 9 EUR", "9", "5.000\xa0¥"]


def test_what_is_not_known_of_a_piece_leaves_no_comma(opened, asking):
    page = opened(asking, locale="de")
    said = page.evaluate(
        """async () => {
          const { describe } = await import('/static/dom.js');
          const told = (attributes) => describe({ category: 'topwear', attributes });
          return [told({ type: 'shirt', color: 'red', pattern: 'striped' }),
                  told({ type: 'shirt', color: '', pattern: 'striped' }),
                  told({ type: '', color: 'red', pattern: 'solid' }), told({})];
        }"""
    )
    assert said == ["Hemd, rot, gestreift", "Hemd, gestreift", "rot", ""]
