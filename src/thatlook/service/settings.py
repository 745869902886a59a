"""The dials of the service: an argument beats THATLOOK_SERVE_* in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

from thatlook.core.errors import SettingsError
from thatlook.core.processes import available_cores
from thatlook.core.settings import SERVICE_PREFIX as PREFIX
from thatlook.core.settings import unknown_variable
from thatlook.core.shopper_words import LANGUAGES

_ON: Final = {"1": True, "true": True, "yes": True, "on": True}
_FROM_ONE: Final = (
    "uploads", "workers", "max_body_bytes", "connections", "connections_per_address",
    "feedback_days", "feedback_rows",
)  # fmt: skip
_OFF: Final = {"0": False, "false": False, "no": False, "off": False, "": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """How `thatlook serve` behaves. `THATLOOK_SERVE_QUEUE=4` sets `queue`."""

    catalog: str = ""
    """The catalog's address: a folder, a `catalog.toml` or a database's URL."""
    threads: int = 0
    """Photos worked on at a time in one worker; 0 shares the cores among the workers."""
    queue: int = 16
    """Photos that may wait for a thread; one more is answered with 503."""
    uploads: int = 64
    """Requests with a body that may be under way in one worker: what bounds its memory."""
    uploads_per_caller: int = 0
    """The same of one key or address; 0: half of the photos that a worker takes in."""
    connections: int = 512
    """Connections of one worker, at most half the files that it may open. One more takes the place
    of the one that waits longest for its client."""
    connections_per_address: int = 64
    """The same of one address; a proxy, which speaks for many, is not counted."""
    header_s: float = 10.0
    """A connection whose request's head is not there after this many seconds is closed."""
    deadline_s: float = 30.0
    """A request not answered after this many seconds is answered with 503."""
    max_body_bytes: int = 26_000_000
    """A longer body is refused with 413, whatever Content-Length says."""

    read_keys: str = ""
    """`name:key` pairs, separated by commas. Empty: reading needs no key."""
    write_keys: str = ""
    """The same for PUT and DELETE. Empty: writing is off."""
    keys_file: str = ""
    """A file with a line `read name:key` or `write name:key` for each key."""
    rate: str = "120/minute"
    """Photos per key (per address where no key is needed), in each worker."""
    lookup_rate: str = "3000/minute"
    """The same for products and their pictures."""
    write_rate: str = "1200/minute"
    """The same for PUT and DELETE."""
    failed_rate: str = "30/minute"
    """Wrong or missing keys per address; more get 429. Right keys go on from the same address."""

    feedback: bool = False
    """Whether what shoppers chose is kept, of those who agree to it."""
    feedback_days: int = 365
    """Feedback is dropped after so many days."""
    feedback_rows: int = 1_000_000
    """Products shown in lists that feedback is kept of, at most; the oldest are dropped."""
    feedback_rate: str = "600/minute"
    """Feedback per key or address."""
    rival: str = ""
    """The folder of another catalog of the same products: its ranking and the own one are shown as
    one list."""
    rival_settings: str = ""
    """A file of settings (TOML) for it, such as another `embedding_model`; it beats the
    environment."""

    photo_url: bool = False
    """Whether `photo_url` is fetched."""
    image_link: bool = False
    """Whether PUT fetches the `image_link` of a product that comes without its picture."""
    feed_search: bool = False
    """Whether the service brings what changes to the search cluster: one worker of all services on
    the catalog does. Off: `thatlook catalog feed-search` does."""
    cors_origins: str = ""
    """Origins, separated by commas, whose pages may call the service. Empty: none."""
    language: str = ""
    """The page's language: en, de or fr. Empty: each browser's own."""
    log_level: str = "info"
    workers: int = 1

    def __post_init__(self) -> None:
        for name in _FROM_ONE:
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be 1 or more, not {getattr(self, name)}")
        for name in ("queue", "threads", "uploads_per_caller"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} must be 0 or more, not {getattr(self, name)}")
        for name in ("deadline_s", "header_s"):
            if not 0 < getattr(self, name) < 3600:
                raise SettingsError(f"{name} must be within 0..3600, not {getattr(self, name)}")
        if self.rival_settings and not self.rival:
            raise SettingsError("rival_settings are for a rival: name its catalog too")
        if self.language not in {"", *LANGUAGES}:
            known = ", ".join(LANGUAGES)
            raise SettingsError(f"language must be {known} or empty, not {self.language!r}")
        if self.log_level not in {"debug", "info", "warning", "error"}:
            raise SettingsError(
                f"log_level must be debug, info, warning or error: {self.log_level!r}"
            )

    @property
    def at_a_time(self) -> int:
        """Photos worked on at a time in one worker."""
        return self.threads or max(1, available_cores() // self.workers)

    @property
    def slots_per_caller(self) -> int:
        """Requests with a body of one key or address at a time in one worker."""
        return self.uploads_per_caller or max(4, (self.at_a_time + self.queue) // 2)

    @property
    def network_threads(self) -> int:
        """Threads of each network, so that all photos at work together fill the cores.

        One core each for four photos is twice as quick as four cores for one after another, and
        quicker than a batch of four: benchmarks/bench_batching.py.
        """
        return max(1, available_cores() // (self.at_a_time * self.workers))

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may call."""
        return _listed(self.cors_origins)

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, **arguments: Any) -> Self:
        """Settings from the environment, arguments that are not None before it.

        Raises SettingsError for a value of the wrong type or an unknown THATLOOK_SERVE_ name,
        with the nearest known one.
        """
        env = os.environ if environment is None else environment
        kinds = {entry.name: type(entry.default) for entry in fields(cls)}
        given = {name.removeprefix(PREFIX).lower(): name for name in env if name.startswith(PREFIX)}
        unknown = sorted(given.keys() - kinds.keys())
        if unknown:
            raise unknown_variable(unknown[0].upper(), PREFIX, [name.upper() for name in kinds])
        values: dict[str, Any] = {
            name: _parsed(kinds[name], full, env[full]) for name, full in given.items()
        }
        values |= {name: value for name, value in arguments.items() if value is not None}
        return cls(**values)

    def to_environment(self) -> dict[str, str]:
        """The variables from which a worker process loads the same settings."""
        return {PREFIX + e.name.upper(): str(getattr(self, e.name)) for e in fields(self)}

    def keys(self) -> dict[str, dict[str, str]]:
        """The keys as {"read": {name: key}, "write": {name: key}}.

        Raises SettingsError for a malformed or short key, a name used twice, or a file that
        cannot be read.
        """
        found: dict[str, dict[str, str]] = {"read": {}, "write": {}}
        pairs = [("read", pair) for pair in _listed(self.read_keys)]
        pairs += [("write", pair) for pair in _listed(self.write_keys)]
        pairs += _from_file(Path(self.keys_file)) if self.keys_file else []
        for kind, pair in pairs:
            name, colon, key = pair.partition(":")
            if not (name and colon and len(key) >= SHORTEST_KEY and name.isascii()):
                raise SettingsError(
                    f"expected a key as name:key with a key of {SHORTEST_KEY} characters or more "
                    f"(the {kind} key named {name if colon else '?'!r})"
                )
            if name in found[kind]:
                raise SettingsError(f"two {kind} keys are named {name!r}")
            found[kind][name] = key
        return found


SHORTEST_KEY: Final = 16


def _from_file(path: Path) -> list[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: the file of keys cannot be read: {error}") from error
    pairs = []
    for number, line in enumerate(lines, start=1):
        kind, _, pair = line.strip().partition(" ")
        if not kind or kind.startswith("#"):
            continue
        if kind not in {"read", "write"}:
            raise SettingsError(f"{path}: line {number}: expected 'read name:key' or 'write ...'")
        pairs.append((kind, pair.strip()))
    return pairs


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _parsed(kind: type, name: str, text: str) -> Any:
    if kind is bool:
        value = (_ON | _OFF).get(text.strip().lower())
        if value is None:
            raise SettingsError(f"{name} must be on or off, not {text!r}")
        return value
    try:
        return kind(text)
    except ValueError:
        raise SettingsError(f"{name} must be a {kind.__name__}, not {text!r}") from None
