"""Raw rows to products: fields from columns, category, gender, prices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from thatlook.core import taxonomy
from thatlook.core.ages import age_group_of
from thatlook.core.errors import FeedError, SettingsError
from thatlook.core.records import Price, Product, normal_id
from thatlook.store.feed.columns import FIELDS, plain, recognised
from thatlook.store.feed.mapping import FeedMapping
from thatlook.store.feed.prices import parse_price
from thatlook.store.feed.rows import RawRow

MAX_ID_BYTES: Final = 255
"""The longest id that is taken, in UTF-8 bytes."""
_SIZES: Final = frozenset({"size", "sizes", "grösse", "grössen", "taille", "tailles", "talla"})
"""Names of columns with sizes, as `plain` makes them."""
_TYPES: Final = ("product_type", "category", "google_product_category")
_NO_SALE: Final = frozenset({"nan", "none", "null", "n/a", "na", "-"})
"""What programs write into the sale price of what is not on sale."""
_PLAIN: Final = (
    "title", "description", "link", "brand", "color", "pattern", "material", "product_type",
    "google_product_category", "item_group_id",
)  # fmt: skip


class ProductMaker:
    """Makes products of the raw rows of one feed; remembers how its columns were recognised."""

    def __init__(self, mapping: FeedMapping | None = None) -> None:
        self._mapping = mapping or FeedMapping()
        self._fields: dict[tuple[str, ...], dict[str, str]] = {}

    def check(self, columns: Sequence[str]) -> None:
        """Raises FeedError where the mapping names a column that a feed with these has not."""
        recognised(columns, self._mapping.fields)

    def id_of(self, row: RawRow) -> str:
        """The row's id, or "" where it has none; what is no letter in it is replaced."""
        return feed_id(self._texts(row).get("id", "")).encode(errors="replace").decode()

    def product(self, row: RawRow) -> Product:
        """The product of a row; raises FeedError that says what is wrong with it, or a price."""
        product, unread = self.with_unread(row)
        if unread:
            raise FeedError(unread[0])
        return product

    def with_unread(self, row: RawRow) -> tuple[Product, tuple[str, ...]]:
        """The product of a row, and what is wrong with prices, which it then has not.

        Raises FeedError where the row gives no product at all.
        """
        _check_letters(row)
        texts = self._texts(row)
        product_id = checked_id(feed_id(texts.get("id", "")))
        fields = self._columns(row)
        prices, unread = self._prices(texts)
        try:
            product = Product(
                id=product_id,
                category=self._category(texts),
                gender=self._gender(texts),
                image_link=texts.get("image_link", ""),
                additional_image_link=_links(
                    row.values.get(fields.get("additional_image_link", ""), ())
                ),
                price=prices["price"],
                sale_price=prices["sale_price"],
                age_group=_age_group(texts, row),
                availability=re.sub(r"[\s-]+", "_", texts.get("availability", "").lower()),
                extra=_extra(row, fields),
                **{name: texts.get(name, "") for name in _PLAIN},
            )
        except SettingsError as error:
            raise FeedError(str(error)) from error
        return product, unread

    def _prices(self, texts: Mapping[str, str]) -> tuple[dict[str, Price | None], tuple[str, ...]]:
        """Both prices, None where there is none, and messages for those that cannot be read."""
        prices: dict[str, Price | None] = {}
        unread: list[str] = []
        for name in ("price", "sale_price"):
            text = texts.get(name, "")
            if name == "sale_price" and text.casefold() in _NO_SALE:
                text = ""
            try:
                prices[name] = parse_price(text, self._mapping.defaults.get("currency", ""))
            except FeedError as error:
                prices[name] = None
                unread.append(f"{name}: {error}")
        return prices, tuple(unread)

    def _columns(self, row: RawRow) -> dict[str, str]:
        names = tuple(row.values)
        if names not in self._fields:
            if len(self._fields) > 256:  # rows of JSON and XML may differ endlessly
                self._fields.clear()
            there = {plain(name) for name in names}
            chosen = {f: c for f, c in self._mapping.fields.items() if plain(c) in there}
            self._fields[names] = recognised(names, chosen)
        return self._fields[names]

    def _texts(self, row: RawRow) -> dict[str, str]:
        fields = self._columns(row)
        texts = {f: row.values[c][0].strip() for f, c in fields.items() if row.values[c]}
        defaults = {f: t for f, t in self._mapping.defaults.items() if not texts.get(f)}
        return texts | defaults

    def _category(self, texts: Mapping[str, str]) -> str:
        given = texts.get("category", "")
        if given.lower() in taxonomy.PRODUCT_CATEGORIES:
            return given.lower()
        named = (texts.get("product_type", ""), given)
        for text in named:
            if text.casefold() in self._mapping.categories:
                return self._mapping.categories[text.casefold()]
        return taxonomy.category_of(
            *named, texts.get("google_product_category", ""), texts.get("title", "")
        )

    def _gender(self, texts: Mapping[str, str]) -> str:
        given = texts.get("gender", "")
        mapped = self._mapping.genders.get(given.casefold())
        if mapped:
            return mapped
        others = ("product_type", "google_product_category", "title")
        return taxonomy.gender_of(given, *(texts.get(name, "") for name in others))


