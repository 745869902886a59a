"""A folder as the examples of the help and of the documents have it."""

from __future__ import annotations

import shutil
from pathlib import Path

EVERY = 5
"""Of the sample's products one in so many: of each kind some."""

IDS = {"SP0001": "15970", "SP0002": "21379"}
"""The sample's products by the ids that examples name."""


def make_shop(folder: Path, sample: Path) -> Path:
    """A feed of some of the sample's products, all pictures, a photo, two in a folder, a crop; no
    catalog yet.
    """
    feed = (sample / "products.csv").read_text(encoding="utf-8").replace("images/products/", "")
    for known, asked in IDS.items():
        feed = feed.replace(f"\n{known},", f"\n{asked},")
    rows = feed.splitlines(keepends=True)
    chosen = [*rows[: 1 + len(IDS)], *rows[1 + len(IDS) :: EVERY]]
    (folder / "feed.csv").write_text("".join(chosen), encoding="utf-8")
    shutil.copytree(sample / "images" / "products", folder / "images")
    shutil.copy(sample / "images" / "looks" / "look_001.jpg", folder / "photo.jpg")
    (folder / "street").mkdir()
    for name in ("look_001.jpg", "look_002.jpg"):
        shutil.copy(sample / "images" / "looks" / name, folder / "street")
    shutil.copy(sample / "images" / "products" / "SP0002.jpg", folder / "crop.jpg")
    return folder
