"""A shopper's words as spans of one meaning each; what is denied, and what only goes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from thatlook.core.shopper_words import (
    PEOPLE,
    ROLES,
    Meaning,
    Phrase,
    category_of_type,
    cuts,
    meaning_at,
)
from thatlook.search.words.amounts import NAMED
from thatlook.search.words.chips import Lexicon

NOTHING: Final = Meaning("", "")
_IDLE: Final = frozenset({"empty", "below", "above", "size"})
_MARKS: Final = frozenset({"joining", "or", "and"})
_CUT_WORDS: Final = frozenset({"fit", "cut", "style"})
_THINGS: Final = frozenset({"type", "category"})
_OF_THINGS: Final = frozenset({"color", "pattern"})
_OTHER_GENDER: Final = {"female": "male", "male": "female"}


@dataclass(frozen=True, slots=True)
class Span:
    """Words in a row with one meaning; joining words, "or" and "and" are marks without words.

    `either` says that an "or" joins it to another of its kind before it.
    """

    words: Phrase
    meaning: Meaning
    negated: bool = False
    either: bool = False

    @property
    def category(self) -> str | None:
        """The category of the thing that is named; None where none is."""
        kind, name = self.meaning.kind, self.meaning.name
        if kind not in _THINGS:
            return None
        return name if kind == "category" else category_of_type(name)


def read_spans(words: Phrase, lexicon: Lexicon) -> list[Span]:
    """The spans of a text, without words that say nothing.

    What only goes with the thing that is asked for ("shoes to a red dress") is no wish.
    """
    return _of_one_thing(_reconciled(_scanned(words, _named_in(lexicon))))


def heads(spans: Sequence[Span]) -> frozenset[int]:
    """Which spans name the thing: the last type before a "with" or "for", or several types with an
    "or" or "and" between them.
    """
    found: list[int] = []
    mark = named = False
    for place, span in enumerate(spans):
        kind = span.meaning.kind
        if kind == "joining" and found:
            break
        mark = mark or kind in {"or", "and"}
        if kind == "type" and not span.negated:
            found = [*found, place] if mark and named else [place]
            mark, named = False, True
    return frozenset(found)


def _named_in(lexicon: Lexicon) -> dict[Phrase, Meaning]:
    """The shop's names and brands, by their words."""
    brands = lexicon.brands().items()
    return dict.fromkeys(lexicon.names(), NOTHING) | {p: Meaning("brand", b) for p, b in brands}


def _scanned(words: Phrase, named: Mapping[Phrase, Meaning]) -> list[Span]:
    """The spans in order, and what a "not" before them, or before an "or", denies."""
    found: list[Span] = []
    negated, place = False, 0
    while place < len(words):
        meaning, end = _meaning(words, place, named)
        written, place = words[place:end], end
        if meaning.kind == "not":
            negated = True
        elif meaning.kind in _MARKS:
            found.append(Span((), meaning))
        elif meaning.kind not in _IDLE:
            other = _joined_to(found, meaning)
            denied = negated or (other is not None and other.negated)
            found.append(Span(written, meaning, denied, either=other is not None and not denied))
            negated = False
        elif set(written) <= NAMED:
            found.append(Span(written, NOTHING))
    return found


def _joined_to(found: Sequence[Span], meaning: Meaning) -> Span | None:
    """The span of the same kind to which an "or" joins the meaning: "not black or white"."""
    if len(found) < 2 or found[-1].meaning.kind != "or":
        return None
    return found[-2] if found[-2].meaning.kind == meaning.kind else None


def _meaning(words: Phrase, place: int, named: Mapping[Phrase, Meaning]) -> tuple[Meaning, int]:
    """What the longest phrase here means; a brand goes before a shorter phrase of the tables."""
    told = _meant(words, place)
    reach = told[1] if told else place
    for end in range(min(len(words), place + 4), reach, -1):
        if words[place:end] in named:
            return named[words[place:end]], end
    return told or (NOTHING, place + 1)


def _meant(words: Phrase, place: int) -> tuple[Meaning, int] | None:
    """What the tables say; "for dad" is for men, but "looking for dad hats" is not."""
    told = meaning_at(words, place)
    if told is None or told[0].kind not in {*PEOPLE, "title"}:
        return told
    meaning, end = told
    if meaning.kind == "title":
        return NOTHING, _end_of_title(words, place, end)
    after = meaning_at(words, end)
    last = end == len(words) or (after is not None and after[0].kind in ROLES)
    if last or (meaning.kind == "whose" and not _names_cut(words, end)):
        return Meaning("gender", meaning.name), end
    return meaning_at(words[: place + 1], place)


def _names_cut(words: Phrase, end: int) -> bool:
    """Whether a person's word that ends here is a cut's: "my boyfriend jeans"."""
    if words[end - 1] not in cuts() or end == len(words):
        return False
    after = meaning_at(words, end)
    return words[end] in _CUT_WORDS or (after is not None and after[0].kind == "type")


def _end_of_title(words: Phrase, place: int, end: int) -> int:
    """Where the words end that mean nothing else: the tee of "baby tee" is a tee."""
    told = meaning_at(words[:end], end - 1)
    own = told is not None and told[0].kind in _THINGS | _OF_THINGS
    return end - 1 if own and end - place > 1 else end


def _reconciled(spans: Sequence[Span]) -> list[Span]:
    """The spans where "not for men" is for women, and what is for both is for either."""
    found = [_turned(span) for span in spans]
    for kind, both in (("gender", "unisex"), ("child", "")):
        if {"female", "male"} <= {s.meaning.name for s in found if s.meaning.kind == kind}:
            anybody = Meaning(kind, both)
            found = [replace(s, meaning=anybody) if s.meaning.kind == kind else s for s in found]
    return found


def _turned(span: Span) -> Span:
    """Who is not meant as who is; children are not, unless they are said."""
    kind, name = span.meaning.kind, span.meaning.name
    if not span.negated or kind not in {"gender", "child"}:
        return span
    meant = _OTHER_GENDER.get(name, "unisex") if kind == "gender" else "unisex"
    return Span(("not", *span.words), Meaning("gender", meant))


def _of_one_thing(spans: Sequence[Span]) -> list[Span]:
    """The spans without another thing that is only joined to the one that is asked for, and
    without its color: "red dress with white shoes". The word of its type stays to be looked for.
    """
    joined = next((n for n, s in enumerate(spans) if s.meaning.kind == "joining" and n), 0)
    asked = {span.category for span in spans[:joined] if not span.negated} - {None}
    found = list(spans[:joined])
    pending: list[Span] = []
    for span in spans[joined:]:
        pending.append(span)
        if span.category is None or span.negated:
            continue
        other = asked and span.category not in asked
        found += _companion(pending) if other else pending
        pending = []
    return found + pending


def _companion(spans: Sequence[Span]) -> list[Span]:
    """What is kept of spans that end with a thing which is not asked for."""
    *before, thing = spans
    kept = [span for span in before if span.negated or span.meaning.kind not in _OF_THINGS]
    return [*kept, replace(thing, meaning=NOTHING)] if thing.meaning.kind == "type" else kept
