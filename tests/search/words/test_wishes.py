"""How far a product is what words wish."""

from __future__ import annotations

import numpy as np
import pytest

from thatlook.search.index.query import Entry
from thatlook.search.words.shelf import Facts
from thatlook.search.words.understanding import Wish
from thatlook.search.words.wishes import NAMED_ONCE, NEAR, SHADE, TITLED, fulfilled


def facts(**told):
    entry = Entry(id="a", vector=np.ones(1, np.float32), category="footwear", gender="female")
    return Facts(entry=entry, **told)


@pytest.mark.parametrize(
    ("product_type", "title", "worth"),
    [
        ("Heels", "Acme Red Heels", 1.0),
        ("Heels", "Acme Eva", 1.0),
        ("", "Acme Red Heels", 1.0),
        ("Heels", "Acme Red Flats", NAMED_ONCE),
        ("Casual Shoes", "Acme Red Heels", TITLED),
        ("Flats", "Acme Eva", NEAR),
        ("Boots", "Acme Eva", 0.0),
    ],
)
def test_a_type_is_sure_where_feed_and_title_agree(product_type, title, worth):
    product = facts(product_type=product_type, title=title)
    assert fulfilled(Wish("type", "heels"), product) == worth


@pytest.mark.parametrize(
    ("wished", "pattern", "title", "worth"),
    [
        ("floral", "floral", "", 1.0),
        ("floral", "printed", "", NEAR),
        ("floral", "printed", "Dress with Flowers", 1.0),
        ("printed", "floral", "", SHADE),
        ("striped", "printed", "", 0.0),
        ("floral", "dotted", "", 0.0),
        ("floral", "", "", 0.0),
    ],
)
def test_flowers_are_a_print_and_a_print_may_be_of_flowers(wished, pattern, title, worth):
    assert fulfilled(Wish("pattern", wished), facts(pattern=pattern, title=title)) == worth
