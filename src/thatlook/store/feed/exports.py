"""What the exports of Shopify and WooCommerce spread over rows and columns, brought together.

Shopify writes a row per variant and picture, with the product's own words in the first alone, or a
product with a list of variants. WooCommerce writes attributes as pairs of columns.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from thatlook.core.errors import FeedError
from thatlook.store.feed.cells import field_text
from thatlook.store.feed.columns import plain, recognised
from thatlook.store.feed.jsonlines import texts_of
from thatlook.store.feed.offers import availability_of
from thatlook.store.feed.prices import parse_price
from thatlook.store.feed.rows import (
    Nested,
    Problem,
    RawRow,
    RawRows,
    Values,
    characters,
)

MOST_ROWS: Final = 5_000
MOST_CHARACTERS: Final = 5_000_000
"""What of one product of Shopify is read into memory; it has 2,048 variants and 250 pictures at
most."""
_HANDLES: Final = ("handle", "urlhandle")
_OF_VARIANTS: Final = (
    "price",
    "compare_at_price",
    "stock",
    "backorders",
    "tracked",
    "availability",
)
_GONE: Final = frozenset({"out_of_stock", "sold_out", "discontinued"})
_WOO: Final = frozenset({"type", "sku", "regularprice", "attribute1name"})


def brought_together(rows: RawRows) -> RawRows:
    """The rows, one for each product of a Shopify export; those of other shops as they are.

    A product of several variants costs what the cheapest one that can be bought costs.
    """
    for handle, group in groupby(rows, _handle):
        if handle is None:
            yield from map(_single, group)
        else:
            yield _gathered(handle, (row for row in group if isinstance(row, RawRow)))


def _handle(row: RawRow | Problem) -> str | None:
    """The handle of a row of a Shopify export; None for any other."""
    if isinstance(row, Problem):
        return None
    names = {plain(name): name for name in row.values}
    if "variantprice" not in names and not {"urlhandle", "compareatprice"} <= names.keys():
        return None
    own = next((names[name] for name in _HANDLES if name in names), None)
    return _first(row.values, own).strip() or None if own else None


def _single(row: RawRow | Problem) -> RawRow | Problem:
    if isinstance(row, Problem):
        return row
    if any(isinstance(one, Nested) for one in row.values.get("variants", ())):
        return RawRow(row.line, _with_variant(row.values))
    if "Type" in row.values and {plain(name) for name in row.values} >= _WOO:
        return RawRow(row.line, _of_woocommerce(row.values))
    return row


def _gathered(handle: str, group: Iterator[RawRow]) -> RawRow | Problem:
    rows, held = [], 0
    for row in group:
        rows.append(row)
        held += characters(row)
        if len(rows) > MOST_ROWS or held > MOST_CHARACTERS:
            deque(group, maxlen=0)  # the others of this product
            told = f"more than {MOST_ROWS} rows or {MOST_CHARACTERS} characters of one product"
            return Problem(rows[0].line, handle, told)
    return _of_shopify(handle, rows)


def _of_shopify(handle: str, rows: Sequence[RawRow]) -> RawRow:
    """The product of rows of one handle: the words of the first, the best variant, all pictures."""
    first, fields = rows[0], recognised(rows[0].values)
    priced = [row.values for row in rows if _first(row.values, fields.get("price"))]
    values: dict[str, tuple[str, ...]] = dict(first.values)
    if priced:
        chosen = _best(priced)
        values |= {n: v for n, v in chosen.items() if n.startswith("Variant ")}
        values |= {fields[f]: chosen[fields[f]] for f in _OF_VARIANTS if f in fields}
    if "image_link" in fields:
        values[fields["image_link"]] = _pictures(rows, fields["image_link"])
    values |= _options(first.values, [row.values for row in rows])
    return RawRow(first.line, {"id": (handle,), **values})


def _best(variants: Sequence[Values]) -> Values:
    """The cheapest variant that can be bought, else the cheapest; one of price 0 comes last."""
    return min(variants, key=_rank)


def _rank(variant: Values) -> tuple[bool, bool, object]:
    texts = {f: field_text(f, variant[c]) for f, c in recognised(variant).items()}
    try:
        price = parse_price(texts.get("price", ""))
    except FeedError:
        price = None
    amount = price.amount if price else 0
    return (availability_of(texts, []) in _GONE, not amount, amount)


def _pictures(rows: Sequence[RawRow], column: str) -> tuple[str, ...]:
    """The pictures in the order of "Image Position", those of single variants last."""
    placed = [(_position(row.values), _first(row.values, column)) for row in rows]
    main = [link for _, link in sorted(placed, key=lambda one: one[0]) if link]
    more = [_first(row.values, name) for row in rows for name in row.values if _is_of_variant(name)]
    return tuple(dict.fromkeys(filter(None, (*main, *more))))


def _is_of_variant(name: str) -> bool:
    return plain(name) in {"variantimage", "variantimageurl"}


def _position(values: Values) -> int:
    text = next((_first(values, n) for n in values if plain(n) == "imageposition"), "")
    return int(text) if re.fullmatch(r"\d{1,6}", text) else 1_000_000


def _options(first: Values, rows: Sequence[Values]) -> dict[str, tuple[str, ...]]:
    """The options that are a field of ours, such as a color, with all values that there are."""
    named = {}
    for number in (1, 2, 3):
        value = next((n for n in first if plain(n) == f"option{number}value"), None)
        name = next((n for n in first if plain(n) == f"option{number}name"), None)
        if name and value:
            named[_first(first, name)] = [_first(row, value) for row in rows]
    return _new_fields(first, named)


def _new_fields(values: Values, named: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Those of the named lists that tell something of a product that its columns do not."""
    known = {field for field, column in recognised(values).items() if _first(values, column)}
    return {
        name: tuple(dict.fromkeys(filter(None, texts)))
        for name, texts in named.items()
        if any(field not in known for field in recognised([name]))
    }


def _with_variant(values: Values) -> dict[str, tuple[str, ...]]:
    """A product of Shopify's JSON with the price and the stock of its best variant."""
    nested = [one.value for one in values["variants"] if isinstance(one, Nested)]
    variants = [{name: texts_of(value) for name, value in one.items()} for one in nested]
    best = _best(variants)
    fields = recognised(best)
    known = recognised(values)
    found = {fields[f]: best[fields[f]] for f in _OF_VARIANTS if f in fields and f not in known}
    options = [one.value for one in values.get("options", ()) if isinstance(one, Nested)]
    named = {str(one.get("name", "")): texts_of(one.get("values")) for one in options}
    return {**values, **found, **_new_fields(values, named)}


def _of_woocommerce(values: Values) -> dict[str, tuple[str, ...]]:
    """A row with its attributes as columns; a product with variations leads their group."""
    named = {}
    for name in values:
        if found := re.fullmatch(r"Attribute (\d+) name", name):
            texts = _first(values, f"Attribute {found[1]} value(s)").split(",")
            named[_first(values, name)] = [text.strip() for text in texts]
    parent = re.sub(r"^id:", "", _first(values, "Parent"))
    if _first(values, "Type").strip() == "variable":
        parent = _first(values, "SKU") or _first(values, "ID")
    return {**values, "Parent": (parent,), **_new_fields(values, named)}


def _first(values: Values, column: str | None) -> str:
    return next(iter(values.get(column or "", ())), "")
