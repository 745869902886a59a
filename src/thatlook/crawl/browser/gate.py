"""Every request of the browser passes here: is it allowed, is it its turn, how did it end.

Chromium asks before each request (WebDriver BiDi, phase beforeRequestSent) and waits for
the answer. The callbacks run in threads of selenium's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from thatlook.core.addresses import is_address
from thatlook.crawl.browser.traffic import Traffic
from thatlook.crawl.http.answers import AnswerCache, Answered
from thatlook.crawl.http.failures import ForbiddenError, GoneError, TroubleError
from thatlook.crawl.http.pace import MAX_WAIT_S, Pacer
from thatlook.store.feed.fetch import REDIRECTS, TRANSIENT_STATUSES, retry_after

BACKOFF_S = 0.5
MAX_BODY_BYTES = 30_000_000
_LASTING = {"script", "style", "stylesheet"}
_UNNEEDED = {"audio", "font", "image", "media", "texttrack", "track", "video"}
"""What a page shows with, and a crawler reads nothing from."""
_ENDLESS = {"eventsource", "websocket", "ping"}
"""What a page keeps open, or sends without waiting: it is no sign that it is still loading."""


class RequestGate:
    """Holds back, answers from what is kept, or refuses each request of one browser."""

    def __init__(
        self,
        network: Any,
        context: str,
        check: Callable[[str], None],
        pacer: Pacer,
        answers: AnswerCache,
    ) -> None:
        """`check` raises GoneError for an address that must not be asked, TroubleError for one
        that must not be asked now.
        """
        self._network = network
        self._context = context
        self._check = check
        self._pacer = pacer
        self._answers = answers
        self._closed = False
        self._in_a_row = 0
        self._skipped: set[str] = set()
        self.traffic = Traffic()
        self.asked = 0
        """Requests that went out to a host."""
        self.refused: dict[str, str] = {}
        """Addresses that the page wanted and did not get, with the reason."""
        network.add_data_collector(data_types=["response"], max_encoded_data_size=MAX_BODY_BYTES)
        network.add_event_handler("before_request", self._before)
        network.add_event_handler("response_completed", self._completed)
        network.add_event_handler("fetch_error", self._failed)
        network.add_intercept(phases=["beforeRequestSent"])

    def close(self) -> None:
        """Lets go of the requests that still wait for their turn."""
        self._closed = True

    def _before(self, event: Any) -> None:
        from selenium.common.exceptions import WebDriverException

        request = _of(event, "request")
        try:
            self._decide(request, page=self._is_page(event))
        except WebDriverException:
            # The page, and with it the request, went away while it waited for its turn.
            self.traffic.over(request["request"])

    def _is_page(self, event: Any) -> bool:
        """Whether an event is about the page itself, and not about what it loads."""
        return _of(event, "navigation") is not None and _of(event, "context") == self._context

    def _decide(self, request: Any, *, page: bool) -> None:
        number, url = request["request"], request["url"]
        if not is_address(url):
            self._network.continue_request(request=number)
            return
        if _kind(request) in _UNNEEDED:
            self._skipped.add(url)
            self._network.fail_request(request=number)
            return
        if _kind(request) not in _ENDLESS:
            self.traffic.hold(number)
        kept = self._answers.get(url) if request["method"] == "GET" else None
        if kept is not None:
            self._network.provide_response(
                request=number, status_code=200, headers=kept.headers, body=kept.body
            )
        elif not self._allowed(url, page=page):
            self._network.fail_request(request=number)
        elif self._pacer.wait(urlsplit(url).hostname or "", lambda: self._closed):
            self.asked += 1
            if _kind(request) not in _ENDLESS:
                self.traffic.send(number)
            self._network.continue_request(request=number)

    def _allowed(self, url: str, *, page: bool) -> bool:
        """Whether an address may be asked; if not, the reason is noted."""
        try:
            self._check(url)
        except GoneError as error:
            self.refused[url] = str(error)
            if page:
                self.traffic.refuse(str(error))
            if isinstance(error, ForbiddenError):
                self.traffic.forbid(str(error))
            return False
        except TroubleError as error:
            self._trouble(url, str(error), None)
            return False
        return True

    def _completed(self, event: Any) -> None:
        request, response = _of(event, "request"), _of(event, "response")
        status, url = int(response["status"]), response["url"]
        try:
            if self._is_page(event) and status not in REDIRECTS:
                self.traffic.document(status)
            if status in TRANSIENT_STATUSES:
                self._trouble(url, f"status {status}", _asked_wait_s(response["headers"]))
                return
            self._in_a_row = 0
            if status == 200 and request["method"] == "GET" and not self._answers.has(url):
                self._keep(request, response)
        finally:
            self.traffic.over(request["request"])

    def _keep(self, request: Any, response: Any) -> None:
        from selenium.common.exceptions import WebDriverException

        try:
            data = self._network.get_data(data_type="response", request=request["request"])
        except WebDriverException:
            return  # too large, or gone with its page: it would only be asked for again
        answer = Answered(response["headers"], data["bytes"])
        self._answers.put(response["url"], answer, lasting=_kind(request) in _LASTING)

    def _failed(self, event: Any) -> None:
        request, text = _of(event, "request"), _of(event, "error_text")
        url = request["url"]
        aborted = text == "net::ERR_ABORTED"  # by leaving the page: no trouble
        known = url in self.refused or url in self._skipped
        if not known and url.startswith("http") and not aborted:
            self._trouble(url, str(text), None)
        self.traffic.over(request["request"])

    def _trouble(self, url: str, what: str, wait_s: float | None) -> None:
        """Notes it, and leaves the host alone: as long as it asks for, else longer each time."""
        self.traffic.trouble(f"{url}: {what}")
        if wait_s is not None and wait_s > MAX_WAIT_S:
            self.traffic.rest(wait_s)
        self._in_a_row = min(self._in_a_row + 1, 8)
        grown_s = BACKOFF_S * 2.0**self._in_a_row
        wait_s = grown_s if wait_s is None else min(wait_s, MAX_WAIT_S)
        self._pacer.hold(urlsplit(url).hostname or "", wait_s)


def _kind(request: Any) -> str:
    """What a request is for: Chromium's own word, which is there also where BiDi has none."""
    return str(request.get("goog:resourceType") or request.get("destination") or "").lower()


def _asked_wait_s(headers: list[Any]) -> float | None:
    """What a Retry-After header asks for, or None."""
    found = (h["value"]["value"] for h in headers if h["name"].lower() == "retry-after")
    return retry_after(next(found, None))


def _of(event: Any, name: str) -> Any:
    """A field of an event: selenium gives some as dicts of the wire, others as objects."""
    if not isinstance(event, dict):
        return getattr(event, name)
    first, *others = name.split("_")
    return event.get(first + "".join(other.capitalize() for other in others))
