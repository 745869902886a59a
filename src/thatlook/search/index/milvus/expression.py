"""Products as rows of a collection, and queries as the engine's filter expressions.

An expression never holds a text that somebody else wrote: ids are percent-encoded and words are
compared as numbers made from them, so that there is nothing to escape and nothing to inject.
Two words may share a number; whoever hydrates the hits compares the words themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import quote, unquote

from thatlook.core.ages import is_childs
from thatlook.core.records import in_stock
from thatlook.search.index.query import MAX_ID_BYTES, Entry, Filters, Query
from thatlook.search.index.words import color_parts, folded

MAX_KEY: Final = 3 * MAX_ID_BYTES
"""The longest percent-encoded id."""
MOST_COLORS: Final = 64
"""A product whose colors have more words than this passes every filter by color in the engine."""
ANY_COLOR: Final = 0
_NO_WORD: Final = -1
_NO_PRICE: Final = -1.0


def row_of(entry: Entry) -> dict[str, Any]:
    """The product as a row of the collection; equal products give equal rows."""
    return {
        "key": key_of(entry.id),
        "place": place_of(entry.category, entry.gender),
        "price": _NO_PRICE if entry.price is None else entry.price,
        "currency": _word_of(entry.currency),
        "brand": _word_of(entry.brand),
        "colors": _colors_of(entry.color),
        "availability": _word_of(entry.availability),
        "stocked": in_stock(entry.availability),
        "child": is_childs(entry.age_group),
        "note": "",
        "vector": entry.vector,
    }


def expression_of(query: Query) -> str | None:
    """The filter that lets pass what may answer the query, in all its places; None for nothing.

    A few more products may pass than the query means: colors are compared word by word, whichever
    of a product's colors has them.
    """
    places = [place_of(category, gender) for category, gender in query.partitions()]
    if not places or query.filters.include_ids == frozenset():
        return None
    parts = [_in("place", (f'"{place}"' for place in places)), *_parts(query.filters)]
    return None if None in parts else " and ".join(part for part in parts if part)


def key_of(product_id: str) -> str:
    """The id in letters that mean nothing to the engine; `id_of` brings it back."""
    return quote(product_id, safe="", errors="surrogatepass")


def id_of(key: str) -> str:
    """The id that `key_of` wrote."""
    return unquote(key, errors="surrogatepass") if "%" in key else key


def place_of(category: str, gender: str) -> str:
    """The partition key of products of this category and gender, words of the taxonomy."""
    return f"{category}.{gender}"


@lru_cache(maxsize=65536)
def number_of(word: str) -> int:
    """A number of 62 bits for a word, never ANY_COLOR for one that has letters; case and the like
    are folded as filters compare them.
    """
    digest = blake2b(folded(word).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 2


def _word_of(text: str) -> int:
    return number_of(text) if text else _NO_WORD


def _colors_of(text: str) -> list[int]:
    words = sorted({number_of(word) for part in color_parts(text) for word in part.split()})
    return words if len(words) <= MOST_COLORS else [ANY_COLOR]


def _parts(filters: Filters) -> Iterator[str | None]:
    """What each part of the filters demands; None where nothing can pass it."""
    if (filters.min_price, filters.max_price) != (None, None):
        yield f"price >= {filters.min_price or 0.0!r}"  # without one it is below 0
    if filters.max_price is not None:
        yield f"price <= {filters.max_price!r}"
    yield from _word_parts(filters)
    if filters.in_stock:
        yield "stocked == true"
    if filters.age != "any":
        yield f"child == {str(filters.age == 'child').lower()}"
    if filters.include_ids is not None:
        yield _keys(filters.include_ids)
    if filters.exclude_ids:
        yield f"not ({_keys(filters.exclude_ids)})"


def _word_parts(filters: Filters) -> Iterator[str | None]:
    wanted = {
        "currency": frozenset({filters.currency} - {""}),
        "brand": filters.brands,
        "availability": filters.availability,
    }
    for column, words in wanted.items():
        if words:
            yield _in(column, map(str, sorted(map(number_of, words))))
    if filters.colors:
        yield _color_part(filters.colors)


def _color_part(wanted: Iterable[str]) -> str | None:
    """Products with all words of one of the wanted colors, or with too many to be told."""
    sets = {frozenset(map(number_of, folded(color).split())) for color in wanted} - {frozenset()}
    if not sets:
        return None
    single = sorted({ANY_COLOR, *(number for one in sets if len(one) == 1 for number in one)})
    parts = [f"array_contains_any(colors, {single})"]
    several = sorted(sorted(one) for one in sets if len(one) > 1)
    parts += [f"array_contains_all(colors, {one})" for one in several]
    return f"({' or '.join(parts)})"


def _in(column: str, values: Iterable[str]) -> str:
    return f"{column} in [{', '.join(values)}]"


def _keys(ids: Iterable[str]) -> str:
    return _in("key", (f'"{key_of(product_id)}"' for product_id in sorted(ids)))
