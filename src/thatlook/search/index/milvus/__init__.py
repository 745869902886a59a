"""The index protocol over Milvus: a server, a cluster, or Milvus Lite."""

from __future__ import annotations

from thatlook.search.index.milvus.index import Cursor, MilvusIndex
from thatlook.search.index.milvus.place import MilvusPlace

__all__ = ["Cursor", "MilvusIndex", "MilvusPlace"]
