"""What is read from the catalog's tables."""

from __future__ import annotations

import json
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Final, TypeVar

import numpy as np

from thatlook.core.errors import (
    CatalogDamagedError,
    CatalogError,
    ModelMismatchError,
    UnknownProductError,
)
from thatlook.core.records import Product, Vector, normal_id
from thatlook.search.index.block import WORD_COLUMNS, Block, BlockBuilder
from thatlook.search.index.query import Entry, Moment
from thatlook.search.ranking import Style, Traits
from thatlook.search.stored import Stored
from thatlook.store.catalog.backend import Backend
from thatlook.store.catalog.rows import Change, State, box_of, product_of

_STORED_SQL: Final = """SELECT id, data, status, sequence, changed_at, row_hash, model_key, vector,
    box, score, found, attributes, image, image_hash, outline, pictures
    FROM products LEFT JOIN articles ON product = key"""

RankedRow = tuple[bytes, Traits, Style]
"""What one product is ranked by; the vector as bytes of little-endian float32."""

FoundRow = tuple[Entry | None, RankedRow]
"""A product as it can be found, None where it cannot, and what it is ranked by."""

_RANKED: Final = """id, vector, type, color, pattern, item_group_id, style, seen_type, seen_pattern,
    outline"""

_RANKED_SQL: Final = f"""SELECT {_RANKED} FROM products JOIN articles ON product = key
    WHERE id IN"""  # noqa: S608 - constant

_FOUND_SQL: Final = f"""SELECT {_RANKED}, status, id, category, gender, price, currency, brand,
    color, availability, coalesce(json_extract(data, '$.age_group'), ''), vector
    FROM products JOIN articles ON product = key WHERE id IN"""  # noqa: S608 - constant
_RANKED_COLUMNS: Final = len(_RANKED.split(","))

_MANY: Final = 500
"""Values per statement, below every limit of SQLite."""

_ALL: Final = 1 << 62
"""More rows than there can be."""


Found = TypeVar("Found")


