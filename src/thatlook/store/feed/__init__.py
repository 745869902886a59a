"""Readers of product feeds, and the fetching of what feeds point to."""

from __future__ import annotations

from thatlook.store.feed.mapping import FeedMapping, load_mapping
from thatlook.store.feed.overlooked import Overlooked, overlooked
from thatlook.store.feed.reader import estimated_rows, read_feed
from thatlook.store.feed.rows import FeedRow, Problem

__all__ = [
    "FeedMapping",
    "FeedRow",
    "Overlooked",
    "Problem",
    "estimated_rows",
    "load_mapping",
    "overlooked",
    "read_feed",
]
