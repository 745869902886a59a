"""Makes what a page shows into feed values: addresses, prices, genders, sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from urllib.parse import urljoin

from thatlook.core.errors import FeedError
from thatlook.core.taxonomy import gender_of, words
from thatlook.store.feed.prices import parse_price

Value = str | list[str]
Row = dict[str, Value]
"""A product on its way to the feed, by Google Merchant names; absent fields are absent."""

LINKS = ("link", "image_link", "additional_image_link")
PRICES = ("price", "sale_price")
LISTS = ("additional_image_link",)

_AMOUNT = re.compile(r"\d+(?:[.,'\u00a0\u202f ]\d+)*")
_CODE_BEFORE = re.compile(r"\b([A-Z]{3})\s*$")
_CODE_AFTER = re.compile(r"^\s*([A-Z]{3})\b")
_SIGNS: Mapping[str, str] = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "Rs": "INR",
    "¥": "JPY",
    "US$": "USD",
    "$": "USD",
}
_CHILD = {"boy", "girl", "kid", "child", "children", "baby", "infant"}


def row_of(raw: Mapping[str, Sequence[str]], page: str, currency: str) -> Row:
    """A feed row of the texts found on `page`, by field; empty ones are left out."""
    row: Row = {}
    for name, found in raw.items():
        texts = [text for text in (" ".join(entry.split()) for entry in found) if text]
        if not texts:
            continue
        if name in LINKS:
            texts = [urljoin(page, text) for text in texts]
        elif name in PRICES:
            texts = [price for text in texts if (price := price_of(text, currency))]
        if texts:
            row[name] = list(dict.fromkeys(texts)) if name in LISTS else ", ".join(texts)
    return _settled(row)


def _settled(row: Row) -> Row:
    """The row with one price per meaning and a gender in Google's words."""
    if "price" not in row and "sale_price" in row:
        row["price"] = row.pop("sale_price")
    if "sale_price" in row and _amount(row["sale_price"]) >= _amount(row["price"]):
        del row["sale_price"]
    gender = row.get("gender")
    if isinstance(gender, str):
        if _CHILD & set(words(gender)):
            row.setdefault("age_group", "kids")
        row["gender"] = gender_of(gender)
    return row


def _amount(price: Value) -> Decimal:
    return Decimal(str(price).split()[0])


def price_of(text: str, currency: str = "") -> str:
    """ "1299.00 INR" of "Rs. 1,299.00": the first amount in `text`, or "" where there is none.

    The currency is the text's own, else `currency`. A text without a readable amount
    is a missing price, which the layout watch counts.
    """
    found = _AMOUNT.search(text)
    if found is None:
        return ""
    named = _currency(text[: found.start()], text[found.end() :])
    try:
        return str(parse_price(found.group(), named or currency))
    except FeedError:
        return ""


def _currency(before: str, after: str) -> str:
    """The currency beside an amount: a code that touches it, else a sign anywhere."""
    code = _CODE_BEFORE.search(before) or _CODE_AFTER.search(after)
    if code:
        return code.group(1)
    return next((code for sign, code in _SIGNS.items() if sign in before + after), "")
