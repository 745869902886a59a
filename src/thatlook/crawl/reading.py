"""Reads one page of a crawl, of whatever kind, into rows and the pages it leads to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from thatlook.core.errors import SettingsError
from thatlook.crawl.browser.browser import Browser
from thatlook.crawl.extract.layout import no_products
from thatlook.crawl.extract.page import Page, selected
from thatlook.crawl.extract.shopify import page_address, shopify_rows
from thatlook.crawl.extract.structured import structured_rows
from thatlook.crawl.extract.values import Row
from thatlook.crawl.http.polite import Polite, text_of
from thatlook.crawl.http.sitemap import read_sitemap
from thatlook.crawl.shop import Shop, Source
from thatlook.crawl.state.state import PageRead, PageTask

LISTING, PRODUCT, SITEMAP, SHOPIFY = "listing", "product", "sitemap", "shopify"


def start_units(shop: Shop) -> list[PageTask]:
    """The pages that a crawl of this shop starts from."""
    kinds = {"pages": LISTING, "sitemap": SITEMAP, "shopify": SHOPIFY}
    return [
        _numbered(PageTask(kinds[source.kind], address, number), source)
        for number, source in enumerate(shop.sources)
        for address in source.start
    ]


def _numbered(unit: PageTask, source: Source) -> PageTask:
    if source.kind == "shopify":
        return replace(unit, url=page_address(unit.url, 1))
    if source.paging == "number":
        return replace(
            unit, url=unit.url.replace("{page}", str(source.first_page)), number=source.first_page
        )
    return unit


class Reader:
    """Reads pages over HTTP or in the browser, as the shop file says."""

    def __init__(self, shop: Shop, polite: Polite, browser: Browser) -> None:
        self._shop = shop
        self._polite = polite
        self._browser = browser

    def read(
        self, unit: PageTask, is_new: Callable[[Iterable[Row]], bool], pages_left: int
    ) -> PageRead:
        """What the page gives. `is_new` tells whether rows hold an unknown product.

        Raises GoneError, TroubleError, LayoutError; SettingsError for a wrong selector.
        """
        source = self._shop.sources[unit.source]
        if unit.kind == SITEMAP:
            return self._sitemap(unit, source)
        if unit.kind == SHOPIFY:
            return self._shopify(unit)
        if unit.kind == PRODUCT:
            return self._product(unit, source)
        return self._listing(unit, source, is_new, pages_left)

    def _sitemap(self, unit: PageTask, source: Source) -> PageRead:
        if urlsplit(unit.url).path in {"", "/"}:
            named = self._polite.robots.sitemaps(unit.url)
            return PageRead(next=tuple(replace(unit, url=url) for url in named), pages=0)
        found = read_sitemap(unit.url, self._polite.get(unit.url).data)
        products = [url for url in found.pages if re.search(source.match, url)]
        inner = tuple(replace(unit, url=url) for url in found.sitemaps)
        return PageRead(next=(*inner, *(PageTask(PRODUCT, url, unit.source) for url in products)))

    def _shopify(self, unit: PageTask) -> PageRead:
        answer = self._polite.get(unit.url)
        rows = tuple(shopify_rows(unit.url, answer.data, self._shop.currency))
        if not rows:
            return PageRead()
        number = unit.number + 1
        start = self._shop.sources[unit.source].start
        own = next(address for address in start if page_address(address, unit.number) == unit.url)
        return PageRead(rows, (replace(unit, url=page_address(own, number), number=number),))

    def _product(self, unit: PageTask, source: Source) -> PageRead:
        rules = source.product
        if rules is None:
            raise SettingsError("a product page needs [source.product]")
        page = self._page(unit.url, rules.render)
        row: Row = {}
        if rules.structured:
            found = structured_rows(page, self._shop.currency)
            wanted = [r for r in found if r.get("id") == unit.seed.get("id")] or found
            row = wanted[0] if wanted else {}
        row = {**unit.seed, **row, **page.row(rules.fields, self._shop.currency)}
        row.setdefault("link", unit.url)
        return PageRead((row,))

    def _page(self, url: str, render: bool) -> Page:
        if not render:
            answer = self._polite.get(url)
            return Page(answer.url, text_of(answer))
        return Page(url, self._browser.patiently(lambda: self._rendered(url)))

    def _rendered(self, url: str) -> str:
        self._browser.open(url, "")
        return self._browser.html()

    def _listing(
        self,
        unit: PageTask,
        source: Source,
        is_new: Callable[[Iterable[Row]], bool],
        pages_left: int,
    ) -> PageRead:
        rows: dict[object, Row] = {}
        pages: list[Page] = []

        def take(url: str, html: str) -> None:
            page = Page(url, html)
            pages[:] = [page]
            for number, row in enumerate(page.rows(source, self._shop.currency)):
                name = row.get("id", number)
                # Later looks fill in what was still loading at the first one.
                rows[name] = {**row, **rows.get(name, {})}

        steps = self._walk(unit, source, take, pages_left)
        if not rows and not _rightly_empty(source, unit, pages[0]):
            raise no_products(source, unit.url, self._browser.forbidden if source.render else ())
        listed = tuple(rows.values())
        more = _next_page(unit, source, pages[0], is_new(listed))
        if source.product is None:
            return PageRead(listed, more, 1 + steps)
        units = tuple(
            PageTask(PRODUCT, str(row["link"]), unit.source, seed=row)
            for row in listed
            if "link" in row
        )
        # A product without a link has no page; as it is, the layout watch sees what it lacks.
        return PageRead(
            tuple(row for row in listed if "link" not in row), (*more, *units), 1 + steps
        )

    def _walk(
        self, unit: PageTask, source: Source, take: Callable[[str, str], None], pages_left: int
    ) -> int:
        """Hands every state of the listing to `take`; gives how many more pages it grew by."""
        if not source.render:
            answer = self._polite.get(unit.url)
            take(answer.url, text_of(answer))
            return 0
        browser = self._browser
        ready = ", ".join(filter(None, (source.ready or source.item, source.empty)))
        most = pages_left - 1 if source.paging in {"scroll", "click"} else 0

        def walk() -> int:
            browser.open(unit.url, ready, source.dismiss)
            if source.paging == "click":
                return browser.click_through(source.next, lambda html: take(unit.url, html), most)
            return browser.scroll(source.item, lambda html: take(unit.url, html), most)

        return browser.patiently(walk)


def _rightly_empty(source: Source, unit: PageTask, page: Page) -> bool:
    if source.empty:
        return bool(selected(page.tree, source.empty))
    return source.paging == "number" and unit.number > source.first_page


def _next_page(unit: PageTask, source: Source, page: Page, grew: bool) -> tuple[PageTask, ...]:
    if source.paging == "next":
        url = page.link(source.next)
        return (replace(unit, url=url, number=unit.number + 1),) if url else ()
    if source.paging == "number" and grew:
        number = unit.number + 1
        own = next(a for a in source.start if a.replace("{page}", str(unit.number)) == unit.url)
        return (replace(unit, url=own.replace("{page}", str(number)), number=number),)
    return ()
