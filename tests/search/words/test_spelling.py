"""Slips of the pen."""

from __future__ import annotations

import numpy as np
import pytest

from thatlook.search.words.spelling import corrected, edits, slipped

KNOWN = {"grey": 3, "guy": 2, "heel": 3, "her": 2, "mit": 0, "striped": 2, "men": 2, "damen": 2}
SOLD = {"grey": 40, "wrangler": 30, "stripped": 2, "striped": 100, "men": 90, "hell": 4}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gry", "grey"),  # a color before a guy
        ("hele", "heel"),  # two letters swapped
        ("wranglr", "wrangler"),  # a word that the shop has
        ("stripped", "striped"),  # a slip in the shop's own titles
        ("dmen", "men"),  # what the shop has, before the same first letter
        ("hell", "hell"),  # the shop has it, and it is short
        ("mut", "mut"),  # "mit" tells nothing
        ("as201", "as201"),
        ("grey", "grey"),
        ("x", "x"),
        ("qwertz", "qwertz"),
    ],
)
def test_the_word_that_was_meant(written, meant):
    assert corrected(written, KNOWN, lambda word: SOLD.get(word, 0)) == meant


def test_every_edit():
    found = set(edits("ab"))
    assert {"b", "a", "ba", "xb", "ax", "abx", "axb", "xab"} <= found
    assert len(found) == 26 * 3 - 2 + 2 * 26 - 1 + 2 + 1  # inserted, changed, left out, swapped


def test_a_slip_is_one_edit_and_the_same_for_the_same_seed():
    made = [slipped("dress", np.random.default_rng(3)) for _ in range(2)]
    assert made[0] == made[1] != "dress"
    assert "dress" in set(edits(made[0]))
    assert slipped("to", np.random.default_rng(0)) == "to"
