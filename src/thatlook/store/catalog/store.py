"""Changes of the catalog's tables: each is one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from thatlook.core.errors import CatalogError
from thatlook.store.catalog.backend import Backend
from thatlook.store.catalog.reads import Reads, spelled
from thatlook.store.catalog.rows import (
    SEARCH_COLUMNS,
    Row,
    box_json,
    product_json,
    row_hash_of,
    search_columns,
    vector_bytes,
    with_normal_id,
)

_COLUMNS: Final = ("sequence", *SEARCH_COLUMNS, "data", "row_hash", "changed_at", "from_feed")
_PRODUCT_SQL: Final = f"""INSERT INTO products (status, id, {", ".join(_COLUMNS)})
    VALUES ('active', ?, {", ".join("?" * len(_COLUMNS))})
    ON CONFLICT (id) DO UPDATE SET status = 'active',
    {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}"""  # noqa: S608 - constant names

ARTICLE_COLUMNS: Final = (
    *("model_key", "vector", "box", "score", "found", "attributes", "image", "image_hash"),
    *("outline", "pictures"),
)
_ARTICLE_SQL: Final = f"""INSERT INTO articles (product, {", ".join(ARTICLE_COLUMNS)})
    SELECT key, {", ".join("?" * len(ARTICLE_COLUMNS))} FROM products WHERE id = ?
    ON CONFLICT (product) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in ARTICLE_COLUMNS)}"""  # noqa: S608 - constant names

UNPAIRED_SQL: Final = """DELETE FROM pair_vectors
    WHERE product = (SELECT key FROM products WHERE id = ?)"""

PAIR_SQL: Final = """INSERT INTO pair_vectors (product, vector)
    SELECT key, ? FROM products WHERE id = ?
    ON CONFLICT (product) DO UPDATE SET vector = excluded.vector"""

_IMAGE_SQL: Final = """UPDATE articles SET image = ?
    WHERE product = (SELECT key FROM products WHERE id = ?)"""


_GONE_SQL: Final = """INSERT INTO tombstones VALUES (?, ?)
    ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence"""


class Store(Reads):
    """The tables of one catalog. `model_key` and `dim` say what vectors it takes."""

    def __init__(self, database: Backend, model_key: str | None, dim: int | None) -> None:
        super().__init__(database, model_key, dim)
        self.takes_vectors = False

    def pair(self) -> tuple[str, int] | None:
        """The key and dim of the pair whose vectors are kept beside; None for none."""
        found = self.database.one("SELECT pair_key, pair_dim FROM state")
        return (found[0], int(found[1])) if found and found[0] else None

    def use_pair(self, key: str, dim: int) -> None:
        """Names the pair whose vectors are kept beside, in one transaction; those of another pair
        are dropped.
        """
        with self.database.writing():
            if self.pair() != (key, dim):
                self.database.execute("DELETE FROM pair_vectors")
                self.database.execute("UPDATE state SET pair_key = ?, pair_dim = ?", (key, dim))

    def upsert(self, rows: Iterable[Row]) -> int:
        """Adds or replaces products in one transaction; returns the last sequence number.

        Raises CatalogError for a vector that does not fit, for a new product without one, and
        where the disk does not take it, ModelMismatchError where the catalog's network was
        switched meanwhile; then nothing of the call is stored.
        """
        rows = list({row.product.id: row for row in map(with_normal_id, rows)}.values())
        blobs = [self._vector(row) for row in rows]
        paired = self._pair_vectors(rows)
        with self.database.writing():
            self.check_model()
            known = self.attributes([row.product.id for row in rows if row.vector is None])
            first = self.next_numbers(len(rows))
            now = datetime.now(UTC).isoformat(timespec="seconds")
            products, articles = [], []
            for index, (row, blob) in enumerate(zip(rows, blobs, strict=True)):
                if blob is None and row.product.id not in known:
                    raise CatalogError(f"{row.product.id}: a new product needs a vector")
                attributes = known[row.product.id] if blob is None else row.attributes
                products.append(_product_values(row, first + index, attributes, now))
                if blob is not None:
                    articles.append(self._article_values(row, blob))
            self.database.executemany(_PRODUCT_SQL, products)
            self.database.executemany(_ARTICLE_SQL, articles)
            # Of another picture than the article's a pair's vector would be wrong.
            seen = [(row.product.id,) for row in rows if row.vector is not None]
            self.database.executemany(UNPAIRED_SQL, seen)
            self.database.executemany(PAIR_SQL, paired)
            moved = [(r.image, r.product.id) for r in rows if r.vector is None and r.image]
            self.database.executemany(_IMAGE_SQL, moved)
            gone = [(row.product.id,) for row in rows]
            self.database.executemany("DELETE FROM tombstones WHERE id = ?", gone)
        return first + len(rows) - 1

    def remove(self, ids: Iterable[str]) -> list[str]:
        """Deletes products in one transaction; returns the ids that were in, in their order."""
        wanted = list(dict.fromkeys(ids))
        with self.database.writing():
            known = self.states(wanted)
            present = [given for given in wanted if spelled(given, known) in known]
            stored = list(dict.fromkeys(spelled(given, known) for given in present))
            self.take_out(stored)
        return present

    def take_out(self, ids: Sequence[str]) -> None:
        """Deletes these products, as they are spelled, within the open transaction."""
        first = self.next_numbers(len(ids))
        numbered = [(product_id, first + n) for n, product_id in enumerate(ids)]
        self.database.executemany(
            "DELETE FROM products WHERE id = ?", [(product_id,) for product_id in ids]
        )
        self.database.executemany(_GONE_SQL, numbered)

    def mark_left(self, ids: Iterable[str]) -> list[str]:
        """Marks active products as having left the feed, in one transaction; returns their ids."""
        wanted = list(ids)
        with self.database.writing():
            known = self.states(wanted)
            there = dict.fromkeys(spelled(i, known) for i in wanted)
            active = [i for i in there if i in known and known[i].status == "active"]
            first = self.next_numbers(len(active))
            numbered = [(first + n, product_id) for n, product_id in enumerate(active)]
            self.database.executemany(
                "UPDATE products SET status = 'left', sequence = ? WHERE id = ?", numbered
            )
        return active

    def next_numbers(self, count: int) -> int:
        """Takes `count` sequence numbers within the open transaction; returns the first."""
        last = self.sequence()
        if count:
            self.database.execute("UPDATE state SET sequence = ?", (last + count,))
            self.database.execute("INSERT INTO commits VALUES (?, randomblob(8))", (last + count,))
        return last + 1

    def _vector(self, row: Row) -> bytes | None:
        if row.vector is None:
            return None
        if self.dim is None or not self.takes_vectors:
            raise CatalogError("open the catalog with its network's key and dim to store vectors")
        return vector_bytes(row.vector, self.dim, row.product.id)

    def _pair_vectors(self, rows: Sequence[Row]) -> list[tuple[bytes, str]]:
        """The vectors of the pair that the catalog names, and the products' ids."""
        key, dim = self.pair() or ("", 0)
        return [
            (vector_bytes(row.pair_vector, dim, row.product.id), row.product.id)
            for row in rows
            if row.pair_vector is not None and key and row.pair_key == key
        ]

    def _article_values(self, row: Row, blob: bytes) -> tuple[Any, ...]:
        attributes = json.dumps(dict(row.attributes), ensure_ascii=False, sort_keys=True)
        facts = (self.model_key, blob, box_json(row.box), row.article_score, row.found)
        pictures = (row.image, row.image_hash, row.outline, json.dumps(row.pictures))
        return (*facts, attributes, *pictures, row.product.id)


def _product_values(row: Row, sequence: int, attributes: Any, now: str) -> tuple[Any, ...]:
    product = row.product
    columns = search_columns(product, attributes)
    row_hash = row.row_hash or row_hash_of(product)
    facts = (product_json(product), row_hash, now, row.from_feed)
    return (product.id, sequence, *columns, *facts)
