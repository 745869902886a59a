"""Finds Chromium on this machine, starts it and speaks to it.

Playwright is asynchronous here and lives in a thread of its own, so that every call can have a
deadline: a page that hangs must not hang the crawl.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from thatlook.core.errors import FetchError, MissingExtraError
from thatlook.crawl.http.failures import CrashedError

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, CDPSession, Page, Playwright

T = TypeVar("T")

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_BROWSER_PATHS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)

FLAGS = (
    "--disable-auto-reload",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-pings",
    "--no-proxy-server",
    # Pictures are fetched once, by the crawler, with checks; the page only has to name them.
    "--blink-settings=imagesEnabled=false",
    "--window-size=1366,1800",
)
"""Beside Playwright's own."""

START_S = 60.0
CLOSE_S = 5.0


def browser_path() -> str:
    """Where Chromium is: THATLOOK_CHROMIUM, the PATH, the usual places.

    Raises FetchError, which says what to install.
    """
    given = os.environ.get("THATLOOK_CHROMIUM")
    if given:
        if Path(given).is_file():
            return given
        raise FetchError(f"THATLOOK_CHROMIUM names {given}, which is not there")
    for candidate in (*(shutil.which(name) for name in _BROWSERS), *_BROWSER_PATHS):
        if candidate and Path(candidate).is_file():
            return candidate
    raise FetchError(
        "Chromium was not found; pages that render in the browser need it: "
        "apt-get install chromium (Debian, Ubuntu), brew install chromium (macOS), "
        "or set THATLOOK_CHROMIUM to its path"
    )


class Chromium:
    """A headless Chromium with one page and an empty profile under `folder`.

    It reaches the hosts of `addresses`, each at the one address given there, and nothing else.
    Raises MissingExtraError; FetchError where Chromium is not there or does not start.
    """

    page: Page
    browser_session: CDPSession
    """Of the whole browser: what pages, their frames, workers and windows ask for."""
    page_session: CDPSession

    def __init__(self, folder: Path, user_agent: str, addresses: Mapping[str, str]) -> None:
        try:
            import playwright.async_api  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("a shop that renders in the browser", "crawl") from error
        self._folder = folder
        self._flags = [*FLAGS, *_own_flags(user_agent, addresses)]
        self._path = browser_path()
        self._playwright: Playwright | None = None
        self._context: BrowserContext | None = None
        self.pid = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self.run(self._start(), START_S)
        except (CrashedError, OSError) as error:
            self.close()
            raise FetchError(f"Chromium did not start: {error}") from error

    def run(self, work: Coroutine[Any, Any, T], limit_s: float) -> T:
        """What `work` gives. Raises CrashedError where the browser fails or takes longer."""
        from playwright.async_api import Error

        try:
            return self.begin(asyncio.wait_for(work, limit_s)).result()
        except Error as error:
            raise CrashedError(error.message.splitlines()[0]) from error
        except TimeoutError as error:
            raise CrashedError(f"no answer in {limit_s:g} s") from error

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begins `work`, and does not wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Ends the browser, by force where it no longer answers."""
        try:
            self.run(self._end(), 2 * CLOSE_S)
        except (CrashedError, OSError):
            self._kill()
        self.begin(_cancelled_others()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _kill(self) -> None:
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    async def _start(self) -> None:
        from playwright.async_api import async_playwright

        self._playwright = await async_playwright().start()
        self._context = await self._playwright.chromium.launch_persistent_context(
            self._folder / "profile",
            executable_path=self._path,
            args=self._flags,
            # Chromium refuses to run as root with its sandbox.
            chromium_sandbox=sys.platform == "win32" or os.geteuid() != 0,
            # What a killed browser leaves in the temporary folder goes with the profile.
            env={**os.environ, "TMPDIR": str(self._folder)},
            no_viewport=True,
            accept_downloads=False,
        )
        self.page = self._context.pages[0]
        self.page_session = await self._context.new_cdp_session(self.page)
        browser = cast("Browser", self._context.browser)
        self.browser_session = await browser.new_browser_cdp_session()
        told = await self.browser_session.send("SystemInfo.getProcessInfo")
        self.pid = next(each["id"] for each in told["processInfo"] if each["type"] == "browser")

    async def _end(self) -> None:
        try:
            if self._context is not None:
                await asyncio.wait_for(self._context.close(), CLOSE_S)
        finally:
            if self._playwright is not None:
                await self._playwright.stop()


async def _cancelled_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _own_flags(user_agent: str, addresses: Mapping[str, str]) -> list[str]:
    pins = [f"MAP {host} {_bracketed(address)}" for host, address in addresses.items()]
    return [
        f"--user-agent={user_agent}",
        f"--host-resolver-rules={', '.join([*pins, 'MAP * ~NOTFOUND'])}",
    ]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
