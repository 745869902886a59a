"""What every request and answer passes: its id, its limits, its headers, its line in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thatlook.service import metrics
from thatlook.service.context import begin
from thatlook.service.problems import Problem, problem_of

logger = logging.getLogger("thatlook.request")

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=(), usb=()",
}
"""On every answer, unless the answer has its own."""


class Envelope:
    """The outermost layer of the app. Catches what nobody foresaw, and tells it as a problem."""

    def __init__(self, app: ASGIApp, max_body_bytes: int, foreign_photos: bool = False) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._headers = dict(HEADERS)
        if foreign_photos:  # the page shows the photo whose address it was given
            own = HEADERS["Content-Security-Policy"]
            shown = own.replace("img-src 'self'", "img-src 'self' https:")
            self._headers["Content-Security-Policy"] = shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request; other kinds of scope pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, self._headers)
        limited = _Limited(receive, self._max_body_bytes)
        try:
            limited.check_length(Headers(scope=scope))
            await self._app(exchange.scope, limited, exchange.send)
        except Exception as error:  # the last place where a bug becomes an answer
            if exchange.status:
                raise  # the answer has begun: cutting it off is all that is left
            await problem_of(error).response()(exchange.scope, receive, exchange.send)
        finally:
            exchange.log()


class _Limited:
    """A `receive` that counts the body's bytes, whatever Content-Length promised."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._seen = 0

    def check_length(self, headers: Headers) -> None:
        """Raises Problem 413 where Content-Length is too large."""
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._limit:
            raise self._too_large()

    async def __call__(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            raise self._too_large()
        return message

    def _too_large(self) -> Problem:
        metrics.REFUSED.labels("body").inc()
        words = f"the body is too large; at most {self._limit} bytes are accepted"
        return Problem(413, "too_many_bytes", words, headers={"Connection": "close"})


class _Exchange:
    """One request with its answer, as the log and the metrics see it.

    HEAD is answered as GET without the body: `scope`, which the application gets, says GET.
    """

    def __init__(self, scope: Scope, send: Send, headers: Mapping[str, str]) -> None:
        self._headers = headers
        self._method = scope["method"]
        # A copy: the server looks at its own, and sends no body after HEAD.
        self.scope = {**scope, "method": "GET"} if self._method == "HEAD" else scope
        self._send = send
        self._start = time.perf_counter()
        self._id = begin(Headers(scope=scope).get("x-request-id", ""))
        self.status = 0

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Sends on, with the headers added."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._id
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            # Asked again each time, and answered with 304: pages and scripts of two versions
            # must not meet.
            headers.setdefault("Cache-Control", "no-cache")
        elif self._method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    def log(self) -> None:
        """Writes the line and counts the request, under the route's pattern."""
        spent_s = time.perf_counter() - self._start
        route = getattr(self.scope.get("route"), "path", "") or "none"
        status = self.status or 499  # the client went away before an answer
        method = self._method if self._method in METHODS else "other"
        metrics.REQUESTS.labels(route, method, status).inc()
        metrics.REQUEST_SECONDS.labels(route).observe(spent_s)
        fields = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(spent_s * 1000, 1),
            "caller": self.scope.get("thatlook.caller", ""),
        }
        logger.info("request", extra=fields)
