"""Prices as feeds write them: "19.99 USD", "EUR 1.299,00", "Rs. 1,299", "£5", "1'299.00 CHF"."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final, Never

from thatlook.core.errors import FeedError
from thatlook.core.records import Price
from thatlook.store.feed.currencies import COMMA_GROUPS, KRONER, THOUSANDTHS, WHOLE, meant
from thatlook.store.feed.rows import Number

_PRICE: Final = re.compile(r"^((?:[^\d\-+.,]+\.?)?)\s*(\d[\d.,' ]*|[.,]\d+)([^\d]*)$")
_LIKE: Final = str.maketrans({"’": "'", "‘": "'", "٫": ".", "٬": ",", "−": "-"})
_MARKS_OF_DIRECTION: Final = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_GROUPS: Final = re.compile(r"\d{1,3}(\D)\d{3}(?:\1\d{3})*")
_INDIAN_GROUPS: Final = re.compile(r"\d{1,2}(?:,\d{2})*,\d{3}")
_IN_DOUBT: Final = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
"""Numbers that are thousands somewhere and have three decimals elsewhere."""
_DECIMALS: Final = 2
_ENOUGH: Final = 20
"""So many prices without decimals show that a feed writes none."""
_MAX_DIGITS: Final = 15
"""What has more before its decimals is no price."""


class PriceHabits:
    """How one feed writes its prices: learnt, by currency, of those that can be read one way only.

    What a program writes once it writes always; where it does not, nothing is taken for known.
    """

    def __init__(self) -> None:
        self._seen: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def learn(self, text: str, currency: str = "") -> None:
        """Remembers how a price is written; what is none, or in doubt, teaches nothing."""
        if isinstance(text, Number):
            return
        try:
            found = _taken_apart(text, currency)
            if found is None or _IN_DOUBT.fullmatch(found[0]):
                return
            number, code = found
            mark = _decimal_mark(number, code, "", self) or ""
            _digits(number, mark, text)
        except FeedError:
            return
        self._seen[code].update(_traits(number, mark))

    def decimal_marks(self, currency: str) -> set[str]:
        """What was seen before decimals: ".", ",", nothing yet, or both."""
        return {mark for mark in ".," if self._seen[currency][mark]}

    def has_long_decimals(self, currency: str) -> bool:
        """Whether prices have more than two decimals, as a computed one may."""
        return bool(self._seen[currency]["long"])

    def is_whole(self, currency: str) -> bool:
        """Whether prices, and not too few, are written without decimals."""
        return self._seen[currency]["whole"] >= _ENOUGH


def _traits(number: str, mark: str) -> list[str]:
    """What a number that can be read one way shows: its decimal mark, "long" decimals, "whole"."""
    if mark:
        return [mark, *(["long"] if len(number.rpartition(mark)[2]) > _DECIMALS else [])]
    groups = re.findall("[.,]", number)  # those of "1.299.000": the other one is for decimals
    return ["," if groups[0] == "." else "."] if groups else ["whole"]


def parse_price(
    text: str, currency: str = "", decimal: str = "", habits: PriceHabits | None = None
) -> Price | None:
    """The price written in `text`, None for an empty text; `currency` where the text has none.

    `decimal` is the mark before the decimals, "." or ",", where it is known. Where it is not, the
    last of "," and "." marks them, unless it stands more than once. One mark alone before exactly
    three digits ("1.299") may also separate thousands: the currency tells it, or else the `habits`
    of the feed; in doubt it is refused. Marks between thousands must stand before three digits
    each (in India two). Of a sign that several countries use, `currency` says whose it is. Raises
    FeedError for anything else than one amount in at most one currency.
    """
    found = _taken_apart(text, currency)
    if found is None:
        return None
    number, code = found
    if isinstance(text, Number):
        decimal = "."
    mark = _decimal_mark(number, code, decimal, habits or PriceHabits())
    if mark is None:
        raise FeedError(
            f"{_shown(text)} may be thousands or three decimals; write two decimals, or set "
            "decimal = ',' (or '.') in the mapping"
        )
    return Price(Decimal(_digits(number, mark, text)), code)


@lru_cache(maxsize=4096)
def _taken_apart(text: str, currency: str) -> tuple[str, str] | None:
    """The number and the currency of a price, None for an empty text. Raises FeedError."""
    if any(letter.isnumeric() and not letter.isdecimal() for letter in text):
        raise FeedError(  # NFKC makes 1999 of 19 with a raised 99
            f"raised digits may be decimals or a note; write '19.99 EUR', got {_shown(text)}"
        )
    plain = _MARKS_OF_DIRECTION.sub("", unicodedata.normalize("NFKC", text)).translate(_LIKE)
    plain = re.sub(r"\d", lambda digit: str(int(digit[0])), " ".join(plain.split()))
    if not plain:
        return None
    found = _PRICE.match(plain)
    if not found:
        raise FeedError(f"expected a price such as '19.99 EUR', got {_shown(text)}")
    before, number, after = found.groups()
    code = _currency((*before.split(), *after.strip(" .,:-–—").split()), currency, text)
    return number.rstrip(" .,'"), code


def _digits(number: str, mark: str, text: str) -> str:
    """The digits with at most one ".", before the decimals: "1.299,00" -> "1299.00"."""
    whole, _, decimals = number.rpartition(mark) if mark else (number, "", "")
    if not re.fullmatch(r"\d*", decimals) or not _is_whole(whole):
        raise FeedError(f"expected one amount such as '1,299.00', got {_shown(text)}")
    digits = re.sub(r"\D", "", whole) or "0"
    if len(digits) > _MAX_DIGITS:
        raise FeedError(f"expected a price, got {len(digits)} digits: {_shown(text)}")
    return f"{digits}.{decimals}" if decimals else digits


def _decimal_mark(number: str, currency: str, decimal: str, habits: PriceHabits) -> str | None:
    """The mark before the decimals, "" where there are none, None in doubt."""
    if decimal:
        return decimal if decimal in number else ""
    marks = re.sub(r"\d", "", number)
    if not marks or marks[-1] in " '" or marks[-1] in marks[:-1]:
        return ""
    return _mark_of_three(marks, currency, habits) if _IN_DOUBT.fullmatch(number) else marks[-1]


def _mark_of_three(mark: str, currency: str, habits: PriceHabits) -> str | None:
    """The one mark before three digits where it marks decimals, "" for thousands, None in doubt."""
    if currency in WHOLE:
        return ""
    seen, thousandths = habits.decimal_marks(currency), currency in THOUSANDTHS
    if seen == {mark}:
        return mark if thousandths or habits.has_long_decimals(currency) else None
    if seen:
        return "" if mark not in seen else None
    if thousandths:
        return mark if mark == "." else None
    grouped = mark == "," and currency in COMMA_GROUPS
    return "" if grouped or habits.is_whole(currency) else None


def _is_whole(whole: str) -> bool:
    """Whether these are digits, or groups of them as they are written somewhere."""
    if re.fullmatch(r"\d*", whole):
        return True
    return bool(_GROUPS.fullmatch(whole) or _INDIAN_GROUPS.fullmatch(whole))


def _currency(words: Sequence[str], given: str, text: str) -> str:
    """The currency that the words before and after the amount name, else the one given."""
    sets = [meant(word) or _no_currency(text) for word in words]
    if not sets:
        return given
    common = [code for code in sets[0] if all(code in other for other in sets)]
    if not common:
        raise FeedError(f"names two currencies: {_shown(text)}")
    if given in common:
        return given
    if len(common) > 1 and any(word.casefold() in KRONER for word in words):
        raise FeedError(f"the currency may be {', '.join(common)}: {_shown(text)}; say which")
    return common[0]


def _no_currency(text: str) -> Never:
    raise FeedError(f"expected an ISO 4217 currency such as EUR in the price, got {_shown(text)}")


def _shown(text: str) -> str:
    return repr(str(text) if len(text) <= 80 else f"{text[:80]}...")
