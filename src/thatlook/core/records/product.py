"""What a shop sells, and what a catalog keeps of its picture."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from thatlook.core.errors import SettingsError
from thatlook.core.records.geometry import Box
from thatlook.core.records.values import Vector, check_one_of, read_only
from thatlook.core.taxonomy import PRODUCT_CATEGORIES, PRODUCT_GENDERS

_OUT_OF_STOCK: Final = frozenset({"outofstock", "soldout", "discontinued"})
"""Google Merchant's word and schema.org's, without case, spaces and punctuation."""


@lru_cache(maxsize=4096)
def in_stock(availability: str) -> bool:
    """Whether a product of this availability can be bought, now or later; so where it is ""."""
    word = availability.rstrip("/").rpartition("/")[2]  # of "https://schema.org/SoldOut" the last
    return re.sub(r"[\W_]+", "", word).casefold() not in _OUT_OF_STOCK


def normal_id(text: str) -> str:
    """A product's id in its one spelling: Unicode NFC, no spaces around.

    Raises SettingsError for what is no text.
    """
    if not isinstance(text, str):
        raise SettingsError(f"an id must be a text, not {text!r}")
    return unicodedata.normalize("NFC", text).strip()


@dataclass(frozen=True, slots=True, order=True)
class Price:
    """An amount of money; `currency` is an ISO 4217 code, or "" where the feed gave none."""

    amount: Decimal
    currency: str = ""

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount < 0:
            raise SettingsError(f"a price needs a finite amount of 0 or more, not {self.amount}")

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}".rstrip()


@dataclass(frozen=True, slots=True)
class Product:
    """One row of a shop's feed. Absent texts are "", absent prices None.

    `extra` keeps the columns that thatlook does not know, as they came.
    """

    id: str
    title: str = ""
    category: str = "other"
    gender: str = "unisex"
    description: str = ""
    link: str = ""
    image_link: str = ""
    additional_image_link: tuple[str, ...] = ()
    price: Price | None = None
    sale_price: Price | None = None
    brand: str = ""
    age_group: str = ""
    color: str = ""
    pattern: str = ""
    material: str = ""
    product_type: str = ""
    google_product_category: str = ""
    item_group_id: str = ""
    availability: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.id:
            raise SettingsError("a product needs an id; this one has an empty one")
        check_one_of("category", self.category, PRODUCT_CATEGORIES)
        check_one_of("gender", self.gender, PRODUCT_GENDERS)
        read_only(self, "extra")

    @property
    def current_price(self) -> Price | None:
        """The sale price where there is one, else the price: what filters compare."""
        return self.sale_price or self.price

    @property
    def in_stock(self) -> bool:
        """Whether it can be bought, now or later; also where the feed does not say."""
        return in_stock(self.availability)

    def to_dict(self) -> dict[str, Any]:
        """The `product` object of the JSON contract; absent fields are left out."""
        shown: dict[str, Any] = {
            "id": self.id,
            "title": self.title,
            "category": self.category,
            "gender": self.gender,
            "brand": self.brand,
            "color": self.color,
            "price": str(self.price) if self.price else None,
            "link": self.link,
            "image_link": self.image_link,
        }
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name in shown or not value:
                continue
            shown[entry.name] = _plain(value)
        return shown


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """What a catalog keeps of a product's picture.

    `vector` is of the product's own article in `box`; `found` says whether the article stage
    saw it there (with `article_score`), or the box is just the picture's foreground.
    `attributes` holds each head's best label and its probability. `category` is what the
    picture shows where the product's words do not say; else "". `looks_like` is the category
    that the embedding network sees in the box, "other" where it is unsure, "" where it tells
    none. `outline` holds the bytes of `image.outline` of the box, b"" where it was not taken.
    `pair_vector` is that of the text-image pair `pair_key`, of the same box; None without a pair.
    """

    vector: Vector
    box: Box
    attributes: Mapping[str, tuple[str, float]]
    article_score: float
    found: bool
    category: str = ""
    looks_like: str = ""
    outline: bytes = b""
    pair_vector: Vector | None = None
    pair_key: str = ""

    def __post_init__(self) -> None:
        read_only(self, "attributes")


def _plain(value: Any) -> Any:
    if isinstance(value, Price):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
