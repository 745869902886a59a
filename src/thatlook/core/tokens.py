"""Texts of shops and shoppers as plain words: what a search for words compares."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from thatlook.core.taxonomy import singular

VERSION: Final = 3
"""To be raised when `tokens` or `shopper_words.apart` changes: an index of words made by an older
one is made anew.
"""

_WORD: Final = re.compile(r"[^\W_]+")
_OWNER: Final = re.compile(r"['’`´]s\b")
_TSHIRT: Final = re.compile(r"\bt[\s-]shirt")
_SPELLED_OUT: Final = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l"})


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text in order: lower case, without accents and English plural endings.

    "Levi's T-Shirts, Größe 42" gives ("levi", "tshirt", "grosse", "42"); letters of other scripts
    stay as they are.
    """
    return tuple(map(_token, whole_words(text)))


def whole_words(text: str) -> tuple[str, ...]:
    """The words of a text as `tokens` gives them, but with their endings."""
    joined = _TSHIRT.sub("tshirt", _without_accents(text.casefold()))
    return tuple(_WORD.findall(_OWNER.sub("", joined)))


def _without_accents(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.translate(_SPELLED_OUT))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


@lru_cache(maxsize=65536)
def _token(word: str) -> str:
    return singular(word) if word.isascii() and word.isalpha() else word
