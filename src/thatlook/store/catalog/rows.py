"""What a catalog keeps of a product, and how it is written as JSON and bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np

from thatlook.core.errors import CatalogError
from thatlook.core.records import Box, Price, Product, Vector, normal_id
from thatlook.search.index.query import MAX_ID_BYTES, Entry
from thatlook.search.ranking import label, style_key
from thatlook.search.stored import Seen

UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Row(Seen):
    """A product to be stored.

    No `vector` keeps the vector, box, attributes and image that the catalog has of this product;
    `image`, where given, replaces its path. `pair_vector` is that of the text-image pair
    `pair_key`, unit (dim,); it is kept where the catalog names that pair. `row_hash` says what the
    row was made from. Only a product that came `from_feed` is marked when a feed does not have it.
    """

    product: Product
    row_hash: str = ""
    from_feed: bool = False
    pair_vector: Vector | None = None
    pair_key: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What ingest compares: "" for what is not there; `pair_key` is the pair of its vector."""

    status: str
    row_hash: str
    category: str
    image: str
    image_hash: str
    model_key: str
    pair_key: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One change of the outbox: `entry` is None where the product can no longer be found."""

    sequence: int
    product_id: str
    entry: Entry | None


_FIELDS = tuple(entry.name for entry in fields(Product))
_encoded = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def product_json(product: Product) -> str:
    """The product as one line of JSON, the same for equal products; absent fields are left out."""
    values: dict[str, Any] = {}
    for name in _FIELDS:
        value = getattr(product, name)
        if not value:
            continue
        if isinstance(value, Price):
            value = [str(value.amount), value.currency]
        values[name] = dict(value) if name == "extra" else value
    return _encoded(values)


def product_of(text: str) -> Product:
    """The product that `product_json` wrote."""
    values: dict[str, Any] = json.loads(text)
    for name in ("price", "sale_price"):
        if name in values:
            amount, currency = values[name]
            values[name] = Price(Decimal(amount), currency)
    values["additional_image_link"] = tuple(values.get("additional_image_link", ()))
    return Product(**values)


def row_hash_of(product: Product) -> str:
    """The sha256 of everything the feed says of the product."""
    return hashlib.sha256(product_json(product).encode()).hexdigest()


def box_json(box: Box | None) -> str | None:
    """The box as JSON, or None."""
    return None if box is None else json.dumps(box.to_list())


def box_of(text: str | None) -> Box | None:
    """The box that `box_json` wrote."""
    return None if text is None else Box(*json.loads(text))


def vector_bytes(vector: Vector, dim: int, product_id: str) -> bytes:
    """The vector as little-endian float32; raises CatalogError unless it is a unit (dim,)."""
    array = np.ascontiguousarray(vector, "<f4")
    if array.shape != (dim,):
        raise CatalogError(f"{product_id}: expected a vector of shape ({dim},), got {array.shape}")
    length = float(np.linalg.norm(array.astype(np.float64)))
    if not abs(length - 1) <= UNIT_TOLERANCE:  # also refuses nan
        raise CatalogError(f"{product_id}: expected a vector of length 1, got {length:.4f}")
    return array.tobytes()


def checked_id(product_id: str) -> str:
    """The normal id; raises CatalogError where it is empty or longer than a catalog keeps."""
    product_id = normal_id(product_id)
    if not product_id:
        raise CatalogError("a product needs an id; this one has an empty one")
    if len(product_id.encode()) > MAX_ID_BYTES or "\x00" in product_id:
        raise CatalogError(
            f"{product_id[:40]!r}...: a product id has at most {MAX_ID_BYTES} bytes, none of them 0"
        )
    return product_id


def with_normal_id(row: Row) -> Row:
    """The row with its product's id in its one spelling; raises CatalogError as `checked_id`."""
    product_id = checked_id(row.product.id)
    if product_id == row.product.id:
        return row
    return replace(row, product=replace(row.product, id=product_id))


SEARCH_COLUMNS: Final = (
    *("category", "gender", "price", "currency", "brand", "color", "availability"),
    *("style", "item_group_id", "type", "pattern", "seen_type", "seen_pattern"),
)
"""What products are filtered and ranked by, beside their vectors: columns that `search_columns`
makes. `color`, `type` and `pattern` are the feed's, else what the network read."""


def search_columns(product: Product, attributes: Mapping[str, Any]) -> tuple[Any, ...]:
    """The SEARCH_COLUMNS of a product whose picture has these attributes."""
    price = product.current_price
    amount = None if price is None else float(price.amount)
    currency = "" if price is None else price.currency
    seen = {name: label(attributes.get(name)) for name in ("type", "color", "pattern")}
    color = product.color or seen["color"]
    words = (currency, product.brand, color, product.availability)
    style = (style_key(product), product.item_group_id)
    told = (product.product_type or seen["type"], product.pattern or seen["pattern"])
    facts = (product.category, product.gender, amount, *words)
    return (*facts, *style, *told, seen["type"], seen["pattern"])