class Reads:
    """The tables of one catalog, as far as they are read.

    `model_key` and `dim` say whose vectors are searched; None while there are none. They lie in the
    table `VECTORS`.
    """

    VECTORS: ClassVar[str] = "articles"
    MODEL_KEY: ClassVar[str] = "model_key"

    def __init__(self, database: Backend, model_key: str | None, dim: int | None) -> None:
        self.database = database
        self.model_key = model_key
        self.dim = dim

    def check_model(self) -> None:
        """Raises ModelMismatchError where the catalog's network is no longer this one."""
        found = self.database.one(f"SELECT {self.MODEL_KEY} FROM state")  # noqa: S608 - constant
        if found:
            self._check_key(found[0])

    def _check_key(self, kept: str | None) -> None:
        if self.model_key not in {None, kept}:
            raise mismatch(self.database.name, kept, self.model_key)

    def sequence(self) -> int:
        """The sequence number of the last change; 0 for none."""
        found = self.database.one("SELECT sequence FROM state")
        return int(found[0]) if found else 0

    def moment(self) -> Moment:
        """The number of the last change with the mark of its commit.

        Raises ModelMismatchError as `check_model`.
        """
        sql = f"""SELECT sequence, {self.MODEL_KEY}, (SELECT hex(token) FROM commits
            WHERE commits.sequence = state.sequence) FROM state"""  # noqa: S608 - constant
        sequence, kept, token = self.database.one(sql) or (0, self.model_key, "")
        self._check_key(kept)
        return int(sequence), str(token or "")

    def catalog_id(self) -> str:
        """The catalog's own random name."""
        found = self.database.one("SELECT catalog_id FROM state")
        return str(found[0]) if found else ""

    def token(self, sequence: int) -> str:
        """The random mark of the commit that this change is part of; "" where it is yet to come."""
        sql = "SELECT hex(token) FROM commits WHERE sequence >= ? ORDER BY sequence LIMIT 1"
        found = self.database.one(sql, (sequence,))
        return str(found[0]) if found else ""

    def stored(self, product_id: str) -> Stored:
        """Everything kept of a product; raises UnknownProductError."""
        return self.stored_many([product_id])[0]

    def stored_many(self, ids: Sequence[str]) -> list[Stored]:
        """Everything kept of these products, in order; raises UnknownProductError."""
        found = {}
        for values in self._in(f"{_STORED_SQL} WHERE id IN", _spellings(ids)):
            stored = _stored(values)
            found[stored.product.id] = stored
        return in_order(found, ids)

    def products(self, ids: Sequence[str]) -> list[Product]:
        """The products alone, in order; raises UnknownProductError."""
        return in_order(self.product_rows(_spellings(ids)), ids)

    def product_rows(self, ids: Sequence[str]) -> dict[str, Product]:
        """Of these products, spelled as they are stored, those that are known."""
        found = {}
        for product_id, data in self._in("SELECT id, data FROM products WHERE id IN", ids):
            with _row(product_id):
                found[product_id] = product_of(data)
        return found

    def ranked_rows(self, ids: Sequence[str]) -> dict[str, RankedRow]:
        """What these products, spelled as they are stored, are ranked by; those with a vector."""
        found = {}
        for row in self._in(_RANKED_SQL, ids):
            with _row(row[0]):
                found[row[0]] = _ranked_row(row)
        return found

    def found_rows(self, ids: Sequence[str]) -> dict[str, FoundRow]:
        """What a search reads of these products, spelled as they are stored: those with a vector.

        Of those that left their feed, None and what they are ranked by.
        """
        found: dict[str, FoundRow] = {}
        for row in self._in(_FOUND_SQL, ids):
            with _row(row[0]):
                status, *columns = row[_RANKED_COLUMNS:]
                entry = _entry(columns) if status == "active" else None
                found[row[0]] = entry, _ranked_row(row[:_RANKED_COLUMNS])
        return found

    def fields(self, ids: Sequence[str], names: Sequence[str]) -> list[tuple[str, ...]]:
        """The texts that these products have in the fields `names` of a Product, in order; "" for
        none. Raises UnknownProductError.
        """
        texts = ", ".join(["coalesce(json_extract(data, ?), '')"] * len(names))
        paths = [f"$.{name}" for name in names]
        sql = f"SELECT id, {texts} FROM products WHERE id IN"  # noqa: S608 - bound values alone
        rows = self._in(sql, _spellings(ids), paths)
        return in_order({row[0]: row[1:] for row in rows}, ids)

    def values(self, column: str) -> list[str]:
        """The different texts that active products have in a column of their table."""
        sql = f"SELECT DISTINCT {column} FROM products WHERE status = 'active'"  # noqa: S608 - ours
        return [str(value) for (value,) in self.database.rows(sql) if value]

    def groups(self) -> int:
        """How many different groups of variants the active products have."""
        sql = """SELECT count(DISTINCT item_group_id) FROM products
            WHERE status = 'active' AND item_group_id != ''"""
        found = self.database.one(sql)
        return int(found[0]) if found else 0

    def changed_ids(self, since: int) -> list[str]:
        """The ids of what changed, or was removed, after sequence number `since`."""
        sql = "SELECT id FROM products WHERE sequence > ? UNION ALL SELECT id FROM tombstones"
        return [row[0] for row in self.database.rows(f"{sql} WHERE sequence > ?", (since, since))]

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

    def surveyed(self, batch: int = 500) -> Iterator[Stored | CatalogDamagedError]:
        """Every product by ascending id; in place of one that cannot be read, why."""
        keys = [key for (key,) in self.database.rows("SELECT key FROM products ORDER BY id")]
        for start in range(0, len(keys), batch):
            part = keys[start : start + batch]
            try:
                yield from sorted(self._by_key(part), key=lambda stored: stored.product.id)
            except CatalogDamagedError:
                yield from map(self._one_by_key, part)

    def _by_key(self, keys: Sequence[int]) -> list[Stored]:
        return [_stored(values) for values in self._in(f"{_STORED_SQL} WHERE key IN", keys)]

    def _one_by_key(self, key: int) -> Stored | CatalogDamagedError:
        try:
            return self._by_key([key])[0]
        except CatalogDamagedError as error:
            return error
        except IndexError:
            return CatalogDamagedError(f"row {key} of the products cannot be found again")

    def pictures_put(self, start: str) -> list[str]:
        """The paths of pictures of products that begin with `start`, ascending."""
        sql = "SELECT DISTINCT image FROM articles WHERE substr(image, 1, ?) = ? ORDER BY image"
        return [str(image) for (image,) in self.database.rows(sql, (len(start), start))]

    def states(self, ids: Sequence[str]) -> dict[str, State]:
        """What the catalog has of the known ids among these, by the ids as it spells them."""
        sql = """SELECT id, status, row_hash, category, coalesce(image, ''),
            coalesce(image_hash, ''), coalesce(articles.model_key, ''), CASE
                WHEN pair_vectors.product IS NULL THEN '' ELSE coalesce(pair_key, '') END
            FROM state CROSS JOIN products LEFT JOIN articles ON articles.product = key
            LEFT JOIN pair_vectors ON pair_vectors.product = key WHERE id IN"""
        return {found[0]: State(*found[1:]) for found in self._in(sql, _spellings(ids))}

    def attributes(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The attributes of those ids that have an article."""
        sql = "SELECT id, attributes FROM products JOIN articles ON product = key WHERE id IN"
        found = {}
        for product_id, attributes in self._in(sql, ids):
            with _row(product_id):
                found[product_id] = json.loads(attributes)
        return found

    def vague_styles(self, styles: Collection[str]) -> set[str]:
        """Those of these styles' names that two active products of one color have."""
        if not styles:
            return set()
        sql = """SELECT style FROM products WHERE style != '' AND status = 'active'
            AND style IN"""
        asked = _padded(sorted(styles))
        counted = f"{sql} ({','.join('?' * len(asked))}) GROUP BY style, lower(color)"
        found = self.database.rows(f"{counted} HAVING count(*) > 1", asked)
        return {row[0] for row in found}

    def changes(self, since: int, limit: int | None = None) -> list[Change]:
        """What changed after sequence number `since`, in order, at most `limit` changes.

        A product changed twice comes once, with its last change. To be used as an outbox
        cursor: go on from the last change's number.
        """
        count = _ALL if limit is None else limit
        sql = f"""SELECT sequence, id, category, gender, price, currency, brand, color,
            availability, coalesce(json_extract(data, '$.age_group'), ''), vector, status
            FROM products LEFT JOIN {self.VECTORS} ON product = key WHERE sequence > ?
            ORDER BY sequence LIMIT ?"""  # noqa: S608 - constant
        gone_sql = (
            "SELECT sequence, id FROM tombstones WHERE sequence > ? ORDER BY sequence LIMIT ?"
        )
        found, gone = self.database.in_one_state(
            lambda: [self.database.rows(one, (since, count)) for one in (sql, gone_sql)]
        )
        changes = [Change(int(number), id_, None) for number, id_ in gone]
        for number, *columns, status in found:
            entry = _entry(columns) if status == "active" and columns[-1] is not None else None
            changes.append(Change(int(number), columns[0], entry))
        return sorted(changes, key=lambda change: change.sequence)[
            : None if limit is None else limit
        ]

    def block(self, category: str, gender: str, dim: int) -> Block:
        """The active products of a partition that have a vector, ids ascending."""
        sql = f"""SELECT id, vector, price, currency, brand, color, availability,
            coalesce(json_extract(data, '$.age_group'), '')
            FROM products JOIN {self.VECTORS} ON product = key
            WHERE category = ? AND gender = ? AND status = 'active' ORDER BY id"""  # noqa: S608 - constant

        def built() -> Block:
            builder = BlockBuilder(dim)
            for batch in self.database.batches(sql, (category, gender)):
                for id_, vector, price, *words in batch:
                    builder.add(id_, vector, price, words)
            return builder.build()

        with self._partition(category, gender):
            return self.database.in_one_state(built)

    @contextmanager
    def _partition(self, category: str, gender: str) -> Iterator[None]:
        """Raises CatalogDamagedError for what a row that is not as it was written raises."""
        try:
            yield
        except (*_UNREADABLE, CatalogDamagedError) as error:
            raise CatalogDamagedError(
                f"{self.database.name}: a row of the products {category}, {gender} is damaged: "
                "thatlook catalog audit names it"
            ) from error

    def _in(
        self, sql: str, ids: Sequence[Any], values: Sequence[str] = ()
    ) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(ids), _MANY):
            part = _padded(ids[start : start + _MANY])
            places = ",".join("?" * len(part))
            yield from self.database.rows(f"{sql} ({places})", [*values, *part])


