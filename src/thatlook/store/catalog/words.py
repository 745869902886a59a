"""The words of the active products in a full-text index, and what is found by them.

A product's entry is numbered by its last change, so what changed or left is found no more, and is
dropped when the index is next made anew. The index is brought up to date by the first search after
a change.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import numpy as np

from thatlook.core.errors import CatalogFullError
from thatlook.core.records import Product
from thatlook.core.shopper_words import Phrase, apart
from thatlook.core.tokens import VERSION, tokens
from thatlook.search.index.query import Entry, Query
from thatlook.search.words.shelf import Facts, Lines, WordHit, brands_by_words, names_in, sizes_in
from thatlook.store.catalog.backend import Backend
from thatlook.store.catalog.rows import product_of
from thatlook.store.catalog.wanted import Wanted

MOST_SCORED: Final = 3_000
"""Products that are ordered by their words; where more have them all are alike good."""

MOST_MATCHING: Final = 5_000
"""Products with certain words that are counted."""

_MORE_LETTERS: Final = 2_000
_BATCH: Final = 2_000
_SAMPLE: Final = 5_000
_STALE: Final = 1.5
"""So many entries for one product, and the index is made anew: entries of what left count in how
rare a word is.
"""

_FEW: Final = 500
"""So many entries more are not worth it."""

_FACTS: Final = """SELECT id, category, gender, price, currency, brand, color, availability,
    coalesce(json_extract(data, '$.age_group'), ''), articles.vector, type, pattern,
    coalesce(json_extract(data, '$.title'), ''), coalesce(json_extract(data, '$.extra'), '')
    FROM products JOIN articles ON articles.product = key"""

_PAIR_FACTS: Final = f"""{_FACTS.replace("articles.vector", "pair_vectors.vector")}
    LEFT JOIN pair_vectors ON pair_vectors.product = key"""


class WordIndex:
    """Words to products of one catalog; fulfils `search.words.shelf.Shelf` but for vectors."""

    def __init__(self, database: Backend) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known: tuple[int, Lines] | None = None

    def bring_up_to_date(self) -> None:
        """Takes in what changed since the index was last used. Raises CatalogError."""
        if self._behind():
            try:
                with self._database.full_text.writing():
                    self._follow()
            except CatalogFullError:
                with self._database.full_text.writing(in_memory=True):
                    self._follow()

    def _behind(self) -> bool:
        found = self._database.one(
            "SELECT s.sequence, w.sequence, version FROM state s, words_state w"
        )
        return found is None or found[0] != found[1] or found[2] != VERSION

    def _follow(self) -> None:
        """Within a write transaction: enters what is new, or everything where too much is stale."""
        since, version, entries = self._database.one(
            "SELECT sequence, version, entries FROM words_state"
        ) or (0, 0, 0)
        active = self._count("SELECT count(*) FROM products WHERE status = 'active'")
        new = self._count(
            "SELECT count(*) FROM products WHERE status = 'active' AND sequence > ?", since
        )
        if version != VERSION or entries + new > _STALE * active + _FEW:
            self._database.full_text.clear()
            since, entries = 0, 0
        entries += self._enter(since)
        self._database.execute(
            """UPDATE words_state
            SET sequence = (SELECT sequence FROM state), version = ?, entries = ?""",
            (VERSION, entries),
        )

    def _count(self, sql: str, *values: Any) -> int:
        found = self._database.one(sql, values)
        return int(found[0]) if found else 0

    def _enter(self, since: int) -> int:
        """Enters the active products that changed after `since`; how many they are."""
        sql = """SELECT sequence, data, attributes FROM products LEFT JOIN articles ON product = key
            WHERE status = 'active' AND sequence > ? ORDER BY sequence"""
        rows = iter(self._database.rows(sql, (since,)))
        count = 0
        while batch := list(islice(rows, _BATCH)):
            entries = [(row[0], *_columns(product_of(row[1]), row[2])) for row in batch]
            self._database.full_text.enter(entries)
            count += len(entries)
        return count

    def lines(self) -> Lines:
        """What the shop's words are, as of the last change."""
        with self._lock:
            sequence = self._count("SELECT sequence FROM state")
            if self._known is None or self._known[0] != sequence:
                self.bring_up_to_date()
                self._known = (sequence, self._read_lines())
            return self._known[1]

    def _read_lines(self) -> Lines:
        terms = self._database.rows("SELECT term, doc FROM words_terms")
        priced = "SELECT 1 FROM products WHERE price IS NOT NULL AND status = 'active' LIMIT 1"
        return Lines(
            {word: int(count) for word, count in terms},
            self._brands(),
            self._sizes(),
            self._database.one(priced) is not None,
            self._names(),
        )

    def _brands(self) -> dict[Phrase, str]:
        rows = self._database.rows(
            """SELECT DISTINCT brand FROM products WHERE brand != '' AND status = 'active'
            ORDER BY brand"""
        )
        return brands_by_words(brand for (brand,) in rows)

    def _names(self) -> frozenset[Phrase]:
        """The names in a sample of the titles of products without a brand."""
        rows = self._database.rows(
            """SELECT json_extract(data, '$.title') FROM products
            WHERE status = 'active' AND brand = '' ORDER BY key LIMIT ?""",
            (_SAMPLE,),
        )
        return names_in(title for (title,) in rows if title)

    def _sizes(self) -> frozenset[str]:
        """The sizes of a sample of the feed: which columns it has is the same in every row."""
        rows = self._database.rows(
            """SELECT json_extract(data, '$.extra') FROM products WHERE status = 'active'
            ORDER BY key LIMIT 2000"""
        )
        return frozenset(size for (extra,) in rows for size in sizes_in(extra))

    def by_words(self, groups: Sequence[Sequence[Phrase]], query: Query) -> list[WordHit]:
        """At most `query.k` products with these words, best first by BM25.

        Of each group one wording counts. Products with all groups come first, then those with the
        rarer ones. The query's category and genders hold, its filters do not.
        """
        found: dict[str, float] = {}
        for wanted, scored in self._narrowed(groups, query):
            hits = self._database.full_text.matching(wanted, query.k, scored=scored)
            for product_id, score in hits:
                found.setdefault(product_id, score)
            if len(found) >= query.k:
                break
        best = sorted(found.items(), key=lambda hit: (-hit[1], hit[0]))[: query.k]
        return [WordHit(product_id, score) for product_id, score in best]

    def some_with(self, groups: Sequence[Sequence[Phrase]], query: Query) -> list[str]:
        """The ids of at most `query.k` products with these words, as `by_words` but whichever of
        those that have equally many: without a score, which costs the most.
        """
        found: dict[str, None] = {}
        for wanted, _ in self._narrowed(groups, query):
            found |= dict.fromkeys(self._database.full_text.having(wanted, query.k))
            if len(found) >= query.k:
                break
        return list(found)[: query.k]

    def _narrowed(
        self, groups: Sequence[Sequence[Phrase]], query: Query
    ) -> Iterator[tuple[Wanted, bool]]:
        """See `_narrowing`; nothing where the shop has none of the words."""
        self.bring_up_to_date()
        known = self.lines().frequencies
        told = [_known_wordings(group, known) for group in groups]
        asked = sorted((found for found in told if found), key=lambda found: found[1])
        return _narrowing(asked, _marks_of(query)) if asked else iter(())

    def matching(self, groups: Sequence[Sequence[Phrase]], query: Query | None = None) -> list[str]:
        """The ids of the active products that have all groups, of each one wording, in any order;
        at most MOST_MATCHING, of the query's category and genders where one is given. Words that
        the shop has nowhere do not count; [] for none else.
        """
        self.bring_up_to_date()
        known = self.lines().frequencies
        told = [found for group in groups if (found := _known_wordings(group, known))]
        if not told:
            return []
        marks = _marks_of(query) if query else ()
        wanted = Wanted([wordings for wordings, _ in told], every=True, marks=marks)
        return self._database.full_text.having(wanted, MOST_MATCHING)

    def facts(self, ids: Sequence[str], pair_dim: int = 0) -> dict[str, Facts]:
        """What is compared of the active products with these ids.

        With `pair_dim` the vectors are those of the text-image pair, zeros (pair_dim,) where a
        product has none.
        """
        facts, nothing = (_PAIR_FACTS, bytes(4 * pair_dim)) if pair_dim else (_FACTS, b"")
        found = {}
        for start in range(0, len(ids), _BATCH // 4):
            part = ids[start : start + _BATCH // 4]
            marks = ",".join("?" * len(part))
            sql = f"{facts} WHERE status = 'active' AND id IN ({marks})"
            for row in self._database.rows(sql, list(part)):
                found[row[0]] = _facts(row, nothing)
        return found


def _known_wordings(
    group: Sequence[Phrase], known: Mapping[str, int]
) -> tuple[tuple[Phrase, ...], int] | None:
    """The wordings whose words the shop has, and how many products have one at most."""
    counted = {wording: min(known.get(word, 0) for word in wording) for wording in group if wording}
    there = {wording: count for wording, count in counted.items() if count}
    return (tuple(there), sum(there.values())) if there else None


def _narrowing(
    asked: Sequence[tuple[tuple[Phrase, ...], int]], marks: Sequence[Sequence[str]]
) -> Iterator[tuple[Wanted, bool]]:
    """What is looked for, the most telling first, and whether few enough fit to be ordered.

    `asked` has the rarest first.
    """
    groups = [wordings for wordings, _ in asked]
    counts = [count for _, count in asked]
    for kept in range(len(groups), 0, -1):
        yield Wanted(groups[:kept], every=True, marks=marks), counts[0] <= MOST_SCORED or kept > 1
    rare = [one for one, count in zip(groups, counts, strict=True) if count <= MOST_SCORED]
    if len(rare) > 1:
        yield Wanted(rare, every=False, marks=marks), True


def _marks_of(query: Query) -> list[list[str]]:
    """What limits an answer to the query's partitions."""
    told = [] if query.category is None else [[f"category{query.category}"]]
    if query.genders is not None:
        told.append([f"gender{gender}" for gender in sorted(query.genders)])
    return told


def _columns(product: Product, attributes: str | None) -> tuple[str, ...]:
    """The texts of a product by column, as words; what the picture shows where the feed is mute."""
    seen = json.loads(attributes) if attributes else {}
    more = (
        product.pattern,
        product.material,
        product.google_product_category,
        *product.extra.values(),
        product.description,
    )
    return (
        _words(product.title),
        _words(product.brand),
        _words(product.product_type or label(seen.get("type"))),
        _words(product.color or label(seen.get("color"))),
        _words(" ".join(more)[:_MORE_LETTERS]),
        f"category{product.category} gender{product.gender}",
    )


def _words(text: str) -> str:
    return " ".join(apart(tokens(text)))


def label(value: object) -> str:
    """The label of a stored attribute, which is a text or [label, probability]."""
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, str) else ""


_ENTRY: Final = (
    "id",
    "category",
    "gender",
    "price",
    "currency",
    "brand",
    "color",
    "availability",
    "age_group",
)


def _facts(row: tuple[Any, ...], nothing: bytes) -> Facts:
    """The facts of a row; `nothing` is the vector where it has none."""
    *columns, vector, product_type, pattern, title, extra = row
    return Facts(
        entry=Entry(
            **dict(zip(_ENTRY, columns, strict=True)),
            vector=np.frombuffer(vector or nothing, "<f4"),
        ),
        product_type=product_type,
        title=title,
        pattern=pattern,
        extra=extra,
    )
