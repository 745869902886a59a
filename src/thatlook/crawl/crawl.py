"""Crawls a shop: pages, then their pictures, one after the other, until all is done or enough."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from thatlook.core.version import __version__
from thatlook.crawl.browser.browser import Browser
from thatlook.crawl.extract.layout import LayoutWatch
from thatlook.crawl.extract.values import Row
from thatlook.crawl.http.failures import GoneError, LayoutError, RestError, TroubleError
from thatlook.crawl.http.pace import Pacer
from thatlook.crawl.http.polite import Network, Polite
from thatlook.crawl.output import feed_rows, without_duplicates, write_feed
from thatlook.crawl.pictures import Pictures
from thatlook.crawl.reading import Reader, start_units
from thatlook.crawl.shop import Shop
from thatlook.crawl.state.journal import Journal
from thatlook.crawl.state.state import CrawlState, PageRead, PageTask

MAX_TROUBLES = 5
"""A shop that fails this many pages in a row is left alone."""


Progress = Callable[[int, int], None]
"""Is told how many pages were read and how many products were found."""


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What a crawl did. `stopped` says why it ended before all was read, or ""."""

    shop: str
    products: int = 0
    pages: int = 0
    requests: int = 0
    seconds: float = 0.0
    stopped: str = ""
    gave_up: bool = False
    """Ended because the shop no longer answered, and not by a limit that was set."""
    repeated: int = 0
    without_id: int = 0
    failed_pages: dict[str, str] = field(default_factory=dict)
    failed_pictures: dict[str, str] = field(default_factory=dict)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    shared_pictures: list[list[str]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """report.json."""
        return asdict(self)


class Crawl:
    """One run over a shop, which goes on where an earlier one in the same folder ended."""

    def __init__(
        self,
        shop: Shop,
        folder: Path,
        network: Network | None = None,
        progress: Progress = lambda *_: None,
    ) -> None:
        self._shop = shop
        self._folder = folder
        self._network = network or Network()
        self._progress = progress
        limits = shop.limits
        self._pacer = Pacer(limits.requests_per_second, limits.jitter)
        self._polite = Polite(
            shop.hosts, self._pacer, limits, user_agent(shop.contact), self._network
        )
        self._watches = [
            LayoutWatch(source, shop.required, limits.missing_share, limits.window)
            for source in shop.sources
        ]
        self._began = time.monotonic()
        self._troubles = 0
        self._failed_pictures: dict[str, str] = {}

    def run(self) -> CrawlReport:
        """Crawls and writes the feed. Raises LayoutError after writing what was found before;
        FeedError where another crawl uses the folder, FetchError where a host may not be asked.
        """
        state_folder = self._folder / "state"
        with ExitStack() as stack:
            stack.callback(self._polite.close)
            journal = stack.enter_context(Journal(state_folder / "journal.jsonl"))
            state = CrawlState(journal, start_units(self._shop))
            browser = stack.enter_context(self._browser(state_folder))
            try:
                self._work(state, browser)
            except LayoutError as error:
                self._written(state, browser, str(error))
                raise
            except _EnoughError as enough:
                return self._written(state, browser, str(enough))
            browser.answers.clear()
            return self._written(state, browser, "")

    def _browser(self, folder: Path) -> Browser:
        # One look at every host now: a forbidden or misspelt one ends the crawl before it begins.
        pins = {host: self._network.address(host) for host in self._shop.hosts}
        return Browser(
            folder,
            pins,
            self._polite.check,
            self._pacer,
            self._shop.limits,
            user_agent(self._shop.contact),
        )

    def _work(self, state: CrawlState, browser: Browser) -> None:
        """Reads pages and pictures until nothing is left. Raises _Enough where a limit ends it."""
        reader = Reader(self._shop, self._polite, browser)
        pictures = Pictures(self._folder / "images", self._polite, state, self._shop.limits)
        for row in state.rows.values():
            self._pictures(row, state, pictures)
        while (unit := state.next_unit()) is not None:
            self._check_limits(state)
            read = self._page(unit, state, reader)
            browser.answers.forget_page()
            for row in read.rows:
                if "id" in row:
                    self._pictures(state.rows[str(row["id"])], state, pictures)
            self._progress(state.pages, len(state.rows))

    def _page(self, unit: PageTask, state: CrawlState, reader: Reader) -> PageRead:
        """Reads and records one page. Raises LayoutError before anything of it is recorded."""
        try:
            read = reader.read(unit, state.is_new, self._shop.limits.max_pages - state.pages)
        except GoneError as error:
            state.fail(unit, str(error), lasting=True)
            return PageRead()
        except TroubleError as error:
            state.fail(unit, str(error), lasting=False)
            self._trouble(error)
            return PageRead()
        self._watches[unit.source].check(unit.url, read.rows)
        state.done(unit, read)
        self._troubles = 0
        return read

    def _pictures(self, row: Row, state: CrawlState, pictures: Pictures) -> None:
        while (url := pictures.missing(row)) is not None:
            self._check_limits(state, pages=False)
            try:
                pictures.fetch(url)
            except TroubleError as error:
                self._failed_pictures[url] = str(error)
                self._trouble(error)
                return
            self._troubles = 0

    def _trouble(self, error: TroubleError) -> None:
        self._troubles += 1
        if isinstance(error, RestError):
            self._troubles = MAX_TROUBLES
            raise _EnoughError(str(error))
        if self._troubles >= MAX_TROUBLES:
            raise _EnoughError(f"{self._troubles} failures in a row; the last: {error}")

    def _check_limits(self, state: CrawlState, *, pages: bool = True) -> None:
        limits = self._shop.limits
        if time.monotonic() - self._began > limits.max_minutes * 60:
            raise _EnoughError(f"the limit of {limits.max_minutes:g} minutes")
        if pages and state.pages >= limits.max_pages:
            raise _EnoughError(f"the limit of {limits.max_pages} pages")
        if pages and len(state.rows) >= limits.max_products:
            raise _EnoughError(f"the limit of {limits.max_products} products")

    def _written(self, state: CrawlState, browser: Browser, stopped: str) -> CrawlReport:
        """Writes the feed and the report of what was found so far."""
        rows = list(state.rows.values())[: self._shop.limits.max_products]
        rows, duplicates, shared = without_duplicates(feed_rows(rows, state.pictures))
        failed = {url: picture.error for url, picture in state.pictures.items() if picture.error}
        report = CrawlReport(
            shop=self._shop.name,
            products=len(rows),
            pages=state.pages,
            requests=self._polite.requests + browser.requests,
            seconds=round(time.monotonic() - self._began, 1),
            stopped=stopped,
            gave_up=self._troubles >= MAX_TROUBLES,
            repeated=state.repeated,
            without_id=state.without_id,
            failed_pages=state.failed,
            failed_pictures=failed | self._failed_pictures,
            duplicates=duplicates,
            shared_pictures=shared,
            refused=browser.refused,
        )
        write_feed(self._folder, rows, report.to_dict())
        return report


class _EnoughError(Exception):
    """A limit of the crawl is reached; the message says which."""


def user_agent(contact: str) -> str:
    """Who is asking, with the way to reach them."""
    return f"Mozilla/5.0 (compatible; thatlook/{__version__}; +{contact})"