def _padded(values: Sequence[Any]) -> list[Any]:
    """The values, the last one repeated up to a power of two: few different statements, which the
    databases then keep prepared.
    """
    more = (1 << (len(values) - 1).bit_length()) - len(values)
    return [*values, *[values[-1]] * more]


class PairReads(Reads):
    """The tables with the vectors of the text-image pair in place of the embedding network's."""

    VECTORS = "pair_vectors"
    MODEL_KEY = "pair_key"

    def pair_vector(self, product_id: str) -> Vector | None:
        """The pair's vector of a product, float32 (dim,); None where it has none."""
        sql = "SELECT vector FROM products JOIN pair_vectors ON product = key WHERE id = ?"
        found = self.database.one(sql, (normal_id(product_id),))
        return None if found is None else _array(found[0])


def mismatch(name: str, kept: str | None, wanted: str | None) -> ModelMismatchError:
    """The error for vectors of another network than the one asked for."""
    return ModelMismatchError(
        f"{name}: the catalog's vectors were made by {kept}, not by {wanted}; use that network, "
        "or index the feed into another folder"
    )


def spelled(product_id: str, known: Container[str]) -> str:
    """The id as it is among those that are stored, else the normal one.

    Catalogs of older versions may hold ids that are not normal: those are found as they are.
    """
    return product_id if product_id in known else normal_id(product_id)


