"""Asks for one address over HTTP the way a guest does: allowed, in turn, patiently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from thatlook.core.errors import FetchError, MissingExtraError
from thatlook.crawl.http.failures import ForbiddenError, GoneError, TroubleError, rest
from thatlook.crawl.http.pace import MAX_WAIT_S, Pacer
from thatlook.crawl.http.robots import Robots
from thatlook.crawl.shop import Limits
from thatlook.store.feed.addresses import Resolver, checked_addresses, parsed, resolve
from thatlook.store.feed.fetch import TRANSIENT_STATUSES, Fetched, Fetcher, FetchPolicy


@dataclass(frozen=True, slots=True)
class Network:
    """How hosts are found: the resolver, and whether private addresses may be asked."""

    resolver: Resolver = resolve
    allow_private: bool = False

    def address(self, host: str) -> str:
        """The one IP address at which a host is asked. Raises FetchError where it may not be."""
        url = f"https://[{host}]/" if ":" in host else f"https://{host}/"
        return checked_addresses(url, parsed(url), self.resolver, allow_private=self.allow_private)[
            0
        ]


class Polite:
    """Requests within the manners of a crawl: the shop's hosts, robots.txt, pace, Retry-After.

    The turns are taken where the fetcher looks up a host, which it does for every request
    that it sends, redirects and retries too.
    """

    def __init__(
        self, hosts: tuple[str, ...], pacer: Pacer, limits: Limits, agent: str, network: Network
    ) -> None:
        self._hosts = hosts
        self._pacer = pacer
        self._network = network
        policy = FetchPolicy(
            allow_private=network.allow_private,
            max_bytes=limits.max_image_bytes,
            timeout_s=limits.timeout_s,
            deadline_s=limits.timeout_s + MAX_WAIT_S,
            attempts=limits.retries + 1,
            max_wait_s=MAX_WAIT_S,
            user_agent=agent,
        )
        self._fetcher = Fetcher(policy, resolver=self._turn)
        # No rules are asked about the files with the rules; their hosts are checked all the same.
        self.robots = Robots(lambda url: text_of(self._fetched(url)), pacer.slow_down)
        self.requests = 0

    def check(self, url: str) -> None:
        """Raises GoneError where `url` is not to be asked: a foreign host, or (ForbiddenError)
        robots.txt; TroubleError where robots.txt cannot be read now.
        """
        host = (urlsplit(url).hostname or "").lower()
        self._check_host(host)
        if not self.robots.allows(url):
            raise ForbiddenError(f"{url}: robots.txt of {host} does not allow it")

    def get(self, url: str) -> Fetched:
        """A good answer, after redirects and as many retries as the limits allow.

        Each address that a redirect leads to is checked before it is asked. Raises GoneError
        where asking again is of no use, TroubleError where it was not.
        """
        return self._fetched(url, before=self.check)

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._fetcher.close()

    def _fetched(self, url: str, before: Callable[[str], None] | None = None) -> Fetched:
        try:
            return self._fetcher.get(url, before=before)
        except (GoneError, TroubleError):
            raise
        except FetchError as error:
            self._rest(url, error.retry_after_s)
            passing = error.status is None or error.status in TRANSIENT_STATUSES
            raise (TroubleError if passing else GoneError)(str(error), error.status) from error

    def _rest(self, url: str, seconds: float | None) -> None:
        """Leaves a host alone for as long as it asked for. Raises RestError for a long time."""
        if seconds is None:
            return
        if seconds > MAX_WAIT_S:
            raise rest(url, seconds)
        self._pacer.hold((urlsplit(url).hostname or "").lower(), seconds)

    def _turn(self, host: str, port: int) -> list[str]:
        """The addresses of a host, when it is our turn to ask it."""
        self._check_host(host)
        found = self._network.resolver(host, port)
        self._pacer.wait(host)
        self.requests += 1
        return found

    def _check_host(self, host: str) -> None:
        if host not in self._hosts:
            raise GoneError(f"{host} is not among the hosts of the shop file")


def text_of(fetched: Fetched) -> str:
    """The body as text, in the encoding that it states, or that it looks like.

    Raises MissingExtraError without the extra `crawl`.
    """
    try:
        from w3lib.encoding import html_to_unicode
    except ImportError as error:
        raise MissingExtraError("thatlook crawl", "crawl") from error

    kind = (fetched.headers or {}).get("Content-Type")
    return str(html_to_unicode(kind, fetched.data)[1])
