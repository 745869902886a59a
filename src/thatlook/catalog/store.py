"""Reads and writes of the catalog's tables: every write is one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from thatlook.catalog.database import Database
from thatlook.catalog.rows import (
    Change,
    Row,
    State,
    Stored,
    box_json,
    box_of,
    checked_id,
    product_json,
    product_of,
    row_hash_of,
    search_columns,
    vector_bytes,
)
from thatlook.errors import CatalogError, ModelMismatchError, UnknownProductError
from thatlook.index.block import Block, BlockBuilder
from thatlook.index.query import Entry
from thatlook.records import Vector

_PRODUCT_SQL: Final = """INSERT INTO products (id, sequence, status, category, gender, price,
    currency, brand, color, availability, data, row_hash, changed_at, from_feed)
    VALUES (?, ?, 'active', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, status = 'active',
    category = excluded.category, gender = excluded.gender, price = excluded.price,
    currency = excluded.currency, brand = excluded.brand, color = excluded.color,
    availability = excluded.availability, data = excluded.data, row_hash = excluded.row_hash,
    changed_at = excluded.changed_at, from_feed = excluded.from_feed"""

_ARTICLE_SQL: Final = """INSERT OR REPLACE INTO articles
    SELECT key, ?, ?, ?, ?, ?, ?, ?, ? FROM products WHERE id = ?"""

_IMAGE_SQL: Final = """UPDATE articles SET image = ?
    WHERE product = (SELECT key FROM products WHERE id = ?)"""

_STORED_SQL: Final = """SELECT data, status, sequence, changed_at, row_hash, model_key, vector, box,
    score, found, attributes, image, image_hash
    FROM products LEFT JOIN articles ON product = key"""

_MANY: Final = 500
"""Values per statement, below every limit of SQLite."""


class Store:
    """The tables of one catalog. `model_key` and `dim` say what vectors it takes."""

    def __init__(self, database: Database, model_key: str | None, dim: int | None) -> None:
        self.database = database
        self.model_key = model_key
        self.dim = dim

    def check_model(self) -> None:
        """Raises ModelMismatchError where the catalog's network is no longer this store's."""
        found = self.database.one("SELECT model_key FROM state")
        if found and self.model_key not in {None, found[0]}:
            raise mismatch(self.database.path.parent, found[0], self.model_key)

    def sequence(self) -> int:
        """The sequence number of the last change; 0 for none."""
        found = self.database.one("SELECT sequence FROM state")
        return int(found[0]) if found else 0

    def catalog_id(self) -> str:
        """The catalog's own random name."""
        found = self.database.one("SELECT catalog_id FROM state")
        return str(found[0]) if found else ""

    def token(self, sequence: int) -> str:
        """The random mark of the commit that ended with this change; "" where none did."""
        found = self.database.one("SELECT hex(token) FROM commits WHERE sequence = ?", (sequence,))
        return str(found[0]) if found else ""

    def upsert(self, rows: Iterable[Row]) -> int:
        """Adds or replaces products in one transaction; returns the last sequence number.

        Raises CatalogError for a vector that does not fit, for a new product without one, and
        where the disk does not take it, ModelMismatchError where the catalog's network was
        switched meanwhile; then nothing of the call is stored.
        """
        rows = list({checked_id(row.product.id): row for row in rows}.values())
        blobs = [self._vector(row) for row in rows]
        with self.database.writing():
            self.check_model()
            known = self.attributes([row.product.id for row in rows if row.vector is None])
            first = self._next(len(rows))
            now = datetime.now(UTC).isoformat(timespec="seconds")
            products, articles = [], []
            for place, (row, blob) in enumerate(zip(rows, blobs, strict=True)):
                if blob is None and row.product.id not in known:
                    raise CatalogError(f"{row.product.id}: a new product needs a vector")
                attributes = known[row.product.id] if blob is None else row.attributes
                products.append(_product_values(row, first + place, attributes, now))
                if blob is not None:
                    articles.append(self._article_values(row, blob))
            self.database.executemany(_PRODUCT_SQL, products)
            self.database.executemany(_ARTICLE_SQL, articles)
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
            present = [product_id for product_id in wanted if product_id in known]
            first = self._next(len(present))
            numbered = [(product_id, first + n) for n, product_id in enumerate(present)]
            self.database.executemany(
                "DELETE FROM products WHERE id = ?", [(product_id,) for product_id in present]
            )
            self.database.executemany("INSERT OR REPLACE INTO tombstones VALUES (?, ?)", numbered)
        return present

    def mark_left(self, ids: Iterable[str]) -> list[str]:
        """Marks active products as having left the feed, in one transaction; returns their ids."""
        wanted = list(dict.fromkeys(ids))
        with self.database.writing():
            known = self.states(wanted)
            active = [i for i in wanted if i in known and known[i].status == "active"]
            first = self._next(len(active))
            numbered = [(first + n, product_id) for n, product_id in enumerate(active)]
            self.database.executemany(
                "UPDATE products SET status = 'left', sequence = ? WHERE id = ?", numbered
            )
        return active

    def stored(self, product_id: str) -> Stored:
        """Everything kept of a product; raises UnknownProductError."""
        found = self.database.one(f"{_STORED_SQL} WHERE id = ?", (product_id,))
        if found is None:
            raise UnknownProductError(product_id)
        return _stored(found)

    def stored_many(self, ids: Sequence[str]) -> list[Stored]:
        """Everything kept of these products, in order; raises UnknownProductError."""
        found = {}
        for values in self._in(f"{_STORED_SQL} WHERE id IN", list(dict.fromkeys(ids))):
            stored = _stored(values)
            found[stored.product.id] = stored
        for product_id in ids:
            if product_id not in found:
                raise UnknownProductError(product_id)
        return [found[product_id] for product_id in ids]

    def all_stored(self, batch: int = 500) -> Iterator[Stored]:
        """Every product by ascending id, read in small batches: others may write meanwhile."""
        last = ""
        while True:
            sql = f"{_STORED_SQL} WHERE id > ? ORDER BY id LIMIT ?"
            found = [_stored(values) for values in self.database.rows(sql, (last, batch))]
            if not found:
                return
            yield from found
            last = found[-1].product.id

    def states(self, ids: Sequence[str]) -> dict[str, State]:
        """What the catalog has of the known ids among these."""
        sql = """SELECT id, status, row_hash, category, coalesce(image, ''),
            coalesce(image_hash, ''), coalesce(model_key, '')
            FROM products LEFT JOIN articles ON product = key WHERE id IN"""
        return {found[0]: State(*found[1:]) for found in self._in(sql, ids)}

    def attributes(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The attributes of those ids that have an article."""
        sql = "SELECT id, attributes FROM products JOIN articles ON product = key WHERE id IN"
        return {found[0]: json.loads(found[1]) for found in self._in(sql, ids)}

    def changes(self, since: int, limit: int | None = None) -> list[Change]:
        """What changed after sequence number `since`, in order, at most `limit` changes.

        A product changed twice comes once, with its last change. To be used as an outbox
        cursor: go on from the last change's number.
        """
        count = -1 if limit is None else limit
        sql = """SELECT sequence, id, category, gender, price, currency, brand, color, availability,
            vector, status FROM products LEFT JOIN articles ON product = key
            WHERE sequence > ? ORDER BY sequence LIMIT ?"""
        with self.database.reading():
            found = self.database.rows(sql, (since, count))
            gone = (
                "SELECT sequence, id FROM tombstones WHERE sequence > ? ORDER BY sequence LIMIT ?"
            )
            changes = [
                Change(int(n), id_, None) for n, id_ in self.database.rows(gone, (since, count))
            ]
        for number, *columns, status in found:
            entry = _entry(columns) if status == "active" and columns[-1] is not None else None
            changes.append(Change(int(number), columns[0], entry))
        return sorted(changes, key=lambda change: change.sequence)[
            : None if limit is None else limit
        ]

    def block(self, category: str, gender: str, dim: int) -> Block:
        """The active products of a partition that have a vector, ids ascending."""
        sql = """SELECT id, vector, price, currency, brand, color, availability FROM products
            JOIN articles ON product = key WHERE category = ? AND gender = ? AND status = 'active'
            ORDER BY id"""
        builder = BlockBuilder(dim)
        with self.database.reading():
            cursor = self.database.execute(sql, (category, gender))
            while batch := list(islice(cursor, 4096)):
                for id_, vector, price, *words in batch:
                    builder.add(id_, vector, price, words)
        return builder.build()

    def _in(self, sql: str, ids: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(ids), _MANY):
            part = ids[start : start + _MANY]
            yield from self.database.rows(f"{sql} ({','.join('?' * len(part))})", list(part))

    def _next(self, count: int) -> int:
        """Takes `count` sequence numbers within the open transaction; returns the first."""
        last = self.sequence()
        if count:
            self.database.execute("UPDATE state SET sequence = ?", (last + count,))
            self.database.execute("INSERT INTO commits VALUES (?, randomblob(8))", (last + count,))
        return last + 1

    def _vector(self, row: Row) -> bytes | None:
        if row.vector is None:
            return None
        if self.dim is None or self.model_key is None:
            raise CatalogError("open the catalog with its network's key and dim to store vectors")
        return vector_bytes(row.vector, self.dim, row.product.id)

    def _article_values(self, row: Row, blob: bytes) -> tuple[Any, ...]:
        attributes = json.dumps(dict(row.attributes), ensure_ascii=False, sort_keys=True)
        facts = (self.model_key, blob, box_json(row.box), row.article_score, row.found)
        return (*facts, attributes, row.image, row.image_hash, row.product.id)


def mismatch(folder: Path, kept: str | None, wanted: str | None) -> ModelMismatchError:
    """The error for vectors of another network than the one asked for."""
    return ModelMismatchError(
        f"{folder}: the catalog's vectors were made by {kept}, not by {wanted}; use that network, "
        "or index the feed into another folder"
    )


def _product_values(row: Row, sequence: int, attributes: Any, now: str) -> tuple[Any, ...]:
    product = row.product
    columns = search_columns(product, attributes)
    row_hash = row.row_hash or row_hash_of(product)
    facts = (product_json(product), row_hash, now, row.from_feed)
    return (product.id, sequence, *columns, *facts)


def _stored(found: tuple[Any, ...]) -> Stored:
    data, status, sequence, changed_at, row_hash, model_key, vector, *article = found
    kept = Stored(
        product=product_of(data),
        status=status,
        sequence=int(sequence),
        changed_at=changed_at,
        row_hash=row_hash,
    )
    if vector is None:
        return kept
    box, score, seen, attributes, image, image_hash = article
    return Stored(
        product=kept.product,
        status=status,
        sequence=kept.sequence,
        changed_at=changed_at,
        row_hash=row_hash,
        model_key=model_key,
        vector=_array(vector),
        box=box_of(box),
        attributes=json.loads(attributes),
        article_score=float(score),
        found=bool(seen),
        image=image,
        image_hash=image_hash,
    )


def _entry(columns: Sequence[Any]) -> Entry:
    id_, category, gender, price, currency, brand, color, availability, vector = columns
    return Entry(
        id=id_,
        category=category,
        gender=gender,
        vector=_array(vector),
        price=price,
        currency=currency,
        brand=brand,
        color=color,
        availability=availability,
    )


def _array(vector: bytes) -> Vector:
    return np.frombuffer(vector, "<f4").astype(np.float32)
