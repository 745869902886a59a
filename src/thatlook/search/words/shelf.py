"""What a search for words asks of whoever keeps the products: plain data, so a cluster can too."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from thatlook.core.records import Vector
from thatlook.core.shopper_words import Phrase, meaning_at
from thatlook.core.tokens import tokens
from thatlook.search.index import Answers, Query
from thatlook.search.index.counting import Counted
from thatlook.search.index.query import Entry, Vectors
from thatlook.search.stored import Stored


@dataclass(frozen=True, slots=True)
class WordHit:
    """A product found by its words; the more and the rarer of them it has, the higher its score."""

    product_id: str
    score: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Facts:
    """What is compared of a product: what an index knows of it, and its words.

    Type and pattern are the feed's words, else what the picture shows; `extra` are the feed's
    further columns as JSON, "" for none.
    """

    entry: Entry
    product_type: str = ""
    title: str = ""
    pattern: str = ""
    extra: str = ""

    @property
    def sizes(self) -> frozenset[str]:
        """The sizes that the feed names, in small letters."""
        return sizes_in(self.extra)


_SIZES: Final = (
    *("size", "sizes", "größe", "größen", "grösse", "grössen", "konfektionsgröße"),
    *("taille", "tailles", "pointure", "pointures", "talla", "tallas", "taglia", "maat", "maten"),
)


@lru_cache(maxsize=4096)
def sizes_in(extra: str) -> frozenset[str]:
    """The sizes that the further columns of a product, as JSON, name, in small letters."""
    columns: Mapping[str, str] = json.loads(extra) if extra else {}
    texts = [text for name, text in columns.items() if name.strip().casefold() in _SIZES]
    parts = re.split("[,;|]", ",".join(texts))
    return frozenset(part.strip().lower() for part in parts if part.strip())


def brands_by_words(brands: Iterable[str]) -> dict[Phrase, str]:
    """The brands by their words, and by those of their other spellings: "Jack and Jones",
    "redtape". Of two brands the one that is written so.
    """
    exact: dict[Phrase, str] = {}
    others: dict[Phrase, str] = {}
    for brand in brands:
        exact[tokens(brand)] = brand
        for phrase in _other_spellings(brand):
            others.setdefault(phrase, brand)
    found = others | exact
    found.pop((), None)
    return found


def _other_spellings(brand: str) -> Iterator[Phrase]:
    words = tokens(brand)
    yield tokens(_PLUS.sub(" and ", brand))
    yield tuple(word for word in words if word != "and")
    joined = tokens("".join(words))
    if len(words) > 1 and len(joined[0]) >= _SHORTEST_JOINED and meaning_at(joined, 0) is None:
        yield joined


def names_in(titles: Iterable[str]) -> frozenset[Phrase]:
    """The pairs of words with which titles begin that are a name, though one of the two is a color
    or the like: "Red Tape", where the other hardly stands without it.
    """
    starts: Counter[Phrase] = Counter()
    words: Counter[str] = Counter()
    for title in titles:
        told = tokens(title)
        starts[told[:2]] += 1
        words.update(set(told))
    often = (pair for pair, count in starts.items() if len(pair) == 2 and count >= _OFTEN)
    return frozenset(pair for pair in often if _is_name(pair, starts[pair], words))


def _is_name(pair: Phrase, count: int, words: Mapping[str, int]) -> bool:
    told = [meaning_at((word,), 0) for word in pair]
    own = [word for word, meaning in zip(pair, told, strict=True) if meaning is None]
    meant = [meaning[0].kind for meaning in told if meaning is not None]
    return len(own) == 1 and meant[0] in _NAMING and words[own[0]] <= _SELDOM_ALONE * count


_OFTEN: Final = 5
_SELDOM_ALONE: Final = 1.1
_NAMING: Final = frozenset({"color", "pattern", "other"})
_PLUS: Final = re.compile(r"\s*[&+]\s*")
_SHORTEST_JOINED: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """A shop's own words; fulfils `chips.Lexicon`."""

    frequencies: Mapping[str, int]
    by_words: Mapping[Phrase, str]
    named_sizes: frozenset[str]
    priced: bool
    named: frozenset[Phrase] = frozenset()

    def frequency(self, word: str) -> int:
        """In how many products the word is."""
        return self.frequencies.get(word, 0)

    def brands(self) -> Mapping[Phrase, str]:
        """The shop's brands as it writes them, by their words."""
        return self.by_words

    def names(self) -> frozenset[Phrase]:
        """Names that titles begin with, where a shop names no brands; see `names_in`."""
        return self.named

    def sizes(self) -> frozenset[str]:
        """The sizes that the shop's feed names."""
        return self.named_sizes


class WordNetwork(Protocol):
    """Words to vectors among those of pictures: the text tower, or a text-image pair's.

    `narrow` says that pictures of all kinds are about as alike to a text, `guesses` that a word
    which it never saw is guessed by its parts.
    """

    @property
    def space(self) -> str:
        """The key of the network among whose vectors these are."""
        ...

    @property
    def name(self) -> str:
        """What it is called in answers."""
        ...

    @property
    def narrow(self) -> bool:
        """Whether a likeness says something only beside others."""
        ...

    @property
    def guesses(self) -> bool:
        """Whether a word that it never saw is guessed by its parts."""
        ...

    def embed(self, words: Sequence[str]) -> Vector | None:
        """The unit vector, float32 (dim,), of words; None for none."""
        ...

    def embed_all(self, texts: Sequence[Sequence[str]]) -> list[Vector | None]:
        """`embed` of each of the texts, together where that costs less."""
        ...


class Shelf(Protocol):
    """Products by words, by vectors, and what is known of them."""

    @property
    def model_key(self) -> str | None:
        """The embedding network of the vectors."""
        ...

    @property
    def dim(self) -> int | None:
        """The length of the vectors."""
        ...

    def lines(self) -> Lines:
        """The shop's own words, as of now."""
        ...

    def by_words(self, groups: Sequence[Sequence[Phrase]], query: Query) -> list[WordHit]:
        """At most `query.k` products with these words, best first; see `store.catalog.words`."""
        ...

    def some_with(self, groups: Sequence[Sequence[Phrase]], query: Query) -> list[str]:
        """At most `query.k` ids of products with these words; see `store.catalog.words`."""
        ...

    def matching(self, groups: Sequence[Sequence[Phrase]], query: Query | None = None) -> list[str]:
        """The ids of the products that have all these words; see `store.catalog.words`."""
        ...

    def counted(self, query: Query) -> Counted | None:
        """How many products pass in the query's partitions, and by what; None where that costs too
        much. Raises CatalogError.
        """
        ...

    def facts(self, ids: Sequence[str]) -> dict[str, Facts]:
        """What is compared of the active products with these ids."""
        ...

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """The hits of each of the vectors (n, dim). Raises CatalogError."""
        ...

    def stored_many(self, ids: Sequence[str]) -> list[Stored]:
        """Everything kept of these products, in order. Raises UnknownProductError."""
        ...
