"""For which age a product is: Google Merchant's age groups, read from a shop's words.

The words are data, in `taxonomy.json`. Some say it ("kids", "toddler"), some only hint at it
("boys", "baby") and are not believed where the shop says that the product is a grown-up's; others
count only alone, as a gender or as a part of a product type ("Girl"). Traps are phrases in which a
child's word means no child: "baby blue", "girls night".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from thatlook.core.child_sizes import group_in_words, group_of_sizes
from thatlook.core.taxonomy import age_words

CHILDREN: Final = ("newborn", "infant", "toddler", "kids")
"""The age groups of children, the youngest first; every other product counts as a grown-up's."""

AGES: Final = ("adult", "child", "any")
"""Whose products a search may find."""

_WORD: Final = re.compile(r"[^\W\d_]+")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»")
_APOSTROPHES: Final = re.compile(r"['’`´]")


@dataclass(frozen=True, slots=True)
class _Told:
    """What a text tells: groups that it says, those it hints at, and whether it names adults."""

    said: str = ""
    hinted: str = ""
    adult: bool = False

    def group(self, *, adult: bool) -> str:
        """The group to believe; hints are not, where the shop's words name adults."""
        return self.said or ("" if adult or self.adult else self.hinted)


def age_group_of(
    *, gender: str = "", types: Iterable[str] = (), title: str = "", sizes: Iterable[str] = ()
) -> str:
    """The age group of a child's product; "" where nothing tells that it is one.

    `gender` is the shop's word for it ("Boys"), `types` are product types, perhaps as paths with
    ">" ("Girls > Dresses"), `sizes` all sizes that there are.
    """
    told = [_told_by_path(gender), *map(_told_by_path, types)]
    adult = any(one.adult for one in told)
    found = next(filter(None, (one.group(adult=adult) for one in told)), "")
    if found:
        return found
    of_title = _told(_QUOTED.sub(" ", title))
    adult = adult or of_title.adult
    return (
        group_of_sizes(sizes, heights=not adult)
        or of_title.group(adult=adult)
        or ("" if adult else group_in_words(title))
    )


@lru_cache(maxsize=4096)
def is_childs(age_group: str) -> bool:
    """Whether a product of this age group is a child's: one of CHILDREN, or a word like it."""
    told = _told_by_path(age_group)
    return bool(told.group(adult=False) or group_of_sizes([age_group]))


def _told_by_path(text: str) -> _Told:
    """What a gender or the parts of a product type tell; a part may be a single word such as
    "girl", which in a title would tell nothing.
    """
    parts = [_told(part, alone=True) for part in re.split(r"[>|/]", text)]
    said, hinted = (_youngest(getattr(part, name) for part in parts) for name in ("said", "hinted"))
    return _Told(said, hinted, any(part.adult for part in parts))


def _told(text: str, *, alone: bool = False) -> _Told:
    """What a text tells; with `alone` also where it is, as a whole, a word that counts alone."""
    words = _words(text)
    found = set(_found(words))
    if alone and ("alone", words) in _phrases():
        found.add(_phrases()["alone", words])
    groups = {kind: {group for of, group in found if of == kind} for kind in ("said", "hinted")}
    adult = {"adult", "everyone"} & groups["said"]
    said = "" if "everyone" in adult else _youngest(groups["said"])
    return _Told(said, _youngest(groups["hinted"]), bool(adult))


def _youngest(groups: Iterable[str]) -> str:
    known = set(groups)
    return next((group for group in CHILDREN if group in known), "")


def _found(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The kind and the group of each phrase, the longest at each place; traps are passed over."""
    place = 0
    while place < len(words):
        for end in range(min(place + _longest(), len(words)), place, -1):
            entry = _phrases().get(("text", words[place:end]))
            if entry is not None:
                yield entry
                place = end
                break
        else:
            yield from _compound(words[place])
            place += 1


def _compound(word: str) -> Iterator[tuple[str, str]]:
    """The group of a German compound such as "Kinderjacke"."""
    for group, starts in age_words()["compounds"].items():
        if word.startswith(tuple(starts)):
            yield "said", group


@cache
def _phrases() -> dict[tuple[str, tuple[str, ...]], tuple[str, str]]:
    """Kind and group by the phrase's words, once for texts and once for what counts alone."""
    table = age_words()
    found = {("text", _words(phrase)): ("trap", "") for phrase in table["traps"]}
    for kind in ("said", "hinted"):
        for group, phrases in table[kind].items():
            found |= {("text", _words(phrase)): (kind, group) for phrase in phrases}
    for group, phrases in table["alone"].items():
        found |= {("alone", _words(phrase)): ("said", group) for phrase in phrases}
    return found


@cache
def _longest() -> int:
    return max(len(words) for _, words in _phrases())


def _words(text: str) -> tuple[str, ...]:
    """Words without case; "girl's" is "girls", "&" is "and". Accents count: "bebe" is a brand."""
    joined = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).casefold())
    return tuple(_WORD.findall(joined.replace("&", " and ").replace("+", " and ")))
