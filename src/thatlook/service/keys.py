"""Who may ask, and how often: API keys compared in constant time, a rate for each."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import time
from collections.abc import Callable, Mapping
from math import ceil
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from thatlook.core.errors import SettingsError
from thatlook.service import metrics
from thatlook.service.problems import Problem
from thatlook.service.settings import ServiceSettings

Guarded = Callable[..., None]

_BEARER: Final = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    description="A read or write key. Needed only where the service was given keys.",
)


class Guard:
    """Knows the keys and counts the requests of each caller."""

    def __init__(self, settings: ServiceSettings) -> None:
        keys = settings.keys()
        self._digests = {kind: _digests(keys[kind]) for kind in ("read", "write")}
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._rates = {
            "photo": _rate("rate", settings.rate),
            "lookup": _rate("lookup_rate", settings.lookup_rate),
            "write": _rate("write_rate", settings.write_rate),
            "feedback": _rate("feedback_rate", settings.feedback_rate),
            "failed": _rate("failed_rate", settings.failed_rate),
        }

    @property
    def reading_needs_key(self) -> bool:
        """Whether there are read keys."""
        return bool(self._digests["read"])

    def check(self, request: Request, rate: str, given: str) -> None:
        """Raises Problem 401, 403 or 429 unless this request may go on."""
        try:
            name = self._writer(given) if rate == "write" else self._reader(given)
        except Problem as refused:
            if refused.status == 401:
                self.check_address(request, "failed")
            raise
        if name is None:
            self.check_address(request, rate)
        else:
            request.scope["thatlook.caller"] = f"key {name}"
            self._count(rate, f"key {name}")

    def check_address(self, request: Request, rate: str) -> None:
        """Raises Problem 429 unless the caller's address may go on, whatever its key."""
        caller = f"address {network_of(request.client.host if request.client else '')}"
        request.scope["thatlook.caller"] = caller
        self._count(rate, caller)

    def _reader(self, given: str) -> str | None:
        """The key's name, or None where none is needed. A write key reads as well."""
        if not self.reading_needs_key:
            return None
        name = _name_of(given, self._digests["read"]) or _name_of(given, self._digests["write"])
        return name or _refused(given)

    def _writer(self, given: str) -> str:
        if not self._digests["write"]:
            metrics.REFUSED.labels("key").inc()
            raise Problem(403, "writing_is_off", "this service has no write keys: writing is off")
        name = _name_of(given, self._digests["write"])
        if name is None and _name_of(given, self._digests["read"]) is not None:
            metrics.REFUSED.labels("key").inc()
            raise Problem(403, "read_key", "this key may read only; writing needs a write key")
        return name or _refused(given)

    def _count(self, rate: str, caller: str) -> None:
        item = self._rates[rate]
        if self._limiter.hit(item, rate, caller):
            return
        metrics.REFUSED.labels("rate").inc()
        reset = self._limiter.get_window_stats(item, rate, caller).reset_time
        headers = {"Retry-After": str(max(1, ceil(reset - time.time())))}
        raise Problem(429, "rate", f"more than {item} for {caller}; slow down", headers=headers)


def caller_of(request: Request) -> str:
    """Who a guarded request was counted for: its key by name, else its address."""
    return str(request.scope["thatlook.caller"])


def guarded(rate: str) -> Guarded:
    """A dependency that lets a request pass by its key, counted against the rate `rate`."""

    def check(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> None:
        guard: Guard = request.app.state.guard
        guard.check(request, rate, bearer.credentials if bearer else "")

    return check


def _refused(given: str) -> str:
    metrics.REFUSED.labels("key").inc()
    words = "this key is not known" if given else "a key is needed: Authorization: Bearer KEY"
    raise Problem(401, "key", words, headers={"WWW-Authenticate": 'Bearer realm="thatlook"'})


def _digests(keys: Mapping[str, str]) -> dict[str, bytes]:
    return {name: hashlib.sha256(key.encode()).digest() for name, key in keys.items()}


def _name_of(given: str, digests: Mapping[str, bytes]) -> str | None:
    """The name of the key; every key is compared, whichever matches."""
    asked = hashlib.sha256(given.encode()).digest()
    found = None
    for name, digest in digests.items():
        if hmac.compare_digest(asked, digest):
            found = name
    return found


def network_of(address: str) -> str:
    """The address; of an IPv6 address the /64, since one caller has all of it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address or "unknown"
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False))


def _rate(name: str, text: str) -> RateLimitItem:
    try:
        rate = parse(text)
    except ValueError as error:
        raise SettingsError(f"{name} must be such as 120/minute, not {text!r}") from error
    if rate.amount < 1:
        raise SettingsError(f"{name} must be such as 120/minute, not {text!r}: nobody would get in")
    return rate
