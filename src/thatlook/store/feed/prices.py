"""Prices as feeds write them: "19.99 USD", "EUR 1.299,00", "Rs. 1,299", "£5", "1'299.00 CHF"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Never

from thatlook.core.errors import FeedError
from thatlook.core.records import Price
from thatlook.store.feed.currencies import KRONER, THOUSANDTHS, WHOLE, meant
from thatlook.store.feed.rows import Number

_PRICE: Final = re.compile(r"^((?:[^\d\-+.,]+\.?)?)\s*(\d[\d.,' ]*|[.,]\d+)([^\d]*)$")
_LIKE: Final = str.maketrans({"’": "'", "‘": "'", "٫": ".", "٬": ",", "−": "-"})
_MARKS_OF_DIRECTION: Final = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_GROUPS: Final = re.compile(r"\d{1,3}(\D)\d{3}(?:\1\d{3})*")
_INDIAN_GROUPS: Final = re.compile(r"\d{1,2}(?:,\d{2})*,\d{3}")
_MAX_DIGITS: Final = 15
"""What has more before its decimals is no price."""


def parse_price(text: str, currency: str = "", decimal: str = "") -> Price | None:
    """The price written in `text`, None for an empty text; `currency` where the text has none.

    `decimal` is the mark before the decimals, "." or ",", where it is known. Where it is not, the
    last of "," and "." marks them, unless it stands more than once. One mark alone before exactly
    three digits separates thousands if it is a "," ("1,299"); if it is a ".", only the
    currency or the digits before it can tell: "1.299 EUR" may be either and is refused. Marks
    between thousands must stand before three digits each (in India two). Of a sign that several
    countries use, `currency` says whose it is. Raises FeedError for anything else than one amount
    in at most one currency.
    """
    plain = _MARKS_OF_DIRECTION.sub("", unicodedata.normalize("NFKC", text)).translate(_LIKE)
    plain = " ".join(plain.split())
    if not plain:
        return None
    found = _PRICE.match(plain)
    if not found:
        raise FeedError(f"expected a price such as '19.99 EUR', got {_shown(text)}")
    before, number, after = found.groups()
    code = _currency((*before.split(), *after.strip(" .,:-–—").split()), currency, text)
    if isinstance(text, Number):
        decimal = "."
    return Price(Decimal(_decimal(number.rstrip(" .,'"), code, decimal, text)), code)


def _decimal(number: str, currency: str, decimal: str, text: str) -> str:
    """The digits with at most one ".", before the decimals: "1.299,00" -> "1299.00"."""
    mark = _decimal_mark(number, currency, decimal, text)
    whole, _, decimals = number.rpartition(mark) if mark else (number, "", "")
    if not re.fullmatch(r"\d*", decimals) or not _is_whole(whole):
        raise FeedError(f"expected one amount such as '1,299.00', got {_shown(text)}")
    digits = re.sub(r"\D", "", whole) or "0"
    if len(digits) > _MAX_DIGITS:
        raise FeedError(f"expected a price, got {len(digits)} digits: {_shown(text)}")
    return f"{digits}.{decimals}" if decimals else digits


def _decimal_mark(number: str, currency: str, decimal: str, text: str) -> str:
    """The mark before the decimals, "" where there are none; raises FeedError in doubt."""
    if decimal:
        return decimal if decimal in number else ""
    marks = re.sub(r"\d", "", number)
    if not marks or marks[-1] in " '" or marks[-1] in marks[:-1]:
        return ""
    if len(marks) > 1 or not re.fullmatch(r"[1-9]\d{0,2}\D\d{3}", number):
        return marks[-1]
    return _mark_of_three(marks, currency, text)


def _mark_of_three(mark: str, currency: str, text: str) -> str:
    """Whether the one mark before three digits, as in "1.299", is one before decimals."""
    if currency in THOUSANDTHS and mark == ".":
        return mark
    if currency in WHOLE or (mark == "," and currency not in THOUSANDTHS):
        return ""
    raise FeedError(
        f"{_shown(text)} may be thousands or three decimals; write two decimals, or set decimal = "
        "',' (or '.') in the mapping"
    )


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
