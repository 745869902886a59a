"""The page with a keyboard, on a phone, in the dark, and by axe's rules."""

from __future__ import annotations

import pytest

from tests.page.conftest import upload

pytestmark = pytest.mark.browser

PHONE = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}


def findings(page):
    """What axe finds: rule and where."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
    found = axe.Axe().run(page).response["violations"]
    return [(rule["id"], [node["target"] for node in rule["nodes"]][:3]) for rule in found]


@pytest.fixture
def bypassed(opened):
    """The page without its policy, under which axe could not be put in."""
    return lambda **options: opened(bypass_csp=True, **options)


def test_axe_would_find_what_is_wrong(bypassed):
    page = bypassed()
    page.evaluate("document.getElementById('main').append(document.createElement('button'))")
    assert [rule for rule, _ in findings(page)] == ["button-name"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(bypassed, scheme):
    page = bypassed(color_scheme=scheme)
    assert findings(page) == []
    upload(page)
    assert findings(page) == []
    page.click("#filters summary")
    page.click("#draw")
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.locator(".see").first.click()
    assert findings(page) == []
    page.keyboard.press("Escape")
    for button in ("#share", "#developers", "#saved"):
        page.click(button)
        assert findings(page) == []
        page.keyboard.press("Escape")


def test_axe_on_a_phone(bypassed):
    page = bypassed(**PHONE)
    upload(page)
    assert findings(page) == []


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_is_wider_than_the_screen(opened, width):
    page = opened(viewport={"width": width, "height": 800})
    measure = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(measure) <= 0
    upload(page)
    page.click("#filters summary")
    assert page.evaluate(measure) <= 0


def test_everything_by_keyboard(page):
    page.keyboard.press("Tab")
    assert "Skip" in page.evaluate("document.activeElement.textContent")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('#examples')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    page.locator(".spot").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "row-1"
    reached = set()
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(one => one.className || one.tagName)(document.activeElement)"))
    assert {"tool", "SELECT", "cards", "see", "round"} <= reached


def test_touch_targets_on_a_phone(opened):
    page = opened(**PHONE)
    upload(page)
    small = page.evaluate(
        """[...document.querySelectorAll('button, select, summary, .segments span, .card a')]
        .filter(one => one.offsetParent && !one.matches('.spot')) // each has a tab of full size
        .map(one => [one.textContent.trim(), one.getBoundingClientRect()])
        .filter(([, box]) => box.width < 43.5 || box.height < 43.5).map(([text]) => text)"""
    )
    assert small == []
    assert page.locator("#shoot").count() == 1


def test_the_camera_is_offered_where_there_is_touch(opened):
    page = opened(**PHONE)
    assert page.locator("#shoot").is_visible()
    assert page.locator("#camera").get_attribute("capture") == "environment"


def test_progress_and_results_are_announced(page):
    upload(page)
    assert "3 pieces" in page.locator("#status").text_content()
    assert page.locator("#bar").get_attribute("role") == "progressbar"


def test_dark_and_light_differ(opened):
    shades = set()
    for scheme in ("light", "dark"):
        page = opened(color_scheme=scheme)
        shades.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(shades) == 2
