"""Which addresses of the network may be fetched, and where their names lead."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from thatlook.core.errors import FetchError

Resolver = Callable[[str, int], list[str]]
"""The IP addresses of a host name; raises OSError where it has none."""

_PORTS: Final = {"http": 80, "https": 443}
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out as global unicast: `is_global` also says yes to what nobody has, to
site-local addresses and to IPv4 ones wrapped in other ways."""
_SPECIAL: Final = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""Protocol assignments, relays of 6to4 and documentation (IANA's registries of special addresses),
which `is_global` takes for public, wholly or in some versions of Python."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart; `host` is in ASCII, `path` begins with "/"."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """What the request's Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parsed(url: str) -> Target:
    """The parts of an http(s) address; raises FetchError for another or an impossible one."""
    try:
        parts = urlsplit(url.strip())
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
        if scheme not in _PORTS:
            raise FetchError(f"{url}: only http and https addresses are fetched")
        if not host or parts.username is not None or parts.password is not None:
            raise FetchError(f"{url}: expected an address with a host and no user name")
        ascii_host = host if ":" in host else host.encode("idna").decode()
    except ValueError as error:  # UnicodeError of the idna codec is one
        raise FetchError(f"{url}: not an address: {error}") from error
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme, ascii_host, port or _PORTS[scheme], path)


def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a host by the system's resolver, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, also when wrapped in IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if ip.teredo is not None:
            return False
        if inner is not None:
            return is_public(str(inner))
    special = any(ip in network for network in _SPECIAL)
    unicast = ip.version == 4 or ip in _UNICAST
    return ip.is_global and unicast and not ip.is_multicast and not special


def checked_addresses(
    url: str, target: Target, resolver: Resolver, *, allow_private: bool
) -> list[str]:
    """The IP addresses to connect to, all looked up before any of them is used.

    Raises FetchError where the name leads nowhere, or anywhere not public: an answer that
    mixes public and private addresses is an attack.
    """
    try:
        addresses = resolver(target.host, target.port)
    except (OSError, UnicodeError) as error:
        raise FetchError(f"{url}: the host {target.host} cannot be found: {error}") from error
    if not addresses:
        raise FetchError(f"{url}: the host {target.host} has no address")
    for address in addresses:
        if not allow_private and not is_public(address):
            raise FetchError(f"{url}: {target.host} is at {address}, not on the public internet")
    return addresses
