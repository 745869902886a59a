"""A shopper who asks on and on while a catalog is changed, and while parts of it fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np

from tests.search.index.samples import random_vector
from thatlook.search.index import Query
from thatlook.store.catalog import Catalog


def wrongly_shown(
    catalog: Catalog,
    removed: set[str],
    rng: np.random.Generator,
    refusal: type[Exception],
    stop: threading.Event,
) -> Iterator[list[str] | None]:
    """Of each search what had been removed before it, None for one that was refused."""
    while not stop.is_set():
        gone = frozenset(removed)
        try:
            found = catalog.search(random_vector(rng, catalog.dim)[None], Query(k=20))[0]
        except refusal:
            yield None
        else:
            yield [hit.product_id for hit in found if hit.product_id in gone]
        stop.wait(0.05)
