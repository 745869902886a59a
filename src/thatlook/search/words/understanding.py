"""A shopper's text to what it asks for: filters and wishes that are shown, words to look for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from thatlook.core.shopper_words import (
    Meaning,
    Phrase,
    apart,
    category_of_type,
    general_words,
    is_said,
    same_kind,
    types_for,
    vocabulary,
    wordings,
)
from thatlook.core.taxonomy import shown_names
from thatlook.core.tokens import tokens, whole_words
from thatlook.search.request import Unwanted
from thatlook.search.words.amounts import missing, read_numbers
from thatlook.search.words.chips import Chip, Lexicon
from thatlook.search.words.spans import NOTHING, Span, heads, read_spans
from thatlook.search.words.spelling import corrected

MAX_TEXT: Final = 300
"""Letters of a text that are read."""

CHEAP: Final = Meaning("cheap", "cheap")
UNPRICED: Final = Meaning("cheap", "unpriced")
_WISHED: Final = ("color", "type", "pattern", "occasion", "price")
_SHOWN_AS_THEY_ARE: Final = ("color", "pattern", "brand")
_WORDED: Final = (*_WISHED, "other")
_OF_AGE: Final = {"child": ("child", "for children"), "offspring": ("any", "of any age")}
_FILTERED: Final = ("gender", "child", "offspring", "brand", "cheap")


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

    @property
    def category(self) -> str | None:
        """The one category that is asked for; None where none is, or one of several."""
        found = self.values("category")
        return next(iter(found)) if len(found) == 1 else None

    def values(self, kind: str) -> frozenset[str]:
        """The values of all chips of a kind."""
        return frozenset(chip.value for chip in self.chips if chip.kind == kind)


_MINUS: Final = re.compile(r"(?:(?<=\w\w\s)|^)-(?=[^\W\d])")
"""A dash that leaves something out, as in search engines: "dress -black"."""

_NUMBER_SIGN: Final = re.compile(r"\bno\.?\s*(?=\d)", re.IGNORECASE)


def understand(text: str, lexicon: Lexicon, off: frozenset[str] = frozenset()) -> Understood:
    """What a text asks for; `off` holds the keys of chips that the shopper took off.

    The words of a chip that is off are looked for like any other words. Only the first MAX_TEXT
    letters count.
    """
    rest, chips = read_numbers(_plainly(text[:MAX_TEXT]), lexicon, off)
    words, spelled = _spelled(rest, lexicon, off)
    chips += spelled
    spans = read_spans(apart(words), lexicon)
    named = heads(spans)
    for place, span in enumerate(spans):
        if span.meaning.kind == "type" and place not in named and not span.negated:
            spans[place] = replace(span, meaning=NOTHING)
        elif span.meaning == CHEAP and not lexicon.priced:
            spans[place] = replace(span, meaning=UNPRICED)
    told = {chip.key: chip for span in spans for chip in _chips(span)}
    if not named:
        category = next((chip.value for chip in told.values() if chip.kind == "category"), None)
        told |= {chip.key: chip for span in spans for chip in _occasions(span, category)}
    chips += [chip for key, chip in told.items() if key not in off]
    return _understood(text, spans, chips, lexicon)


def _plainly(text: str) -> str:
    """The text with words for signs: "-black", "skirt & top", "No. 5"."""
    return _NUMBER_SIGN.sub("", _MINUS.sub("not ", text.replace("&", " and ")))


def _understood(
    text: str, spans: Sequence[Span], chips: Sequence[Chip], lexicon: Lexicon
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
        groups=_either(groups, [Group.of(s.words, s.meaning) for s in groups]),
        telling=_either(telling, list(map(_telling, telling))),
        unwanted=_unwanted(negative),
        plain=tuple(word for s in sought if s.meaning.kind != "cheap" for word in s.words),
    )


def _either(spans: Sequence[Span], groups: Sequence[Group]) -> tuple[Group, ...]:
    """The groups of the spans, each once; those with an "or" between them as one."""
    found: list[Group] = []
    for span, group in zip(spans, groups, strict=True):
        before = found.pop().wordings if span.either and found else ()
        found.append(Group((*before, *group.wordings)))
    return tuple(dict.fromkeys(found))


def _unwanted(negative: Sequence[Span]) -> Unwanted:
    """What the spans say must not be there."""
    colors = frozenset(s.meaning.name for s in negative if s.meaning.kind == "color")
    others = (Group.of(s.words, s.meaning) for s in negative if s.meaning.kind != "color")
    return Unwanted(colors, tuple(group.wordings for group in others))


def _tells_more(span: Span, lexicon: Lexicon) -> bool:
    """Whether the words say more to this shop than the wish or category they are taken for."""
    kind, name = span.meaning.kind, span.meaning.name
    if kind == "category":
        return span.words not in general_words()
    if kind not in _WISHED:
        return True
    said = same_kind(span.words)
    return span.words != tokens(name) and any(all(map(lexicon.frequency, one)) for one in said)


def _telling(span: Span) -> Group:
    """What was written of a wish ("stilettos" of heels), all wordings of anything else."""
    worded = span.meaning.kind == "other"
    return Group.of(span.words, span.meaning if worded else NOTHING)


def _counts(span: Span, keys: set[str]) -> bool:
    """Whether what the span means was not taken off."""
    return not _chips(span) or any(chip.key in keys for chip in _chips(span))


def _named(span: Span) -> str:
    return span.meaning.name or " ".join(span.words)


def _chips(span: Span) -> list[Chip]:
    """What a span tells, as it is shown."""
    kind, name, words = span.meaning.kind, span.meaning.name, " ".join(span.words)
    if span.negated:
        return [Chip("not", _named(span), words, f"not {words}")]
    if kind == "type":
        return [Chip("type", name, words), _category_chip(category_of_type(name), words)]
    if kind in _OF_AGE:
        chips = [_age_chip(kind, words)]
        return [*chips, _gender_chip(name, words)] if name else chips
    made = {"category": _category_chip, "gender": _gender_chip}.get(kind)
    if made is not None:
        return [made(name, words)] if name != "unisex" else []
    if kind == "cheap":
        low = Chip("price", "low", words, "cheaper first")
        return [low if span.meaning == CHEAP else missing("no_price", words)]
    return [Chip(kind, name, words)] if kind in _SHOWN_AS_THEY_ARE else []


def _occasions(span: Span, category: str | None) -> list[Chip]:
    """What is worn for what a span names, where something of the category is."""
    kind, name, words = span.meaning.kind, span.meaning.name, " ".join(span.words)
    if kind != "other" or span.negated:
        return []
    worn = {category_of_type(one) for one in types_for(name)}
    fits = category in worn if category else bool(worn)
    return [Chip("occasion", name, words)] if fits else []


def _age_chip(kind: str, words: str) -> Chip:
    value, shown = _OF_AGE[kind]
    return Chip("age", value, words, shown)


def _category_chip(category: str, words: str) -> Chip:
    return Chip("category", category, words, shown_names().get(category, category))


def _gender_chip(gender: str, words: str) -> Chip:
    return Chip("gender", gender, words, {"female": "for women", "male": "for men"}[gender])


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
