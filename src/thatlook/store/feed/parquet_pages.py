"""How much memory a Parquet file's pages take once they are unpacked, read from their heads alone.

Arrow unpacks whole pages, and repeats a dictionary's value for each row that has it: a file of some
kilobytes can hold gigabytes. https://parquet.apache.org/docs/file-format/, heads in Thrift's
compact protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

from thatlook.core.errors import FeedError

MAX_PAGE: Final = 1 << 27
"""The largest page, in bytes, that is unpacked; DuckDB writes some of 100 MB."""
MAX_REPEATED: Final = 1 << 24
"""The same for one whose values rows repeat; writers end dictionaries at about 1 MB."""
_BATCH_BYTES: Final = 1 << 26
_REPEATED_BYTES: Final = 1 << 28
_HEAD_BYTES: Final = (1 << 13, 1 << 24)
"""What is read for a head at first, and at most: it may hold the page's least and largest value."""
_LONG: Final = 10
_BYTE: Final = 3
_LISTS: Final = (9, 10)
_STRUCT: Final = 12
_DATA: Final = (5, 8)
_DICTIONARY: Final = 7
"""Fields of a page's head that say what kind of page it is; the first field in each is the count
of values."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page's sizes in bytes, unpacked and in the file; its values; whether rows repeat them."""

    unpacked: int
    packed: int
    values: int
    repeated: bool
    head: int


def batch_rows(file: IO[bytes], metadata: Any, most: int) -> int:
    """How many rows, `most` at most, can be read at a time in bounded memory.

    Raises FeedError for a page that is larger than its limit, or has no proper head.
    """
    rows = most
    for group in range(metadata.num_row_groups):
        for index in range(metadata.num_columns):
            column = metadata.row_group(group).column(index)
            for page in _pages(file, column):
                rows = min(rows, _rows_of(page, column.path_in_schema))
    return max(1, rows)


def _rows_of(page: Page, name: str) -> int:
    limit = MAX_REPEATED if page.repeated else MAX_PAGE
    if page.unpacked > limit:
        raise FeedError(
            f"the column {name!r} has a page of {page.unpacked} bytes, at most {limit} are read: a "
            "cell may be too long; write smaller pages"
        )
    if page.repeated:
        return _REPEATED_BYTES // max(1, page.unpacked)
    return _BATCH_BYTES * max(1, page.values) // max(1, page.unpacked)


def _pages(file: IO[bytes], column: Any) -> Iterator[Page]:
    """The pages of a column's part of a row group, in the file's order."""
    starts = (column.dictionary_page_offset, column.data_page_offset)
    place = min(start for start in starts if start)
    end = place + column.total_compressed_size
    shared = any("DELTA_BYTE_ARRAY" in encoding for encoding in column.encodings)
    while place < end:
        page = _page_at(file, place, shared=shared)
        yield page
        place += page.head + page.packed


def _page_at(file: IO[bytes], place: int, *, shared: bool) -> Page:
    for size in _HEAD_BYTES:
        file.seek(place)
        try:
            fields, head = _Thrift(file.read(size)).struct()
            unpacked, packed = int(fields[2]), int(fields[3])
            inner = next(fields[kind] for kind in (*_DATA, _DICTIONARY) if kind in fields)
            repeated = shared or _DICTIONARY in fields
            if min(unpacked, packed, int(inner[1])) >= 0:
                return Page(unpacked, packed, int(inner[1]), repeated, head)
        except (IndexError, KeyError, RecursionError, StopIteration, TypeError):
            continue
    raise FeedError(f"the page at byte {place} has no proper head")


class _Thrift:
    """Reads one struct of numbers and structs from its bytes; other values are passed over.

    Raises IndexError where the bytes end before it does, KeyError for what is no struct.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self) -> tuple[dict[int, Any], int]:
        """Field number -> value, and how many bytes the struct has."""
        found: dict[int, Any] = {}
        number = 0
        while byte := self._byte():
            number = number + (byte >> 4) if byte >> 4 else self._number()
            found[number] = self._value(byte & 15)
        return found, self._at

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _varint(self) -> int:
        value = 0
        for shift in range(_LONG):
            byte = self._byte()
            value |= (byte & 127) << 7 * shift
            if byte < 128:
                return value
        raise KeyError("a number that is too long")

    def _number(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)

    def _value(self, kind: int) -> Any:
        if kind in _LISTS:
            return self._list()
        if kind == _STRUCT:
            return self.struct()[0]
        readers: dict[int, Callable[[], Any]] = {
            1: lambda: 1, 2: lambda: 0, 3: self._byte, 4: self._number, 5: self._number,
            6: self._number, 7: lambda: self._skip(8), 8: lambda: self._skip(self._varint()),
        }  # fmt: skip
        return readers[kind]()

    def _skip(self, size: int) -> None:
        self._at += size
        if self._at > len(self._data):
            raise IndexError("the bytes end")

    def _list(self) -> None:
        byte = self._byte()
        count = byte >> 4 if byte >> 4 < 15 else self._varint()
        for _ in range(count):  # true and false have a byte each here, and none in a struct
            self._value(max(byte & 15, _BYTE))
