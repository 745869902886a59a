"""A feed, whatever its format, as products with their line numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from thatlook.core.errors import FeedError
from thatlook.store.feed.delimited import read_delimited
from thatlook.store.feed.exports import brought_together
from thatlook.store.feed.folder import read_folder
from thatlook.store.feed.jsonlines import read_jsonlines
from thatlook.store.feed.lookahead import looked_ahead
from thatlook.store.feed.mapping import FeedMapping
from thatlook.store.feed.object_stores import store_of
from thatlook.store.feed.parquet import parquet_rows, read_parquet
from thatlook.store.feed.places import ImagePlaces
from thatlook.store.feed.products import ProductMaker
from thatlook.store.feed.rows import FeedRow, Problem, RawRow, RawRows
from thatlook.store.feed.text import PACKED, kind_suffix, opened, start_of
from thatlook.store.feed.xml import read_xml

COUNTED_BYTES: Final = 16_000_000
MOST_NOTES: Final = 1000
"""So many different words that are not understood are told, each at the first row that has it."""
_BY_SUFFIX: Final = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".jsonl": "jsonlines",
    ".ndjson": "jsonlines",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xml": "xml",
    ".rss": "xml",
    ".atom": "xml",
}


def read_feed(
    path: str | os.PathLike[str],
    mapping: FeedMapping | None = None,
    images: str | os.PathLike[str] | None = None,
) -> Iterator[FeedRow | Problem]:
    """The products of a feed in its order, and a Problem for each row that cannot be used.

    A price that cannot be used is a Problem too (`kept`); its product follows, without it. So is
    a word for a gender or an availability that is not understood, once.

    `path` is a CSV, TSV, JSON Lines, Parquet or Google Merchant XML file, the text ones also
    packed (.gz, .bz2, .xz), or a folder of images. `images` is the folder of the pictures that
    the feed names, or the URL of one in an object store (`object_stores`). Memory does not grow
    with the feed. Raises FeedError for a feed that cannot be read at all, and where it ends early,
    after what came before.
    """
    path = Path(path)
    kind = kind_of(path)
    folder = path if kind == "folder" else path.parent
    store = store_of(images)
    inside = None if images is None or store else Path(images)
    places = ImagePlaces(folder, inside, store)
    maker = ProductMaker(mapping)
    fixed = kind in {"delimited", "parquet"}
    encoding = mapping.encoding if mapping else ""
    return _products(raw_rows(path, kind, encoding), maker, places, fixed_columns=fixed)


def raw_rows(path: Path, kind: str, encoding: str) -> RawRows:
    """The rows of a feed of this kind as they came, "" for an encoding that is found out."""
    if kind == "delimited":
        return read_delimited(path, encoding)
    if kind == "jsonlines":
        return read_jsonlines(path, encoding)
    return {"parquet": read_parquet, "xml": read_xml, "folder": read_folder}[kind](path)


def kind_of(path: Path) -> str:
    """A feed's format: delimited, jsonlines, parquet, xml or folder; raises FeedError."""
    if path.is_dir():
        return "folder"
    if not path.exists():
        raise FeedError(f"{path}: no such feed")
    kind = _BY_SUFFIX.get(kind_suffix(path)) or _kind_by_content(path)
    if kind == "parquet" and path.suffix.lower() in PACKED:
        raise FeedError(f"{path}: a packed Parquet file cannot be read; unpack it first")
    return kind


def estimated_rows(path: str | os.PathLike[str]) -> int:
    """About how many rows a feed has, for a progress bar: of a large one by its beginning."""
    path = Path(path)
    kind = kind_of(path)
    if kind == "parquet":
        return parquet_rows(path)
    if kind == "folder":
        return sum(1 for _ in read_folder(path))
    data, share = start_of(path, COUNTED_BYTES)
    if kind == "xml":
        count = data.count(b"<item") + data.count(b"<entry")
    else:
        lines = data.count(b"\n") + (data[-1:] not in {b"", b"\n"})
        count = lines - (kind == "delimited")  # its header
    return max(0, round(count / share))


def _kind_by_content(path: Path) -> str:
    with opened(path) as file:
        start = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"<"):
        return "xml"
    if start.startswith(b"{"):
        return "jsonlines"
    if start.startswith(b"["):
        raise FeedError(f"{path}: a JSON array; write one object per line (JSON Lines)")
    if not start:
        raise FeedError(f"{path}: the feed is empty")
    return "delimited"


def _products(
    rows: RawRows, maker: ProductMaker, places: ImagePlaces, *, fixed_columns: bool
) -> Iterator[FeedRow | Problem]:
    told = set[str]()
    for row in looked_ahead(_checked(rows, maker, fixed_columns), maker.learn):
        if isinstance(row, Problem):
            yield row
        else:
            yield from _product(row, maker, places, told)


def _checked(rows: RawRows, maker: ProductMaker, fixed_columns: bool) -> RawRows:
    """The rows, one for each product; a column that the mapping names must be in the first."""
    checked = not fixed_columns
    for row in brought_together(rows):
        if isinstance(row, RawRow) and not checked:
            maker.check(tuple(row.values))
            checked = True
        yield row


def _product(
    row: RawRow, maker: ProductMaker, places: ImagePlaces, told: set[str]
) -> Iterator[FeedRow | Problem]:
    try:
        made = maker.made(row)
        product, found = places.located(made.product)
    except FeedError as error:
        yield Problem(row.line, maker.id_of(row), str(error))
        return
    for message in made.unread:
        yield Problem(row.line, product.id, f"{message}; left out", kept=True)
    for message in made.notes:
        if message not in told and len(told) < MOST_NOTES:
            told.add(message)
            yield Problem(row.line, product.id, f"{message} (told once)", kept=True)
    yield FeedRow(row.line, product, found)
