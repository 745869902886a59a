"""Makes what a page shows into feed values: addresses, prices, genders, sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from urllib.parse import urljoin

from thatlook.core.ages import age_group_of
from thatlook.core.errors import MissingExtraError
from thatlook.core.taxonomy import gender_of

Value = str | list[str]
Row = dict[str, Value]
"""A product on its way to the feed, by Google Merchant names; absent fields are absent."""

LINKS = ("link", "image_link", "additional_image_link")
PRICES = ("price", "sale_price")
LISTS = ("additional_image_link",)

_SIGNS: Mapping[str, str] = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "Rs": "INR",
    "¥": "JPY",
    "US$": "USD",
    "$": "USD",
}
_CODE = re.compile(r"[A-Z]{3}")


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
        if age_group := age_group_of(gender=gender):
            row.setdefault("age_group", age_group)
        row["gender"] = gender_of(gender)
    return row


def _amount(price: Value) -> Decimal:
    return Decimal(str(price).split()[0])


def price_of(text: str, currency: str = "") -> str:
    """ "1299.00 INR" of "Rs. 1,299.00": the first amount in `text`, or "" where there is none.

    The currency is the text's own, else `currency`. A text without a readable amount
    is a missing price, which the layout watch counts. Raises MissingExtraError without the extra
    `crawl`.
    """
    try:
        from price_parser import Price
    except ModuleNotFoundError as error:
        raise MissingExtraError("thatlook crawl", "crawl") from error
    found = Price.fromstring(text)
    if found.amount is None:
        return ""
    named = found.currency or ""
    code = _SIGNS.get(named) or (named if _CODE.fullmatch(named) else currency)
    return f"{found.amount} {code}".rstrip()
