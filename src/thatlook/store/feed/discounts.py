"""Discounts as PrestaShop writes them beside a price: an amount, or a share of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from thatlook.core.errors import FeedError
from thatlook.core.records import Price
from thatlook.store.feed.currencies import THOUSANDTHS, WHOLE

_NUMBER: Final = re.compile(r"(\d{1,9})(?:[.,](\d{1,9}))?\s*(%?)")


def discounted(price: Price, texts: Mapping[str, str]) -> Price | None:
    """What is asked after the discount that a row's texts (by field) give; None where they do not.

    `discount_amount` is a part of the money, or of the whole ("20 %", or where `discount_type` says
    "percentage"; 0.2 without a "%" is then 20 %); else `discount_percent` counts. Raises FeedError
    for what is no number, takes all of the price, or may be either.
    """
    amount, is_share = _number(texts.get("discount_amount", ""))
    kind = texts.get("discount_type", "").casefold()
    if is_share:
        return _less(price, price.amount * amount / 100)
    if kind.startswith("percent"):
        return _less(price, price.amount * _share(amount))
    if 0 < amount < 1 and not kind:
        raise FeedError(f"{amount} may be money or a share; expected a discount type beside it")
    if amount:
        return _less(price, amount)
    percent, _ = _number(texts.get("discount_percent", ""))
    return _less(price, price.amount * percent / 100)


def _number(text: str) -> tuple[Decimal, bool]:
    """The number in a text, 0 for none, and whether it says "%"."""
    if not text.strip():
        return Decimal(0), False
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        raise FeedError(f"expected a number such as '20' or '20 %', got {text!r:.80}")
    whole, decimals, sign = found.groups()
    return Decimal(f"{whole}.{decimals or 0}"), bool(sign)


def _share(number: Decimal) -> Decimal:
    """PrestaShop's database has 0.2 for 20 %, people write 20."""
    return number if number < 1 else number / 100


def _less(price: Price, off: Decimal) -> Price | None:
    if not off:
        return None
    if off >= price.amount:
        raise FeedError(f"it takes all of the price {price}")
    decimals = 0 if price.currency in WHOLE else 3 if price.currency in THOUSANDTHS else 2
    amount = (price.amount - off).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return replace(price, amount=amount)
