"""Texts as plain words."""

from __future__ import annotations

import pytest

from thatlook.core.tokens import tokens, whole_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Levi's T-Shirts, Größe 42", ("levi", "tshirt", "grosse", "42")),
        ("women’s T Shirt", ("women", "tshirt")),
        ("Robe rouge à fleurs", ("robe", "rouge", "a", "fleur")),
        ("Dresses & DRESS", ("dress", "dress")),
        ("AS201-C1", ("as201", "c1")),
        ("snake_case ßœ", ("snake", "case", "ssoe")),
        ("  ...  ", ()),
        ("シャツ 赤", ("シャツ", "赤")),
    ],
)
def test_words_of_texts(text, words):
    assert tokens(text) == words


def test_whole_words_keep_their_endings():
    assert whole_words("Levi's T-Shirts, Größe 42") == ("levi", "tshirts", "grosse", "42")
    assert whole_words("Handtas") == ("handtas",)
