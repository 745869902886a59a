"""Fetches addresses with care: public ones only, within limits, again after passing faults.

The name is resolved once and the connection made to that IP address, so that a second answer
of the name server cannot lead elsewhere. Each redirect is checked like a first address.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urljoin

import urllib3
from circuitbreaker import CircuitBreaker
from urllib3.exceptions import HTTPError

from thatlook.core.errors import FetchError
from thatlook.store.feed.addresses import Resolver, Target, checked_addresses, parsed, resolve
from thatlook.store.feed.policy import Fetched, FetchPolicy

__all__ = ["FetchPolicy", "Fetched", "Fetcher"]

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
TRANSIENT_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be better the next time."""
_CHUNK_BYTES: Final = 65536


class Fetcher:
    """Gets addresses under one policy; threads may share it."""

    def __init__(
        self,
        policy: FetchPolicy | None = None,
        *,
        resolver: Resolver = resolve,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.policy = policy or FetchPolicy()
        self._resolver = resolver
        self._sleep = sleep
        self._breaker = lru_cache(maxsize=1024)(self._new_breaker)
        self._pools = urllib3.PoolManager(
            num_pools=64, maxsize=16, retries=False, ca_certs=self.policy.ca_file or None
        )

    def _new_breaker(self, _host: str, _port: int) -> CircuitBreaker:
        return CircuitBreaker(
            failure_threshold=self.policy.failure_threshold,
            recovery_timeout=self.policy.cooldown_s,
            expected_exception=_Silent,
        )

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._pools.clear()

    def get(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        headers: Mapping[str, str] | None = None,
        before: Callable[[str], None] | None = None,
    ) -> Fetched:
        """The content of an address.

        `before` is told each address that is about to be asked, those that redirects lead to
        and those asked again too; what it raises ends the request before anything is sent.

        With the `etag` or `last_modified` of an earlier answer the server may say that nothing
        changed. Faults that pass (no connection, 429, 5xx) are tried again with growing pauses.
        Raises FetchError, whose `status` is the HTTP status where there was one.
        """
        asked = dict(headers or {})
        asked |= {"If-None-Match": etag} if etag else {}
        asked |= {"If-Modified-Since": last_modified} if last_modified else {}
        deadline = time.monotonic() + self.policy.deadline_s
        for attempt in range(1, self.policy.attempts + 1):
            try:
                return self._followed(url, asked, deadline, before)
            except _Passing as fault:
                pause = self._pause(attempt, fault.retry_after)
                last = attempt == self.policy.attempts or pause is None
                if last or time.monotonic() + (pause or 0) > deadline:
                    raise FetchError(f"{url}: {fault}", fault.status, fault.retry_after) from fault
                self._sleep(pause or 0)
        raise FetchError(f"{url}: attempts must be 1 or more")

    def _pause(self, attempt: int, retry_after: float | None) -> float | None:
        """Seconds to wait before the next attempt; None where the server wants too long."""
        if retry_after is not None:
            return retry_after if retry_after <= self.policy.max_wait_s else None
        grown: float = self.policy.backoff_s * 2 ** (attempt - 1)
        return min(self.policy.max_wait_s, grown * (0.5 + random.random()))

    def _followed(
        self,
        url: str,
        asked: Mapping[str, str],
        deadline: float,
        before: Callable[[str], None] | None,
    ) -> Fetched:
        """The answer after redirects, each of them checked as if it had been asked for."""
        place = url
        for _ in range(self.policy.max_redirects + 1):
            if before is not None:
                before(place)
            target = parsed(place)
            allow = self.policy.allow_private
            addresses = checked_addresses(place, target, self._resolver, allow_private=allow)
            response = self._answered(place, target, addresses, asked)
            try:
                if response.status not in REDIRECTS:
                    return self._read(place, response, deadline)
                location = response.headers.get("Location", "")
            finally:
                response.close()
            if not location:
                raise FetchError(f"{url}: a redirect that leads nowhere", response.status)
            place = urljoin(place, location)
        raise FetchError(f"{url}: more than {self.policy.max_redirects} redirects")

    def _answered(
        self, url: str, target: Target, addresses: list[str], asked: Mapping[str, str]
    ) -> Any:
        """The response of a host, unless it was silent so often that it is left alone.

        Each of a shop's thousands of pictures would else wait in vain for a host that is down.
        """
        breaker = self._breaker(target.host, target.port)
        if breaker.opened:
            raise FetchError(
                f"{url}: no answer from {target.host}, {breaker.failure_count} times in a row; not "
                f"asked again for {breaker.open_remaining} s"
            )
        with breaker:
            return self._asked(target, addresses, asked)

    def _asked(self, target: Target, addresses: list[str], asked: Mapping[str, str]) -> Any:
        """The response, its body not yet read, from the first address that answers."""
        headers = {
            "Host": target.host_header,
            "User-Agent": self.policy.user_agent,
            "Accept-Encoding": "gzip, deflate",
            **asked,
        }
        secure = {"server_hostname": target.host, "assert_hostname": target.host}
        fault: Exception = FetchError("no address")
        for address in addresses:
            pool = self._pools.connection_from_host(
                address,
                target.port,
                target.scheme,
                pool_kwargs=secure if target.scheme == "https" else None,
            )
            try:
                return pool.urlopen(
                    "GET",
                    target.path,
                    headers=headers,
                    redirect=False,
                    preload_content=False,
                    timeout=urllib3.Timeout(self.policy.timeout_s),
                )
            except (HTTPError, OSError) as error:
                fault = error
        raise _Silent(f"no answer from {target.host}: {_plain(fault)}") from fault

    def _read(self, url: str, response: Any, deadline: float) -> Fetched:
        """The answer of one address, its status, type and size checked."""
        status, headers = response.status, response.headers
        if status in TRANSIENT_STATUSES:
            raise _Passing(f"HTTP status {status}", status, retry_after(headers.get("Retry-After")))
        kept = {
            "content_type": headers.get("Content-Type", "").partition(";")[0].strip().lower(),
            "etag": headers.get("ETag", ""),
            "last_modified": headers.get("Last-Modified", ""),
        }
        if status == 304:
            return Fetched(url, b"", **kept, not_modified=True, headers=dict(headers))
        if status != 200:
            raise FetchError(f"{url}: HTTP status {status}", status)
        wanted = self.policy.content_types
        if wanted and not kept["content_type"].startswith(wanted):
            found = kept["content_type"] or "nothing"
            raise FetchError(f"{url}: expected {' or '.join(wanted)}, the server says {found}", 200)
        data = self._body(url, response, deadline)
        return Fetched(url, data, **kept, headers=dict(headers))

    def _body(self, url: str, response: Any, deadline: float) -> bytes:
        limit = self.policy.max_bytes
        too_large = FetchError(f"{url}: larger than {limit} bytes", 200)
        announced = response.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > limit:
            raise too_large
        data = bytearray()
        try:
            while chunk := response.read1(_CHUNK_BYTES):
                data += chunk
                if len(data) > limit:
                    raise too_large
                if time.monotonic() > deadline:
                    raise FetchError(f"{url}: not done in {self.policy.deadline_s:.0f} s", 200)
        except (HTTPError, OSError) as error:
            raise _Passing(f"the answer broke off: {_plain(error)}", 200) from error
        return bytes(data)


class _Passing(Exception):  # noqa: N818 - never leaves this module
    """A fault that may pass; `retry_after` is what the server asks for, in seconds."""

    def __init__(
        self, message: str, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class _Silent(_Passing):
    """A host that cannot be reached, or says nothing."""


def retry_after(value: str | None) -> float | None:
    """The seconds of a Retry-After header, which holds seconds or a date; None for neither."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _plain(error: Exception) -> str:
    """What went wrong, without urllib3's wrappings."""
    return str(getattr(error, "reason", "") or error)
