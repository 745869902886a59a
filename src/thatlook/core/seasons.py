"""For which season a product is: what the shop's words say, and what its type rules out.

The words of shops' columns, in six languages, are data: `taxonomy.json` (`feeds`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Final

from thatlook.core.taxonomy import feed_words
from thatlook.core.tokens import tokens

SEASONS: Final = ("spring", "summer", "autumn", "winter")
COLUMN: Final = "season"
"""The name under which a product's `extra` has what the feed's column of the season says."""

_WARM: Final = ("spring", "summer")
_COLD: Final = ("autumn", "winter")
_NUMBER: Final = re.compile(r"\d+")

TITLE_WORDS: Final = ("summer", "sommer", "winter", "autumn", "herbst", "hiver", "invierno")
"""The words that mean a season in a title as well: "fall", "spring" and "ete" need not."""
_RULED_OUT: Final = {
    "summer": ("coats", "overcoats", "parkas", "sweaters", "beanies", "mufflers", "gloves"),
    "winter": ("sandals", "flip flops", "slippers", "shorts", "swimwear", "bikinis"),
}
"""Types that nobody wears outdoors in a season, whatever collection they are sold in."""

Words = tuple[str, ...]


def seasons_of(column: str = "", title: str = "", brand: str = "") -> frozenset[str]:
    """The seasons that the feed's column names ("Spring/Summer", "FW24"), else those in the title;
    empty where neither tells: then any.

    The words of the brand in the title tell nothing: Autumn may be who makes it.
    """
    if column.strip():
        return seasons_said(column) or frozenset()
    words = _without(tokens(title), tokens(brand))
    named = [_said()[(word,)] for word in words if word in _titled()]
    return frozenset(season for seasons in named for season in seasons)


@lru_cache(maxsize=4096)
def seasons_said(cell: str) -> frozenset[str] | None:
    """The seasons that a cell of a column names, empty where it says that it names none ("n/a");
    None where no word of it is known.

    Years count nothing, wherever they stand: "24SS", "AW 23/24" and "S/S 2024" are read.
    """
    found = list(_phrases(_letters(cell)))
    named = frozenset(season for seasons in found for season in seasons)
    return named if found or not tokens(cell) else None


def _letters(cell: str) -> Words:
    """The words without numbers; two letters that stand alone, as in "S/S", are one word."""
    words: list[str] = []
    for token in tokens(cell):
        for word in _NUMBER.sub(" ", token).split() or [""]:
            single = len(word) == 1 and bool(words) and len(words[-1]) == 1
            words[-1:] = [words[-1] + word] if single else [*words[-1:], word]
    return tuple(word for word in words if word)


def _phrases(words: Words) -> Iterator[Words]:
    """What the longest known phrases mean; words that are not known are passed over."""
    while words:
        size = next((n for n in range(len(words), 0, -1) if words[:n] in _said()), 0)
        if size:
            yield _said()[words[:size]]
        else:
            yield from _compound(words[0])
        words = words[max(1, size) :]


def _compound(word: str) -> Iterator[Words]:
    """What the two known words mean of which one is made: "springsummer", "Winterkollektion"."""
    known = _said()
    for place in range(2, len(word) - 1):
        parts = (word[:place],), (word[place:],)
        if all(part in known for part in parts):
            yield from (known[part] for part in parts)
            return


@cache
def _said() -> dict[Words, Words]:
    """The seasons that each phrase of a column means, as `_letters` has it."""
    words: dict[str, Words] = feed_words()["seasons"]
    return {_letters(word): tuple(value.split()) for value, of in words.items() for word in of}


@cache
def _titled() -> frozenset[str]:
    return frozenset(word for name in TITLE_WORDS for word in tokens(name))


def _without(words: Words, left_out: Words) -> Words:
    """The words without the first place at which those left out stand together."""
    size = len(left_out)
    places = (n for n in range(len(words)) if size and words[n : n + size] == left_out)
    place = next(places, None)
    return words if place is None else words[:place] + words[place + size :]


def season_column(columns: Iterable[tuple[str, str]]) -> str:
    """What a product's columns, by name, say of the season; "" where none does.

    The field itself, which may be a column that somebody mapped, before others of such a name.
    """
    found = {name: text for name, text in columns if "".join(tokens(name)) in _columns()}
    return found.get(COLUMN, next(iter(found.values()), ""))


@cache
def _columns() -> frozenset[str]:
    return frozenset("".join(tokens(name)) for name in feed_words()["columns"][COLUMN])


@lru_cache(maxsize=4096)
def rules_out(kind: str, season: str) -> bool:
    """Whether nobody wears a type (its last part, "flip flops") in a season."""
    return tokens(kind) in map(tokens, _RULED_OUT.get(season, ()))


def fits(season: str, told: frozenset[str], kind: str) -> bool:
    """Whether a product of a type that is told to be for these seasons (none: any) suits one.

    Shops sell by halves of the year: what is for autumn suits winter, what is for spring summer.
    """
    half = _WARM if season in _WARM else _COLD
    return (not told or not told.isdisjoint(half)) and not rules_out(kind, season)
