"""What robots.txt allows, read with protego, once per host and crawl."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from thatlook.core.errors import FetchError, MissingExtraError
from thatlook.crawl.http.failures import GoneError, TroubleError

AGENT = "thatlook"
"""The name that a robots.txt addresses this crawler by."""
MAX_RULES: Final = 500 * 1024
"""So many characters of a robots.txt count, as RFC 9309 (2.5) asks and Google does: every rule is
tried for every address.
"""


class Robots:
    """The rules of every host met so far.

    `fetch` gets the text of one address, or raises: GoneError with a status (the file is not
    there, so all is allowed) or another FetchError (it cannot be read, so nothing is), as RFC
    9309 says.
    Its methods raise TroubleError in that case. Safe for threads.
    """

    def __init__(self, fetch: Callable[[str], str], on_delay: Callable[[str, float], None]) -> None:
        self._fetch = fetch
        self._on_delay = on_delay
        self._rules: dict[str, Any] = {}
        self._lock = threading.Lock()

    def allows(self, url: str) -> bool:
        """Whether the rules of its host let this crawler ask for `url`."""
        return bool(self._of(url).can_fetch(url, AGENT))

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of this address's host names."""
        return tuple(self._of(url).sitemaps)

    def _of(self, url: str) -> Any:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            if origin not in self._rules:
                self._rules[origin] = rules = _parsed(self._text(origin))
                delay = rules.crawl_delay(AGENT)
                if delay:
                    self._on_delay(parts.hostname or "", float(delay))
            return self._rules[origin]

    def _text(self, origin: str) -> str:
        try:
            return self._fetch(f"{origin}/robots.txt")
        except FetchError as error:
            # Only an answer says that there is none; one that leads to a foreign host does not.
            if isinstance(error, GoneError) and error.status is not None:
                return ""
            raise TroubleError(
                f"nothing is asked without the rules of robots.txt: {error}"
            ) from error


def _parsed(text: str) -> Any:
    try:
        from protego import Protego
    except ImportError as error:
        raise MissingExtraError("thatlook crawl", "crawl") from error
    whole = text if len(text) <= MAX_RULES else text[:MAX_RULES].rpartition("\n")[0]
    return Protego.parse(whole)
