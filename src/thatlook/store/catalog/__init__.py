"""The durable catalog: products and their vectors in SQLite, and the search over them."""

from __future__ import annotations

from thatlook.search.stored import Stored
from thatlook.store.catalog.catalog import Catalog
from thatlook.store.catalog.info import CatalogInfo
from thatlook.store.catalog.rows import Change, Row, State
from thatlook.store.catalog.seen_ids import SeenIds

__all__ = ["Catalog", "CatalogInfo", "Change", "Row", "SeenIds", "State", "Stored"]
