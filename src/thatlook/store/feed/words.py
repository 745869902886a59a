"""What the words in a feed's cells mean: genders, availability, what is not published.

The words are data, in `taxonomy.json` (`feeds`), in six languages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from thatlook.core import taxonomy
from thatlook.store.feed.columns import plain

_WORD: Final = re.compile(r"[^\W\d_]+")


@cache
def _table(name: str) -> dict[str, str]:
    """The meaning of each word, as `plain` makes it."""
    words: Mapping[str, tuple[str, ...]] = taxonomy.feed_words()[name]
    return {plain(word): value for value, of in words.items() for word in of}


def gender_said(cell: str) -> str | None:
    """The gender that a cell of the gender column names; None where no word of it is known.

    Words of several genders, as in "Damen/Herren", are unisex.
    """
    table = _table("genders")
    words = {plain(word) for word in _WORD.findall(re.sub(r"['’`´]s\b", "", cell))}
    words = {word for word in words if len(word) > 1} or words  # "size M, women": no man's
    found = {table[word] for word in (*words, plain(cell)) if word in table}
    if not found:
        english = taxonomy.gender_of(cell)
        return None if english == "unisex" else english
    told = found - {"unisex"} or found
    return told.pop() if len(told) == 1 else "unisex"


def availability_said(cell: str) -> str | None:
    """The availability that a cell names: Google Merchant's words, "sold_out" or "discontinued".

    schema.org's addresses ("https://schema.org/InStock") and numbers of pieces are understood; None
    for another word.
    """
    if re.fullmatch(r"\d+([.,]0+)?", cell.strip()):
        return "in_stock" if int(re.split("[.,]", cell)[0]) else "out_of_stock"
    return _table("availability").get(plain(cell.strip().rstrip("/").rpartition("/")[2]))


def is_unpublished(cell: str) -> bool:
    """Whether a cell of a column such as "Published" or "Status" says that it is not offered."""
    return cell.strip().casefold() in _unpublished()


@cache
def _unpublished() -> frozenset[str]:
    return frozenset(taxonomy.feed_words()["unpublished"])
