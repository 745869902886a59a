"""Parquet, by pyarrow, some rows at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from thatlook.core.errors import FeedError
from thatlook.store.feed.jsonlines import texts_of
from thatlook.store.feed.rows import RawRow, RawRows

BATCH_ROWS: Final = 1024
BUFFER_BYTES: Final = 1 << 20
"""Columns are read in pieces of this size: without it, or from a mapped file, a row group is in
memory as a whole, and some feeds are one row group."""
_UNREADABLE: Final = (pa.ArrowException, OSError, ValueError, RecursionError)


def read_parquet(path: Path) -> RawRows:
    """The rows of a Parquet file, numbered from 1; raises FeedError where it is none."""
    number = 0
    try:
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
            for batch in file.iter_batches(BATCH_ROWS):
                for values in batch.to_pylist():
                    number += 1
                    yield RawRow(number, {name: texts_of(value) for name, value in values.items()})
    except _UNREADABLE as error:
        raise FeedError(f"{path}: cannot be read as Parquet: {error}") from error


def parquet_rows(path: Path) -> int:
    """How many rows the file says it has."""
    try:
        with pq.ParquetFile(path) as file:
            return int(file.metadata.num_rows)
    except _UNREADABLE as error:
        raise FeedError(f"{path}: cannot be read as Parquet: {error}") from error
