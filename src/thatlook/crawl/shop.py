"""What a shop file describes: where a shop's products are and how to read them politely."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from thatlook.core.errors import SettingsError

KINDS = ("pages", "sitemap", "shopify")
PAGING = ("none", "next", "number", "scroll", "click")
REQUIRED = ("id", "title", "link", "image_link")


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a field's value is: in an element (`css`, `attribute`) or in page data (`data`).

    The `css` selectors are tried in order, then the attributes; no attribute means the text;
    the selector "" is the item itself. `data` is a dotted path ("images.0.src"; `*` means all).
    `pattern` keeps its first group, `prefix` is put before it;
    `many` keeps all values and not only the first.
    """

    css: tuple[str, ...] = ()
    attribute: tuple[str, ...] = ()
    data: str = ""
    pattern: str = ""
    prefix: str = ""
    many: bool = False

    def __post_init__(self) -> None:
        if bool(self.css) == bool(self.data):
            raise SettingsError("a field needs either css or data")
        try:
            groups = re.compile(self.pattern).groups
        except re.error as error:
            raise SettingsError(f"{self.pattern!r} is no regular expression: {error}") from error
        if self.pattern and groups < 1:
            raise SettingsError(f"the pattern {self.pattern!r} needs a (group) to keep")

    @property
    def place(self) -> str:
        """What a person looks for when it finds nothing: the selector or the data path."""
        return ", ".join(self.css) if self.css else self.data


Rules = Mapping[str, Rule]
"""A rule for every field that a page shows, by its Google Merchant name."""


@dataclass(frozen=True, slots=True)
class ProductPage:
    """How the page of one product is read: its schema.org data, selectors, or both."""

    render: bool = False
    structured: bool = True
    fields: Rules = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Pages of one kind that list products.

    `pages`: HTML, rendered by Chromium where `render`; `item` selects one product, or `data`
    is the path to the list of products in the JSON after `data_start`. `sitemap`: product
    addresses that match `match`. `shopify`: products.json.
    """

    kind: str
    start: tuple[str, ...]
    render: bool = False
    item: str = ""
    data: str = ""
    data_start: str = ""
    ready: str = ""
    empty: str = ""
    """What a page shows that rightly has no products."""
    dismiss: tuple[str, ...] = ()
    """The buttons of cookie banners and the like."""
    paging: str = "none"
    next: str = ""
    first_page: int = 1
    match: str = ""
    fields: Rules = field(default_factory=dict)
    product: ProductPage | None = None

    def __post_init__(self) -> None:
        _known("kind", self.kind, KINDS)
        _known("paging", self.paging, PAGING)
        if not self.start:
            raise SettingsError("a source needs start: one address or more")
        for address in self.start:
            host_of(address)
        if self.kind == "pages":
            self._check_pages()
        if self.kind == "sitemap" and self.product is None:
            raise SettingsError("a sitemap only names pages; add [source.product] to read them")

    def _check_pages(self) -> None:
        if bool(self.item) == bool(self.data):
            raise SettingsError("a source of pages needs either item (CSS) or data (a path)")
        if "id" not in self.fields and self.product is None:
            raise SettingsError("a source of pages needs a field id")
        if self.paging in {"scroll", "click"} and not self.render:
            raise SettingsError(f'paging = "{self.paging}" needs render = true')
        if self.paging in {"next", "click"} and not self.next:
            raise SettingsError(
                f'paging = "{self.paging}" needs next: the selector of the link or button'
            )
        if self.paging == "number" and not all("{page}" in address for address in self.start):
            raise SettingsError('paging = "number" needs {page} in every start address')

    @property
    def place(self) -> str:
        """The selector or path of one product in a listing."""
        return self.item or self.data


@dataclass(frozen=True, slots=True)
class Limits:
    """How much, how fast, how long; every host has its own pace."""

    requests_per_second: float = 1.0
    jitter: float = 0.5
    """Every pause is longer by up to this share, at random; never shorter."""
    max_pages: int = 1000
    max_minutes: float = 120.0
    max_products: int = 100_000
    retries: int = 4
    timeout_s: float = 30.0
    missing_share: float = 0.3
    """A field missing in more than this share of the last products stops the crawl."""
    window: int = 40
    images_per_product: int = 1
    min_image_side_px: int = 50
    max_image_bytes: int = 20_000_000

    def __post_init__(self) -> None:
        for name in ("requests_per_second", "max_pages", "max_minutes", "max_products", "timeout_s",
                     "window", "min_image_side_px", "max_image_bytes"):  # fmt: skip
            if getattr(self, name) <= 0:
                raise SettingsError(f"limits.{name} must be above 0, not {getattr(self, name)}")
        for name in ("jitter", "retries", "images_per_product"):
            if getattr(self, name) < 0:
                raise SettingsError(f"limits.{name} must be 0 or more, not {getattr(self, name)}")
        if not 0 < self.missing_share < 1:
            raise SettingsError(
                f"limits.missing_share must be between 0 and 1, not {self.missing_share}"
            )


@dataclass(frozen=True, slots=True)
class Shop:
    """A whole shop file. `hosts` are all the hosts that may be talked to."""

    name: str
    contact: str
    sources: tuple[Source, ...]
    hosts: tuple[str, ...] = ()
    currency: str = ""
    required: tuple[str, ...] = REQUIRED
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not self.contact:
            raise SettingsError(
                "contact is empty: the shop must be able to reach you; "
                'give an address, as contact = "mailto:you@example.com" or --contact'
            )
        if not self.sources:
            raise SettingsError("a shop file needs one [[source]] or more")
        started = {host_of(address) for source in self.sources for address in source.start}
        object.__setattr__(self, "hosts", tuple(sorted(started | set(self.hosts))))


def host_of(address: str) -> str:
    """The host of an http(s) address, lower case. Raises SettingsError for any other address."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise SettingsError(f"{address!r} is no address: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise SettingsError(f"expected an address that starts with http(s)://, not {address!r}")
    return host


def _known(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingsError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
