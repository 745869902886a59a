"""What a fetcher may do, and what it brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from thatlook.core.version import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """The limits of a Fetcher.

    `content_types` are prefixes such as "image/" (empty: any). `timeout_s` is for connecting
    and for each silence, `deadline_s` for everything, waiting and retries included. A
    Retry-After above `max_wait_s` is not waited for. A host that gave no answer
    `failure_threshold` times in a row is left alone for `cooldown_s`: what is asked of it meanwhile
    fails at once. `ca_file` holds the certificates to trust instead of the system's.
    """

    allow_private: bool = False
    max_bytes: int = 25_000_000
    content_types: tuple[str, ...] = ()
    timeout_s: float = 10.0
    deadline_s: float = 60.0
    attempts: int = 4
    backoff_s: float = 0.5
    max_wait_s: float = 30.0
    max_redirects: int = 5
    failure_threshold: int = 64
    cooldown_s: float = 30.0
    ca_file: str = ""
    user_agent: str = f"thatlook/{__version__}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave. `url` is where redirects led; `data` is unpacked.

    `not_modified` says that it has not changed since the `etag` or `last_modified` given;
    then `data` is empty.
    """

    url: str
    data: bytes
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    not_modified: bool = False
    headers: Mapping[str, str] | None = None
