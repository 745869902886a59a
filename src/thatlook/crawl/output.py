"""Writes what a crawl found: the feed as JSON Lines and Parquet, and a report."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from thatlook.core.errors import MissingExtraError
from thatlook.core.files import write_whole
from thatlook.core.parquet import pyarrow
from thatlook.crawl.extract.values import LISTS, Row
from thatlook.crawl.pictures import addresses
from thatlook.crawl.state.state import Picture

_log = logging.getLogger(__name__)

IMAGES = "images/"
"""The folder of the pictures, seen from the feed beside it."""

FIRST = (
    "id", "title", "link", "image_link", "additional_image_link", "price", "sale_price", "brand",
    "gender", "age_group", "color", "size",
)  # fmt: skip
"""The columns that come first in the feed; the others follow by name."""


def feed_rows(rows: Iterable[Row], pictures: Mapping[str, Picture]) -> list[Row]:
    """The rows of the feed: picture fields name files beside the feed.

    The addresses that the pictures came from are kept in `image_url`, with the sha256 of the
    main one in `image_sha256`. A product without a usable picture keeps its address there only.
    """
    return [_with_files(row, pictures) for row in rows]


def _with_files(row: Row, pictures: Mapping[str, Picture]) -> Row:
    urls = addresses(row)
    good = [picture for url in urls if (picture := pictures.get(url)) and picture.file]
    kept: Row = {name: row[name] for name in row if name not in {"image_link", *LISTS}}
    if urls:
        kept["image_url"] = good[0].url if good else urls[0]
    if good:
        kept["image_link"], kept["image_sha256"] = IMAGES + good[0].file, good[0].sha256
    if good[1:]:
        kept["additional_image_link"] = [IMAGES + picture.file for picture in good[1:]]
    return _ordered(kept)


def _ordered(row: Row) -> Row:
    return {name: row[name] for name in (*FIRST, *sorted(row.keys() - set(FIRST))) if name in row}


def without_duplicates(
    rows: Iterable[Row],
) -> tuple[list[Row], list[tuple[str, str]], list[list[str]]]:
    """The rows, without those that say again what an earlier one says.

    A duplicate has another id but the same picture, title and brand; the second result pairs
    its id with the first one's. The third lists ids that share a picture and are different
    products all the same: color variants, or a placeholder picture.
    """
    kept: list[Row] = []
    first: dict[tuple[Any, ...], str] = {}
    duplicates: list[tuple[str, str]] = []
    sharing: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        digest, name = str(row.get("image_sha256", "")), str(row["id"])
        key = (digest, row.get("title"), row.get("brand"))
        if digest and key in first:
            duplicates.append((name, first[key]))
            continue
        first[key] = name
        sharing[digest].append(name)
        kept.append(row)
    return kept, duplicates, [ids for digest, ids in sharing.items() if digest and len(ids) > 1]


def write_feed(folder: Path, rows: list[Row], report: Mapping[str, Any]) -> None:
    """Writes feed.jsonl and report.json, each whole or not at all; feed.parquet too where the extra
    `parquet` is installed, and else a warning with its pip line.
    """
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_whole(folder / "feed.jsonl", lines.encode())
    try:
        write_whole(folder / "feed.parquet", _parquet(rows))
    except MissingExtraError as missing:
        _log.warning("no feed.parquet: %s", missing)
    write_whole(folder / "report.json", json.dumps(report, ensure_ascii=False, indent=1).encode())


def _parquet(rows: list[Row]) -> bytes:
    pa, pq = pyarrow()
    found = {name for row in rows for name in row} | {"id"}
    names = _ordered(dict.fromkeys(found, ""))
    fields = [(name, pa.list_(pa.string()) if name in LISTS else pa.string()) for name in names]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(fields)), sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data
