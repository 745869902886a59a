"""Raw rows to products: fields from columns, category, gender, prices."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from thatlook.core import taxonomy
from thatlook.core.ages import age_group_of
from thatlook.core.errors import FeedError, SettingsError
from thatlook.core.records import Product, normal_id
from thatlook.core.seasons import COLUMN as SEASON
from thatlook.core.seasons import seasons_said
from thatlook.core.type_words import LanguageVotes, category_told, google_category, google_words
from thatlook.store.feed.cells import field_text, printable, text_of
from thatlook.store.feed.columns import FIELDS, all_of, plain, recognised
from thatlook.store.feed.doubts import doubts_of
from thatlook.store.feed.mapping import FeedMapping
from thatlook.store.feed.offers import PRICES, learn_prices, offer_of
from thatlook.store.feed.prices import PriceHabits
from thatlook.store.feed.rows import Nested, RawRow
from thatlook.store.feed.words import gender_said, is_unpublished

MAX_ID_BYTES: Final = 255
"""The longest id that is taken, in UTF-8 bytes."""
_NAMING: Final = ("product_type", "category", "title")
_TELLING: Final = (*PRICES, "currency", *_NAMING)
"""Fields that show how a feed is written."""
_TYPES: Final = ("product_type", "category", "google_product_category")
_PLAIN: Final = (
    "title", "description", "brand", "color", "pattern", "material", "product_type",
    "google_product_category", "item_group_id",
)  # fmt: skip
_OTHER_SCHEME: Final = re.compile(r"(?!https?:)[a-z][a-z0-9+.\-]*:(?!\d)", re.IGNORECASE)
"""A link that a browser would not open as a page: "javascript:...", but not "shop.example:80"."""
_NOT_IN_LINKS: Final = re.compile(r"[\x00-\x20\x7f-\x9f]+")
"""What browsers pass over in a link."""


@dataclass(frozen=True, slots=True)
class Made:
    """A product made of a row.

    `unread` says what of the row could not be used, and is left out. `notes` are on words that
    were not understood, the same for each row that has them.
    """

    product: Product
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _now() -> datetime:
    return datetime.now(UTC)


class ProductMaker:
    """Makes products of the raw rows of one feed; remembers how its columns were recognised."""

    def __init__(
        self, mapping: FeedMapping | None = None, clock: Callable[[], datetime] = _now
    ) -> None:
        self._mapping = mapping or FeedMapping()
        self._clock = clock
        self._fields: dict[tuple[str, ...], dict[str, str]] = {}
        self._habits = PriceHabits()
        self._votes = LanguageVotes()

    def check(self, columns: Sequence[str]) -> None:
        """Raises FeedError where the mapping names a column that a feed with these has not."""
        recognised(columns, self._mapping.fields)

    def learn(self, row: RawRow) -> None:
        """Looks at a row of the feed before its turn: how its prices and types are written."""
        columns = self._columns(row)
        # Objects are a program's: their "12.50" says nothing of how people write.
        texts: dict[str, str] = {
            field: field_text(field, row.values[columns[field]])
            for field in _TELLING
            if field in columns and not isinstance((*row.values[columns[field]], "")[0], Nested)
        }
        learn_prices(texts, self._mapping, self._habits)
        self._votes.add(*(texts[name] for name in _NAMING if texts.get(name)))

    def id_of(self, row: RawRow) -> str:
        """The row's id, or "" where it has none; what is no letter in it is replaced."""
        return feed_id(self._texts(row).get("id", "")).encode(errors="replace").decode()

    def product(self, row: RawRow) -> Product:
        """The product of a row; raises FeedError that says what is wrong with it, or a price."""
        made = self.made(row)
        if made.unread:
            raise FeedError(made.unread[0])
        return made.product

    def made(self, row: RawRow) -> Made:
        """The product of a row; a price counts as of the moment that the clock says.

        Raises FeedError where the row gives no product at all.
        """
        _check_letters(row)
        texts, fields = self._texts(row), self._columns(row)
        if "id" not in texts:
            raise _no_id_column(row)
        product_id = checked_id(feed_id(texts["id"]))
        offer = offer_of(texts, self._mapping, self._clock(), self._habits)
        offer.notes += doubts_of(row.values, fields, offer)
        link = _NOT_IN_LINKS.sub("", texts.get("link", ""))
        if _OTHER_SCHEME.match(link):
            offer.unread.append(f"link: expected a page's address, got {link!r:.80}")
            link = ""
        main, others = _images(row, fields, texts)
        try:
            product = Product(
                id=product_id,
                category=self._category(texts),
                gender=self._gender(texts, offer.notes),
                link=link,
                image_link=main,
                additional_image_link=others,
                price=offer.price,
                sale_price=offer.sale_price,
                age_group=_age_group(texts),
                availability=offer.availability,
                extra=_extra(row, fields) | _season(texts, offer.notes),
                **{name: texts.get(name, "") for name in _PLAIN},
            )
        except SettingsError as error:
            raise FeedError(str(error)) from error
        return Made(product, tuple(offer.unread), tuple(offer.notes))

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
        texts = {f: field_text(f, row.values[c]) for f, c in fields.items()}
        if "published" in fields:  # Shopify says it in two columns
            shown = all_of("published", row.values)
            texts["published"] = next(
                (t for c in shown for t in row.values[c] if is_unpublished(t)), ""
            )
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
        google, language = texts.get("google_product_category", ""), self._votes.language
        return (
            category_told(named, language)
            or google_category(google)
            or category_told((google, texts.get("title", "")), language or "en")
            or taxonomy.OTHER
        )

    def _gender(self, texts: Mapping[str, str], notes: list[str]) -> str:
        given = texts.get("gender", "")
        mapped = self._mapping.genders.get(given.casefold())
        said = mapped or (gender_said(given) if given else "")
        if said:
            return said
        if said is None and not age_group_of(gender=given):
            notes.append(f"gender: {given!r:.80} is not understood; --mapping can say what it is")
        others = ("product_type", "google_product_category", "title")
        return taxonomy.gender_of(*(texts.get(name, "") for name in others))


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


