"""Which scan a block gets, by its size."""

from __future__ import annotations

from thatlook.search.index.listed import LISTED_FROM, scan_by_lists
from thatlook.search.index.quantised import QUANTISED_FROM, QuantisedScan
from thatlook.search.index.query import Vectors
from thatlook.search.index.scan import FloatScan, Scan


def scan_of(vectors: Vectors, *, quick: bool = False) -> Scan:
    """The scan for a block of this size; docs/catalog.md has the times behind the thresholds.

    Sorting a very large block into lists takes many seconds: with `quick` it gets the flat
    scan instead, marked as not `final`.
    """
    if len(vectors) < QUANTISED_FROM:
        return FloatScan(vectors)
    if len(vectors) < LISTED_FROM:
        return QuantisedScan.of(vectors)
    if quick:
        return QuantisedScan.of(vectors, final=False)
    return scan_by_lists(vectors)
