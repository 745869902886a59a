"""Which column of a feed is which field: Google Merchant names and what shops call them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from thatlook.core.errors import FeedError

ALIASES: Final[Mapping[str, str]] = {
    "id": "id, product id, item id, offer id, sku, style id, article id, article number",
    "title": "title, product title, name, product name, product display name, display name",
    "description": "description, product description, long description, summary",
    "link": "link, product link, url, product url, deep link",
    "image_link": "image link, image url, image, main image, image path, image file, "
    "picture, photo",
    "additional_image_link": "additional image link, additional image links, additional images, "
    "more images, images",
    "price": "price, regular price, list price, original price",
    "sale_price": "sale price, special price, discounted price, discount price",
    "brand": "brand, brand name, manufacturer, designer",
    "gender": "gender, sex",
    "age_group": "age group",
    "color": "color, colour, base color, base colour, color name, colour name",
    "pattern": "pattern",
    "material": "material, fabric",
    "product_type": "product type, article type, garment type, type",
    "google_product_category": "google product category, google category",
    "item_group_id": "item group id, group id, parent id, parent sku",
    "availability": "availability, stock status",
    "category": "category",
}
"""Field -> its names, the surest first. Spaces, case and punctuation do not count."""

FIELDS: Final = tuple(ALIASES)


def plain(name: str) -> str:
    """A column's name for comparison: "g:image_link" and "imageLink" are both "imagelink"."""
    name = name.strip().casefold().removeprefix("g:")
    return re.sub(r"[\W_]+", "", name)


_BY_NAME: Final = {
    plain(alias): (field, place)
    for field, names in ALIASES.items()
    for place, alias in enumerate(names.split(", "))
}


def recognised(columns: Iterable[str], chosen: Mapping[str, str] | None = None) -> dict[str, str]:
    """The column of each field that is there: field -> column as it is written in the feed.

    `chosen` (field -> column) goes first. Of several columns for one field the surest name
    wins, then one with Google's "g:", then the first. A column serves one field only.
    Raises FeedError for a field that does not exist or a chosen column that is not there.
    """
    columns = list(columns)
    fields = _chosen(columns, chosen or {})
    taken = set(fields.values())
    ranked: dict[str, tuple[tuple[int, bool, int], str]] = {}
    for order, column in enumerate(columns):
        field, place = _BY_NAME.get(plain(column), ("", 0))
        if not field or field in fields or column in taken:
            continue
        rank = (place, not column.strip().startswith("g:"), order)
        if field not in ranked or rank < ranked[field][0]:
            ranked[field] = (rank, column)
    return fields | {field: column for field, (_, column) in ranked.items()}


def _chosen(columns: list[str], chosen: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, wanted in chosen.items():
        if field not in FIELDS:
            raise FeedError(
                f"unknown field {field!r} in the mapping; known are {', '.join(FIELDS)}"
            )
        matches = [c for c in columns if c == wanted] or [
            c for c in columns if plain(c) == plain(wanted)
        ]
        if not matches:
            raise FeedError(f"no column {wanted!r} for {field}; the feed has {', '.join(columns)}")
        found[field] = matches[0]
    return found
