"""Prices and sizes in a shopper's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from thatlook.core.shopper_words import meaning_at, role_words
from thatlook.core.tokens import tokens
from thatlook.search.words.chips import Chip, Lexicon

NAMED: Final = frozenset({"max"})
"""Words of prices that are parts of names too: "Air Max 90"."""

Read = tuple[str, list[Chip]]
"""Words of a text and what they tell; nothing where they are no price: "women over 50"."""

_SIGN: Final = r"(?:[€$£₹¥]|\b(?:rs|inr|eur|usd|gbp|chf)\b\.?)"
_UNIT: Final = r"(?:[€$£₹]|(?:euros?|eur|dollars?|usd|pounds?|gbp|chf|rs|inr|rupees?)\b)"
_NO_PRICE: Final = r"(?!\s*(?:%|(?:percent|prozent|years?|jahren?|ans|cm|mm|ml)\b))"
_NUMBER: Final = (
    r"\d{1,3}(?:[.,'\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?![.,]?\d)|\d+(?:[.,]\d{1,2})?(?![.,]?\d)"
)
_AMOUNT: Final = rf"(?:{_SIGN}\s*)?({_NUMBER})(?:\s*{_UNIT})?(?!\w){_NO_PRICE}"
_BETWEEN: Final = re.compile(
    rf"\b(?:between|from|zwischen|von|entre|de)\s+{_AMOUNT}"
    rf"\s*(?:\b(?:and|und|et|to|bis|à)\b|[-–])\s*{_AMOUNT}",
    re.IGNORECASE,
)
_RANGE: Final = re.compile(
    rf"(?<![\w.,-]){_AMOUNT}\s*(?:\b(?:to|bis|à)\b|[-–])\s*{_AMOUNT}", re.IGNORECASE
)
_MONEY: Final = re.compile(rf"{_SIGN}|{_UNIT}", re.IGNORECASE)
_SYMBOLS: Final = {"below": "<≤", "above": ">≥"}
_THOUSANDS: Final = re.compile(r"[.,'\u00a0\u202f](?=\d{3})")

_LETTERS: Final = frozenset({"xs", "s", "m", "l", "xl", "xxl"})
_SPELLED: Final = {
    "extra small": "xs",
    "small": "s",
    "medium": "m",
    "large": "l",
    "extra large": "xl",
}
_MISSING: Final = {"no_price": "no prices here", "no_size": "no such size here"}


def read_numbers(text: str, lexicon: Lexicon, off: frozenset[str]) -> tuple[str, list[Chip]]:
    """The text without prices and sizes, and the chips of these; what is off stays in the text."""
    chips: list[Chip] = []
    left = text
    finders: tuple[Callable[[str, Lexicon], Iterator[Read]], ...] = (_ranges, _bounds, _sizes)
    for find in finders:
        for words, told in list(find(left, lexicon)):
            left = left.replace(words, " ", 1)
            on = [chip for chip in told if chip.key not in off]
            if on or not told:
                text = text.replace(words, " ", 1)
            chips += on
    return text, chips


def _ranges(text: str, lexicon: Lexicon) -> Iterator[Read]:
    """ "between 20 and 50", and "20-50" where a currency is named."""
    for pattern in (_BETWEEN, _RANGE):
        for found in pattern.finditer(text):
            if pattern is _BETWEEN or _MONEY.search(found.group()):
                low, high = sorted(map(_number, found.groups()), key=float)
                least = Chip("min_price", low, found.group(), f"from {low}")
                most = Chip("max_price", high, found.group(), f"up to {high}")
                yield _priced(found.group(), lexicon, least, most)
        text = pattern.sub(" ", text)


def _bounds(text: str, lexicon: Lexicon) -> Iterator[Read]:
    """ "under 50", "over 50"."""
    for role, kind, said in (("below", "max_price", "up to"), ("above", "min_price", "from")):
        for found in _bound(role).finditer(text):
            value, words = _number(found.group(1)), found.group()
            before = text[: found.start()]
            if _MONEY.search(words) is None and _is_name(before, words, lexicon):
                continue
            if role == "above" and _MONEY.search(words) is None and _ends_with_people(before):
                yield words, []
            else:
                yield _priced(words, lexicon, Chip(kind, value, words, f"{said} {value}"))


def _priced(words: str, lexicon: Lexicon, *chips: Chip) -> Read:
    return words, list(chips) if lexicon.priced else [missing("no_price", words)]


def _is_name(before: str, words: str, lexicon: Lexicon) -> bool:
    """Whether the words go on with a name that the shop has: "Air Max 90"."""
    word, last = tokens(words)[0], tokens(before)[-1:]
    if word not in NAMED or not last or not lexicon.frequency(word):
        return False
    return meaning_at(last, 0) is None and last not in lexicon.brands()


def _ends_with_people(text: str) -> bool:
    """Whether the text ends with whom a thing is for."""
    told = meaning_at(tokens(text)[-1:], 0)
    return told is not None and told[0].kind in {"gender", "child"}


def _sizes(text: str, lexicon: Lexicon) -> Iterator[Read]:
    for found in _bound("size").finditer(text):
        value = found.group(1).lower().replace(",", ".")
        if value not in lexicon.sizes():
            value = _SPELLED.get(" ".join(value.split()), value)
        if value in lexicon.sizes():
            yield found.group(), [Chip("size", value, found.group(), f"size {value}")]
        elif value in _LETTERS or any(map(str.isdigit, value)):
            yield found.group(), [missing("no_size", found.group())]


def missing(kind: str, words: str) -> Chip:
    """Says that this shop cannot filter by what the words ask for."""
    return Chip(kind, words, words, f"{_MISSING[kind]}: {words}")


def _number(text: str) -> str:
    """A number as Python writes it: "1.000,50" and "1,000.50" are "1000.50"."""
    return _THOUSANDS.sub("", text).replace(",", ".")


@cache
def _bound(role: str) -> re.Pattern[str]:
    """A price with one of the words of "below" or "above" before it, or a size."""
    said = "|".join(sorted(map(re.escape, role_words(role)), key=len, reverse=True))
    if role == "size":
        value = r"(extra\s+(?:small|large)|\d{1,3}(?:[.,]\d)?(?!\w)|\w{1,6})(?!\w)"
        return re.compile(rf"(?<!\w)(?:(?:{said})\.?\s+)+{value}", re.IGNORECASE)
    before = rf"(?:(?<!\w)(?:{said})\s+|[{_SYMBOLS[role]}]\s*)"
    return re.compile(before + _AMOUNT, re.IGNORECASE)
