"""Parquet, by pyarrow (the extra `parquet`), some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import FeedError
from thatlook.core.parquet import pyarrow
from thatlook.store.feed.jsonlines import texts_of
from thatlook.store.feed.parquet_pages import batch_rows
from thatlook.store.feed.rows import Problem, RawRow, RawRows

BATCH_ROWS: Final = 1024
MAX_CELL: Final = 1_000_000
"""A longer text, in characters, costs its row."""
BUFFER_BYTES: Final = 1 << 20
"""Columns are read in pieces of this size: without it, or from a mapped file, a row group is in
memory as a whole, and some feeds are one row group."""


def read_parquet(path: Path) -> RawRows:
    """The rows of a Parquet file, numbered from 1; memory does not grow with what it holds.

    Raises FeedError where it is none, MissingExtraError without the extra `parquet`.
    """
    number = 0
    with _opened(path) as file, path.open("rb") as raw:
        for batch in file.iter_batches(batch_rows(raw, file.metadata, BATCH_ROWS)):
            for values in _values(batch):
                number += 1
                yield _row(number, {name: texts_of(value) for name, value in values.items()})


def _row(number: int, values: Mapping[str, tuple[str, ...]]) -> RawRow | Problem:
    for name, texts in values.items():
        if any(len(text) > MAX_CELL for text in texts):
            return Problem(number, "", f"{name!r} is longer than {MAX_CELL} characters")
    return RawRow(number, values)


def _values(batch: Any) -> Iterator[dict[str, Any]]:
    """The rows of a batch; a 32-bit number as the decimals that it means (19.99)."""
    arrow, _ = pyarrow()
    short = [f.name for f in batch.schema if arrow.types.is_float32(f.type)]
    texts = {name: batch.column(name).cast("string").to_pylist() for name in short}
    for index, values in enumerate(batch.to_pylist()):
        for name in short:
            values[name] = None if values[name] is None else Decimal(texts[name][index])
        yield values


def parquet_rows(path: Path) -> int:
    """How many rows the file says it has. Raises as `read_parquet`."""
    with _opened(path) as file:
        return int(file.metadata.num_rows)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    arrow, parquet = pyarrow()
    try:
        with parquet.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
            yield file
    except (arrow.ArrowException, OSError, ValueError, RecursionError) as error:
        raise FeedError(f"{path}: cannot be read as Parquet: {error}") from error
