"""Pairs of products that shoppers judged alike or not: what a training learns from feedback.

A CSV with a header, one line per pair, columns `COLUMNS`: `one` and `other` are pictures (paths,
looked up beside the file), a box four numbers in pixels (x0 y0 x1 y1) or empty for what stands out
from the background, `alike` 1 or 0, `lists` how many lists of products say so.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from thatlook.core.errors import DataError
from thatlook.core.files import write_whole
from thatlook.core.taxonomy import PRODUCT_CATEGORIES
from thatlook.data.items import HEADS, Item, whole_extent
from thatlook.data.pairs.table import box_in, box_text, lines, place_from, place_of
from thatlook.data.records import Corners
from thatlook.data.splits import split_of

COLUMNS: Final = (
    "one_id", "one", "one_box", "other_id", "other", "other_box", "category", "alike", "lists",
)  # fmt: skip
KIND: Final = "feedback"
"""Of the items that are made of them."""


@dataclass(frozen=True, slots=True)
class JudgedProduct:
    """A product with its picture and where in it the article is; None: what stands out."""

    id: str
    picture: Path
    box: Corners | None = None


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """Two products of one category; `alike` as `lists` lists of products say."""

    one: JudgedProduct
    other: JudgedProduct
    category: str
    alike: bool
    lists: int = 1

    @property
    def products(self) -> tuple[JudgedProduct, JudgedProduct]:
        """Both."""
        return self.one, self.other


def read(path: Path) -> list[JudgedPair]:
    """The pairs of a CSV. Raises DataError, with the line, for what is none."""
    found = [_pair(row, path, number) for number, row in lines(path, COLUMNS)]
    if not found:
        raise DataError(f"{path}: no pair is in it")
    return found


def _pair(row: Mapping[str, str], path: Path, number: int) -> JudgedPair:
    try:
        one, other = (_product(row, side, path.parent) for side in ("one", "other"))
        return JudgedPair(one, other, _category(row), _alike(row), _lists(row))
    except ValueError as error:
        raise DataError(
            f"{path}:{number}: expected a pair as {', '.join(COLUMNS)}: {error}"
        ) from error


def _lists(row: Mapping[str, str]) -> int:
    count = int(row["lists"])
    if count < 1:
        raise ValueError(f"lists must be 1 or more, not {count}")
    return count


def _product(row: Mapping[str, str], side: str, folder: Path) -> JudgedProduct:
    if not (row[f"{side}_id"] and row[side]):
        raise ValueError(f"{side} is missing")
    picture = Path(place_of(row[side], (folder,)))
    return JudgedProduct(row[f"{side}_id"], picture, box_in(row, f"{side}_"))


def _category(row: Mapping[str, str]) -> str:
    if row["category"] not in PRODUCT_CATEGORIES:
        raise ValueError(f"category must be one of {', '.join(PRODUCT_CATEGORIES)}")
    return row["category"]


def _alike(row: Mapping[str, str]) -> bool:
    if row["alike"] not in {"0", "1"}:
        raise ValueError("alike must be 1 or 0")
    return row["alike"] == "1"


def write(path: Path, pairs: Sequence[JudgedPair]) -> None:
    """Writes the pairs, whole or not at all; paths below its folder become relative."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for pair in pairs:
        sides = [
            cell
            for side in pair.products
            for cell in (side.id, place_from(str(side.picture), path.parent), box_text(side.box))
        ]
        writer.writerow((*sides, pair.category, int(pair.alike), pair.lists))
    write_whole(path, text.getvalue().encode())


def judged_items(pairs: Sequence[JudgedPair]) -> list[Item]:
    """One item per product, in the order they come; nothing but the category is known of it.

    The split is by the id. Raises PhotoError where a picture cannot be read.
    """
    categories = {side.id: pair.category for pair in pairs for side in pair.products}
    products = {side.id: side for pair in pairs for side in pair.products}
    return [_item(product, categories[key]) for key, product in products.items()]


def _item(product: JudgedProduct, category: str) -> Item:
    box = product.box
    if box is None:
        x0, y0, x1, y1 = (float(value) for value in whole_extent(product.picture))
        box = (x0, y0, x1, y1)
    labels = tuple(category if head == "category" else "" for head in HEADS)
    part = f"{category}/unisex"
    return Item(product.id, part, split_of(product.id), ((product.picture, box),), labels, KIND)
