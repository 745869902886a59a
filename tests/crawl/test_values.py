"""Texts of pages as feed values."""

from __future__ import annotations

import pytest

from thatlook.crawl.extract.values import price_of, row_of


@pytest.mark.parametrize(
    ("text", "currency", "price"),
    [
        ("Rs. 1,299", "", "1299 INR"),
        ("Rs. 1,299 Rs. 2,599 (50% OFF)", "", "1299 INR"),
        ("€ 1.299,00", "", "1299.00 EUR"),
        ("ab 19,95 €", "", "19.95 EUR"),
        ("1 299,00 kr", "SEK", "1299.00 SEK"),
        ("CHF 1'299.00", "EUR", "1299.00 CHF"),
        ("899", "", "899"),
        ("Price on request", "EUR", ""),
        ("", "EUR", ""),
    ],
)
def test_prices(text, currency, price):
    assert price_of(text, currency) == price


def test_addresses_are_made_whole_and_spaces_plain():
    raw = {
        "title": ["  Blue \n shirt "],
        "link": ["../p/1"],
        "image_link": ["//img.example/1.jpg"],
        "additional_image_link": ["/2.jpg", "/3.jpg", "/2.jpg"],
        "brand": [" "],
        "color": [],
    }
    assert row_of(raw, "https://shop.example/a/b", "") == {
        "title": "Blue shirt",
        "link": "https://shop.example/p/1",
        "image_link": "https://img.example/1.jpg",
        "additional_image_link": ["https://shop.example/2.jpg", "https://shop.example/3.jpg"],
    }


@pytest.mark.parametrize(
    ("price", "sale", "row"),
    [
        ("20", "15", {"price": "20 EUR", "sale_price": "15 EUR"}),
        ("20", "20", {"price": "20 EUR"}),
        ("15", "20", {"price": "15 EUR"}),
        ("", "15", {"price": "15 EUR"}),
    ],
)
def test_a_sale_price_is_below_the_price(price, sale, row):
    assert row_of({"price": [price], "sale_price": [sale]}, "https://a.example", "EUR") == row


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("Women", {"gender": "female"}),
        ("Boys", {"gender": "male", "age_group": "kids"}),
        ("Baby Girls", {"gender": "female", "age_group": "infant"}),
        ("Men & Women", {"gender": "unisex"}),
    ],
)
def test_genders_in_googles_words(text, row):
    assert row_of({"gender": [text]}, "https://a.example", "") == row
