"""Why a page or a whole crawl could not go on.

FetchError
├── GoneError       asking again would not help: 404, a foreign host
│   └── ForbiddenError   robots.txt does not allow it
└── TroubleError    asking later may help: a timeout, 429, 500
    ├── CrashedError     the browser, or its page, crashed or hangs
    └── RestError        the host asks to be left alone for longer than a crawl waits
FeedError
└── LayoutError     the pages no longer look as the shop file says
"""

from __future__ import annotations

from thatlook.core.errors import FeedError, FetchError


class GoneError(FetchError):
    """An address that will not answer, however often it is asked."""


class ForbiddenError(GoneError):
    """An address that robots.txt does not let this crawler ask for."""


class TroubleError(FetchError):
    """An address that did not answer now; another day it may."""


class CrashedError(TroubleError):
    """A browser that crashed or hangs; another one may do better."""

    def __init__(self, message: str) -> None:
        super().__init__(f"Chromium: {message}")


class RestError(TroubleError):
    """A host that asks to be left alone for longer than a crawl waits."""


def rest(url: str, seconds: float) -> RestError:
    """The error for an answer with such a Retry-After."""
    return RestError(f"{url}: the host asks to be left alone for {seconds:g} s")


class LayoutError(FeedError):
    """Pages that no longer look as the shop file says; `selector` is what found nothing."""

    def __init__(self, message: str, selector: str) -> None:
        super().__init__(message)
        self.selector = selector
