"""Stores of vectors behind one protocol: what thatlook's search is compared with.

Each keeps every product's vector, its partition as a number and its price in a folder, and finds
the K most similar under a limit on either. All use their defaults where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import apsw
import faiss
import hnswlib
import lancedb
import numpy as np
import pyarrow as pa
import qdrant_edge as qdrant
import sqlite_vec
from numpy.typing import NDArray

from bench_search import Case, Data, K, cases, selector_of, stored
from beside import postgres
from beside.postgres import Pgvector, PgvectorGraph
from thatlook.core.records import Vector
from thatlook.store.catalog import Catalog

DIM = 160
BATCH = 5000
HNSW_M, EF_CONSTRUCTION, EF = 32, 100, 128


@dataclass(frozen=True, slots=True)
class Limit:
    """What may be found: one partition, or all at a price up to a limit."""

    partition: int | None = None
    max_price: float | None = None

    @classmethod
    def of(cls, case: Case, data: Data) -> Limit:
        """The same as a case of the search benchmark says."""
        if case.query.category is None:
            return cls(max_price=case.query.filters.max_price)
        genders = case.query.genders or frozenset()
        return cls(partition=data.keys.index((case.query.category, *genders)))

    def mask(self, columns: Columns) -> NDArray[np.bool_]:
        """The rows that pass."""
        if self.partition is not None:
            return columns.partition == self.partition
        return columns.price <= (self.max_price or 0.0)

    @property
    def sql(self) -> str:
        """The same as a condition of SQL."""
        if self.partition is not None:
            return f"partition = {self.partition}"
        return f"price <= {self.max_price}"


@dataclass(frozen=True, slots=True)
class Columns:
    """What products are filtered by: partition (n,), price (n,)."""

    partition: NDArray[np.int64]
    price: NDArray[np.float64]

    @classmethod
    def read(cls, folder: Path) -> Columns:
        """What `write` wrote."""
        return cls(np.load(folder / "partition.npy"), np.load(folder / "price.npy"))

    @staticmethod
    def write(folder: Path, data: Data) -> None:
        """Keeps the columns beside an index that has none."""
        np.save(folder / "partition.npy", data.partition.astype(np.int64))
        np.save(folder / "price.npy", data.price)


class Store(Protocol):
    """An opened store."""

    def search(self, vector: Vector, limit: Limit) -> set[int]:
        """The rows of the K most similar products that pass."""
        ...


class Thatlook:
    """The catalog: SQLite and the partitions' blocks; what it asks is the search benchmark's."""

    def __init__(self, folder: Path, data: Data) -> None:
        self._catalog = Catalog.open(folder, create=False)
        self._queries = {Limit.of(case, data): case.query for case in cases(data)}

    @staticmethod
    def write(folder: Path, data: Data) -> None:
        stored(folder, data)
        with Catalog.open(folder, create=False) as catalog:
            catalog.warm()

    def search(self, vector: Vector, limit: Limit) -> set[int]:
        hits = self._catalog.search(vector[None], self._queries[limit])[0]
        return {int(hit.product_id[1:]) for hit in hits}


class Flat:
    """FAISS, every vector read; the selector is made from the columns, or kept ready made."""

    ready = False
    parameters: Callable[..., Any] = staticmethod(faiss.SearchParameters)

    def __init__(self, folder: Path, data: Data) -> None:  # noqa: ARG002 - one of several stores
        self._index = faiss.read_index(str(folder / "index.faiss"))
        self._columns = Columns.read(folder)
        self._made: dict[Limit, tuple[Any, Any]] = {}

    @staticmethod
    def write(folder: Path, data: Data) -> None:
        index = faiss.IndexFlatIP(DIM)
        index.add(data.vectors)
        faiss.write_index(index, str(folder / "index.faiss"))
        Columns.write(folder, data)

    def search(self, vector: Vector, limit: Limit) -> set[int]:
        selector, _kept = self._selector(limit)
        _, rows = self._index.search(vector[None], K, params=self.parameters(sel=selector))
        return {int(row) for row in rows[0] if row >= 0}

    def _selector(self, limit: Limit) -> tuple[Any, Any]:
        if self.ready and limit in self._made:
            return self._made[limit]
        self._made[limit] = selector_of(limit.mask(self._columns))
        return self._made[limit]


class FlatReady(Flat):
    """The same with selectors kept ready made."""

    ready = True


def _hnsw_parameters(sel: Any) -> Any:
    return faiss.SearchParametersHNSW(sel=sel, efSearch=EF)


class Graph(FlatReady):
    """FAISS, a graph of neighbours, selectors kept ready made."""

    parameters = staticmethod(_hnsw_parameters)

    @staticmethod
    def write(folder: Path, data: Data) -> None:
        index = faiss.IndexHNSWFlat(DIM, HNSW_M, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = EF_CONSTRUCTION
        index.add(data.vectors)
        faiss.write_index(index, str(folder / "index.faiss"))
        Columns.write(folder, data)


class Hnswlib:
    """hnswlib, a graph of neighbours; its filter is a Python function per row."""

    def __init__(self, folder: Path, data: Data) -> None:  # noqa: ARG002 - one of several stores
        self._index = hnswlib.Index("ip", DIM)
        self._index.load_index(str(folder / "index.hnsw"))
        self._index.set_ef(EF)
        self._columns = Columns.read(folder)
        self._masks: dict[Limit, NDArray[np.bool_]] = {}

    @staticmethod
    def write(folder: Path, data: Data) -> None:
        index = hnswlib.Index("ip", DIM)
        index.init_index(len(data.vectors), M=HNSW_M, ef_construction=EF_CONSTRUCTION)
        index.add_items(data.vectors, num_threads=faiss.omp_get_max_threads())
        index.save_index(str(folder / "index.hnsw"))
        Columns.write(folder, data)

    def search(self, vector: Vector, limit: Limit) -> set[int]:
        if limit not in self._masks:
            self._masks[limit] = limit.mask(self._columns)
        allowed = self._masks[limit].item
        try:
            rows, _ = self._index.knn_query(vector, K, num_threads=1, filter=allowed)
        except RuntimeError:  # how it says that it met fewer than K
            return set()
        return set(map(int, rows[0]))


class SqliteVec:
    """sqlite-vec: a virtual table with both columns in it, every vector read."""

    def __init__(self, folder: Path, data: Data | None = None) -> None:  # noqa: ARG002 - as above
        # apsw, because not every Python's sqlite3 may load extensions.
        self._connection = apsw.Connection(str(folder / "vectors.sqlite"))
        self._connection.enable_load_extension(True)
        self._connection.load_extension(sqlite_vec.loadable_path())

    @classmethod
    def write(cls, folder: Path, data: Data) -> None:
        connection = cls(folder)._connection
        with connection:
            connection.execute(
                "create virtual table products using vec0(id integer primary key, "
                f"partition integer, price float, vector float[{DIM}] distance_metric=cosine)"
            )
            rows = zip(data.partition.tolist(), data.price.tolist(), data.vectors, strict=True)
            connection.executemany(
                "insert into products(id, partition, price, vector) values (?, ?, ?, ?)",
                ((n, part, price, row.tobytes()) for n, (part, price, row) in enumerate(rows)),
            )
        connection.close()

    def search(self, vector: Vector, limit: Limit) -> set[int]:
        found = self._connection.execute(
            f"select id from products where vector match ? and k = {K} and {limit.sql}",
            (vector.tobytes(),),
        )
        return {int(row[0]) for row in found}


class Lance:
    """LanceDB: every vector that passes is read; indexes on both columns."""

    def __init__(self, folder: Path, data: Data) -> None:  # noqa: ARG002 - one of several stores
        self._table = lancedb.connect(folder).open_table("products")

    @staticmethod
    def write(folder: Path, data: Data) -> None:
        flat = pa.array(data.vectors.reshape(-1))
        vectors = pa.FixedSizeListArray.from_arrays(flat, DIM)
        columns = {
            "id": np.arange(len(data.vectors)),
            "partition": data.partition,
            "price": data.price,
            "vector": vectors,
        }
        table = lancedb.connect(folder).create_table("products", pa.table(columns))
        table.create_scalar_index("partition", index_type="BITMAP")
        table.create_scalar_index("price", index_type="BTREE")

    def search(self, vector: Vector, limit: Limit) -> set[int]:
        asked = self._table.search(vector).distance_type("dot").where(limit.sql, prefilter=True)
        return set(asked.select(["id", "_distance"]).limit(K).to_arrow()["id"].to_pylist())


class QdrantEdge:
    """Qdrant Edge: a graph of neighbours that knows the filter, indexes on both columns."""

    def __init__(self, folder: Path, data: Data) -> None:  # noqa: ARG002 - one of several stores
        self._shard = qdrant.EdgeShard.load(str(folder))

    @staticmethod
    def write(folder: Path, data: Data) -> None:
        vectors = qdrant.EdgeVectorParams(size=DIM, distance=qdrant.Distance.Cosine)
        shard = qdrant.EdgeShard.create(str(folder), qdrant.EdgeConfig(vectors=vectors))
        kinds = {
            "partition": qdrant.PayloadSchemaType.Integer,
            "price": qdrant.PayloadSchemaType.Float,
        }
        for name, kind in kinds.items():
            shard.update(qdrant.UpdateOperation.create_field_index(name, kind))
        for points in _points(data):
            shard.update(qdrant.UpdateOperation.upsert_points(points))
        shard.optimize()
        shard.flush()
        shard.close()

    def search(self, vector: Vector, limit: Limit) -> set[int]:
        if limit.partition is not None:
            match = qdrant.MatchValue(limit.partition)
            condition = qdrant.FieldCondition("partition", match=match)
        else:
            upto = qdrant.RangeFloat(lte=limit.max_price)
            condition = qdrant.FieldCondition("price", range=upto)
        asked = qdrant.SearchRequest(
            qdrant.Query.Nearest(vector.tolist()), K, filter=qdrant.Filter(must=[condition])
        )
        return {int(point.id) for point in self._shard.search(asked)}


def _points(data: Data) -> Iterator[list[Any]]:
    for start in range(0, len(data.vectors), BATCH):
        yield [
            qdrant.Point(
                n,
                data.vectors[n].tolist(),
                {"partition": int(data.partition[n]), "price": float(data.price[n])},
            )
            for n in range(start, min(start + BATCH, len(data.vectors)))
        ]


STORES: dict[str, Any] = {
    "thatlook": Thatlook,
    "FAISS flat": Flat,
    "FAISS flat (ready)": FlatReady,
    f"FAISS HNSW{HNSW_M} (ready)": Graph,
    "hnswlib": Hnswlib,
    "sqlite-vec": SqliteVec,
    "LanceDB": Lance,
    "Qdrant Edge": QdrantEdge,
    "pgvector": Pgvector,
    f"pgvector HNSW{HNSW_M}": PgvectorGraph,
}
"""How a store is opened, by name; `write` of each keeps what it opens. Ready: the selector is.
usearch is not among them: from Python its searches take no filter."""


def why_missing(name: str) -> str:
    """Why this store cannot be measured here; "" where it can."""
    return postgres.why_missing() if issubclass(STORES[name], Pgvector) else ""
