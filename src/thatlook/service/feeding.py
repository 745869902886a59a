"""The search cluster fed from within the service, by one worker at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from thatlook.core.errors import ThatlookError
from thatlook.store.catalog.cluster import ClusterFinder

PAUSE_S: Final = 10.0

logger = logging.getLogger("thatlook.service")


@contextmanager
def fed(cluster: ClusterFinder) -> Iterator[None]:
    """While the block runs the cluster gets what changes, whenever no other process feeds it."""
    stop = threading.Event()
    thread = threading.Thread(target=_feed, args=(cluster, stop), name="thatlook-search-feed")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _feed(cluster: ClusterFinder, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            cluster.feed().run(stop)
        except ThatlookError as error:  # another catalog's collection, a store that is away
            logger.error("the search is not fed", extra={"error": str(error)})  # noqa: TRY400
            stop.wait(PAUSE_S)
