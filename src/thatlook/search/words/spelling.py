"""The word that was meant where a shopper wrote one that neither the shop nor the tables have."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np

_SHORTEST: Final = 3
_LONG: Final = 5
"""Words with fewer letters are taken for telling words alone: a shop's vocabulary has too many."""

_COMMON: Final = 5
"""In fewer products a word of the shop may itself be a slip."""

_RARER: Final = 20
"""A word so many times rarer than a telling one beside it is a slip in the shop's own titles."""


def corrected(word: str, known: Mapping[str, int], frequency: Callable[[str], int]) -> str:
    """The word, or the nearest one edit away where it is unknown and there is one.

    An edit is a letter too many, too few, wrong, or two swapped (Damerau, CACM 1964). `known` says
    how much each of the tables' words tells, `frequency` in how many products a word is. Taken is
    the most telling, then one that the shop has, with the same first letter, most often; words
    that tell nothing are not. Words with digits stay.
    """
    if len(word) < _SHORTEST or not word.isalpha() or word in known:
        return word
    own = frequency(word)
    if own and len(word) < _LONG:
        return word
    least = 1 if len(word) >= _LONG - 1 else 2
    near = sorted(
        (known[other], frequency(other) > 0, other[:1] == word[:1], frequency(other), other)
        for other in set(edits(word))
        if known.get(other, 0) >= least and frequency(other) >= _RARER * own
    )
    if near:
        return near[-1][-1]
    if own or len(word) < _LONG:
        return word
    sold = sorted(
        (count, other) for other in set(edits(word)) if (count := frequency(other)) >= _COMMON
    )
    return sold[-1][1] if sold else word


def slipped(word: str, rng: np.random.Generator) -> str:
    """The word with one edit, drawn at random from all of them; short words stay."""
    if len(word) < _SHORTEST:
        return word
    return str(rng.choice(sorted(set(edits(word)) - {word})))


def edits(word: str) -> Iterator[str]:
    """Every text that is one edit of Latin letters away, some more than once."""
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        for letter in string.ascii_lowercase:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
