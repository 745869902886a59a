"""Searching in words on the page."""

from __future__ import annotations

import pytest

from tests.page.conftest import settled, until

pytestmark = pytest.mark.browser


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
