"""What is written in a cell: JSON objects opened for the field, HTML's characters for entities."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import unescape
from typing import Any, Final

from thatlook.store.feed.rows import Nested, Number

_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TIMES: Final = 3
"""So often over a text was escaped, at most: "&amp;amp;eacute;" is "é"."""

_PRICES: Final = ("price", "sale_price", "compare_at_price")
_LINKS: Final = ("link", "image_link", "additional_image_link")
_AMOUNTS: Final = ("amount", "value", "price")
_CURRENCIES: Final = ("currency", "currency_code", "currencyCode", "priceCurrency", "code")
_PLACES: Final = ("src", "url", "href", "link", "original", "large", "image", "path", "file")
_NAMES: Final = ("name", "title", "value", "label", "text", "displayName")
_JOINED: Final = {
    "gender": ", ",
    "color": "/",
    "material": "/",
    "size": ", ",
    "season": ", ",
    **dict.fromkeys(_PRICES, " / "),
}
"""Fields of which all values count, and what stands between them; of others the first does.

Two prices are none: which is asked nobody knows.
"""
_CONTROL: Final = re.compile(r"\\+u0000|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""The first as JSON writes the character 0, which is how an object's text has it."""


def field_text(field: str, values: Sequence[str]) -> str:
    """What a row's values say of a field; "" for nothing. Numbers stay Number."""
    texts = list(dict.fromkeys(filter(None, (text_of(field, value) for value in values))))
    if field in _JOINED and len(texts) > 1:
        return _JOINED[field].join(texts)
    return texts[0] if texts else ""


def printable(text: str) -> str:
    """The text without control characters, which no shop means and not every database keeps."""
    return _CONTROL.sub("", text)


def text_of(field: str, value: str) -> str:
    """One value of a field as text; "" for an object that says nothing of such a field."""
    if isinstance(value, Nested):
        return _opened(field, value.value)
    if isinstance(value, Number):
        return value
    return value.strip() if field == "id" else printable(unescaped(value)).strip()


def unescaped(text: str) -> str:
    """The text with the characters for its HTML entities, also where they were escaped twice.

    Only what ends with ";" is one: "a=1&copy=2" stays.
    """
    for _ in range(_TIMES):
        if "&" not in text or (plain := _ENTITY.sub(lambda m: unescape(m[0]), text)) == text:
            break
        text = plain
    return text


def _opened(field: str, value: Mapping[str, Any]) -> str:
    if field in _PRICES:
        return _price(value)
    if field in _LINKS:
        return printable(_first(value, _PLACES))
    return "" if field == "id" else printable(unescaped(_first(value, _NAMES))).strip()


def _price(value: Mapping[str, Any]) -> str:
    """The amount with its currency; an object that has none, but something, as it stands."""
    amount = _first(value, _AMOUNTS) or _parts(value)
    if not amount:
        return "" if not any(value.values()) else str(Nested.of(value))
    both = f"{amount} {_first(value, _CURRENCIES)}".strip()
    return Number(both) if isinstance(amount, Number) else both


def _parts(value: Mapping[str, Any]) -> str:
    """An amount that is told in parts of its currency: "" where it is not."""
    for name, decimals in (("amountMicros", 6), ("amount_micros", 6), ("centAmount", None)):
        count = _first(value, (name,))
        places = _first(value, ("fractionDigits",)) if decimals is None else str(decimals)
        if re.fullmatch(r"\d{1,18}", count) and re.fullmatch(r"\d", places):
            return Number(f"{Decimal(count).scaleb(-int(places)).normalize():f}")
    return ""


def _first(value: Mapping[str, Any], keys: Sequence[str]) -> str:
    """The first of the keys that holds a text or a number."""
    for key in keys:
        found = value.get(key)
        if isinstance(found, str) and found.strip():
            return found.strip()
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            return Number(found)
    return ""
