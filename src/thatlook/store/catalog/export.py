"""A catalog's products as a feed again: JSON Lines, Parquet or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from thatlook.core.errors import CatalogError, unwritable
from thatlook.core.files import replacing
from thatlook.core.formulas import defused
from thatlook.core.parquet import pyarrow
from thatlook.search.stored import Stored
from thatlook.store.catalog.catalog import Catalog

BATCH_ROWS: Final = 1000

TEXT_COLUMNS: Final = (
    "id", "title", "category", "gender", "description", "link", "image_link", "price", "sale_price",
    "brand", "age_group", "color", "pattern", "material", "product_type", "google_product_category",
    "item_group_id", "availability", "status",
)  # fmt: skip


def _schema(pa: Any, vectors: bool) -> Any:
    """The columns of a Parquet file, in order."""
    columns = {name: pa.string() for name in TEXT_COLUMNS}
    columns |= {"additional_image_link": pa.list_(pa.string()), "extra": pa.string()}
    if vectors:
        columns |= {
            "article_vector": pa.list_(pa.float32()),
            "article_box": pa.list_(pa.float64()),
            "article_attributes": pa.string(),
            "article_image": pa.string(),
            "model_key": pa.string(),
        }
    return pa.schema(list(columns.items()))


def export(catalog: Catalog, path: Path, *, vectors: bool = False, left: bool = False) -> int:
    """Writes the products, ascending ids, to a .jsonl, .parquet or .csv file; returns their number.

    The file can be read as a feed. `vectors` adds the vector and what was seen in the picture (not
    in CSV), `left` the products that left the feed. In Parquet and CSV the shop's own columns, and
    attributes, are JSON texts; in CSV no cell is a formula. The file is there whole or not at all.
    Raises CatalogError for another suffix or a path that cannot be written, MissingExtraError for
    Parquet without its extra.
    """
    writers = {".jsonl": _write_jsonl, ".parquet": _write_parquet, ".csv": _write_csv}
    if path.suffix not in writers:
        raise CatalogError(f"{path}: expected a file name that ends in .jsonl, .parquet or .csv")
    if vectors and path.suffix == ".csv":
        raise CatalogError(f"{path}: vectors are for .jsonl and .parquet; leave out --vectors")
    kept = (one for one in catalog.all_stored() if left or one.status == "active")
    try:
        with replacing(path) as file:
            return writers[path.suffix](kept, file, vectors)
    except OSError as error:
        raise unwritable(path, error) from error


def _row(stored: Stored, vectors: bool) -> dict[str, Any]:
    shown = {name: value for name, value in stored.product.to_dict().items() if value}
    shown["status"] = stored.status
    if vectors and stored.vector is not None:
        shown["article_vector"] = stored.vector.tolist()
        shown["article_box"] = stored.box.to_list() if stored.box else None
        shown["article_attributes"] = dict(stored.attributes)
        shown["article_image"] = stored.image
        shown["model_key"] = stored.model_key
    return shown


def _write_jsonl(rows: Iterator[Stored], file: IO[bytes], vectors: bool) -> int:
    count = 0
    for stored in rows:
        row = _row(stored, vectors)
        own = {k: v for k, v in row.pop("extra", {}).items() if k not in row}
        file.write(json.dumps({**own, **row}, ensure_ascii=False).encode() + b"\n")
        count += 1
    return count


def _write_parquet(rows: Iterator[Stored], file: IO[bytes], vectors: bool) -> int:
    pa, pq = pyarrow()
    schema = _schema(pa, vectors)
    count = 0
    with pq.ParquetWriter(file, schema) as writer:
        while batch := [_row(stored, vectors) for stored in islice(rows, BATCH_ROWS)]:
            for row in batch:
                for name in ("extra", "article_attributes"):
                    if name in row:
                        row[name] = json.dumps(row[name], ensure_ascii=False)
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=schema))
            count += len(batch)
    return count


def _write_csv(rows: Iterator[Stored], file: IO[bytes], vectors: bool) -> int:
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")  # the mark is for Excel
    writer = csv.DictWriter(text, (*TEXT_COLUMNS, "additional_image_link", "extra"))
    writer.writeheader()
    count = 0
    for stored in rows:
        row = _row(stored, vectors)
        row["additional_image_link"] = ", ".join(row.get("additional_image_link", ()))
        row["extra"] = json.dumps(row["extra"], ensure_ascii=False) if "extra" in row else ""
        writer.writerow({name: defused(value) for name, value in row.items()})
        count += 1
    text.detach()
    return count
