"""For how much a product is sold, and whether it can be bought: what a row's texts say of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from thatlook.core.errors import FeedError
from thatlook.core.records import Price
from thatlook.store.feed.currencies import meant
from thatlook.store.feed.discounts import discounted
from thatlook.store.feed.mapping import FeedMapping
from thatlook.store.feed.periods import is_over, is_running
from thatlook.store.feed.prices import PriceHabits, parse_price
from thatlook.store.feed.words import availability_said, is_unpublished

PRICES: Final = ("price", "sale_price", "compare_at_price")
_NONE: Final = frozenset({"nan", "none", "null", "n/a", "na", "-"})
"""What programs write into the sale price of what is not on sale."""
_NOT_COUNTED: Final = frozenset({"", "0", "no", "false"})


@dataclass(slots=True)
class Offer:
    """What a product costs. `unread` says what of it could not be used, `notes` what was not
    understood.
    """

    price: Price | None = None
    sale_price: Price | None = None
    availability: str = ""
    unread: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def offer_of(
    texts: Mapping[str, str], mapping: FeedMapping, now: datetime, habits: PriceHabits
) -> Offer:
    """The offer in a row's texts (by field). No price is taken that is in doubt.

    A sale price counts only in its period and where it is lower than the price; a higher price to
    compare with makes the price a sale price, and a discount makes one.
    """
    offer = Offer()
    reader = _Reader(texts, mapping, habits, offer.unread)
    offer.price = reader.price("price")
    offer.sale_price = reader.price("sale_price")
    _compare(offer, reader.price("compare_at_price"))
    _discount(offer, texts)
    _settle(offer)
    _end(offer, texts, now)
    offer.availability = availability_of(texts, offer.notes)
    _expire(offer, texts, now)
    return offer


def learn_prices(texts: Mapping[str, str], mapping: FeedMapping, habits: PriceHabits) -> None:
    """Adds to what is known of how a feed writes prices what a row's texts (by field) show."""
    reader = _Reader(texts, mapping, habits, [])
    for name in PRICES:
        habits.learn(texts.get(name, ""), reader.currency)


class _Reader:
    """Reads the prices of one row, in its currency."""

    def __init__(
        self,
        texts: Mapping[str, str],
        mapping: FeedMapping,
        habits: PriceHabits,
        unread: list[str],
    ) -> None:
        self._texts = texts
        self._mapping = mapping
        self._habits = habits
        self._unread = unread
        stated = meant(texts.get("currency", "").strip())
        self._stated = stated[0] if stated else ""
        if texts.get("currency") and not stated:
            unread.append(f"currency: expected a code such as EUR, got {texts['currency']!r:.80}")

    def price(self, name: str) -> Price | None:
        """The price in this field; None where there is none or it cannot be used."""
        text = self._texts.get(name, "")
        if name != "price" and text.casefold() in _NONE:
            return None
        try:
            found = parse_price(text, self.currency, self._mapping.decimal, self._habits)
            return self._positive(name, found)
        except FeedError as error:
            self._unread.append(f"{name}: {error}")
            return None

    @property
    def currency(self) -> str:
        """The currency of prices that name none."""
        return self._stated or self._mapping.defaults.get("currency", "")

    def _positive(self, name: str, price: Price | None) -> Price | None:
        if price is None or (not price.amount and name != "price"):
            return None  # 0 is how some programs say that there is no sale
        if not price.amount:
            raise FeedError("0 is not taken for a price")
        if self._stated and price.currency != self._stated:
            raise FeedError(f"it is in {price.currency}, the row's currency is {self._stated}")
        return price


def _compare(offer: Offer, before: Price | None) -> None:
    """What was asked before is the price, and what is asked now the sale price."""
    price = offer.price
    if before is None or price is None or offer.sale_price is not None:
        return
    if before.currency in {"", price.currency} and before.amount > price.amount:
        offer.price, offer.sale_price = replace(before, currency=price.currency), price


def _discount(offer: Offer, texts: Mapping[str, str]) -> None:
    """Takes a discount off the price where there is no sale price."""
    if offer.price is None or offer.sale_price is not None:
        return
    try:
        offer.sale_price = discounted(offer.price, texts)
    except FeedError as error:
        offer.unread.append(f"discount: {error}")


def _settle(offer: Offer) -> None:
    """Leaves out a sale price that is none."""
    price, sale = offer.price, offer.sale_price
    if price is None or sale is None:
        return
    sale = replace(sale, currency=sale.currency or price.currency)
    offer.sale_price = sale if sale.amount < price.amount else None
    if sale.currency != price.currency:
        offer.sale_price = None
        offer.unread.append(f"sale_price: it is in {sale.currency}, the price in {price.currency}")
    elif sale.amount > price.amount:
        offer.unread.append(f"sale_price: {sale} is more than the price {price}")


def _end(offer: Offer, texts: Mapping[str, str], now: datetime) -> None:
    """Leaves out the price of a sale that is over, has not begun, or whose time is in doubt."""
    if offer.sale_price is None:
        return
    try:
        running = is_running(texts, now)
    except FeedError as error:
        running = False
        offer.unread.append(f"sale_price: the time of the sale cannot be read: {error}")
    if not running:
        offer.sale_price = None


def _expire(offer: Offer, texts: Mapping[str, str], now: datetime) -> None:
    """Nothing is offered after its expiration date."""
    try:
        if is_over(texts.get("expiration_date", ""), now):
            offer.availability = "discontinued"
    except FeedError as error:
        offer.unread.append(f"expiration_date: {error}")


def availability_of(texts: Mapping[str, str], notes: list[str]) -> str:
    """Google Merchant's word; also by the number of pieces, and by what is not published."""
    if is_unpublished(texts.get("published", "")):
        return "discontinued"
    text = texts.get("availability", "")
    if not text:
        return _by_stock(texts)
    said = availability_said(text)
    if said is None:
        notes.append(f"availability: {text!r:.80} is not understood, the product counts as offered")
        return re.sub(r"[\s-]+", "_", text.lower())
    return said


def _by_stock(texts: Mapping[str, str]) -> str:
    """ "" where the row does not say, or the shop does not count this product's pieces."""
    pieces = re.fullmatch(r"(-?\d+)(?:[.,]0+)?", texts.get("stock", ""))
    if not pieces or texts.get("tracked", "yes").casefold() in _NOT_COUNTED:
        return ""
    if int(pieces[1]) > 0:
        return "in_stock"
    more = texts.get("backorders", "").casefold() not in {*_NOT_COUNTED, "deny"}
    return "backorder" if more else "out_of_stock"
