"""Where a collection is, how it is indexed and how it is asked: all in one URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlsplit

from thatlook.core.errors import SettingsError
from thatlook.core.nearest import did_you_mean

SCHEME: Final = "milvus"
CONSISTENCIES: Final = ("bounded", "strong")
METRIC: Final = "IP"
"""The inner product is what a similarity is here; vectors have unit length, others would order
alike."""

KINDS: Final[Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]]] = {
    "HNSW": ({"M": 30, "efConstruction": 360}, {"ef": 512}),
    "FLAT": ({}, {}),
    "IVF_FLAT": ({"nlist": 128}, {"nprobe": 128}),
    "IVF_SQ8": ({"nlist": 128}, {"nprobe": 128}),
}
"""The kinds of index with the defaults of what they are built and searched with: HNSW's are chosen
by benchmarks/bench_cluster.py (docs/cluster.md), the others look into all lists."""

_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_GENERAL: Final = ("index", "consistency", "partitions", "timeout", "tls", "database")


@dataclass(frozen=True, slots=True, kw_only=True)
class MilvusPlace:
    """A collection of a Milvus server or cluster.

    `build` and `ask` are what the index is built and searched with, as KINDS names it.
    `consistency` "bounded" answers at once from what has arrived, "strong" waits for every change
    of the store that was committed before the question. `partitions` is into how many physical
    parts the pairs of category and gender are spread.
    """

    host: str
    port: int
    collection: str
    database: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    index: str = "HNSW"
    build: Mapping[str, int] = field(default_factory=dict)
    ask: Mapping[str, int] = field(default_factory=dict)
    consistency: str = "bounded"
    partitions: int = 64
    timeout_s: float = 3.0

    @classmethod
    def of(cls, url: str, password: str = "") -> Self:
        """The place that `milvus://[USER@]HOST[:PORT]/COLLECTION[?SETTING=VALUE&...]` names.

        Settings are `index`, its parameters (`M`, `efConstruction`, `ef`, `nlist`, `nprobe`),
        `consistency`, `partitions`, `timeout` (seconds), `tls` (on or off), `database`.
        Raises SettingsError for anything else; no message repeats a password.
        """
        parts = urlsplit(url)
        collection = parts.path.strip("/")
        if parts.scheme != SCHEME or not parts.hostname or not _NAME.fullmatch(collection):
            raise SettingsError(
                "a search cluster's address is milvus://HOST:PORT/COLLECTION, the collection of "
                "letters, digits and '_'"
            )
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
        kind = _one_of("index", given.get("index", "HNSW").upper(), tuple(KINDS))
        build, ask = ({**defaults} for defaults in KINDS[kind])
        for name in given.keys() - set(_GENERAL):
            known = build if name in build else ask
            if name not in known:
                names = (*_GENERAL, *build, *ask)
                near = did_you_mean(name, names) or f"known are {', '.join(names)}"
                raise SettingsError(f"search: no setting {name!r} for the index {kind}; {near}")
            known[name] = int(_number(name, given[name], 1))
        return cls(
            host=parts.hostname,
            port=_port(parts.netloc),
            collection=collection,
            database=given.get("database", ""),
            user=parts.username or "",
            password=password,
            tls=_one_of("tls", given.get("tls", "off"), ("on", "off")) == "on",
            index=kind,
            build=build,
            ask=ask,
            consistency=_one_of("consistency", given.get("consistency", "bounded"), CONSISTENCIES),
            partitions=int(_number("partitions", given.get("partitions", "64"), 1)),
            timeout_s=_number("timeout", given.get("timeout", "3"), 0.1),
        )

    def __str__(self) -> str:
        """What messages call it."""
        return f"{SCHEME}://{self.host}:{self.port}/{self.collection}"

    @property
    def strong(self) -> bool:
        """Whether every answer knows all that was committed before its question."""
        return self.consistency == "strong"

    def search_params(self, limit: int) -> dict[str, Any]:
        """What the engine is to search with where it shall give `limit` hits."""
        ask = dict(self.ask)
        if "ef" in ask:  # HNSW refuses to give more than it has looked at
            ask["ef"] = max(ask["ef"], limit)
        return {"metric_type": METRIC, "params": ask}


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise SettingsError(f"search: {name} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def _number(name: str, text: str, minimum: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not minimum <= value < 1e9:
        raise SettingsError(f"search: {name} must be a number of {minimum:g} or more, not {text!r}")
    return value


def _port(netloc: str) -> int:
    port = netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2] or "19530"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise SettingsError(f"search: the port must be 1 to 65535, not {port!r}")
    return int(port)
