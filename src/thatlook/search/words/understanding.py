"""A shopper's text to what it asks for: filters and wishes that are shown, words to look for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final, Protocol

from thatlook.core.shopper_words import (
    PEOPLE,
    ROLES,
    Meaning,
    Phrase,
    apart,
    category_of_type,
    general_words,
    is_said,
    meaning_at,
    role_words,
    same_kind,
    types_for,
    vocabulary,
    wordings,
)
from thatlook.core.taxonomy import shown_names
from thatlook.core.tokens import tokens, whole_words
from thatlook.search.request import Unwanted
from thatlook.search.words.spelling import corrected

MAX_TEXT: Final = 300
"""Letters of a text that are read."""

NOTHING: Final = Meaning("", "")
CHEAP: Final = Meaning("cheap", "cheap")
UNPRICED: Final = Meaning("cheap", "unpriced")
_WISHED: Final = ("color", "type", "pattern", "occasion", "price")
_SHOWN_AS_THEY_ARE: Final = ("color", "pattern", "brand")
_WORDED: Final = (*_WISHED, "other")
_FILTERED: Final = ("gender", "child", "brand", "cheap")


class Lexicon(Protocol):
    """What a shop's own words are."""

    def frequency(self, word: str) -> int:
        """In how many products the word is."""
        ...

    def brands(self) -> Mapping[Phrase, str]:
        """The shop's brands as it writes them, by their words."""
        ...

    def sizes(self) -> frozenset[str]:
        """The sizes that the shop's feed names, in small letters; empty where it names none."""
        ...

    @property
    def priced(self) -> bool:
        """Whether any product has a price."""
        ...


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that was understood, for the shopper to see and to take off.

    `kind` is one of category, gender, age, brand, size, min_price, max_price, not (filters), color,
    type, pattern, occasion, price (wishes: what fulfils them comes first), spelling (what was read
    for what was written), no_price, no_size (what the shop cannot filter by). `words` are the
    shopper's own.
    """

    kind: str
    value: str
    words: str
    shown: str = ""

    @property
    def key(self) -> str:
        """What names the chip where it is taken off: "color:red"."""
        return f"{self.kind}:{self.value}"

    def to_dict(self) -> dict[str, str]:
        """An entry of `understood` in the JSON."""
        told = {"key": self.key, "kind": self.kind, "value": self.value}
        return told | {"words": self.words, "shown": self.shown or self.value}


@dataclass(frozen=True, slots=True)
class Group:
    """One thing to look for, in all its wordings; a wording's words must all be there."""

    wordings: tuple[Phrase, ...]

    @classmethod
    def of(cls, written: Phrase, meaning: Meaning) -> Group:
        """What was written, and whatever else means the same."""
        others = wordings(meaning) if meaning.kind in _WORDED else ()
        own = () if is_said(written, meaning) else same_kind(written)
        return cls(tuple(dict.fromkeys((*own, *others))))

    def fits(self, words: frozenset[str]) -> bool:
        """Whether a text with these words has one of the wordings."""
        return any(words.issuperset(wording) for wording in self.wordings)


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall come first: a color, type, pattern, what is worn for an occasion, what costs
    little or, less, the type of a photo. `words` are the shopper's own.
    """

    kind: str
    name: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """What a text asks for.

    `wishes` are what comes first; `groups` are to be looked for, of which `telling` say more than
    a wish; `unwanted` must not be there; `plain` are the words for the tower, corrected and
    without what is not wanted.
    """

    text: str
    chips: tuple[Chip, ...] = ()
    wishes: tuple[Wish, ...] = ()
    groups: tuple[Group, ...] = ()
    telling: tuple[Group, ...] = ()
    unwanted: Unwanted = field(default_factory=Unwanted)
    plain: Phrase = ()

    def value(self, kind: str) -> str | None:
        """The value of the last chip of a kind."""
        found = [chip.value for chip in self.chips if chip.kind == kind]
        return found[-1] if found else None

    def wish(self, kind: str) -> str | None:
        """The name of the last wish of a kind."""
        found = [wish.name for wish in self.wishes if wish.kind == kind]
        return found[-1] if found else None

    def values(self, kind: str) -> frozenset[str]:
        """The values of all chips of a kind."""
        return frozenset(chip.value for chip in self.chips if chip.kind == kind)


@dataclass(frozen=True, slots=True)
class _Span:
    """Words in a row with one meaning; `place` counts words."""

    words: Phrase
    meaning: Meaning
    negated: bool = False


def understand(text: str, lexicon: Lexicon, off: frozenset[str] = frozenset()) -> Understood:
    """What a text asks for; `off` holds the keys of chips that the shopper took off.

    The words of a chip that is off are looked for like any other words. Only the first MAX_TEXT
    letters count.
    """
    rest, chips = _numbers(text[:MAX_TEXT], lexicon, off)
    words, spelled = _spelled(rest, lexicon, off)
    chips += spelled
    spans = _spans(apart(words), lexicon)
    head = _head(spans)
    for place, span in enumerate(spans):
        if span.meaning.kind == "type" and place != head and not span.negated:
            spans[place] = replace(span, meaning=NOTHING)
        elif span.meaning == CHEAP and not lexicon.priced:
            spans[place] = replace(span, meaning=UNPRICED)
    told = {chip.key: chip for span in spans for chip in _chips(span)}
    if head is None:
        category = next((chip.value for chip in told.values() if chip.kind == "category"), None)
        told |= {chip.key: chip for span in spans for chip in _occasions(span, category)}
    chips += [chip for key, chip in told.items() if key not in off]
    return _understood(text, spans, chips, lexicon)


def _understood(
    text: str, spans: Sequence[_Span], chips: Sequence[Chip], lexicon: Lexicon
) -> Understood:
    keys = {chip.key for chip in chips}
    positive = [span for span in spans if not span.negated]
    negative = [s for s in spans if s.negated and f"not:{_named(s)}" in keys]
    wishes = tuple(Wish(c.kind, c.value, c.words) for c in chips if c.kind in _WISHED)
    sought = [
        span if _counts(span, keys) else replace(span, meaning=NOTHING)
        for span in positive
        if span.words
    ]
    groups = [s for s in sought if s.meaning.kind not in _FILTERED]
    more = [s for s in groups if _tells_more(s, lexicon)]
    # A brand or model name must not lose to another word for the type: "nike running shoes".
    telling = [s for s in more if s.meaning.kind not in _WISHED] or more
    return Understood(
        text=text,
        chips=tuple(chips),
        wishes=wishes,
        groups=tuple(dict.fromkeys(Group.of(s.words, s.meaning) for s in groups)),
        telling=tuple(dict.fromkeys(_telling(s) for s in telling)),
        unwanted=_unwanted(negative),
        plain=tuple(word for s in sought if s.meaning.kind != "cheap" for word in s.words),
    )


def _unwanted(negative: Sequence[_Span]) -> Unwanted:
    """What the spans say must not be there."""
    colors = frozenset(s.meaning.name for s in negative if s.meaning.kind == "color")
    others = (Group.of(s.words, s.meaning) for s in negative if s.meaning.kind != "color")
    return Unwanted(colors, tuple(group.wordings for group in others))


def _tells_more(span: _Span, lexicon: Lexicon) -> bool:
    """Whether the words say more to this shop than the wish or category they are taken for."""
    kind, name = span.meaning.kind, span.meaning.name
    if kind == "category":
        return span.words not in general_words()
    if kind not in _WISHED:
        return True
    said = same_kind(span.words)
    return span.words != tokens(name) and any(all(map(lexicon.frequency, one)) for one in said)


def _telling(span: _Span) -> Group:
    """What was written of a wish ("stilettos" of heels), all wordings of anything else."""
    worded = span.meaning.kind == "other"
    return Group.of(span.words, span.meaning if worded else NOTHING)


def _counts(span: _Span, keys: set[str]) -> bool:
    """Whether what the span means was not taken off."""
    return not _chips(span) or any(chip.key in keys for chip in _chips(span))


def _named(span: _Span) -> str:
    return span.meaning.name or " ".join(span.words)


def _chips(span: _Span) -> list[Chip]:
    """What a span tells, as it is shown."""
    kind, name, words = span.meaning.kind, span.meaning.name, " ".join(span.words)
    if span.negated:
        return [Chip("not", _named(span), words, f"not {words}")]
    if kind == "type":
        return [Chip("type", name, words), _category_chip(category_of_type(name), words)]
    if kind == "child":
        chips = [Chip("age", "child", words, "for children")]
        return [*chips, _gender_chip(name, words)] if name else chips
    made = {"category": _category_chip, "gender": _gender_chip}.get(kind)
    if made is not None:
        return [made(name, words)] if name != "unisex" else []
    if kind == "cheap":
        low = Chip("price", "low", words, "cheaper first")
        return [low if span.meaning == CHEAP else _missing("no_price", words)]
    return [Chip(kind, name, words)] if kind in _SHOWN_AS_THEY_ARE else []


def _occasions(span: _Span, category: str | None) -> list[Chip]:
    """What is worn for what a span names, where something of the category is."""
    kind, name, words = span.meaning.kind, span.meaning.name, " ".join(span.words)
    if kind != "other" or span.negated:
        return []
    worn = {category_of_type(one) for one in types_for(name)}
    fits = category in worn if category else bool(worn)
    return [Chip("occasion", name, words)] if fits else []


def _category_chip(category: str, words: str) -> Chip:
    return Chip("category", category, words, shown_names().get(category, category))


def _gender_chip(gender: str, words: str) -> Chip:
    return Chip("gender", gender, words, {"female": "for women", "male": "for men"}[gender])


def _head(spans: Sequence[_Span]) -> int | None:
    """Which span names the thing: the last type before a "with" or "for"."""
    found = None
    for place, span in enumerate(spans):
        if span.meaning.kind == "joining" and found is not None:
            break
        if span.meaning.kind == "type" and not span.negated:
            found = place
    return found


def _spans(words: Phrase, lexicon: Lexicon) -> list[_Span]:
    """The words as spans of meaning, without those that say nothing."""
    found: list[_Span] = []
    brands, negated, place = lexicon.brands(), False, 0
    while place < len(words):
        meaning, end = _meaning(words, place, brands)
        written, place = words[place:end], end
        if meaning.kind == "not":
            negated = True
        elif meaning.kind in {"empty", "below", "above", "size"}:
            continue
        elif meaning.kind == "joining":
            found.append(_Span((), meaning))
        else:
            found.append(_Span(written, meaning, negated))
            negated = False
    return _without_idle(found)


def _without_idle(spans: Sequence[_Span]) -> list[_Span]:
    """The spans; joining words stay as marks without words."""
    return [span for span in spans if span.words or span.meaning.kind == "joining"]


def _meaning(words: Phrase, place: int, brands: Mapping[Phrase, str]) -> tuple[Meaning, int]:
    """What the longest phrase here means; a brand goes before a shorter phrase of the tables."""
    told = _meant(words, place)
    reach = told[1] if told else place
    for end in range(min(len(words), place + 4), reach, -1):
        if words[place:end] in brands:
            return Meaning("brand", brands[words[place:end]]), end
    return told or (NOTHING, place + 1)


def _meant(words: Phrase, place: int) -> tuple[Meaning, int] | None:
    """What the tables say; "for dad" is for men, but "looking for dad hats" is not."""
    told = meaning_at(words, place)
    if told is None or told[0].kind not in PEOPLE:
        return told
    meaning, end = told
    after = meaning_at(words, end)
    last = end == len(words) or (after is not None and after[0].kind in ROLES)
    if meaning.kind == "whose" or last:
        return Meaning("gender", meaning.name), end
    return meaning_at(words[: place + 1], place)


def _spelled(text: str, lexicon: Lexicon, off: frozenset[str]) -> tuple[Phrase, list[Chip]]:
    known = {word: 3 for phrase in lexicon.brands() for word in phrase} | dict(vocabulary())
    chips, found = [], []
    for word, written in zip(tokens(text), whole_words(text), strict=True):
        meant = word if len(apart((word,))) > 1 else corrected(word, known, lexicon.frequency)
        plural = written.removeprefix(word) if written.startswith(word) else ""
        chip = Chip("spelling", meant, written, f"{meant}{plural} for {written}")
        if meant == word or chip.key in off:
            found.append(word)
        else:
            found.append(meant)
            chips.append(chip)
    return tuple(found), chips


_AMOUNT: Final = (
    r"[€$£]?\s*(\d+(?:[.,]\d{1,2})?)(?:\s*(?:€|\$|£|eur\b|euros?\b|usd\b|dollars?\b|rs\b))?"
)
_BETWEEN: Final = re.compile(
    rf"\b(?:between|zwischen|entre)\s+{_AMOUNT}\s+(?:and|und|et|to)\s+{_AMOUNT}", re.IGNORECASE
)


@cache
def _bound(role: str) -> re.Pattern[str]:
    """A price with one of the words of "below" or "above" before it, or a size."""
    said = "|".join(sorted(map(re.escape, role_words(role)), key=len, reverse=True))
    value = r"(\w{1,6})" if role == "size" else _AMOUNT
    return re.compile(rf"(?<!\w)(?:{said})\s+{value}", re.IGNORECASE)


def _numbers(text: str, lexicon: Lexicon, off: frozenset[str]) -> tuple[str, list[Chip]]:
    """The text without prices and sizes, and the chips of these; what is off stays in the text."""
    chips: list[Chip] = []
    for chip in _number_chips(text, lexicon):
        if chip.key not in off:
            chips.append(chip)
            text = text.replace(chip.words, " ", 1)
    return text, chips


_LETTERS: Final = frozenset({"xs", "s", "m", "l", "xl", "xxl"})
_MISSING: Final = {"no_price": "no prices here", "no_size": "no such size here"}


def _number_chips(text: str, lexicon: Lexicon) -> Iterator[Chip]:
    """Prices and sizes; those that the shop has none of are told, and filter nothing."""
    for chip in _price_chips(text):
        yield chip if lexicon.priced else _missing("no_price", chip.words)
    for found in _bound("size").finditer(text):
        value = found.group(1).lower()
        chip = Chip("size", value, found.group(), f"size {value}")
        if value in lexicon.sizes():
            yield chip
        elif value in _LETTERS or any(map(str.isdigit, value)):
            yield _missing("no_size", chip.words)


def _missing(kind: str, words: str) -> Chip:
    """Says that this shop cannot filter by what the words ask for."""
    return Chip(kind, words, words, f"{_MISSING[kind]}: {words}")


def _price_chips(text: str) -> Iterator[Chip]:
    for found in _BETWEEN.finditer(text):
        low, high = (value.replace(",", ".") for value in found.groups())
        yield Chip("min_price", low, found.group(), f"from {low}")
        yield Chip("max_price", high, found.group(), f"up to {high}")
    bounds = (("below", "max_price", "up to"), ("above", "min_price", "from"))
    for role, kind, said in bounds:
        for found in _bound(role).finditer(text):
            value = found.group(1).replace(",", ".")
            yield Chip(kind, value, found.group(), f"{said} {value}")
