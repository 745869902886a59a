"""Every request of the browser passes here: is it allowed, is it its turn, how did it end.

Chromium asks before each request (WebDriver BiDi, phase beforeRequestSent) and waits for
the answer. The callbacks run in threads of selenium's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from thatlook.acquire.answers import Answered, Answers
from thatlook.acquire.failures import GoneError, TroubleError
from thatlook.acquire.pace import MAX_WAIT_S, Pacer
from thatlook.feed.fetch import PASSING, retry_after

BACKOFF_S = 0.5
MAX_BODY_BYTES = 30_000_000
_LASTING = {"script", "style", "stylesheet"}
_UNNEEDED = {"audio", "font", "image", "media", "texttrack", "track", "video"}
"""What a page shows with, and a crawler reads nothing from."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened on the current page: the status of its document, requests in trouble."""

    document: int | None
    troubles: tuple[str, ...]


class Gate:
    """Holds back, answers from what is kept, or refuses each request of one browser."""

    def __init__(
        self,
        network: Any,
        context: str,
        check: Callable[[str], None],
        pacer: Pacer,
        answers: Answers,
    ) -> None:
        """`check` raises GoneError for an address that must not be asked, TroubleError for one
        that must not be asked now.
        """
        self._network = network
        self._context = context
        self._check = check
        self._pacer = pacer
        self._answers = answers
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._moved = time.monotonic()
        self._document: int | None = None
        self._troubles: list[str] = []
        self._in_a_row = 0
        self._skipped: set[str] = set()
        self.asked = 0
        """Requests that went out to a host."""
        self.refused: dict[str, str] = {}
        """Addresses that the page wanted and did not get, with the reason."""
        network.add_data_collector(data_types=["response"], max_encoded_data_size=MAX_BODY_BYTES)
        network.add_event_handler("before_request", self._before)
        network.add_event_handler("response_completed", self._completed)
        network.add_event_handler("fetch_error", self._failed)
        network.add_intercept(phases=["beforeRequestSent"])

    def begin(self) -> None:
        """Starts a new page: what happened on the last one no longer counts."""
        with self._lock:
            self._waiting.clear()
            self._document, self._troubles = None, []
            self._moved = time.monotonic()

    def seen(self) -> Seen:
        """What happened since `begin`."""
        with self._lock:
            return Seen(self._document, tuple(self._troubles))

    def quiet_s(self) -> float:
        """For how long no request has been under way; 0 while one is."""
        with self._lock:
            return 0.0 if self._waiting else time.monotonic() - self._moved

    def _note(self, number: str, *, waiting: bool) -> None:
        with self._lock:
            (self._waiting.add if waiting else self._waiting.discard)(number)
            self._moved = time.monotonic()

    def _before(self, event: Any) -> None:
        from selenium.common.exceptions import WebDriverException

        try:
            self._decide(_of(event, "request"))
        except WebDriverException:
            # The page, and with it the request, went away while it waited for its turn.
            self._note(_of(event, "request")["request"], waiting=False)

    def _decide(self, request: Any) -> None:
        number, url = request["request"], request["url"]
        if not url.startswith(("http://", "https://")):
            self._network.continue_request(request=number)
            return
        if _kind(request) in _UNNEEDED:
            self._skipped.add(url)
            self._network.fail_request(request=number)
            return
        self._note(number, waiting=True)
        kept = self._answers.get(url) if request["method"] == "GET" else None
        if kept is not None:
            self._network.provide_response(
                request=number, status_code=200, headers=kept.headers, body=kept.body
            )
            return
        try:
            self._check(url)
        except GoneError as error:
            self.refused[url] = str(error)
            self._network.fail_request(request=number)
            return
        except TroubleError as error:
            self._trouble(url, str(error), None)
            self._network.fail_request(request=number)
            return
        self._pacer.wait(urlsplit(url).hostname or "")
        with self._lock:
            self.asked += 1
        self._network.continue_request(request=number)

    def _completed(self, event: Any) -> None:
        request, response = _of(event, "request"), _of(event, "response")
        status, url = int(response["status"]), response["url"]
        try:
            if _of(event, "navigation") is not None and _of(event, "context") == self._context:
                with self._lock:
                    self._document = status
            if status in PASSING:
                self._trouble(url, f"status {status}", _asked_wait_s(response["headers"]))
                return
            self._in_a_row = 0
            if status == 200 and request["method"] == "GET" and not self._answers.has(url):
                self._keep(request, response)
        finally:
            self._note(request["request"], waiting=False)

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
        self._note(request["request"], waiting=False)

    def _trouble(self, url: str, what: str, wait_s: float | None) -> None:
        """Notes it, and leaves the host alone: as long as it asks for, else longer each time."""
        with self._lock:
            self._troubles.append(f"{url}: {what}")
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
