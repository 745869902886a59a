"""What is in a catalog, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from thatlook.store.catalog.backend import Backend
from thatlook.store.catalog.schema import version_of


@dataclass(frozen=True, slots=True)
class CatalogInfo:
    """Counts of a catalog. `products` are those that can be found; `left` left the feed.

    `categories` maps a category to its products by gender; empty ones are left out.
    `size_bytes` is the store with its log, `cache_bytes` what can be deleted. `pair_key` names the
    text-image pair and `pair_vectors` how many products that can be found have its vector.
    """

    path: str
    version: int
    model_key: str | None
    dim: int | None
    sequence: int
    products: int
    left: int
    without_vector: int
    categories: Mapping[str, Mapping[str, int]]
    size_bytes: int
    cache_bytes: int
    pair_key: str | None = None
    pair_vectors: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook catalog info`."""
        return asdict(self)


def info_of(database: Backend, address: str, folder: Path) -> CatalogInfo:
    """The numbers of a catalog as of now, all from one moment."""
    sql = """SELECT category, gender, status, count(*), count(vector) FROM products
        LEFT JOIN articles ON product = key GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
    pair_sql = """SELECT pair_key, (SELECT count(*) FROM pair_vectors JOIN products ON product = key
        WHERE status = 'active') FROM state"""
    state, counts, version, pair = database.in_one_state(
        lambda: (
            database.one("SELECT model_key, dim, sequence FROM state") or (None, None, 0),
            database.rows(sql),
            version_of(database),
            database.one(pair_sql),
        )
    )
    categories: dict[str, dict[str, int]] = {}
    for category, gender, status, count, _ in counts:
        if status == "active":
            categories.setdefault(category, {})[gender] = count
    active = [row for row in counts if row[2] == "active"]
    return CatalogInfo(
        path=address,
        version=version,
        model_key=state[0],
        dim=state[1],
        sequence=state[2],
        products=sum(row[4] for row in active),
        left=sum(row[3] for row in counts if row[2] == "left"),
        without_vector=sum(row[3] - row[4] for row in active),
        categories=categories,
        size_bytes=database.size_bytes(),
        cache_bytes=_bytes((folder / "cache").rglob("*")),
        pair_key=pair[0] if pair else None,
        pair_vectors=int(pair[1]) if pair else 0,
    )


def _bytes(paths: Any) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())
