"""What shoppers' words mean, in English, German and French: colors, types, departments, prices.

The words are data, `shopper_words.json` beside this file; English words of categories, genders and
patterns are the taxonomy's. A German word stands for its inflected forms too, and a German compound
for its parts (`apart`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import chain, product
from typing import Any, Final

from thatlook.core.taxonomy import age_words, type_leaf, words_of
from thatlook.core.tokens import tokens

Phrase = tuple[str, ...]
"""Words as `tokens` gives them."""

LANGUAGES: Final = ("en", "de", "fr")
_ENDINGS: Final = ("e", "er", "es", "en", "em", "n")
_TAXONOMY: Final = {"categories": "category", "genders": "gender", "patterns": "pattern"}
_ROLES: Final = ("not", "or", "and", "below", "above", "size", "cheap", "joining", "empty")
ROLES: Final = frozenset(_ROLES)
PEOPLE: Final = frozenset({"whose", "whom"})
_SAID: Final = "said"
_SHORTEST_INFLECTED: Final = 3


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase means: its `kind` ("type", "color", "category", "gender", "child", "pattern",
    "offspring" (of any age), "other", "title" (read as it is: "Spider-Man", "baby doll"), a person
    ("whose": "for my dad", "whom": "for dad"), or a role such as "not" or "cheap") and its `name`
    there, a person's gender.
    """

    kind: str
    name: str


@cache
def _data() -> dict[str, dict[str, Any]]:
    file = resources.files(__package__).joinpath("shopper_words.json")
    data: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return data


@cache
def meanings() -> Mapping[Phrase, Meaning]:
    """What each phrase means; of two meanings the one listed first in `_sources`."""
    found: dict[Phrase, Meaning] = {}
    inflected: dict[Phrase, Meaning] = {}
    for kind, name, phrases in _sources():
        for language, text in phrases:
            phrase = tokens(text)
            found.setdefault(phrase, Meaning(kind, name))
            for other in _inflected(language, phrase):
                inflected.setdefault(other, Meaning(kind, name))
    return inflected | found


def _inflected(language: str, phrase: Phrase) -> list[Phrase]:
    """The other forms of a German word; none of anything else."""
    if language != "de" or len(phrase) != 1 or len(phrase[0]) < _SHORTEST_INFLECTED:
        return []
    return [(phrase[0] + ending,) for ending in _ENDINGS]


def _sources() -> Iterator[tuple[str, str, Iterable[tuple[str, str]]]]:
    """Kind, name and (language, phrase) of everything, the surest first."""
    data = _data()
    for section, kind in (("colors", "color"), ("types", "type"), ("children", "child")):
        for name, entry in data[section].items():
            yield kind, name, _listed(entry)
    for section, kind in _TAXONOMY.items():
        for name, entry in data[section].items():
            yield kind, name, _listed(entry)
        for name, texts in words_of(section).items():
            yield kind, name, (("en", text) for text in texts)
    yield from _people()
    yield "title", "", (("en", text) for text in chain(data["names"], _childless()))
    for role in _ROLES:
        yield role, role, _listed(data[role])
    for name, entry in data["others"].items():
        yield "other", name, (("en", name), *_listed(entry))
        yield "other", name, ((_SAID, text) for _, text in _listed(entry.get(_SAID, {})))


def _people() -> Iterator[tuple[str, str, Iterable[tuple[str, str]]]]:
    """Kind, name and phrases of whom a thing is for: "for my dad", "for the kid"."""
    data = _data()
    people, whose = data["people"], data["people"]["whose"]
    for gender in ("female", "male"):
        yield "whose", gender, _for_people(people[gender], whose)
        yield "whom", gender, _for_people(people[gender])
    for section, kind in (("families", "child"), ("offspring", "offspring")):
        for gender, entry in data[section].items():
            yield kind, gender, chain(_for_people(entry, whose), _for_people(entry))


