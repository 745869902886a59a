"""The index protocol over a collection of Milvus."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from thatlook.core.errors import CatalogError
from thatlook.search.index.milvus.client import Client, complete, create
from thatlook.search.index.milvus.expression import expression_of, id_of, key_of, row_of
from thatlook.search.index.milvus.place import MilvusPlace
from thatlook.search.index.query import (
    Answers,
    Entry,
    Hit,
    Query,
    Vectors,
    checked_vectors,
    ranked,
    similarities,
)

MOST: Final = 16_384
"""The engine gives no more hits than this at once."""
BATCH: Final = 500
"""Rows sent at once: at 160 numbers some 0.5 MB."""
COUNTED_S: Final = 60.0
"""How many products pass is shown as of so long ago where consistency is bounded: counting costs as
much as searching, and no answer hangs on it."""
MOST_COUNTS: Final = 1_000
_UPSERTS_FROM: Final = (2, 4)
"""Servers before 2.3.10 put what is upserted into a wrong partition (milvus-io/milvus#30607)."""
_CURSOR: Final = "!cursor"
"""The cursor's key: no product's, whose "!" would be encoded. Nor is its place one of products."""
_SLOW_S: Final = 60.0
"""What writing and making may take: nobody waits for an answer."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last change of a catalog that the collection holds, and whose it is.

    `token` is the store's mark of the commit that the change is part of, "" for none.
    """

    catalog_id: str
    model_key: str
    sequence: int
    token: str = ""


class MilvusIndex:
    """Vectors in a collection that several processes feed and ask. Fulfils Index.

    What is written is found by all within the seconds that bounded consistency allows, or at once
    in a place that asks for strong. The cursor is a row of the collection, written after the
    changes up to it: whatever becomes of the collection becomes of its cursor.
    """

    def __init__(self, place: MilvusPlace, dim: int) -> None:
        self.place = place
        self._dim = dim
        self._client = Client(place)
        self._cursor: Cursor | None = None
        self._upserts: bool | None = None
        self._counts: dict[str, tuple[float, int]] = {}

    @property
    def dim(self) -> int:
        """The length of the vectors."""
        return self._dim

    @property
    def sequence(self) -> int:
        """The last change that the collection is known to hold; asks where none is known yet."""
        return self._known().sequence

    def __len__(self) -> int:
        """How many products are in. Raises SearchUnavailableError."""
        return self._count(expression_of(Query()) or "")

    def exists(self) -> bool:
        """Whether there is a collection. Raises SearchUnavailableError."""
        return bool(self._client.call("has_collection"))

    def prepare(self) -> None:
        """Makes the collection, or what of it is not there yet.

        Raises CatalogError where it holds other vectors, SearchUnavailableError.
        """
        if not self.exists():
            create(self._client, self.place, self._dim)
            return
        found = self._client.call("describe_collection")
        dims = [f["params"].get("dim") for f in found["fields"] if f["name"] == "vector"]
        if [int(dim) for dim in dims if dim] != [self._dim]:
            raise CatalogError(
                f"{self.place}: the collection does not hold vectors of {self._dim} numbers of "
                "thatlook's; name another collection"
            )
        complete(self._client, self.place)

    def drop(self) -> None:
        """Deletes the collection with all that is in it."""
        self._client.call("drop_collection", timeout_s=_SLOW_S)
        self._cursor = None

    def settle(self) -> None:
        """Has the engine close its growing parts, which it then indexes by itself."""
        self._client.call("flush", timeout_s=10 * _SLOW_S)

    def close(self) -> None:
        """Closes the connection; a second time does nothing."""
        self._client.close()

    def cursor(self, *, strong: bool = False) -> Cursor | None:
        """The last change that is in, or None; `strong` waits for all that was written before."""
        found = self._query(f'key in ["{_CURSOR}"]', ["note"], strong=strong)
        self._cursor = Cursor(**json.loads(found[0]["note"])) if found else None
        return self._cursor

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """For each row of `vectors` (n, dim) at most `query.k` products, best first, ties by id.

        Similarities are the engine's, in single precision. `query.k` above 16,384 counts as that.
        Raises SearchUnavailableError.
        """
        vectors = checked_vectors(vectors, self._dim)
        expression = expression_of(query)
        if expression is None or not len(vectors):
            return Answers(((),) * len(vectors), 0)
        limit = min(query.k, MOST)
        found = self._client.call(
            "search",
            data=list(vectors),
            filter=expression,
            limit=limit,
            anns_field="vector",
            search_params=self.place.search_params(limit),
            consistency_level=self._consistency(strong=self.place.strong),
        )
        hits = tuple(tuple(map(Hit, map(id_of, one.ids), one.distances)) for one in found)
        shortest = min(map(len, hits))
        if shortest == limit:
            return Answers(hits, max(limit, self._recent_count(expression)))
        return self._completed(vectors, query, hits, expression)

    def upsert(self, entries: Sequence[Entry], sequence: int) -> None:
        """Adds products or replaces those with the same ids, then moves the cursor on."""
        self.apply((), entries, replace(self._known(), sequence=sequence, token=""))

    def delete(self, ids: Sequence[str], sequence: int) -> None:
        """Takes products out, then moves the cursor on; ids that are not in are no error."""
        self.apply(ids, (), replace(self._known(), sequence=sequence, token=""))

    def apply(self, gone: Sequence[str], entries: Sequence[Entry], cursor: Cursor) -> None:
        """Takes products out, adds or replaces others, and then says with the cursor that it did.

        May be done again after it was ended in the middle. Raises SearchUnavailableError.
        """
        self._delete([key_of(product_id) for product_id in gone])
        self._write([row_of(entry) for entry in entries])
        self._move(cursor)

    def _known(self) -> Cursor:
        return self._cursor or self.cursor() or Cursor("", "", 0)

    def _move(self, cursor: Cursor) -> None:
        vector = np.zeros(self._dim, np.float32)
        vector[0] = 1.0
        entry = Entry(id="", category="cursor", gender="none", vector=vector)
        self._write([row_of(entry) | {"key": _CURSOR, "note": json.dumps(asdict(cursor))}])
        self._cursor = cursor

    def _completed(
        self, vectors: Vectors, query: Query, hits: tuple[tuple[Hit, ...], ...], expression: str
    ) -> Answers:
        """The answers where the engine gave too few: all that pass are compared here, if it did not
        because there are no more.
        """
        eligible = self._count(expression)
        shortest = min(map(len, hits))
        if shortest >= eligible or eligible > MOST:
            return Answers(hits, max(eligible, *map(len, hits)))
        rows = self._query(expression, ["key", "vector"], limit=MOST)
        ids = [id_of(row["key"]) for row in rows]
        numbers = np.array([row["vector"] for row in rows], np.float32).reshape(-1, self._dim)
        answers = (ranked(ids, similarities(numbers, v).tolist(), query.k) for v in vectors)
        return Answers(tuple(answers), len(rows))

    def _write(self, rows: Sequence[dict[str, Any]]) -> None:
        for start in range(0, len(rows), BATCH):
            part = list(rows[start : start + BATCH])
            if self._can_upsert():
                self._client.call("upsert", timeout_s=_SLOW_S, data=part)
            else:
                self._delete([row["key"] for row in part])
                # Asked twice without a deletion between, it would be there twice.
                self._client.call("insert", once=True, data=part)

    def _delete(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), BATCH):
            part = list(keys[start : start + BATCH])
            self._client.call("delete", timeout_s=_SLOW_S, ids=part)

    def _can_upsert(self) -> bool:
        if self._upserts is None:
            numbers = re.findall(r"\d+", self._client.version())
            self._upserts = tuple(map(int, numbers[:2])) >= _UPSERTS_FROM
        return self._upserts

    def _recent_count(self, expression: str) -> int:
        """How many pass; where consistency is bounded, as of the last minute: most shoppers ask
        with the same filters.
        """
        if self.place.strong:
            return self._count(expression)
        now = time.monotonic()
        if (kept := self._counts.get(expression)) is None or kept[0] < now - COUNTED_S:
            if len(self._counts) >= MOST_COUNTS:
                self._counts.clear()
            kept = self._counts[expression] = now, self._count(expression)
        return kept[1]

    def _count(self, expression: str) -> int:
        found = self._query(expression, ["count(*)"], strong=self.place.strong)
        return int(found[0]["count(*)"])

    def _query(
        self, expression: str, fields: list[str], *, strong: bool = False, limit: int | None = None
    ) -> list[dict[str, Any]]:
        more: dict[str, Any] = {} if limit is None else {"limit": limit}
        found = self._client.call(
            "query",
            filter=expression,
            output_fields=fields,
            consistency_level=self._consistency(strong=strong),
            **more,
        )
        return list(found)

    @staticmethod
    def _consistency(*, strong: bool) -> str:
        return "Strong" if strong else "Bounded"
