"""The one tab of the browser."""

from __future__ import annotations

import json
from concurrent.futures import Future
from contextlib import suppress

from thatlook.crawl.browser.chromium import Chromium

SCRIPT_S = 30.0
"""A page that answers nothing for this long hangs."""

_HTML = "() => document.documentElement ? document.documentElement.outerHTML : ''"
_COUNT = "(selector) => String(document.querySelectorAll(selector).length)"
_SIGN = """(selector) => {
  const found = selector ? document.querySelectorAll(selector) : [];
  const last = found.length ? found[found.length - 1].outerHTML.length : 0;
  return [found.length, last, document.documentElement.scrollHeight].join(' ');
}"""
_STEP = """async (walked) => {
  window.scrollTo(0, walked + Math.round(window.innerHeight * 0.8));
  // What watches the window learns of the scroll with the next frames.
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const end = document.documentElement.scrollHeight - 2;
  const bottom = window.scrollY + window.innerHeight >= end;
  return Math.round(window.scrollY) + (bottom ? ' bottom' : '');
}"""
_CLICK = """(selector) => {
  for (const element of document.querySelectorAll(selector)) {
    if (!element.disabled && element.checkVisibility({visibilityProperty: true})) {
      element.scrollIntoView({block: 'center'});
      element.click();
      return 'clicked';
    }
  }
  return '';
}"""


class Tab:
    """What the crawler does in a page. Every method raises CrashedError where the page has crashed
    or hangs.
    """

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium
        self._start: Future[None] | None = None
        self._walked_px = 0

    def go(self, url: str) -> None:
        """Starts to load a page, and does not wait for it: its host may take long to answer."""
        self._walked_px = 0
        self._start = self._chromium.begin(self._navigate(url))

    @property
    def starting(self) -> bool:
        """Whether the last page asked for has not begun to load yet."""
        return self._start is not None and not self._start.done()

    async def _navigate(self, url: str) -> None:
        from playwright.async_api import Error

        # A page that fails to load, or is left for another, is what the gate tells of.
        with suppress(Error):
            await self._chromium.page.goto(url, wait_until="commit", timeout=0)

    def html(self) -> str:
        """The page as it is now, "" before there is one."""
        return self._run(_HTML)

    def count(self, selector: str) -> int:
        """How many elements the selector matches now."""
        return int(self._run(_COUNT, selector))

    def sign(self, selector: str) -> str:
        """A text that changes when the page grows, or its last item does."""
        return self._run(_SIGN, selector)

    def step_down(self) -> bool:
        """Scrolls by most of a window; True at the end of the page.

        It goes on from where it was itself: a page that grows may jump over what is new.
        """
        walked, _, bottom = self._run(_STEP, self._walked_px).partition(" ")
        self._walked_px = int(walked)
        return bool(bottom)

    def click(self, selector: str) -> bool:
        """Clicks the first element that a person could click; False where there is none."""
        return bool(self._run(_CLICK, selector))

    def _run(self, function: str, *arguments: str | int) -> str:
        return self._chromium.run(self._evaluated(function, arguments), SCRIPT_S)

    async def _evaluated(self, function: str, arguments: tuple[str | int, ...]) -> str:
        """What a function gives in the page, which may forbid Playwright's own way (eval)."""
        from playwright.async_api import Error

        told = await self._chromium.page_session.send(
            "Runtime.evaluate",
            {
                "expression": f"({function})({', '.join(map(json.dumps, arguments))})",
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        if "exceptionDetails" in told:
            raise Error(str(told["exceptionDetails"].get("exception", {}).get("description")))
        value = told["result"].get("value")
        if not isinstance(value, str):
            raise Error(f"the page gave no text, but {told['result'].get('type')}")
        return value
