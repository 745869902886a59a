"""The one tab of the browser, driven over WebDriver BiDi only.

No classic WebDriver command is used once a page is asked for: those wait for the page,
and the page waits for a turn that the same connection would have to give it.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

_NO_ICON = """() => document.addEventListener('DOMContentLoaded', () => {
  document.querySelectorAll('link[rel~=icon]').forEach(link => link.remove());
  const none = document.createElement('link');
  [none.rel, none.href] = ['icon', 'data:,'];
  document.head.append(none);
})"""
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
    """What the crawler does in a page. Every method raises selenium's WebDriverException
    where the page has crashed or does not answer.
    """

    def __init__(self, driver: Any) -> None:
        self.context = str(driver.current_window_handle)
        self._start: threading.Thread | None = None
        self._walked_px = 0
        self._script = driver.script
        self._contexts = driver.browsing_context
        # Chromium asks for a page's icon behind the back of the gate.
        driver.script.add_preload_script(function_declaration=_NO_ICON)

    def go(self, url: str) -> None:
        """Starts to load a page, and does not wait for it.

        Chromium tells of the start only when the host has answered, which may be long after;
        so a thread waits for that.
        """
        self._walked_px = 0
        self._start = threading.Thread(target=self._navigate, args=(url,), daemon=True)
        self._start.start()

    @property
    def starting(self) -> bool:
        """Whether the last page asked for has not begun to load yet."""
        return self._start is not None and self._start.is_alive()

    def _navigate(self, url: str) -> None:
        from selenium.common.exceptions import WebDriverException

        # A page that fails to load, or is left for another, is what the gate tells of.
        with suppress(WebDriverException):
            self._contexts.navigate(context=self.context, url=url, wait="none")

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
        result = self._script.execute(function, *arguments, context_id=self.context)
        return str(result["value"])
