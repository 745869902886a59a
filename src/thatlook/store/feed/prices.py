"""Prices as feeds write them: "19.99 USD", "EUR 1.299,00", "Rs. 1,299", "£5"."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from thatlook.core.errors import FeedError
from thatlook.core.records import Price

_SIGNS: Final = {
    "€": "EUR",
    "$": "USD",
    "us$": "USD",
    "£": "GBP",
    "₹": "INR",
    "rs": "INR",
    "rs.": "INR",
    "¥": "JPY",
    "zł": "PLN",
    "₺": "TRY",
    "₽": "RUB",
    "₩": "KRW",
    "₪": "ILS",
}
_SPACES: Final = re.compile(r"[\s\u00a0\u202f']+")
_PRICE: Final = re.compile(r"^((?:[^\d\-+.,]+\.?)?)(\d[\d.,]*|[.,]\d+)([^\d]*)$")


def parse_price(text: str, currency: str = "") -> Price | None:
    """The price written in `text`, None for an empty text; `currency` where the text has none.

    Of "," and "." the last one marks the decimals, unless it stands more than once, or is a
    "," before exactly three digits. Raises FeedError for anything else than one amount.
    """
    squeezed = _SPACES.sub("", text)
    if not squeezed:
        return None
    found = _PRICE.match(squeezed)
    if not found:
        raise FeedError(f"expected a price such as '19.99 EUR', got {text!r}")
    before, number, after = found.groups()
    return Price(
        Decimal(_decimal(number)), _currency(before or after.lstrip(".,-"), text) or currency
    )


def _decimal(number: str) -> str:
    """The digits with at most one ".", before the decimals: "1.299,00" -> "1299.00"."""
    number = number.rstrip(".,")
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return number
    mark = number[last]
    decimals = number[last + 1 :]
    whole = number[:last]
    grouped = mark in whole or (mark == "," and len(decimals) == 3)
    whole = whole.replace(".", "").replace(",", "") or "0"
    return whole + decimals if grouped else f"{whole}.{decimals}"


def _currency(word: str, text: str) -> str:
    if not word:
        return ""
    known = _SIGNS.get(word.casefold())
    if known:
        return known
    if re.fullmatch(r"[A-Za-z]{3}", word):
        return word.upper()
    raise FeedError(f"expected an ISO 4217 currency such as EUR in the price, got {text!r}")
