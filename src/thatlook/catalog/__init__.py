"""The durable catalog: products and their vectors in SQLite, and the search over them."""

from __future__ import annotations

from thatlook.catalog.catalog import Catalog
from thatlook.catalog.feed_run import FeedRun
from thatlook.catalog.info import CatalogInfo
from thatlook.catalog.rows import Change, Row, State, Stored

__all__ = ["Catalog", "CatalogInfo", "Change", "FeedRun", "Row", "State", "Stored"]
