"""Pinterest's Shop The Look pairs: `fashion.json` and, beside it, `fashion-cat.json`.

One JSON object a line: signatures of the `product` and of the `scene`, and `bbox`, the product's
place in the scene as left, top, right, bottom, parts of the scene's width and height. The other
file gives product signatures their categories, such as "Apparel & Accessories|Shoes"; as one
object, or one object a line. A signature tells the picture's address (Kang et al., "Complete the
Look", CVPR 2019). The pictures themselves are their owners': they are fetched, not passed on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import category_of
from thatlook.data.jsonlines import rows
from thatlook.data.notes import Notes, four
from thatlook.data.pairs.records import Pair, PairPicture, PairSet

HOST: Final = "http://i.pinimg.com"
_SIGNATURE: Final = re.compile(r"[0-9a-f]{32}")


def address_of(signature: str, host: str = HOST) -> str:
    """The address of a picture, 400 pixels wide. Raises DataError for no signature."""
    if not _SIGNATURE.fullmatch(signature):
        raise DataError(f"expected a signature of 32 hexadecimal digits, not {signature!r}")
    first, second, third = signature[:2], signature[2:4], signature[4:6]
    return f"{host}/400x/{first}/{second}/{third}/{signature}.jpg"


def read(path: Path, host: str = HOST) -> PairSet:
    """The pairs of `fashion.json`. Raises DataError where it cannot be read.

    `host` is for a mirror of one's own.
    """
    notes = Notes()
    names = _categories(path.with_name(f"{path.stem}-cat.json"), notes)
    pairs = []
    for number, row in rows(path):
        pair = _pair(row, names, host)
        if pair is None:
            text = "lines are not a product, a scene and a bbox of four numbers"
            notes.add("malformed", "error", text, f"{path.name}:{number}")
        else:
            pairs.append(pair)
    return PairSet(path, "pinterest", tuple(pairs), notes.findings())


def _pair(row: Mapping[str, Any], names: Mapping[str, str], host: str) -> Pair | None:
    product, box = str(row.get("product")), four(row.get("bbox"))
    if box is None:
        return None
    try:
        scene, shop = address_of(str(row.get("scene")), host), address_of(product, host)
    except DataError:
        return None
    name = names.get(product, "")
    # The path of a category ends in what it is: "Apparel & Accessories|Shoes".
    return Pair(
        PairPicture(scene, box, shares=True), PairPicture(shop), product, category_of(name), name
    )


def _categories(path: Path, notes: Notes) -> dict[str, str]:
    if not path.is_file():
        notes.add("no_categories", "warning", "files of categories are missing", path.name)
        return {}
    found: dict[str, str] = {}
    for row in _objects(path):
        if {"product", "category"} <= row.keys():
            found[str(row["product"])] = str(row["category"])
        else:
            found |= {str(key): str(value) for key, value in row.items()}
    return found


def _objects(path: Path) -> list[dict[str, Any]]:
    """One object over all lines, or one a line."""
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return [row for _, row in rows(path)]
    return [whole] if isinstance(whole, dict) else [row for _, row in rows(path)]
