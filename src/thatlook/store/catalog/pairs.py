"""The vectors of a text-image pair, searched beside those of the embedding network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from thatlook.core.records import Vector
from thatlook.core.shopper_words import Phrase
from thatlook.search.index.counting import Counted
from thatlook.search.index.query import Answers, Query, Vectors
from thatlook.search.stored import Stored
from thatlook.search.words.shelf import Facts, Lines, WordHit
from thatlook.store.catalog.index import CatalogIndex, Finder
from thatlook.store.catalog.reads import PairReads
from thatlook.store.catalog.words import WordIndex

CACHE: Final = "cache/pair"


class PairShelf:
    """A catalog's products by words and by the vectors of its pair; fulfils `Shelf`.

    A product without such a vector yet is found by its words alone.
    """

    def __init__(
        self, folder: Path, reads: PairReads, words: WordIndex, everything: Finder
    ) -> None:
        self._reads = reads
        self._everything = everything
        self._words = words
        self._index = CatalogIndex(folder, reads, CACHE)

    @property
    def model_key(self) -> str | None:
        """The pair whose vectors are searched."""
        return self._reads.model_key

    @property
    def dim(self) -> int | None:
        """The length of the vectors."""
        return self._reads.dim

    def changed(self) -> None:
        """To be called after this process changed the store."""
        self._index.changed()

    def warm(self) -> None:
        """Brings every partition and its cache file up to date."""
        self._index.warm()

    def lines(self) -> Lines:
        """The shop's own words, as of now."""
        return self._words.lines()

    def by_words(self, groups: Sequence[Sequence[Phrase]], query: Query) -> list[WordHit]:
        """At most `query.k` products with these words, best first."""
        return self._words.by_words(groups, query)

    def some_with(self, groups: Sequence[Sequence[Phrase]], query: Query) -> list[str]:
        """At most `query.k` ids of products with these words; see `WordIndex`."""
        return self._words.some_with(groups, query)

    def facts(self, ids: Sequence[str]) -> dict[str, Facts]:
        """What is compared of the active products with these ids, their vectors the pair's."""
        return self._words.facts(ids, self._reads.dim or 0)

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """The hits of each of the vectors (n, dim). Raises CatalogError, ModelMismatchError."""
        return self._index.search(vectors, query)

    def counted(self, query: Query) -> Counted | None:
        """How many products pass, those without a vector of the pair too. Raises CatalogError."""
        return self._everything.counted(query)

    def matching(self, groups: Sequence[Sequence[Phrase]], query: Query | None = None) -> list[str]:
        """The ids of the products that have all these words."""
        return self._words.matching(groups, query)

    def stored_many(self, ids: Sequence[str]) -> list[Stored]:
        """Everything kept of these products, in order. Raises UnknownProductError."""
        return self._reads.stored_many(ids)

    def vector(self, product_id: str) -> Vector | None:
        """The pair's vector of a product, float32 (dim,); None where it has none yet."""
        return self._reads.pair_vector(product_id)
