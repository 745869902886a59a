"""Search over vectors: one protocol, an exact oracle, and partitions searched by FAISS."""

from __future__ import annotations

from thatlook.search.index.exact import ExactIndex
from thatlook.search.index.partitioned import PartitionedIndex
from thatlook.search.index.protocol import Index
from thatlook.search.index.query import Answers, Entry, Filters, Hit, Query, genders_for

__all__ = [
    "Answers",
    "Entry",
    "ExactIndex",
    "Filters",
    "Hit",
    "Index",
    "PartitionedIndex",
    "Query",
    "genders_for",
]
