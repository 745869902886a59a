"""A block: the products of one partition as columns, ids ascending where it is a main block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from thatlook.search.index.query import MAX_ID_BYTES, Entry, Vectors

WORD_COLUMNS: Final = ("currency", "brand", "color", "availability", "age_group")

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Block:
    """n products as columns.

    `ids` is bytes of fixed width (n,), UTF-8; `vectors` float32 (n, dim); `price` float64 (n,)
    with nan for none; `codes` int32 (n,) per word column, indices in `words` of that column.
    """

    ids: NDArray[np.bytes_]
    vectors: Vectors
    price: NDArray[np.float64]
    codes: Mapping[str, NDArray[np.int32]]
    words: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, entries: Iterable[Entry], dim: int) -> Block:
        """The entries as a block, in the order they come."""
        builder = BlockBuilder(dim)
        for entry in entries:
            texts = [getattr(entry, name) for name in WORD_COLUMNS]
            builder.add(entry.id, entry.vector.tobytes(), entry.price, texts)
        return builder.build()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dim(self) -> int:
        """The length of the vectors."""
        return int(self.vectors.shape[1])

    @cached_property
    def price_order(self) -> tuple[NDArray[np.float64], Rows]:
        """The prices that there are, ascending, and their rows: both (m,). Made at first use."""
        rows = np.argsort(self.price)[: np.count_nonzero(~np.isnan(self.price))]
        return self.price[rows], rows

    @cached_property
    def word_tables(self) -> dict[tuple[str, str, frozenset[str]], Mask]:
        """Room for which words of a column match which wanted ones, for queries to come."""
        return {}

    def rows_of(self, ids: Iterable[str]) -> Rows:
        """The rows that hold these ids, ascending; ids that are not in are left out.

        Needs ids in ascending order, as main blocks have them.
        """
        wanted = id_column(ids)
        if not len(wanted) or not len(self.ids):
            return np.zeros(0, np.int64)
        if len(wanted) > len(self.ids):
            indices = np.minimum(np.searchsorted(wanted, self.ids), len(wanted) - 1)
            return np.flatnonzero(wanted[indices] == self.ids)
        indices = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        found: Rows = indices[self.ids[indices] == wanted].astype(np.int64)
        return found

    def rows_by_scan(self, ids: Iterable[str]) -> Rows:
        """The rows that hold these ids, ascending, in a block whose ids are in no order."""
        wanted = id_column(ids)
        if not len(wanted) or not len(self.ids):
            return np.zeros(0, np.int64)
        return np.flatnonzero(np.isin(self.ids, wanted))


class BlockBuilder:
    """Collects rows into a Block; vectors come as the bytes of little-endian float32."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._ids: list[bytes] = []
        self._vectors = bytearray()
        self._price: list[float] = []
        self._codes: tuple[list[int], ...] = tuple([] for _ in WORD_COLUMNS)
        self._words: tuple[dict[str, int], ...] = tuple({} for _ in WORD_COLUMNS)

    def add(self, id_: str, vector: bytes, price: float | None, texts: Sequence[str]) -> None:
        """One product; `texts` in the order of WORD_COLUMNS."""
        self._ids.append(id_.encode())
        self._vectors += vector
        self._price.append(np.nan if price is None else price)
        for codes, words, text in zip(self._codes, self._words, texts, strict=True):
            codes.append(words.setdefault(text, len(words)))

    def build(self) -> Block:
        """The rows added so far, in their order."""
        return Block(
            ids=np.array(self._ids, dtype=f"S{max(map(len, self._ids), default=1)}"),
            vectors=np.frombuffer(self._vectors, "<f4").reshape(-1, self._dim),
            price=np.array(self._price, np.float64),
            codes={n: np.array(self._codes[i], np.int32) for i, n in enumerate(WORD_COLUMNS)},
            words={n: tuple(self._words[i]) for i, n in enumerate(WORD_COLUMNS)},
        )


def id_column(ids: Iterable[str]) -> NDArray[np.bytes_]:
    """The ids as a fixed-width bytes column, ascending, each once; ids too long to be in a catalog
    are left out.
    """
    return _id_column(ids if isinstance(ids, frozenset) else frozenset(ids))


@lru_cache(maxsize=8)  # a query asks every block for the same ones
def _id_column(ids: frozenset[str]) -> NDArray[np.bytes_]:
    encoded = (id_.encode() for id_ in ids)
    return np.array(sorted(e for e in encoded if 0 < len(e) <= MAX_ID_BYTES), dtype=np.bytes_)
