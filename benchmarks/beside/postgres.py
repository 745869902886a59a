"""pgvector: a PostgreSQL server's vectors. Its address, of a server that has the extension, is in
BESIDE_PGVECTOR; every run makes its tables anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Protocol

import psycopg

from bench_search import Data, K
from thatlook.core.records import Vector

ADDRESS: Final = "BESIDE_PGVECTOR"


class Condition(Protocol):
    """What may be found, as SQL says it."""

    @property
    def sql(self) -> str:
        """A condition on `partition` or `price`."""
        ...


def why_missing() -> str:
    """Why there is nothing to measure; "" where there is."""
    address = os.environ.get(ADDRESS)
    if not address:
        return f"{ADDRESS} names no PostgreSQL server"
    try:
        with psycopg.connect(address, connect_timeout=5) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except psycopg.Error as error:
        return f"{ADDRESS}: {error}".strip()
    return ""


class Pgvector:
    """Every vector that passes is read; indexes on both columns."""

    table = "beside_flat"
    graph = ""

    def __init__(self, folder: Path, data: Data | None = None) -> None:  # noqa: ARG002 - as others
        self._connection = psycopg.connect(os.environ[ADDRESS], autocommit=True)

    @classmethod
    def write(cls, folder: Path, data: Data) -> None:  # noqa: ARG003 - on a server
        dim = data.vectors.shape[1]
        with psycopg.connect(os.environ[ADDRESS]) as connection:
            connection.execute(f"DROP TABLE IF EXISTS {cls.table}")
            connection.execute(
                f"CREATE TABLE {cls.table} (id integer PRIMARY KEY, partition integer, "
                f"price float, vector vector({dim}))"
            )
            copy = f"COPY {cls.table} (id, partition, price, vector) FROM STDIN"
            with connection.cursor().copy(copy) as rows:
                columns = zip(data.partition.tolist(), data.price.tolist(), strict=True)
                for n, (partition, price) in enumerate(columns):
                    rows.write_row((n, partition, price, _text(data.vectors[n])))
            for column in ("partition", "price"):
                connection.execute(f"CREATE INDEX ON {cls.table} ({column})")
            if cls.graph:
                connection.execute(f"CREATE INDEX ON {cls.table} USING {cls.graph}")
        with psycopg.connect(os.environ[ADDRESS], autocommit=True) as connection:
            connection.execute(f"VACUUM ANALYZE {cls.table}")

    def search(self, vector: Vector, limit: Condition) -> set[int]:
        found = self._connection.execute(
            f"SELECT id FROM {self.table} WHERE {limit.sql} "
            f"ORDER BY vector <#> %s::vector LIMIT {K}",
            (_text(vector),),
        )
        return {int(row[0]) for row in found}


class PgvectorGraph(Pgvector):
    """The same with a graph of neighbours, which the planner takes or not."""

    table = "beside_graph"
    graph = "hnsw (vector vector_ip_ops) WITH (m = 32, ef_construction = 100)"

    def __init__(self, folder: Path, data: Data | None = None) -> None:
        super().__init__(folder, data)
        self._connection.execute("SET hnsw.ef_search = 128")


def _text(vector: Vector) -> str:
    return "[" + ",".join(map(str, vector.tolist())) + "]"
