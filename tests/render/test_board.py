"""Boards: what they show, and that nothing of a feed can become markup."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from thatlook.core.records import (
    Article,
    Box,
    Gate,
    Keypoint,
    Look,
    Match,
    Person,
    Price,
    Product,
    Recommendation,
    Result,
)
from thatlook.core.taxonomy import CATEGORIES
from thatlook.render.board import BoardEntry, page, picture
from thatlook.render.board.png import _caption, marked
from thatlook.render.photo import COLORS, data_uri

IMAGE = np.full((300, 200, 3), 255, np.uint8)
PERSON = Person(
    Box(40, 20, 160, 290),
    0.9,
    tuple(Keypoint(100, 20 + 15 * i, 0.9) for i in range(17)),
    Gate(False, True, ("one foot is not in the frame",)),
    "front",
    0.9,
    "female",
    0.95,
)
EVIL = "<script>alert('x')</script>"


def entry_of(person=PERSON, product=None, reason=None, searched=None):
    article = Article("topwear", Box(50, 60, 150, 150), 0.87, {"color": "navy blue"})
    look = Look("a.jpg", 200, 300, person, (article,))
    product = product or Product("1", "Shirt", price=Price(Decimal("9.90"), "EUR"))
    match = Match(0.73, product, ("same color: navy blue",), nearness="very close")
    row = Recommendation(0, "topwear", "primary", (match,), 9, 0.1, searched or {})
    found = () if reason else (row,)
    return BoardEntry(Result(look, reason is None, reason, found, {"decode": 2.0}), IMAGE)


def thumbnail(_):
    return np.full((50, 40, 3), (200, 10, 10), np.uint8)


def test_what_is_out_of_stock_is_marked():
    gone = Product("1", "Shirt", availability="out_of_stock")
    assert "out of stock" in page([entry_of(product=gone)], thumbnail, "A title")
    assert "out of stock" not in page([entry_of()], thumbnail, "A title")
    assert _caption(Match(0.73, gone)) == "0.73 · out of stock\nShirt"
    priced = Product("1", "Shirt", price=Price(Decimal("9.90"), "EUR"))
    assert _caption(Match(0.73, priced, nearness="similar")) == "similar · 9.90 EUR\nShirt"


def test_how_near_is_said_in_a_word_and_where_else_was_searched():
    text = page([entry_of()], thumbnail, "t")
    assert "title='score 0.73'>very close</p>" in text
    assert "searched too" not in text
    entry = entry_of(searched={"neighbours": ["outerwear"]})
    text = page([entry], thumbnail, "t")
    assert "Nothing similar in topwear: outerwear searched too." in text
    # The picture has the sentence above the products.
    assert picture(entry, thumbnail).tobytes() != picture(entry_of(), thumbnail).tobytes()


def test_the_page_shows_photo_person_article_and_product():
    text = page([entry_of()], thumbnail, "A title", "A note")
    for shown in (
        "A title",
        "A note",
        "one foot is not in the frame",
        "female 95%",
        "topwear 0.87",
        "navy blue",
        "0.73",
        "9.90 EUR",
        "same color: navy blue",
        "<rect x='50.0' y='60.0' width='100.0' height='90.0'",
    ):
        assert shown in text
    assert text.count("<circle") == 17
    assert "http" not in text.replace("http-equiv", "").split("<body>")[1].replace(
        "http://www.w3.org", ""
    )


def test_nothing_of_a_feed_becomes_markup():
    product = Product("1", EVIL, link="javascript:alert(1)")
    text = page([entry_of(product=product)], thumbnail, EVIL)
    assert "<script" not in text
    assert "javascript:" not in text
    quoted = Product("1", "x", link="https://shop.example/' onmouseover='x")
    assert "' onmouseover" not in page([entry_of(product=quoted)], thumbnail, "t")


def test_refusals_missing_persons_and_missing_pictures_are_said():
    assert "the feet are not" in page([entry_of(reason="the feet are not in")], thumbnail, "t")
    assert "No person was found" in page([entry_of(person=None)], thumbnail, "t")
    assert "no picture" in page([entry_of()], lambda _: None, "t")


def test_the_picture_marks_the_box_in_the_category_color():
    photo = marked(IMAGE, entry_of(person=None).result.look, (200, 300))
    assert photo.size == (200, 300)
    expected = tuple(int(COLORS["topwear"][i : i + 2], 16) for i in (1, 3, 5))
    assert photo.getpixel((50, 120)) == expected
    assert photo.getpixel((150, 120)) == expected
    assert photo.getpixel((100, 120)) == (255, 255, 255)


def test_the_board_holds_the_products_picture():
    board = picture(entry_of(), thumbnail)
    colors = {color for _, color in board.getcolors(1 << 24)}
    assert (200, 10, 10) in colors
    assert board.width > board.height
    assert picture(entry_of(person=None, reason="x"), thumbnail).height > 300


def test_every_category_has_a_color():
    assert tuple(COLORS) == CATEGORIES


def test_data_uri_is_small_enough():
    assert data_uri(np.zeros((900, 900, 3), np.uint8), 64, 64).startswith("data:image/webp;base64,")
