"""What a notebook shows of a result, a look and a match."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from tests.render.test_board import EVIL, IMAGE, PERSON, entry_of
from thatlook.core.records import Article, Box, Look, Match, Price, Product, Result, shown
from thatlook.render.notebook import html

PRODUCT = Product(
    "7", "Rain coat", price=Price(Decimal("49.90"), "EUR"), link="https://shop.example/7"
)
MATCH = Match(0.625, PRODUCT, ("same color: navy blue", "same type: shirt"), (), "similar")


def test_a_match_is_a_row():
    text = html(MATCH)
    assert "<td>similar</td><td>0.62</td><td>7</td>" in text
    assert "<a href='https://shop.example/7'>Rain coat</a>" in text
    assert "<td>49.90 EUR</td><td>same color: navy blue; same type: shirt</td>" in text


def test_a_look_is_a_table_of_articles():
    worn = Article("bag", Box(10.4, 20, 30, 40), 0.5, {"color": "red", "type": ""})
    text = html(Look("a.jpg", 200, 300, PERSON, (worn,)))
    assert "<p>a.jpg, 200 x 300</p><p>one foot is not in the frame; female 0.95</p>" in text
    assert "<td>bag</td><td>0.50</td><td>red</td><td>10, 20, 30, 40</td>" in text
    assert "No person was found." in html(Look("a.jpg", 200, 300, None, ()))


def test_a_result_shows_the_photo_only_where_it_holds_it():
    result = entry_of().result
    assert "<image" not in html(result)
    text = html(replace(result, image=IMAGE))
    assert text.count("<image href='data:image/webp;base64,") == 1
    assert "<h4>topwear (primary): navy blue</h4>" in text
    assert "<td>very close</td><td>0.73</td>" in text
    # Decoded at half its size: the boxes are in the photo's own pixels.
    half = html(replace(result, image=np.ascontiguousarray(IMAGE[::2, ::2])))
    assert "viewBox='0 0 200 300'" in half


def test_a_refused_result_says_why():
    text = html(entry_of(reason="no person was found").result)
    assert "<h4>Refused</h4><p>no person was found</p>" in text


def test_nothing_of_a_feed_becomes_markup():
    evil = Product(EVIL, EVIL, link="javascript:alert(1)")
    text = html(Match(0.5, evil, (EVIL,)))
    assert "<script" not in text
    assert "href" not in text


def test_records_show_themselves_once_a_drawer_is_known(monkeypatch):
    monkeypatch.setattr(shown, "_drawers", [])
    assert MATCH._repr_html_() is None  # Jupyter shows the text then
    from thatlook import engine

    shown.draw_with(engine._in_notebook)
    assert "Rain coat" in MATCH._repr_html_()
    assert isinstance(Result(Look("a", 1, 1, None, ()), True, None, ())._repr_html_(), str)
