"""A folder of images as a feed: the file's name is the id, its folders tell what it is."""

from __future__ import annotations

import os
from pathlib import Path

from thatlook.core.image import SUFFIXES
from thatlook.store.feed.rows import RawRow, RawRows


def read_folder(path: Path) -> RawRows:
    """The images below `path`, in the order of their paths, numbered from 1.

    "women/dresses/12.jpg" is the product "12" with the product type "women > dresses".
    """
    number = 0
    for folder, subfolders, names in os.walk(path):
        subfolders.sort()
        for name in sorted(names):
            if not name.lower().endswith(SUFFIXES) or name.startswith("."):
                continue
            number += 1
            place = Path(folder, name).relative_to(path)
            values = {"id": (place.stem,), "image_link": (place.as_posix(),)}
            if len(place.parts) > 1:
                values["product_type"] = (" > ".join(place.parts[:-1]),)
            yield RawRow(number, values)
