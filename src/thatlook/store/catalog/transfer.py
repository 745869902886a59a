"""A catalog's products from one database to another, of whatever kind each is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from thatlook.core.errors import CatalogError
from thatlook.store.catalog.backend import Backend
from thatlook.store.catalog.reads import mismatch
from thatlook.store.catalog.rows import SEARCH_COLUMNS
from thatlook.store.catalog.store import ARTICLE_COLUMNS, PAIR_SQL, UNPAIRED_SQL, Store

BATCH: Final = 500
_PRODUCT: Final = ("status", *SEARCH_COLUMNS, "data", "row_hash", "from_feed", "changed_at")
_COLUMNS: Final = ("id", *_PRODUCT, *ARTICLE_COLUMNS, "pair_vector")
_FLAGS: Final = tuple(map(_COLUMNS.index, ("from_feed", "found")))
_CHANGED_AT: Final = _COLUMNS.index("changed_at")
_ARTICLE: Final = 1 + len(_PRODUCT)
"""Where an article's columns begin."""
_KEPT: Final = f"""SELECT id, {", ".join(_PRODUCT)},
    {", ".join(f"a.{name}" for name in ARTICLE_COLUMNS)}, p.vector FROM products
    LEFT JOIN articles AS a ON a.product = key LEFT JOIN pair_vectors AS p ON p.product = key
    WHERE id > ?"""  # noqa: S608 - constant names

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did, and the checksum that both catalogs have now.

    `put` products were not there or others before, `removed` ones not in the original. `sha256` is
    over all that is kept of the products in order of their ids, but the times of their changes.
    """

    products: int
    put: int
    removed: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook catalog copy`."""
        return asdict(self)


def copy(source: Backend, target: Backend, advance: Callable[[int], object]) -> Copied:
    """Makes the products of `target` those of one moment of `source`, in many small transactions.

    What is the same already is left alone, so a copy that was interrupted goes on where it was;
    `advance` is told how many products were looked at. Both are read again and compared. Raises
    ModelMismatchError where the target has vectors of another network, CatalogError where it was
    changed meanwhile.
    """
    put = removed = 0
    with source.reading():
        _take_network(source, target)
        for count, rows, gone in _differences(source, target):
            if rows or gone:
                with target.writing():
                    _apply(target, rows, gone)
            put, removed = put + len(rows), removed + len(gone)
            advance(count)
        products, original = _checksum(source)
    with target.reading():
        found = _checksum(target)
    if found != (products, original):
        raise CatalogError(
            f"{target.name}: has {found[0]} products with the checksum {found[1][:12]}, expected "
            f"{products} with {original[:12]}: it was changed meanwhile; copy again"
        )
    return Copied(products, put, removed, original)


def replace_all(source: Backend, target: Backend) -> int:
    """Within a transaction of each: makes the products and the network of `target` those of
    `source`; returns how many products changed.
    """
    changed = 0
    for _, rows, gone in _differences(source, target):
        _apply(target, rows, gone)
        changed += len(rows) + len(gone)
    _name_network(target, _network(source))
    return changed


def _network(database: Backend) -> Row:
    found = database.one("SELECT model_key, dim, pair_key, pair_dim FROM state")
    return found or (None, None, None, None)


def _name_network(target: Backend, network: Row) -> None:
    sql = "UPDATE state SET model_key = ?, dim = ?, pair_key = ?, pair_dim = ?"
    target.execute(sql, network)


def _take_network(source: Backend, target: Backend) -> None:
    wanted, there = _network(source), _network(target)
    if there == wanted:
        return
    if there[:2] not in {(None, None), wanted[:2]}:
        raise mismatch(target.name, there[0], wanted[0])
    with target.writing():
        if there[2:] != wanted[2:]:
            target.execute("DELETE FROM pair_vectors")
        _name_network(target, wanted)


def _differences(source: Backend, target: Backend) -> Iterator[tuple[int, list[Row], list[str]]]:
    """In parts by ascending id: how many rows of the source were looked at, those to be put into
    the target, and ids that are not in the source.
    """
    last, more = "", True
    while more:
        wanted = _rows(source, f"{_KEPT} ORDER BY id LIMIT ?", (last, BATCH))
        more = len(wanted) == BATCH
        until = wanted[-1][0] if more else ""
        end, values = (" AND id <= ?", (last, until)) if more else ("", (last,))
        there = {row[0]: _compared(row) for row in _rows(target, _KEPT + end, values)}
        rows = [row for row in wanted if there.pop(row[0], None) != _compared(row)]
        gone = sorted(there.keys() - {row[0] for row in wanted})
        yield len(wanted), rows, gone
        last = until


def _rows(database: Backend, sql: str, values: Sequence[Any]) -> list[Row]:
    """Rows of _COLUMNS; what is true or false is so in every database."""
    found = []
    for row in database.rows(sql, values):
        told = list(row)
        for place in _FLAGS:
            told[place] = None if told[place] is None else bool(told[place])
        found.append(tuple(told))
    return found


def _compared(row: Row) -> Row:
    """All of a row but when it was changed."""
    return row[:_CHANGED_AT] + row[_CHANGED_AT + 1 :]


def _checksum(database: Backend) -> tuple[int, str]:
    """How many products there are, and the checksum of all."""
    whole, count, last = hashlib.sha256(), 0, ""
    while rows := _rows(database, f"{_KEPT} ORDER BY id LIMIT ?", (last, BATCH)):
        for row in rows:
            whole.update(repr(_compared(row)).encode(errors="replace"))
        count, last = count + len(rows), rows[-1][0]
    return count, whole.hexdigest()


def _put_sql(table: str, columns: Sequence[str], values: str, conflict: str) -> str:
    new = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    return f"""INSERT INTO {table} ({", ".join(columns)}) {values}
        ON CONFLICT ({conflict}) DO UPDATE SET {new}"""


def _places(count: int) -> str:
    return ", ".join("?" * count)


_PUT_PRODUCT: Final = _put_sql(
    "products",
    ("id", *_PRODUCT, "sequence"),
    f"VALUES ({_places(len(_PRODUCT) + 2)})",
    "id",
)
_PUT_ARTICLE: Final = _put_sql(
    "articles",
    ("product", *ARTICLE_COLUMNS),
    f"SELECT key, {_places(len(ARTICLE_COLUMNS))} FROM products WHERE id = ?",  # noqa: S608
    "product",
)
_NO_ARTICLE: Final = "DELETE FROM articles WHERE product = (SELECT key FROM products WHERE id = ?)"


def _apply(target: Backend, rows: Sequence[Row], gone: Sequence[str]) -> None:
    """Within a write transaction: puts rows and removes products, each a change with its number."""
    store = Store(target, None, None)
    first = store.next_numbers(len(rows))
    products = [(*row[:_ARTICLE], first + n) for n, row in enumerate(rows)]
    target.executemany(_PUT_PRODUCT, products)
    seen = [(*row[_ARTICLE:-1], row[0]) for row in rows if row[_ARTICLE] is not None]
    target.executemany(_PUT_ARTICLE, seen)
    unseen = [(row[0],) for row in rows if row[_ARTICLE] is None]
    target.executemany(_NO_ARTICLE, unseen)
    back = [(row[0],) for row in rows]
    target.executemany(UNPAIRED_SQL, back)
    paired = [(row[-1], row[0]) for row in rows if row[-1] is not None]
    target.executemany(PAIR_SQL, paired)
    target.executemany("DELETE FROM tombstones WHERE id = ?", back)
    store.take_out(gone)
