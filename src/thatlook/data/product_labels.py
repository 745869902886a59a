"""What product photos show beside the product, as an eye saw it: `product_models.csv`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import CATEGORIES
from thatlook.data.pairs.table import lines

FILE = "product_models.csv"

AbsentCategories = Mapping[str, frozenset[str]]
"""By the photo's file name without suffix, the categories that are surely not in it."""


def read_product_labels(folder: Path, columns: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """The rows of a folder's file by `photo`, each with at least these columns.

    `seen` and `absent` are names of categories between spaces. Raises DataError where the file
    cannot be read, lacks a column or names no category of ours.
    """
    found = {}
    for number, row in lines(folder / FILE, ("photo", *columns)):
        named = {name for column in ("seen", "absent") for name in (row.get(column) or "").split()}
        if unknown := named - set(CATEGORIES):
            wrong = ", ".join(sorted(unknown))
            raise DataError(f"{folder / FILE}:{number}: no such category: {wrong}")
        found[row["photo"]] = row
    return found


def read_absent_categories(folder: Path) -> AbsentCategories:
    """What is not in the photos of a folder's file. Raises DataError as `read_product_labels`."""
    rows = read_product_labels(folder, ("absent",))
    return {photo: frozenset(row["absent"].split()) for photo, row in rows.items()}