def _childless() -> list[str]:
    """Phrases that begin with a child's word and mean no child: "baby doll". Of those that end
    with a word such as "with" none: they hold for titles alone.
    """
    children = {
        tokens(text)[:1] for one in _data()["children"].values() for _, text in _listed(one)
    }
    idle = {tokens(text) for role in _ROLES for _, text in _listed(_data()[role])}
    phrases = ((text, tokens(text)) for text in age_words()["traps"])
    return [text for text, said in phrases if said[:1] in children and said[-1:] not in idle]


def _for_people(
    people: Mapping[str, Sequence[str]], whose: Mapping[str, Sequence[str]] | None = None
) -> Iterator[tuple[str, str]]:
    """ "for dad", and with words for `whose` "for my dad"; alone such words name cuts."""
    for language in LANGUAGES:
        owners = ("",) if whose is None else whose[language]
        said = _data()["people"]["for"][language]
        for before, owner, person in product(said, owners, people[language]):
            yield language, f"{before} {owner} {person}"


def _listed(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((language, text) for language in LANGUAGES for text in entry.get(language, ()))


@cache
def longest_phrase() -> int:
    """How many words the longest phrase has."""
    return max(map(len, meanings()))


def meaning_at(words: Sequence[str], start: int) -> tuple[Meaning, int] | None:
    """What the longest phrase at this place means, and where it ends; None where none is there."""
    for end in range(min(len(words), start + longest_phrase()), start, -1):
        found = meanings().get(tuple(words[start:end]))
        if found is not None:
            return found, end
    return None


_TELLING: Final = {
    "color": 3,
    "type": 3,
    "category": 2,
    "pattern": 2,
    "gender": 2,
    "child": 1,
    "offspring": 1,
    "whose": 1,
    "whom": 1,
}


@cache
def vocabulary() -> Mapping[str, int]:
    """Every word of every phrase, and how much it tells: 3 for a color's or a type's, 0 for a
    "with", and no more than 1 where it is but a part of a phrase. Common words ("old", "wide") are
    among them: they are no slips, however near "gold" is.
    """
    found = {word: 0 for _, text in _listed(_data()["common"]) for word in tokens(text)}
    for phrase, meaning in meanings().items():
        most = 3 if len(phrase) == 1 else 1
        for word in phrase:
            found.setdefault(word, 0)
        # Of "for my dad" the last word alone: "feinen" is no slip of "meinen".
        for word in phrase[-1:] if meaning.kind in {*PEOPLE, "child", "offspring"} else phrase:
            found[word] = max(found.get(word, 0), min(most, _TELLING.get(meaning.kind, 0)))
    return found


@cache
def cuts() -> frozenset[str]:
    """The people after whom cuts are named: boyfriend jeans, dad hats."""
    return frozenset(_data()["cuts"])


@cache
def general_words() -> frozenset[Phrase]:
    """The words of categories that say no more than the category: "shoe", "bag"."""
    found: set[Phrase] = set()
    for entry in _data()["categories"].values():
        for language, text in _listed(entry):
            found |= {tokens(text), *_inflected(language, tokens(text))}
    return frozenset(found)


@cache
def wordings(meaning: Meaning) -> tuple[Phrase, ...]:
    """All phrases that are listed for a meaning, but those that only shoppers use (`is_said`)."""
    return _phrases(meaning, said=False)


@cache
def is_said(phrase: Phrase, meaning: Meaning) -> bool:
    """Whether shoppers alone use the phrase so: "work" in a title is needlework, "strand" a row."""
    return phrase in _phrases(meaning, said=True)


def _phrases(meaning: Meaning, *, said: bool) -> tuple[Phrase, ...]:
    phrases = [
        tokens(text)
        for kind, name, texts in _sources()
        if (kind, name) == (meaning.kind, meaning.name)
        for language, text in texts
        if (language == _SAID) == said
    ]
    return tuple(dict.fromkeys(phrases))


@cache
def _kinds() -> Mapping[Phrase, tuple[Phrase, ...]]:
    """What each phrase of a kind of things is called too."""
    found: dict[Phrase, tuple[Phrase, ...]] = {}
    for texts in _data()["kinds"]:
        phrases = tuple(map(tokens, texts))
        found |= dict.fromkeys(phrases, phrases)
    return found


def same_kind(phrase: Phrase) -> tuple[Phrase, ...]:
    """The phrase, and what else such a thing is called: "hooded" where it is "hoodie"."""
    return tuple(dict.fromkeys((phrase, *_kinds().get(phrase, ()))))


@cache
def types_for(occasion: str) -> frozenset[str]:
    """The types that are worn for what "winter" or "party" name; empty for anything else."""
    return frozenset(_data()["others"][occasion].get("types", ()))


@cache
def _german(*sections: str) -> frozenset[str]:
    """The German words of these sections, in all their forms."""
    entries = (entry for section in sections for entry in _data()[section].values())
    phrases = [tokens(text) for entry in entries for text in entry.get("de", ())]
    phrases += [other for phrase in phrases for other in _inflected("de", phrase)]
    return frozenset(phrase[0] for phrase in phrases if len(phrase) == 1)


def apart(words: Phrase) -> Phrase:
    """The words, German compounds of which every part is known as their parts: "damenlederjacke"
    gives "damen", "leder", "jacke". What is a word of its own ("turnschuh") stays whole.
    """
    return tuple(part for word in words for part in _parts(word))


@lru_cache(maxsize=65536)
def _parts(word: str) -> Phrase:
    if (word,) in meanings():
        return (word,)
    nouns = _german("types", "categories")
    for place in range(_SHORTEST_INFLECTED, len(word) - _SHORTEST_INFLECTED + 1):
        noun = word[place:]
        if noun in nouns or f"{noun}s" in nouns:
            before = _describing(word[:place])
            if before:
                return (*before, noun if noun in nouns else f"{noun}s")
    return (word,)


def _describing(word: str) -> Phrase:
    """What stands before the noun of a compound, in its parts; () where it is not known."""
    known = _german("colors", "genders", "children", "patterns", "others", "types")
    for form in (word, word.removesuffix("s")):
        if form in known:
            return (form,)
    for place in range(_SHORTEST_INFLECTED, len(word) - _SHORTEST_INFLECTED + 1):
        first = word[:place]
        after = _describing(word[place:]) if first in known else ()
        if after:
            return (first, *after)
    return ()


@cache
def color_words(name: str) -> frozenset[str]:
    """What shops in any of the languages call a color, as texts in small letters."""
    return frozenset(text.lower() for _, text in _listed(_data()["colors"][name]))


@cache
def _color_phrases(name: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(tokens(text)) for text in color_words(name))


@lru_cache(maxsize=65536)
def is_color(text: str, name: str) -> bool:
    """Whether one of the colors in a shop's text ("Navy Blue/White") is the named one.

    As in filters, a color is also its shades: "navy blue" is "blue".
    """
    parts = [set(tokens(part)) for part in text.replace(",", "/").split("/")]
    return any(phrase <= part for part in parts for phrase in _color_phrases(name))


def category_of_type(name: str) -> str:
    """The product category of a type."""
    return str(_data()["types"][name]["category"])


def near_types(name: str) -> frozenset[str]:
    """Types that a shopper would rather see than none."""
    return frozenset(_data()["types"][name].get("near", ()))


@cache
def type_of(text: str) -> str:
    """The type that a shop's product type or title names; "" where none. Of several the last, and
    of a path such as "Shoes > Boots" that of its end.
    """
    words = apart(tokens(type_leaf(text)))
    found, place = "", 0
    while place < len(words):
        told = meaning_at(words, place)
        if told is not None and told[0].kind == "type":
            found = told[0].name
        place = told[1] if told else place + 1
    return found


@cache
def role_words(role: str) -> tuple[str, ...]:
    """The texts of a role: "not", "below", "above", "size", "joining" or "empty"."""
    return tuple(text for _, text in _listed(_data()[role]))
