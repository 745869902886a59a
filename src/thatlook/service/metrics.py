"""What `/metrics` counts. With several workers each writes to files that all of them read.

prometheus_client chooses files or memory when it is imported, by PROMETHEUS_MULTIPROC_DIR.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from thatlook.core.errors import SearchUnavailableError
from thatlook.store.catalog.cluster import ClusterFinder

FILES: Final = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_REGISTRY: Final = CollectorRegistry()
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUESTS: Final = Counter(
    "thatlook_requests", "Requests answered.", ("route", "method", "status"), registry=_REGISTRY
)
REQUEST_SECONDS: Final = Histogram(
    "thatlook_request_seconds",
    "From the first byte to the last.",
    ("route",),
    buckets=_SECONDS,
    registry=_REGISTRY,
)
STAGE_SECONDS: Final = Histogram(
    "thatlook_stage_seconds",
    "Time in each part of understanding a photo and searching.",
    ("stage",),
    buckets=_SECONDS,
    registry=_REGISTRY,
)
QUEUE_SECONDS: Final = Histogram(
    "thatlook_queue_seconds", "Waiting for a thread.", buckets=_SECONDS, registry=_REGISTRY
)
WAITING: Final = Gauge(
    "thatlook_queue_waiting",
    "Jobs waiting for a thread.",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
RUNNING: Final = Gauge(
    "thatlook_queue_running",
    "Jobs being worked on.",
    registry=_REGISTRY,
    multiprocess_mode="livesum",
)
REFUSED: Final = Counter(
    "thatlook_refused",
    "Refused: busy, deadline, disconnected, rate, key, body; connections: slow, connections.",
    ("why",),
    registry=_REGISTRY,
)
PHOTO_ERRORS: Final = Counter(
    "thatlook_photo_errors", "Photos that could not be used.", ("code",), registry=_REGISTRY
)
THUMBNAILS: Final = Counter(
    "thatlook_thumbnail_cache", "Pictures asked for: hit or miss.", ("result",), registry=_REGISTRY
)

_ENGINE: Final = "milvus"
"""A label, so that nothing is told of a cluster where the search is built in."""
SEARCH_UP: Final = Gauge(
    "thatlook_search_up",
    "Whether the search cluster answered when this was asked.",
    ("engine",),
    registry=_REGISTRY,
    multiprocess_mode="mostrecent",
)
SEARCH_LAG: Final = Gauge(
    "thatlook_search_lag_changes",
    "Changes of the catalog that the search cluster has not got; stays while it is down.",
    ("engine",),
    registry=_REGISTRY,
    multiprocess_mode="mostrecent",
)
SEARCH_SECONDS: Final = Histogram(
    "thatlook_search_engine_seconds",
    "What one question to the search cluster took.",
    buckets=_SECONDS,
    registry=_REGISTRY,
)
STALE_HITS: Final = Counter(
    "thatlook_search_stale_hits",
    "Hits of the search cluster that are no answer any more, and were dropped.",
    registry=_REGISTRY,
)


class SearchWatch:
    """Counts what a search cluster does; fulfils `store.catalog.cluster.Watch`."""

    def asked(self, seconds: float) -> None:
        """See Watch."""
        SEARCH_SECONDS.observe(seconds)

    def stale(self, hits: int) -> None:
        """See Watch."""
        STALE_HITS.inc(hits)


def observe_search(cluster: ClusterFinder) -> None:
    """Asks the cluster how far it is behind."""
    try:
        SEARCH_LAG.labels(_ENGINE).set(cluster.lag())
        SEARCH_UP.labels(_ENGINE).set(1)
    except SearchUnavailableError:
        SEARCH_UP.labels(_ENGINE).set(0)


def observe_stages(timing_ms: Mapping[str, float]) -> None:
    """Adds the parts of one answer to the histogram of stages."""
    for stage, spent in timing_ms.items():
        STAGE_SECONDS.labels(stage).observe(spent / 1000)


def exposition() -> bytes:
    """The metrics of all workers in Prometheus's text format."""
    folder = os.environ.get(FILES)
    if not folder:
        return generate_latest(_REGISTRY)
    forget_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def forget_dead(folder: Path) -> None:
    """Removes the gauges of workers that are gone; their counts stay."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not _alive(int(pid)):
            file.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
