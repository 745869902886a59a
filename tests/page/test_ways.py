"""Ways to style it, on a product's own page."""

from __future__ import annotations

import pytest

from tests.page.conftest import until
from tests.service.double import engine_on
from tests.service.live import in_thread
from tests.service.styled import with_scenes
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def styled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ways")
    engine_on(folder).close()
    with_scenes(folder / "catalog", folder / "street")
    settings = ServiceSettings(rate="9999/second", lookup_rate="9999/second")
    app = create_app(settings, lambda: engine_on(folder, None, 0))
    with in_thread(app) as address:
        yield address


def test_photos_with_the_article_marked_and_what_else_is_worn(opened, styled):
    page = opened(styled, "/?product=SP0001")
    page.wait_for_selector(".styled .scene")
    scenes = page.locator(".styled .scene")
    assert scenes.first.get_attribute("aria-pressed") == "true"
    assert page.locator(".styled h2").first.inner_text() == "Ways to style it"
    until(page, "document.querySelector('.scene img').naturalWidth > 0")
    inside = page.evaluate(
        """() => {
            const photo = document.querySelector('.scene img').getBoundingClientRect();
            const box = document.querySelector('.scene .worn').getBoundingClientRect();
            return [(box.left - photo.left) / photo.width, (box.top - photo.top) / photo.height,
                    box.width / photo.width, box.height / photo.height];
        }"""
    )
    assert inside == pytest.approx([0.30, 0.18, 0.32, 0.28], abs=0.02)  # where the double sees tops
    headings = page.locator(".styled .way h2").all_inner_texts()
    assert headings == ["Worn with it: Trousers or skirt", "Worn with it: Shoes"]
    assert page.locator(".styled .way .card").count() >= 2
    if scenes.count() > 1:
        scenes.nth(1).click()
        assert scenes.nth(1).get_attribute("aria-pressed") == "true"
        assert scenes.first.get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize(
    ("language", "heading"), [("de", "So wird es getragen"), ("fr", "Comment le porter")]
)
def test_in_other_languages(opened, styled, language, heading):
    page = opened(styled, "/?product=SP0001", locale=language)
    page.wait_for_selector(".styled .scene")
    assert page.locator(".styled h2").first.inner_text() == heading


def test_without_scenes_nothing_is_said(opened):
    page = opened(path="/?product=SP0001")
    page.wait_for_selector("#product .card")
    page.wait_for_selector(".styled", state="detached")


def test_where_it_cannot_be_looked_up_it_can_be_tried_again(opened, styled):
    page = opened(styled, "/?product=none")
    page.route("**/scenes?*", lambda route: route.abort())
    page.goto(f"{styled}/?product=SP0001")
    page.wait_for_selector(".styled .nothing")
    page.unroute("**/scenes?*")
    page.locator(".styled .nothing button").click()
    page.wait_for_selector(".styled .scene")
