"""The text tower: words to a unit vector among the embedding network's vectors, in plain NumPy."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import ModelError
from thatlook.core.records import Vector
from thatlook.core.tokens import tokens
from thatlook.vision.models.registry import ModelSpec

NGRAMS: Final = (3, 4, 5)
"""Lengths of the parts of words that are looked up, in letters."""

MAX_WORDS: Final = 64


@lru_cache(maxsize=65536)
def buckets(word: str, count: int) -> tuple[int, ...]:
    """The rows of a table of `count` rows that stand for a word: one for the whole, then one for
    each of its NGRAMS with its ends marked.

    Words that were never seen share parts with those that were. Source: Bojanowski et al., TACL
    2017.
    """
    return tuple(zlib.crc32(part.encode()) % count for part in _parts(word))


def _parts(word: str) -> Iterator[str]:
    marked = f"<{word}>"
    yield f"={word}"
    for length in NGRAMS:
        for start in range(len(marked) - length + 1):
            yield marked[start : start + length]


class Tower:
    """Words to vectors: rows of a table by `buckets`, their mean per word, a sum, a linear map.

    `table` is int8 (rows, hidden), `scale` float32 (hidden,), `head` float32 (hidden, dim). `space`
    is the key of the embedding network among whose vectors the tower's are.
    """

    narrow: Final = False
    guesses: Final = True

    def __init__(
        self,
        space: str,
        table: NDArray[np.int8],
        scale: Vector,
        head: NDArray[np.float32],
        name: str = "text",
    ) -> None:
        self.space = space
        self.name = name
        self._table = table
        self._map = scale[:, None] * head
        self._of_word = lru_cache(maxsize=16384)(self._word)

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """The tower of a registry entry. Raises ModelError where its weights do not fit."""
        try:
            with np.load(io.BytesIO(spec.read()), allow_pickle=False) as file:
                table, scale, head = (file[name] for name in ("table", "scale", "head"))
        except (KeyError, ValueError, OSError) as error:
            raise ModelError(f"{spec.path}: expected table, scale and head: {error}") from error
        hidden, dim = table.shape[-1], spec.dim_of("text")
        shapes = (table.ndim, scale.shape, head.shape)
        if shapes != (2, (hidden,), (hidden, dim)) or table.dtype != np.int8:
            raise ModelError(f"{spec.path}: expected table (n, h), scale (h), head (h, {dim})")
        space = spec.details.get("space")
        if not isinstance(space, str):
            raise spec.misfit("space", "the key of an embedding network", space)
        scale, head = np.asarray(scale, np.float32), np.asarray(head, np.float32)
        return cls(space, table, scale, head, spec.id)

    def embed(self, words: Sequence[str]) -> Vector | None:
        """The unit vector, float32 (dim,), of words as `tokens` gives them; None for none."""
        if not words:
            return None
        hidden = np.sum([self._of_word(word) for word in words[:MAX_WORDS]], axis=0)
        vector = hidden @ self._map
        length = float(np.linalg.norm(vector))
        return np.asarray(vector / length, np.float32) if length > 0 else None

    def embed_all(self, texts: Sequence[Sequence[str]]) -> list[Vector | None]:
        """`embed` of each of the texts."""
        return list(map(self.embed, texts))

    def of_text(self, text: str) -> Vector | None:
        """The unit vector of a text; None for one without words."""
        return self.embed(tokens(text))

    def _word(self, word: str) -> Vector:
        rows = list(buckets(word, len(self._table)))
        return np.asarray(self._table[rows].astype(np.float32).mean(axis=0), np.float32)
