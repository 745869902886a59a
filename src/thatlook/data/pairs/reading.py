"""Any pairs to a PairSet: the form is told from what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from thatlook.core.errors import DataError
from thatlook.data.pairs import pinterest, rendered, street2shop, table
from thatlook.data.pairs.records import PairSet

OWN: Final = "pairs.csv"
"""The common form's name in a folder, as `thatlook train pairs` writes it."""


def read(path: str | Path, images: Path | None = None) -> PairSet:
    """The pairs at `path`: a CSV or TSV, Pinterest's `fashion.json`, or a folder with one of
    them, with `looks.jsonl` and `products.csv`, or with Street2Shop's tables.

    `images` is where pictures lie that are not beside the file. Raises DataError.
    """
    path = Path(path)
    if path.is_dir():
        return _folder(path, images)
    if path.suffix.lower() == ".json":
        return pinterest.read(path)
    if path.suffix.lower() in {".csv", ".tsv"}:
        return table.read(path, images)
    raise DataError(f"{path}: expected a CSV of pairs, fashion.json, or a folder of pairs")


def _folder(folder: Path, images: Path | None) -> PairSet:
    if (folder / OWN).is_file():
        return table.read(folder / OWN, images)
    if (folder / rendered.FILE).is_file():
        return rendered.read(folder)
    if (folder / street2shop.PHOTOS).is_file():
        return street2shop.read(folder, images)
    if (folder / "fashion.json").is_file():
        return pinterest.read(folder / "fashion.json")
    raise DataError(
        f"{folder}: no pairs: expected {OWN}, {rendered.FILE} with products.csv, "
        f"{street2shop.PHOTOS} with tables of pairs, or fashion.json"
    )
