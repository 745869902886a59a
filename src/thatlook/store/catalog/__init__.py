"""The durable catalog: products and their vectors in SQLite, and the search over them."""

from __future__ import annotations

from thatlook.search.stored import Stored
from thatlook.store.catalog.catalog import Catalog
from thatlook.store.catalog.feed_run import FeedRun
from thatlook.store.catalog.info import CatalogInfo
from thatlook.store.catalog.rows import Change, Row, State

__all__ = ["Catalog", "CatalogInfo", "Change", "FeedRun", "Row", "State", "Stored"]
