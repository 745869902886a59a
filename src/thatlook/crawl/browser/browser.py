"""Reads listing pages that render in the browser: waits, scrolls, clicks, hands over the HTML."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from thatlook.core.closing import Closing
from thatlook.crawl.browser.chromium import START_S, Chromium
from thatlook.crawl.browser.gate import RequestGate
from thatlook.crawl.browser.tab import Tab
from thatlook.crawl.browser.watchdog import Watchdog
from thatlook.crawl.http.answers import AnswerCache
from thatlook.crawl.http.failures import CrashedError, GoneError, RestError, TroubleError, rest
from thatlook.crawl.http.pace import Pacer
from thatlook.crawl.shop import Limits
from thatlook.store.feed.fetch import TRANSIENT_STATUSES

T = TypeVar("T")

Take = Callable[[str], None]
"""What gets the HTML of the page after each step."""

SETTLE_S = 0.3
"""A page without a request for this long has got what it asked for."""

STEP_S = 0.05

PATIENCE_S = 3.0
"""How long a quiet page may still take to show its first product."""


class Browser(Closing):
    """One Chromium, started at its first page; a context manager.

    `addresses` pins the hosts that it may talk to; `check` raises GoneError for an address
    that must not be asked.
    """

    def __init__(
        self,
        folder: Path,
        addresses: Mapping[str, str],
        check: Callable[[str], None],
        pacer: Pacer,
        limits: Limits,
        user_agent: str,
    ) -> None:
        self.answers = AnswerCache(folder / "answers")
        self._folder = Path()
        self._addresses = addresses
        self._check = check
        self._pacer = pacer
        self._limits = limits
        self._user_agent = user_agent
        self._chromium: Chromium | None = None
        self._watchdog: Watchdog | None = None
        self._tab: Tab | None = None
        self._gate: RequestGate | None = None
        self._banners: tuple[str, ...] = ()
        self._url = ""
        self._asked = 0
        self.refused: dict[str, str] = {}
        """Addresses that pages wanted and did not get, with the reason."""

    @property
    def requests(self) -> int:
        """How many requests of the browser went out to a host."""
        return self._asked + (self._gate.asked if self._gate else 0)

    def close(self) -> None:
        """Ends it."""
        self._stop()
        if self._watchdog is not None:
            self._watchdog.close()

    def open(self, url: str, ready: str, dismiss: tuple[str, ...] = ()) -> None:
        """Loads a page and waits until `ready`, a selector, is there or the page is quiet.

        Raises GoneError or TroubleError where the page did not answer well.
        """
        tab, gate = self._begun()
        self._banners, self._url = dismiss, url
        tab.go(url)
        self._settle(ready)
        seen = gate.traffic.seen()
        if seen.refused:
            raise GoneError(seen.refused)
        if (
            seen.document is not None
            and seen.document >= 400
            and seen.document not in TRANSIENT_STATUSES
        ):
            raise GoneError(f"{url} answered {seen.document}")
        self._check_troubles()
        if seen.document is None:
            # A page that a host does not answer is in trouble already.
            raise CrashedError(f"{url} was not loaded")
        self._dismiss()

    @property
    def forbidden(self) -> tuple[str, ...]:
        """What robots.txt kept the open page from asking for, in words."""
        return self._open_gate().traffic.seen().forbidden

    def html(self) -> str:
        """The page as it is now."""
        return self._open_tab().html()

    def scroll(self, item: str, take: Take, max_steps: int) -> int:
        """Scrolls to the end of a page that grows; gives the number of times it grew."""
        tab = self._open_tab()
        grown, before = 0, tab.sign(item)
        while True:
            self._to_bottom()
            take(tab.html())
            after = tab.sign(item)
            if after == before or grown >= max_steps:
                return grown
            grown, before = grown + 1, after

    def click_through(self, button: str, take: Take, max_steps: int) -> int:
        """Clicks "show more" until it is gone; gives the number of clicks."""
        clicks = 0
        while True:
            self._to_bottom()
            take(self.html())
            if clicks >= max_steps or not self._open_tab().click(button):
                return clicks
            clicks += 1
            self._take_effect()

    def patiently(self, act: Callable[[], T]) -> T:
        """What `act` gives, tried again after trouble as often as the limits allow.

        A Chromium that crashed or hangs is started anew. Raises TroubleError where no try
        was enough, and what `act` raises else.
        """
        trouble = TroubleError("the page was not asked for")
        for _ in range(self._limits.retries + 1):
            try:
                return act()
            except RestError:
                raise
            except TroubleError as error:
                trouble = error
                if isinstance(error, CrashedError):
                    self._stop()
        raise trouble

    def _begun(self) -> tuple[Tab, RequestGate]:
        """The tab and its gate, Chromium started where it was not, with nothing seen yet."""
        if self._tab is None or self._gate is None:
            # In the temporary folder, whose path is short enough for Chromium's sockets.
            self._folder = Path(tempfile.mkdtemp(prefix="thatlook-"))
            try:
                chromium = Chromium(self._folder, self._user_agent, self._addresses)
            except BaseException:
                shutil.rmtree(self._folder, ignore_errors=True)
                raise
            self._chromium = chromium
            self._watchdog = self._watchdog or Watchdog()
            self._watchdog.watch([chromium.pid], self._folder)
            self._gate = RequestGate(chromium, self._check, self._pacer, self.answers)
            self._gate.refused = self.refused
            chromium.run(self._gate.start(), START_S)
            self._tab = Tab(chromium)
        self._gate.traffic.begin()
        return self._tab, self._gate

    def _open_tab(self) -> Tab:
        if self._tab is None:
            raise TroubleError("the browser has no page open")
        return self._tab

    def _open_gate(self) -> RequestGate:
        if self._gate is None:
            raise TroubleError("the browser has no page open")
        return self._gate

    def _stop(self) -> None:
        if self._gate is not None:
            self._asked += self._gate.asked
        if self._chromium is not None:
            self._chromium.close()
            if self._watchdog is not None:
                self._watchdog.watch([], None)
            shutil.rmtree(self._folder, ignore_errors=True)
        self._chromium = self._tab = self._gate = None

    def _settle(self, ready: str = "") -> None:
        """Returns when the page is quiet and ready. Raises TroubleError where a request stays
        unanswered, or the page goes on and on without getting ready, CrashedError where it hangs.
        """
        tab, traffic = self._open_tab(), self._open_gate().traffic
        limit_s, spent_s = self._limits.timeout_s, 0.0
        while traffic.unanswered_s() < limit_s:
            quiet_s, seen = traffic.quiet_s(), traffic.seen()
            if quiet_s > SETTLE_S and not tab.starting:
                given_up = seen.troubles or seen.document is None or quiet_s > PATIENCE_S
                if given_up or not ready or tab.count(ready):
                    return
            if spent_s > limit_s:
                if seen.document is not None and ready and tab.count(ready):
                    return  # a page that never rests, as some do, and shows what it should
                break
            time.sleep(STEP_S)
            # The time that requests wait for their turn is ours and not the page's.
            spent_s += 0.0 if traffic.holding() else STEP_S
        tab.count("html")  # a page that hangs is no slow one
        raise TroubleError(f"a page was still loading after {limit_s:g} s")

    def _to_bottom(self) -> None:
        """Walks down the page, so that lazy pictures get their addresses; waits at the end."""
        tab = self._open_tab()
        self._dismiss()
        for _ in range(10_000):
            if tab.step_down():
                break
        self._take_effect()

    def _take_effect(self) -> None:
        """Waits for what a scroll or a click has set off, which a page begins a moment later."""
        time.sleep(0.1)
        self._settle()
        self._check_troubles()

    def _check_troubles(self) -> None:
        seen = self._open_gate().traffic.seen()
        if seen.cooldown_s:
            raise rest(self._url, seen.cooldown_s)
        if seen.troubles:
            raise TroubleError(seen.troubles[0])

    def _dismiss(self) -> None:
        """Clicks the buttons of banners away; they may come at any time."""
        for selector in self._banners:
            self._open_tab().click(selector)