def feed_id(text: str) -> str:
    """The normal id, and "15970.0" as "15970": spreadsheets write whole numbers so."""
    return re.sub(r"^(\d+)\.0+$", r"\1", normal_id(text))


def checked_id(text: str) -> str:
    """The normal id; raises FeedError for an empty, overlong or unprintable one."""
    product_id = normal_id(text)
    if not product_id:
        raise FeedError("the row has no id")
    if len(product_id.encode(errors="replace")) > MAX_ID_BYTES:
        raise FeedError(f"the id is longer than {MAX_ID_BYTES} bytes: {product_id[:40]!r}...")
    if not product_id.isprintable():
        raise FeedError(f"the id holds characters that cannot be printed: {product_id!r}")
    return product_id


def _check_letters(row: RawRow) -> None:
    """Raises FeedError for half characters, as JSON can hold: no store takes them."""
    try:
        for name, values in row.values.items():
            "".join((name, *values)).encode()
    except UnicodeEncodeError as error:
        raise FeedError("holds half a character (a lone surrogate)") from error


def _links(values: Sequence[str]) -> tuple[str, ...]:
    """Places of pictures: several values, or one that lists them with commas.

    A comma inside an address stays: only one before a new address, or before a space, parts.
    """
    links: list[str] = []
    for value in values:
        pattern = r",\s*(?=https?://)" if "://" in value else r"[,|;]\s*"
        links += [part.strip() for part in re.split(pattern, value)]
    return tuple(dict.fromkeys(link for link in links if link))


def _age_group(texts: Mapping[str, str], row: RawRow) -> str:
    """The feed's age group; where it has none and other words tell a child's product, that."""
    given = texts.get("age_group", "")
    if given:
        return given.lower()
    return age_group_of(
        gender=texts.get("gender", ""),
        types=[texts.get(name, "") for name in _TYPES],
        title=texts.get("title", ""),
        sizes=_sizes(row),
    )


def _sizes(row: RawRow) -> list[str]:
    """All sizes that a product of the row comes in; a cell may list several."""
    cells = [", ".join(values) for name, values in row.values.items() if plain(name) in _SIZES]
    return re.split("[,;|]", ",".join(cells))


def _extra(row: RawRow, fields: Mapping[str, str]) -> dict[str, str]:
    """The columns that are no field of a product, as they came; a shop's own category too."""
    used = {column for field, column in fields.items() if field in FIELDS}
    own = fields.get("category", "")
    if own and _joined(row.values[own]).strip().lower() not in taxonomy.PRODUCT_CATEGORIES:
        used.discard(own)
    return {
        column: _joined(values)
        for column, values in row.values.items()
        if column not in used and any(values)
    }


def _joined(values: Sequence[str]) -> str:
    return ", ".join(values)
