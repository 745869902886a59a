"""Reads schema.org Products (JSON-LD and microdata) from a page, through extruct."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from thatlook.core.errors import MissingExtraError
from thatlook.crawl.extract.page import Page
from thatlook.crawl.extract.values import Row, row_of

_FIELDS = {
    "title": ("name",),
    "description": ("description",),
    "link": ("url",),
    "color": ("color",),
    "material": ("material",),
    "pattern": ("pattern",),
    "product_type": ("category",),
    "item_group_id": ("inProductGroupWithID", "productGroupID"),
    "size": ("size",),
    "gtin": ("gtin13", "gtin", "gtin14", "gtin12", "gtin8"),
    "mpn": ("mpn",),
}

_AVAILABILITY = {"InStock": "in_stock", "OutOfStock": "out_of_stock", "PreOrder": "preorder"}


def structured_rows(page: Page, currency: str = "") -> list[Row]:
    """The Products that the page states, JSON-LD before microdata, one row per id.

    A Product without an id of its own (productID, sku, mpn) is left out only where the
    page has no other. Raises MissingExtraError without the extra `crawl`.
    """
    rows: dict[Any, Row] = {}
    for number, product in enumerate(_products(page)):
        row = row_of(_raw(product), page.url, currency)
        if row:
            rows.setdefault(row.get("id", number), row)
    return list(rows.values())


def _products(page: Page) -> Iterable[Mapping[str, Any]]:
    try:
        from extruct import JsonLdExtractor, MicrodataExtractor
    except ImportError as error:
        raise MissingExtraError("reading schema.org data", "crawl") from error
    try:
        stated = JsonLdExtractor().extract_items(page.tree)
    except ValueError:
        stated = []  # a shop's broken JSON-LD; its microdata may be whole
    for entry in stated:
        yield from _of_type(entry, "Product")
    for entry in MicrodataExtractor().extract_items(page.tree, base_url=page.url):
        yield from _of_type(_flat(entry), "Product")


def _flat(entry: Any) -> Any:
    """A microdata item in JSON-LD's shape: its properties beside its type."""
    if isinstance(entry, list):
        return [_flat(part) for part in entry]
    if not isinstance(entry, Mapping):
        return entry
    inner = entry.get("properties", {})
    return {"@type": entry.get("type", "")} | {name: _flat(value) for name, value in inner.items()}


def _of_type(value: Any, kind: str) -> Iterable[Mapping[str, Any]]:
    """All objects of a schema.org type, however deep (@graph, mainEntity, item lists)."""
    if isinstance(value, list):
        for entry in value:
            yield from _of_type(entry, kind)
    elif isinstance(value, Mapping):
        if any(name.rsplit("/", 1)[-1] == kind for name in _texts(value.get("@type"))):
            yield value
            return  # a product's own parts (isRelatedTo...) are other products
        for entry in value.values():
            yield from _of_type(entry, kind)


def _raw(product: Mapping[str, Any]) -> dict[str, list[str]]:
    raw = {name: _first(product, keys) for name, keys in _FIELDS.items()}
    raw["id"] = _first(product, ("productID", "sku", "mpn"))
    raw["brand"] = _names(product.get("brand")) or _names(product.get("manufacturer"))
    images = _names(product.get("image"), ("contentUrl", "url", "@id"))
    raw["image_link"], raw["additional_image_link"] = images[:1], images[1:]
    audience = _names(product.get("audience"), ("suggestedGender",))
    raw["gender"] = [text.rsplit("/", 1)[-1] for text in audience[:1]]
    rating = product.get("aggregateRating")
    if isinstance(rating, Mapping):
        raw["rating"] = _texts(rating.get("ratingValue"))[:1]
        raw["rating_count"] = _first(rating, ("ratingCount", "reviewCount"))
    return raw | _offered(product.get("offers"))


def _offered(offers: Any) -> dict[str, list[str]]:
    """The price, and the strike price before it, of the first offer that has one."""
    for offer in _of_type(offers, "Offer"):
        asked = _money(offer)
        before: list[str] = []
        for part in _parts(offer.get("priceSpecification")):
            kinds = _texts(part.get("priceType"))
            if any(
                kind.endswith(("StrikethroughPrice", "ListPrice", "SRP", "MSRP")) for kind in kinds
            ):
                before = before or _money(part, offer)
            else:
                asked = asked or _money(part, offer)
        if asked:
            prices = {"price": before, "sale_price": asked} if before else {"price": asked}
            return prices | {"availability": _availability(offer)}
    for offer in _of_type(offers, "AggregateOffer"):
        return {"price": _money(offer), "availability": _availability(offer)}
    return {}


def _availability(offer: Mapping[str, Any]) -> list[str]:
    stock = [text.rsplit("/", 1)[-1] for text in _texts(offer.get("availability"))[:1]]
    return [_AVAILABILITY[text] for text in stock if text in _AVAILABILITY]


def _money(part: Mapping[str, Any], offer: Mapping[str, Any] | None = None) -> list[str]:
    amount = _first(part, ("price", "lowPrice"))
    code = _first(part, ("priceCurrency",)) or _first(offer or {}, ("priceCurrency",))
    return [f"{amount[0]} {code[0] if code else ''}"] if amount else []


def _parts(value: Any) -> list[Mapping[str, Any]]:
    listed = value if isinstance(value, list) else [value]
    return [part for part in listed if isinstance(part, Mapping)]


def _first(product: Mapping[str, Any], keys: tuple[str, ...]) -> list[str]:
    return next((found[:1] for key in keys if (found := _names(product.get(key)))), [])


def _names(value: Any, keys: tuple[str, ...] = ("name", "value", "@id")) -> list[str]:
    """Texts, or the name of each object that stands for one."""
    listed = value if isinstance(value, list) else [value]
    found: list[str] = []
    for entry in listed:
        if isinstance(entry, Mapping):
            found += next((texts[:1] for key in keys if (texts := _texts(entry.get(key)))), [])
        else:
            found += _texts(entry)
    return found


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [
        str(entry)
        for entry in listed
        if isinstance(entry, (str, int, float)) and str(entry).strip()
    ]
