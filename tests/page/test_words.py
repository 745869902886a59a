"""Searching in words on the page."""

from __future__ import annotations

import pytest

from tests.page.conftest import settled, until, upload

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def search(page, words):
    page.fill("#words", words)
    page.press("#words", "Enter")


def test_words_find_products_and_chips_can_be_taken_off(page):
    search(page, "blue dress")
    page.wait_for_selector("#hits .card")
    chips = page.locator("#understood .chip")
    assert chips.all_inner_texts() == ["blue", "dress", "Dress"]
    assert page.locator("#start").is_hidden()
    page.click("#understood .chip >> nth=0")
    until(page, "document.querySelector('#understood .chip[aria-pressed=false]') !== null")
    assert chips.all_inner_texts() == ["dress", "Dress", "blue"]


def test_a_count_limits_what_is_shown_and_lets_go(page):
    search(page, "for women")
    page.wait_for_selector("#hits .card")
    color = page.locator("#facets .chips >> nth=1").locator(".chip").first
    color.click()
    page.wait_for_selector("#facets .chip[aria-pressed=true]")
    page.click("#facets .chip[aria-pressed=true]")
    page.wait_for_selector("#facets .chip[aria-pressed=true]", state="detached")


def test_more_is_shown_when_asked_for(page):
    search(page, "for women")
    page.wait_for_selector("#hits .card")
    before = page.locator("#hits .card").count()
    page.click("#moreHits")
    until(page, f"document.querySelectorAll('#hits .card').length > {before}")


def test_an_answer_that_comes_too_late_is_not_shown(page):
    held = []
    page.route("**/v1/search?q=blue*", lambda route: held.append(route))  # noqa: PLW0108 - it is given attributes
    search(page, "blue dress")
    until(page, lambda: len(held) == 1)
    search(page, "for women")
    page.wait_for_selector("#hits .card")
    women = page.locator("#hits .card").count()
    with page.expect_response("**/v1/search?q=blue*"):
        held[0].continue_()
    settled(page)
    assert page.locator("#foundTitle").inner_text() == "for women"
    assert page.locator("#hits .card").count() == women


def test_nothing_found_says_so(page):
    search(page, "dress under 1")
    until(page, "document.getElementById('foundTitle').textContent.startsWith('Nothing found')")
    assert page.locator("#hits .card").count() == 0


def test_words_beside_a_photo_change_its_rows(looked):
    search(looked, "shoes")
    looked.wait_for_selector("#told .chip")
    settled(looked)
    assert looked.locator("#rows > section.row").count() == 1
    looked.click("#told .chip")
    until(looked, "document.querySelectorAll('#rows > section.row').length === 3")


def test_words_beside_a_photo_on_a_phone(opened):
    phone = opened(**PHONE)
    upload(phone)
    search(phone, "shoes")
    phone.wait_for_selector("#told .chip")
    settled(phone)
    assert phone.locator("#rows > section.row").count() == 1


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["for a party", "cheaper ones first", "no such size here: size 99"]),
        ("de", ["für eine Feier", "Günstige zuerst", "diese Größe gibt es hier nicht: size 99"]),
        ("fr", ["pour une fête", "les moins chers d'abord", "cette taille n'existe pas ici"]),
    ],
)
def test_what_was_understood_is_in_the_readers_language(opened, language, told):
    page = opened(path="/?q=cheap wedding things for kids size 99 not blak", locale=language)
    page.wait_for_selector("#understood .chip")
    until(page, "document.querySelectorAll('#understood .chip').length === 6")
    shown = page.locator("#understood").inner_text()
    child = {"en": "for children", "de": "für Kinder", "fr": "pour enfant"}
    slip = {"en": 'black, not "blak"', "de": "„blak“", "fr": "au lieu de « blak »"}
    for text in (*told, child[language], slip[language]):
        assert text in shown
    page.locator("#understood .chip", has_text=child[language]).click()
    page.wait_for_selector("#understood .chip[aria-pressed=false]")
    off = page.locator("#understood .chip[aria-pressed=false]")
    assert off.all_inner_texts() == [child[language]]


def test_counts_are_one_line_each_on_a_phone(opened):
    phone = opened(path="/?q=for women", **PHONE)
    phone.wait_for_selector("#facets .chip")
    for line in phone.locator("#facets .chips").all():
        chips = [one.bounding_box() for one in line.locator(".chip").all()]
        assert {round(box["y"]) for box in chips} == {round(chips[0]["y"])}
    assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
