"""For which season a product is: what the shop's words say, and what its type rules out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from thatlook.core.tokens import tokens

SEASONS: Final = ("spring", "summer", "autumn", "winter")
COLUMNS: Final = ("season", "saison", "temporada", "stagione")
"""What shops call the column of their feed that tells the season, without accents."""

_WORDS: Final = {
    "spring": ("spring", "fruhling", "fruhjahr", "printemp", "primavera"),
    "summer": ("summer", "sommer", "ete", "verano", "estate"),
    "autumn": ("autumn", "fall", "herbst", "automne", "otono", "autunno"),
    "winter": ("winter", "hiver", "invierno", "inverno"),
}
_SEASON_OF: Final = {word: season for season, words in _WORDS.items() for word in words}
_WARM: Final = ("spring", "summer")
_COLD: Final = ("autumn", "winter")
_HALVES: Final = {"ss": _WARM, "aw": _COLD, "fw": _COLD}
_HALF: Final = re.compile(r"(ss|aw|fw)(?:\d{2}|\d{4})?")

TITLE_WORDS: Final = ("summer", "sommer", "winter", "autumn", "herbst", "hiver", "invierno")
"""The words that mean a season in a title as well: "fall", "spring" and "ete" need not."""
_RULED_OUT: Final = {
    "summer": ("coats", "overcoats", "parkas", "sweaters", "beanies", "mufflers", "gloves"),
    "winter": ("sandals", "flip flops", "slippers", "shorts", "swimwear", "bikinis"),
}
"""Types that nobody wears outdoors in a season, whatever collection they are sold in."""


def seasons_of(column: str = "", title: str = "") -> frozenset[str]:
    """The seasons that the feed's column names ("Spring/Summer", "FW24"), else those in the title;
    empty where neither tells: then any.
    """
    told = frozenset(_named(column))
    if told or column.strip():
        return told
    return frozenset(_SEASON_OF[word] for word in tokens(title) if word in TITLE_WORDS)


def _named(column: str) -> Iterator[str]:
    for word in tokens(column):
        half = _HALF.fullmatch(word)
        yield from _HALVES[half[1]] if half else [_SEASON_OF[word]] if word in _SEASON_OF else []


def season_column(columns: Iterable[tuple[str, str]]) -> str:
    """What a product's columns, by name, say of the season; "" where none does."""
    return next((text for name, text in columns if "".join(tokens(name)) in COLUMNS), "")


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
