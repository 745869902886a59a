"""The rendered looks: `looks.jsonl` with the exact products, `products.csv` with their pictures.

Boxes are pixels of what is visible. An article without a picture of its product is no pair and is
counted; so is one of which hardly anything is seen.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import PRODUCT_CATEGORIES, category_of
from thatlook.data.jsonlines import rows
from thatlook.data.notes import Notes, four
from thatlook.data.pairs.records import Pair, PairPicture, PairSet

FILE: Final = "looks.jsonl"
MIN_PX: Final = 400
"""Fewer visible pixels of an article than this do not show what it is."""


def read(folder: Path) -> PairSet:
    """The pairs of a folder with `looks.jsonl` and `products.csv`. Raises DataError."""
    notes = Notes()
    shop = products(folder)
    pairs = []
    for number, look in rows(folder / FILE):
        for article in look.get("articles") or []:
            where = f"{FILE}:{number}: {article.get('product_id')}"
            pair = _pair(folder, str(look.get("file")), article, shop)
            if isinstance(pair, str):
                notes.add(pair, *_TOLD[pair], where)
            else:
                pairs.append(pair)
    return PairSet(folder, "rendered", tuple(pairs), notes.findings())


_TOLD: Final = {
    "no_product_shot": ("warning", "articles have no picture of their product; they are left out"),
    "hidden": ("warning", f"articles show fewer than {MIN_PX} pixels; they are left out"),
    "unknown_product": ("error", "articles name a product that products.csv does not have"),
    "malformed": ("error", "articles have no box of four numbers"),
}


def _pair(
    folder: Path, file: str, article: Mapping[str, Any], products: Mapping[str, Mapping[str, str]]
) -> Pair | str:
    """The pair of an article, or a code of _TOLD."""
    key, box = str(article.get("product_id")), four(article.get("box"))
    if key not in products:
        return "unknown_product"
    if not article.get("has_product_shot"):
        return "no_product_shot"
    if box is None:
        return "malformed"
    if article.get("visible_px", MIN_PX) < MIN_PX:
        return "hidden"
    row = products[key]
    name = row.get("category", "")
    picture = str(picture_of(folder, row))
    return Pair(
        PairPicture(str(folder / file), box), PairPicture(picture), key, category_in(row), name
    )


def category_in(row: Mapping[str, str]) -> str:
    """The category of a row of `products.csv`."""
    name = row.get("category", "")
    return name if name in PRODUCT_CATEGORIES else category_of(row.get("product_type", ""))


def picture_of(folder: Path, row: Mapping[str, str]) -> Path:
    """The picture of a row of `products.csv`."""
    return (folder / row["image_link"]).resolve()


def products(folder: Path) -> dict[str, dict[str, str]]:
    """The rows of `products.csv` that have a picture, by id. Raises DataError."""
    path = folder / "products.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = {row["id"]: row for row in csv.DictReader(file) if row.get("image_link")}
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise DataError(
            f"{path}: expected a table of products with id and image_link: {error!r}"
        ) from error
    return found
