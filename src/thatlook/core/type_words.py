"""The category that a product's words tell, in six languages, or its number in Google's taxonomy.

English words are the taxonomy's; those of German, French, Italian, Spanish and Dutch are data,
`type_words.json` beside this file. A "-" before a word says that it ends compounds too, as "-hose"
does "Lederhose"; German inflection is known. Which word of a text counts is the language's: the
noun comes first in "robe à fleurs", last in "Sommer Kleid", and before "mit" in "Kleid mit Gürtel".
Ids of https://www.google.com/basepages/producttype/taxonomy-with-ids.en-US.txt (2021-09-21).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from thatlook.core.errors import SettingsError
from thatlook.core.records import Product
from thatlook.core.taxonomy import PRODUCT_CATEGORIES, category_of, names_category
from thatlook.core.tokens import tokens, whole_words

FILE: Final = "type_words.json"
VOTES: Final = 1000
"""So many product types of a feed tell its language."""
_ENDINGS: Final = {"de": ("", "e", "er", "es", "en", "em", "n", "s"), "nl": ("", "en", "s")}
_BEFORE_HEAD: Final = 2
"""A compound has at least so many letters more than its last part."""


@cache
def _data() -> dict[str, Any]:
    text = resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def languages() -> tuple[str, ...]:
    """The languages beside English."""
    return tuple(_data()["languages"])


@dataclass(frozen=True, slots=True)
class _Words:
    """One language's: phrases as `tokens` gives them, and the ends of compounds."""

    phrases: Mapping[tuple[str, ...], str]
    heads: Mapping[str, str]
    longest: int
    first_counts: bool
    before: frozenset[str]


@cache
def _words_of(language: str) -> _Words:
    table = _data()["languages"][language]
    phrases: dict[tuple[str, ...], str] = {}
    heads: dict[str, str] = {}
    for category in PRODUCT_CATEGORIES:
        for word in (word for line in table.get(category, ()) for word in line.split(", ")):
            for ending in _ENDINGS.get(language, ("",)):
                phrase = tokens(word.removeprefix("-") + ending)
                if phrases.setdefault(phrase, category) != category and not ending:
                    raise SettingsError(f"{FILE}: {word!r} ({language}) is of two categories")
                if word.startswith("-"):
                    heads.setdefault(phrase[0], category)
    return _Words(
        phrases,
        heads,
        max(map(len, phrases)),
        table["head"] == "first",
        frozenset(tokens(" ".join(table["before"]))),
    )


@lru_cache(maxsize=65536)
def category_in(language: str, text: str) -> str | None:
    """The category that a type or a title names in a language; None where none of its words does.

    A path such as "Damen > Schuhe > Stiefel" is read from its last part.
    """
    words = _words_of(language)
    for part in reversed(re.split(r"[>|/]", text)):
        found, whole = tokens(part), whole_words(part)
        end = next((n for n, word in enumerate(found) if n and word in words.before), len(found))
        category = _lookup(words, found[:end], whole) or _lookup(words, found, whole)
        if category is not None:
            return category
    return None


def _lookup(words: _Words, found: Sequence[str], whole: Sequence[str]) -> str | None:
    """The category of the phrase that counts: the first, or the last, and of those the longest.

    `whole` are the words with their endings.
    """
    places = range(len(found))
    for place in places if words.first_counts else reversed(places):
        for length in range(words.longest, 0, -1):
            start = place if words.first_counts else place + 1 - length
            phrase = tuple(found[max(start, 0) : start + length])
            if len(phrase) == length and phrase in words.phrases:
                return words.phrases[phrase]
        compound = _of_compound(words, found[place])
        if compound is None and not _is_known(found[place]):
            compound = _of_compound(words, whole[place])  # "handtas" is no plural
        if compound is not None:
            return compound
    return None


def _of_compound(words: _Words, word: str) -> str | None:
    """The category of the longest end of a compound that is known."""
    ends = (word[start:] for start in range(_BEFORE_HEAD, len(word)))
    return next((words.heads[end] for end in ends if end in words.heads), None)


def _is_known(word: str) -> bool:
    """Whether a language has the word: Spanish "camisetas" is a plural, and no Dutch bag."""
    return any((word,) in _words_of(language).phrases for language in languages())


def category_told(texts: Iterable[str], language: str = "") -> str | None:
    """The category that the first telling text names; None where no word is known.

    In a shop's `language` its words come before the English ones; where it is not known, English,
    then what is no other category in any of the languages.
    """
    return next(filter(None, (_told(text, language) for text in texts)), None)


def _told(text: str, language: str) -> str | None:
    if language == "en":
        return _english(text)
    if language:
        return category_in(language, text) or _english(text)
    return _english(text) or _unanimous(text)


def _english(text: str) -> str | None:
    return category_of(text) if names_category(text) else None


def _unanimous(text: str) -> str | None:
    found = {category_in(language, text) for language in languages()} - {None}
    return found.pop() if len(found) == 1 else None


@cache
def _google_ids() -> Mapping[str, str]:
    return {str(i): category for category, ids in _data()["google"].items() for i in ids}


def google_category(text: str) -> str | None:
    """The category of a number in Google's taxonomy ("212"); None for another text, and for
    numbers of groups such as "Clothing" that hold several categories.
    """
    return _google_ids().get(re.sub(r"\.0+$", "", text.strip()))


def google_words(text: str) -> str:
    """A number in Google's taxonomy as words that tell an age, where it has any; else the text."""
    number = re.sub(r"\.0+$", "", text.strip())
    return "toddler" if number in map(str, _data()["google_toddler"]) else text


def words_tell_category(product: Product) -> bool:
    """Whether a product's words or its number in Google's taxonomy tell a category, "other" too."""
    google = product.google_product_category
    if google_category(google) is not None:
        return True
    types = category_told((product.product_type, google))
    return types is not None or names_category(product.title)


def _knowing(text: str) -> list[str]:
    """The languages in which a text names a category."""
    english = ["en"] if _english(text) is not None else []
    return english + [one for one in languages() if category_in(one, text) is not None]


class LanguageVotes:
    """Which language a feed's product types are in: the one that knows most of them."""

    def __init__(self) -> None:
        self._known = Counter(dict.fromkeys(("en", *languages()), 0))
        self._left = VOTES

    def add(self, *texts: str) -> None:
        """Counts a row: its product type, or where no language knows that, its title, whichever
        comes first. No more than VOTES rows count.
        """
        if not self._left:
            return
        self._left -= 1
        self._known.update(next(filter(None, map(_knowing, texts)), ()))

    @property
    def language(self) -> str:
        """ "en" or one of `languages()`; "" where none is known, or two others know the same."""
        (first, most), (_, second) = self._known.most_common(2)
        if not most:
            return ""
        if self._known["en"] == most:
            return "en"
        return first if most > second else ""
