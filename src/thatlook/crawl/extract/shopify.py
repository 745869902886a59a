"""Reads a Shopify shop's products.json."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from thatlook.crawl.extract.values import Row, row_of
from thatlook.crawl.http.failures import TroubleError

PAGE_SIZE = 250
_TAG = re.compile(r"<[^>]*>")


def page_address(start: str, number: int) -> str:
    """The address of a page of products: of the whole shop, or of the collection in `start`."""
    parts = urlsplit(start)
    path = re.sub(r"/products\.json$|/$", "", parts.path)
    query = f"limit={PAGE_SIZE}&page={number}"
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/products.json", query, ""))


def shopify_rows(url: str, data: bytes, currency: str) -> list[Row]:
    """The rows of one page of products.json; an empty list after the last page.

    The price is that of the cheapest variant that can be bought (else of all variants).
    Raises TroubleError where the answer is not what Shopify gives.
    """
    try:
        products = json.loads(data)["products"]
        return [row for product in products if (row := _row(product, url, currency))]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TroubleError(f"{url}: expected Shopify's products.json: {error!r}") from error


def _row(product: Mapping[str, Any], url: str, currency: str) -> Row:
    variants = [variant for variant in product.get("variants") or [] if variant]
    on_sale = [entry for entry in variants if entry.get("available", True)] or variants
    parts = urlsplit(url)
    shop = f"{parts.scheme}://{parts.netloc}"
    images = [str(image["src"]) for image in product.get("images") or [] if image]
    raw = {
        "id": [str(product["id"])],
        "title": [str(product.get("title", ""))],
        "description": [unescape(_TAG.sub(" ", product.get("body_html") or ""))],
        "link": [f"{shop}/products/{product['handle']}"],
        "image_link": images[:1],
        "additional_image_link": images[1:],
        "brand": [str(product.get("vendor") or "")],
        "product_type": [str(product.get("product_type") or "")],
        "availability": [
            "in_stock" if any(e.get("available", True) for e in variants) else "out_of_stock"
        ],
        **_options(product),
        **_prices(on_sale),
    }
    return row_of(raw, url, currency)


def _options(product: Mapping[str, Any]) -> dict[str, list[str]]:
    """Colors and sizes, which are options with a name that the merchant chose."""
    found: dict[str, list[str]] = {}
    for option in filter(None, product.get("options") or []):
        name = str(option.get("name", "")).strip().lower()
        field = {"color": "color", "colour": "color", "size": "size", "material": "material"}.get(
            name
        )
        if field:
            found[field] = [str(value) for value in option.get("values") or []]
    return found


def _prices(variants: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    priced = [
        (amount, entry) for entry in variants if (amount := _amount(entry.get("price"))) is not None
    ]
    if not priced:
        return {}
    asked, variant = min(priced, key=lambda pair: pair[0])
    before = _amount(variant.get("compare_at_price"))
    if before is not None and before > asked:
        return {"price": [str(before)], "sale_price": [str(asked)]}
    return {"price": [str(asked)]}


def _amount(value: Any) -> Decimal | None:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