_SHOWN_COLUMNS: Final = 20


def _no_id_column(row: RawRow) -> FeedError:
    """The error for a row of whose columns none is understood as the id."""
    columns = ", ".join(list(row.values)[:_SHOWN_COLUMNS])
    return FeedError(
        f"none of its columns is known as the id ({columns}); name it with --map id=COLUMN, and "
        "others such as title, image_link and price likewise"
    )


def _check_letters(row: RawRow) -> None:
    """Raises FeedError for half characters, as JSON can hold: no store takes them."""
    try:
        for name, values in row.values.items():
            "".join((name, *values)).encode()
    except UnicodeEncodeError as error:
        raise FeedError("holds half a character (a lone surrogate)") from error


def _images(
    row: RawRow, fields: Mapping[str, str], texts: Mapping[str, str]
) -> tuple[str, tuple[str, ...]]:
    """The main picture and the others; further ones in the main one's cell are others too."""
    cells = {
        field: [text_of(field, value) for value in row.values.get(fields.get(field, ""), ())]
        for field in ("image_link", "additional_image_link")
    }
    first = cells["image_link"] or [texts.get("image_link", "")]
    several = [link for cell in first for link in _WEB_LINKS.split(cell)]
    mains = [link.strip() for link in several if link.strip()]
    others = _links(cells["additional_image_link"])
    return (mains[0] if mains else ""), tuple(dict.fromkeys((*mains[1:], *others)))


_WEB_LINKS: Final = re.compile(r",\s*(?=https?://)|\|")


def _links(values: Sequence[str]) -> tuple[str, ...]:
    """Places of pictures: several values, or one that lists them with commas.

    A comma inside an address stays: only one before a new address, or before a space, parts.
    """
    links: list[str] = []
    for value in values:
        parts = _WEB_LINKS.split(value) if "://" in value else re.split(r"[,|;]\s*", value)
        links += [part.strip() for part in parts]
    return tuple(dict.fromkeys(link for link in links if link))


def _age_group(texts: Mapping[str, str]) -> str:
    """The feed's age group; where it has none and other words tell a child's product, that."""
    given = texts.get("age_group", "")
    if given:
        return given.lower()
    return age_group_of(
        gender=texts.get("gender", ""),
        types=[google_words(texts.get(name, "")) for name in _TYPES],
        title=texts.get("title", ""),
        sizes=re.split("[,;|]", texts.get("size", "")),
    )


def _extra(row: RawRow, fields: Mapping[str, str]) -> dict[str, str]:
    """The columns that are no field of a product, as they came; a shop's own category too."""
    used = {column for field, column in fields.items() if field in FIELDS}
    own = fields.get("category", "")
    if own and _joined(row.values[own]).strip().lower() not in taxonomy.PRODUCT_CATEGORIES:
        used.discard(own)
    return {
        printable(column): _joined(values)
        for column, values in row.values.items()
        if column not in used and any(values)
    }


def _season(texts: Mapping[str, str], notes: list[str]) -> dict[str, str]:
    """What the column of the season says, by one name, however the feed calls it."""
    said = texts.get(SEASON, "")
    if seasons_said(said) is None:
        notes.append(f"season: {said!r:.80} is not understood, the product counts as for any")
    return {SEASON: said} if said else {}


def _joined(values: Sequence[str]) -> str:
    return ", ".join(map(printable, values))
