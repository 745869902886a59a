"""Pair lists in the manner of Street2Shop (Kiapour et al., "Where to Buy It", ICCV 2015), as CSV.

A folder of three kinds of tables: `photos.csv` (id, url: where a photo is; a path also does),
`*pairs_CATEGORY.csv` (photo, product, left, top, width, height: what a street photo shows, in
pixels) and `retrieval_CATEGORY.csv` (photo, product: the shop's photos of a product). A name that
begins with "train", "val" or "test" tells the split; what follows "pairs_" the category.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import category_of
from thatlook.data.notes import Notes
from thatlook.data.pairs.records import Pair, PairPicture, PairSet
from thatlook.data.pairs.table import BAD_BOX, NO_BOX, box_in, lines, place_of
from thatlook.data.records import Corners

PHOTOS: Final = "photos.csv"
PAIRS: Final = "*pairs_*.csv"
RETRIEVAL: Final = "*retrieval*.csv"
_NAME: Final = re.compile(r"(?:(train|val|test)_)?.*pairs_(.+)")


def read(folder: Path, images: Path | None = None) -> PairSet:
    """The pairs of a folder. Raises DataError where a table is missing or lacks a column.

    Each shop photo of a product makes a pair with each street photo of it.
    """
    photos = {row["id"].lstrip("0"): row["url"] for _, row in lines(folder / PHOTOS, ("id", "url"))}
    shops: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob(RETRIEVAL)):
        for _, row in lines(path, ("photo", "product")):
            shops[row["product"]].append(row["photo"])
    if not shops:
        raise DataError(f"{folder}: expected {RETRIEVAL}: photo and product of the shop")
    notes = Notes()
    tables = _Tables(photos, shops, (folder, images), notes)
    found = [pair for path in sorted(folder.glob(PAIRS)) for pair in tables.pairs(path)]
    return PairSet(folder, "street2shop", tuple(found), notes.findings())


@dataclass(frozen=True, slots=True)
class _Tables:
    photos: Mapping[str, str]
    shops: Mapping[str, Sequence[str]]
    folders: tuple[Path | None, ...]
    notes: Notes

    def pairs(self, path: Path) -> list[Pair]:
        """The pairs of one table."""
        matched = _NAME.fullmatch(path.stem)
        split, name = matched.groups("") if matched else ("", "")
        category = category_of(name.replace("_", " "))
        found = []
        for number, row in lines(path, ("photo", "product")):
            where = f"{path.name}:{number}"
            scene = self._scene(row, where)
            products = [s for s in map(self._shot, self.shops.get(row["product"], ())) if s]
            if scene is not None and not products:
                text = "products have no photo of the shop; their pairs are left out"
                self.notes.add("no_product_shot", "warning", text, f"{where}: {row['product']}")
            elif scene is not None:
                found += [Pair(scene, s, row["product"], category, name, split) for s in products]
        return found

    def _scene(self, row: Mapping[str, str], where: str) -> PairPicture | None:
        try:
            box = box_in(row, "scene_")
        except ValueError:
            self.notes.add("malformed", "error", BAD_BOX, where)
            return None
        if box is None:
            self.notes.add("no_box", "warning", NO_BOX, where)
        shot = self._shot(row["photo"], box)
        if shot is None:
            text = f"photos are not in {PHOTOS}; their pairs are left out"
            self.notes.add("unknown_photo", "error", text, f"{where}: {row['photo']}")
        return shot

    def _shot(self, key: str, box: Corners | None = None) -> PairPicture | None:
        place = self.photos.get(key.lstrip("0"))
        return None if place is None else PairPicture(place_of(place, self.folders), box)
