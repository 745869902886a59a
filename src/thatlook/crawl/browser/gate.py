"""Every request of the browser passes here: is it allowed, is it its turn, how did it end.

Chromium asks before each request, and again at each answer (DevTools protocol, domain Fetch, of the
whole browser: also for every hop of a redirect, for workers and for windows that a page opens), and
waits for what is said. How a request of the page itself ends is told by the page's domain Network.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from thatlook.core.addresses import is_address
from thatlook.crawl.browser.chromium import Chromium
from thatlook.crawl.browser.traffic import Traffic
from thatlook.crawl.http.answers import AnswerCache, Answered
from thatlook.crawl.http.failures import ForbiddenError, GoneError, TroubleError
from thatlook.crawl.http.pace import MAX_WAIT_S, Pacer
from thatlook.store.feed.fetch import REDIRECTS, TRANSIENT_STATUSES, retry_after

BACKOFF_S = 0.5
MAX_BODY_BYTES = 30_000_000
_LASTING = {"script", "stylesheet"}
_NO_CONTENT = (204, 205)
_UNNEEDED = {"font", "image", "media", "texttrack"}
"""What a page shows with, and a crawler reads nothing from."""
_TOLD = {"fetch", "script", "stylesheet", "xhr"}
"""What the page's domain tells the end of, beside the page itself; of a worker's script or a frame
in a process of its own it tells the beginning alone."""
_ENDLESS = {"eventsource", "websocket", "ping"}
"""What a page keeps open, or sends without waiting: it is no sign that it is still loading."""


class RequestGate:
    """Holds back, answers from what is kept, or refuses each request of one browser."""

    def __init__(
        self,
        chromium: Chromium,
        check: Callable[[str], None],
        pacer: Pacer,
        answers: AnswerCache,
    ) -> None:
        """`check` raises GoneError for an address that must not be asked, TroubleError for one
        that must not be asked now.
        """
        self._browser = chromium.browser_session
        self._page = chromium.page_session
        self._frame = ""
        self._check = check
        self._pacer = pacer
        self._answers = answers
        self._in_a_row = 0
        self._of_page: set[str] = set()
        self._to_keep: dict[str, Any] = {}
        self.traffic = Traffic()
        self.asked = 0
        """Requests that went out to a host."""
        self.refused: dict[str, str] = {}
        """Addresses that the page wanted and did not get, with the reason."""

    async def start(self) -> None:
        """From here on nothing is asked for without passing."""
        self._browser.on("Fetch.requestPaused", self._paused)
        self._page.on("Network.requestWillBeSent", self._seen)
        self._page.on("Network.loadingFinished", self._finished)
        self._page.on("Network.loadingFailed", self._ended)
        tree = await self._page.send("Page.getFrameTree")
        self._frame = tree["frameTree"]["frame"]["id"]
        limits = {"maxResourceBufferSize": MAX_BODY_BYTES, "maxTotalBufferSize": 3 * MAX_BODY_BYTES}
        await self._page.send("Network.enable", limits)
        stages = [{"urlPattern": "*", "requestStage": stage} for stage in ("Request", "Response")]
        await self._browser.send("Fetch.enable", {"patterns": stages})

    async def _paused(self, event: Any) -> None:
        from playwright.async_api import Error

        try:
            if "responseStatusCode" in event or "responseErrorReason" in event:
                await self._answered(event)
            else:
                await self._decide(event)
        except Error:
            # The page, and with it the request, went away meanwhile.
            self.traffic.over(_number(event))

    def _is_document(self, event: Any) -> bool:
        """Whether an event is about the page itself, and not about what it loads."""
        return (event["resourceType"], event["frameId"]) == ("Document", self._frame)

    async def _decide(self, event: Any) -> None:
        number, request, kind = _number(event), event["request"], _kind(event)
        url, document = request["url"], self._is_document(event)
        if not is_address(url):
            await self._say("continueRequest", event)
            return
        if kind in _UNNEEDED:
            await self._say("failRequest", event, errorReason="BlockedByClient")
            return
        counts = kind not in _ENDLESS
        if counts:
            self.traffic.hold(number)
        kept = self._answers.get(url) if request["method"] == "GET" else None
        if kept is not None:
            if document:
                self.traffic.document(200)
            await self._say(
                "fulfillRequest",
                event,
                responseCode=200,
                responseHeaders=kept.headers,
                body=kept.body,
            )
            self.traffic.over(number)
        elif not await self._allowed(url, document=document):
            await self._say("failRequest", event, errorReason="BlockedByClient")
            self.traffic.over(number)
        else:
            await self._turn(url)
            self.asked += 1
            if counts:
                self.traffic.send(number)
            await self._say("continueRequest", event)

    async def _turn(self, url: str) -> None:
        while (left_s := self._pacer.turn(urlsplit(url).hostname or "")) > 0:
            await asyncio.sleep(min(left_s, 1.0))

    async def _allowed(self, url: str, *, document: bool) -> bool:
        """Whether an address may be asked; if not, the reason is noted."""
        try:
            # It may have to ask for the host's robots.txt, and the others need not wait for that.
            await asyncio.to_thread(self._check, url)
        except GoneError as error:
            self.refused[url] = str(error)
            if document:
                self.traffic.refuse(str(error))
            if isinstance(error, ForbiddenError):
                self.traffic.forbid(str(error))
            return False
        except TroubleError as error:
            self._trouble(url, str(error), None)
            return False
        return True

    async def _answered(self, event: Any) -> None:
        number, url = _number(event), event["request"]["url"]
        reason, status = event.get("responseErrorReason"), event.get("responseStatusCode")
        document = self._is_document(event)
        if reason:
            if reason != "Aborted":  # by leaving the page: no trouble
                self._trouble(url, reason, None)
            self.traffic.over(number)
            await self._say("failRequest", event, errorReason=reason)
            return
        if document and status not in REDIRECTS:
            if self.traffic.seen().document is None and _is_no_page(status, event):
                # Chromium goes on showing the page before.
                self.traffic.refuse(f"{url} answered {status} without a page")
            self.traffic.document(status)
        if status in TRANSIENT_STATUSES:
            self._trouble(url, f"status {status}", _asked_wait_s(event["responseHeaders"]))
        else:
            self._in_a_row = 0
        told = number in self._of_page and (document or _kind(event) in _TOLD)
        if not told or status in REDIRECTS:
            self.traffic.over(number)
        elif status == 200 and event["request"]["method"] == "GET":
            self._to_keep[number] = event
        await self._say("continueResponse", event)

    async def _say(self, what: str, event: Any, **more: Any) -> None:
        await self._browser.send(f"Fetch.{what}", {"requestId": event["requestId"], **more})

    def _seen(self, event: Any) -> None:
        self._of_page.add(event["requestId"])

    def _ended(self, event: Any) -> None:
        number = event["requestId"]
        self._of_page.discard(number)
        self._to_keep.pop(number, None)
        self.traffic.over(number)

    async def _finished(self, event: Any) -> None:
        from playwright.async_api import Error

        number = event["requestId"]
        answered = self._to_keep.get(number)
        try:
            if answered is not None:
                body = await self._page.send("Network.getResponseBody", {"requestId": number})
                self._keep(answered, body)
        except Error:
            pass  # too large, or gone with its page: it would only be asked for again
        finally:
            self._ended(event)

    def _keep(self, event: Any, body: Any) -> None:
        data, headers = body["body"], event["responseHeaders"]
        if not body["base64Encoded"]:
            data = base64.b64encode(data.encode()).decode()
            headers = [_in_utf8(header) for header in headers]
        self._answers.put(
            event["request"]["url"], Answered(headers, data), lasting=_kind(event) in _LASTING
        )

    def _trouble(self, url: str, what: str, wait_s: float | None) -> None:
        """Notes it, and leaves the host alone: as long as it asks for, else longer each time."""
        self.traffic.trouble(f"{url}: {what}")
        if wait_s is not None and wait_s > MAX_WAIT_S:
            self.traffic.rest(wait_s)
        self._in_a_row = min(self._in_a_row + 1, 8)
        grown_s = BACKOFF_S * 2.0**self._in_a_row
        wait_s = grown_s if wait_s is None else min(wait_s, MAX_WAIT_S)
        self._pacer.hold(urlsplit(url).hostname or "", wait_s)


def _is_no_page(status: int, event: Any) -> bool:
    """Whether an answer replaces nothing: one without content, or a file to be saved."""
    headers = {one["name"].lower(): one["value"] for one in event["responseHeaders"]}
    saved = headers.get("content-disposition", "").strip().lower().startswith("attachment")
    return status in _NO_CONTENT or saved


def _number(event: Any) -> str:
    """What a request is called, from its first hop to its end, in both domains."""
    return str(event.get("networkId") or event["requestId"])


def _kind(event: Any) -> str:
    """What a request is for, in small letters."""
    accepted = event["request"]["headers"].get("Accept", "")
    if accepted.startswith("text/event-stream"):
        return "eventsource"
    if accepted.startswith("image/"):
        return "image"  # icons too, which are "Other"
    return str(event["resourceType"]).lower()


def _in_utf8(header: Any) -> Any:
    """A header of an answer that came as text, whatever it was written in."""
    if header["name"].lower() != "content-type":
        return header
    kind = header["value"].partition(";")[0]
    return {"name": header["name"], "value": f"{kind}; charset=utf-8"}


def _asked_wait_s(headers: list[Any]) -> float | None:
    """What a Retry-After header asks for, or None."""
    found = (header["value"] for header in headers if header["name"].lower() == "retry-after")
    return retry_after(next(found, None))