def in_order(found: Mapping[str, Found], ids: Sequence[str]) -> list[Found]:
    """What was found of each id; raises UnknownProductError for the first that was not."""
    try:
        return [found[product_id] for product_id in ids]
    except KeyError:  # another spelling, or unknown
        pass
    for product_id in ids:
        if spelled(product_id, found) not in found:
            raise UnknownProductError(product_id)
    return [found[spelled(product_id, found)] for product_id in ids]


def _spellings(ids: Iterable[str]) -> list[str]:
    """The ids, each once, and what is normal of those that are not."""
    pairs = [(one, normal_id(one)) for one in ids]
    return list(dict.fromkeys([*(one for one, _ in pairs), *(normal for _, normal in pairs)]))


def _ranked_row(found: tuple[Any, ...]) -> RankedRow:
    _, vector, kind, color, pattern, group, key, seen_type, seen_pattern, outline = found
    traits = Traits(kind, color.lower(), pattern.lower())
    return vector, traits, Style(group, key, traits.color, (seen_type, seen_pattern), outline)


_UNREADABLE: Final = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
"""What reading bytes that nobody wrote may raise."""


@contextmanager
def _row(product_id: str) -> Iterator[None]:
    try:
        yield
    except CatalogError:
        raise
    except _UNREADABLE as error:
        raise _damaged_row(product_id) from error


def _damaged_row(product_id: str) -> CatalogDamagedError:
    return CatalogDamagedError(
        f"what is stored of the product {product_id!r} is damaged; remove it (thatlook catalog "
        "remove) and index its feed again"
    )


def _stored(found: tuple[Any, ...]) -> Stored:
    product_id, *columns = found
    with _row(product_id):
        stored = _decoded(columns)
        if normal_id(stored.product.id) != normal_id(product_id):
            raise _damaged_row(product_id)
    return stored


def _decoded(columns: Sequence[Any]) -> Stored:
    data, status, sequence, changed_at, row_hash, model_key, vector, *article = columns
    kept = Stored(
        product=product_of(data),
        status=status,
        sequence=int(sequence),
        changed_at=changed_at,
        row_hash=row_hash,
    )
    if vector is None:
        return kept
    box, score, seen, attributes, image, image_hash, outline, pictures = article
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
        outline=outline,
        pictures=tuple(json.loads(pictures)),
    )


def _entry(columns: Sequence[Any]) -> Entry:
    id_, category, gender, price, *words, vector = columns
    return Entry(
        id=id_,
        category=category,
        gender=gender,
        vector=_array(vector),
        price=price,
        **dict(zip(WORD_COLUMNS, words, strict=True)),
    )


def _array(vector: bytes) -> Vector:
    return np.frombuffer(vector, "<f4").astype(np.float32)
