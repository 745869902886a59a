"""The common form of pairs, and one's own: a CSV with a header, one line per pair.

Columns: `scene`, `box` (four numbers: x0 y0 x1 y1), `product`; where known `product_box`,
`product_id`, `category`, `split` (train, val or test). A box may also stand in four columns, after
`scene_` or `product_` or alone: x0 y0 x1 y1, left top right bottom, or left top width height.
Pictures are paths, looked up beside the CSV and in the folder of images, or addresses. Boxes that
all lie within about 0..1 are parts of width and height, others pixels.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from thatlook.core.addresses import is_address
from thatlook.core.errors import DataError
from thatlook.core.files import write_whole
from thatlook.core.taxonomy import PRODUCT_CATEGORIES, category_of
from thatlook.data.notes import Notes
from thatlook.data.pairs.records import Pair, PairPicture, PairSet
from thatlook.data.records import SPLITS, Corners

COLUMNS: Final = ("scene", "box", "product", "product_box", "product_id", "category", "split")
"""What `write` writes."""

CORNERS: Final = (("x0", "y0", "x1", "y1"), ("left", "top", "right", "bottom"))
SIDES: Final = (("left", "top", "width", "height"), ("x", "y", "width", "height"))
"""Columns that hold a corner and a size."""
SHARE: Final = 1.5
"""No box in pixels ends before this: where none ends later, parts of the picture are meant."""
NO_BOX: Final = "scenes have no box; the whole picture is taken"
BAD_BOX: Final = "boxes are not four numbers; their pairs are left out"


def read(path: Path, images: Path | None = None) -> PairSet:
    """The pairs of a CSV (or TSV). Raises DataError where it lacks scene or product."""
    notes = Notes()
    pairs = []
    for number, row in lines(path, ("scene", "product")):
        where = f"{path.name}:{number}"
        pair = _pair(row, where, notes)
        if pair is not None:
            pairs.append(_located(pair, (path.parent, images)))
    return PairSet(path, "csv", with_shares_marked(pairs), notes.findings())


def lines(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table with their line, cells stripped, column names in lower case.

    Raises DataError where it cannot be read or lacks a `needed` column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter="\t" if "\t" in first else ",")
            names = [name.strip().lower() for name in reader.fieldnames or ()]
            missing = [name for name in needed if name not in names]
            if missing:
                raise DataError(f"{path}: expected the columns {', '.join(needed)}; {missing}")
            for row in reader:
                cells = [row[name] or "" for name in reader.fieldnames or ()]
                found = zip(names, map(str.strip, cells), strict=True)
                yield reader.line_num, dict(found)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: expected a CSV in UTF-8: {error}") from error


def _pair(row: Mapping[str, str], where: str, notes: Notes) -> Pair | None:
    scene, product = row["scene"], row["product"]
    try:
        box, product_box = box_in(row, "scene_"), box_in(row, "product_")
    except ValueError:
        notes.add("malformed", "error", BAD_BOX, where)
        return None
    if not scene or not product:
        text = "rows lack a scene or a product; they are left out"
        notes.add("malformed", "error", text, where)
        return None
    if box is None:
        notes.add("no_box", "warning", NO_BOX, where)
    split = row.get("split", "").lower()
    if split not in SPLITS:
        text = f"splits are none of {', '.join(filter(None, SPLITS))}; they are not heeded"
        notes.add("unknown_split", "warning", text, f"{where}: {split}")
        split = ""
    name = row.get("category", "")
    category = name if name in PRODUCT_CATEGORIES else category_of(name)
    key = row.get("product_id") or product
    return Pair(
        PairPicture(scene, box), PairPicture(product, product_box), key, category, name, split
    )


def box_in(row: Mapping[str, str], prefix: str) -> Corners | None:
    """The box of a row as x0, y0, x1, y1; None where there is none.

    `prefix` is "scene_" or "product_"; a scene's columns may also stand without it. Raises
    ValueError for what is not four numbers.
    """
    for head in (prefix, "") if prefix == "scene_" else (prefix,):
        whole = row.get(f"{head}box", "")
        if whole:
            return _four(re.split(r"[\s,;]+", whole.strip("[]() ")))
        for names in (*CORNERS, *SIDES):
            cells = [row.get(f"{head}{name}", "") for name in names]
            if all(cells):
                a, b, c, d = _four(cells)
                return (a, b, a + c, b + d) if names in SIDES else (a, b, c, d)
    return None


def _four(cells: Sequence[str]) -> Corners:
    a, b, c, d = (float(cell) for cell in cells)
    if not all(map(math.isfinite, (a, b, c, d))):
        raise ValueError("not finite")
    return (a, b, c, d)


def with_shares_marked(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """The pairs, their boxes marked as shares where none of them reaches beyond SHARE."""

    def shared(shots: Sequence[PairPicture]) -> bool:
        return all(max(shot.box) <= SHARE for shot in shots if shot.box is not None)

    scenes = shared([pair.scene for pair in pairs])
    products = shared([pair.product for pair in pairs])
    return tuple(
        replace(
            pair,
            scene=replace(pair.scene, shares=scenes and pair.scene.box is not None),
            product=replace(pair.product, shares=products and pair.product.box is not None),
        )
        for pair in pairs
    )


def _located(pair: Pair, folders: Sequence[Path | None]) -> Pair:
    scene, product = (replace(shot, place=place_of(shot.place, folders)) for shot in pair.shots)
    return replace(pair, scene=scene, product=product)


def place_of(place: str, folders: Sequence[Path | None]) -> str:
    """An address as it is; a path as it lies in the first of `folders` that has it, else in the
    first.
    """
    if is_address(place):
        return place
    paths = [folder / place for folder in folders if folder is not None]
    found = (path for path in paths if path.is_file())
    return str(next(found, paths[0] if paths else Path(place)))


def write(path: Path, pairs: Sequence[Pair]) -> None:
    """Writes the common form, whole or not at all; paths below its folder become relative.

    Boxes keep their unit, and so must be all shares or all pixels.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for pair in pairs:
        scene, product = (place_from(shot.place, path.parent) for shot in pair.shots)
        boxes = [box_text(shot.box) for shot in pair.shots]
        category = pair.name or pair.category
        writer.writerow((scene, boxes[0], product, boxes[1], pair.product_id, category, pair.split))
    write_whole(path, text.getvalue().encode())


def box_text(box: Corners | None) -> str:
    """A box as one cell, which `box_in` reads; "" for none."""
    return "" if box is None else " ".join(f"{value:.6g}" for value in box)


def place_from(place: str, folder: Path) -> str:
    """An address as it is, a path relative where it is below `folder`."""
    if is_address(place):
        return place
    path = Path(place)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path.resolve())
