from __future__ import annotations

from tests.store.catalog.conftest import catalog

__all__ = ["catalog"]
