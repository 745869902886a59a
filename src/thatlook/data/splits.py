"""Which photos train and which measure: by name, never at random.

The same rule is used by every recipe and every protocol, so a photo that measured one
network never trained another.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from thatlook.core.near_duplicates import groups

VAL_PERCENT: Final = 15
SALT: Final = "thatlook:"
SIDE_PX: Final = 12
DUPLICATE_RMS: Final = 6.0
"""Root mean square of thumbnail differences (0..255) under which two photos are one."""

_COLORS: Final = frozenset(
    [
        "black",
        "blue",
        "white",
        "grey",
        "gray",
        "brown",
        "red",
        "green",
        "navy",
        "purple",
        "pink",
        "maroon",
        "beige",
        "yellow",
        "olive",
        "silver",
        "steel",
        "orange",
        "cream",
        "gold",
        "tan",
        "multi",
        "charcoal",
        "magenta",
        "khaki",
        "off",
        "copper",
        "lavender",
        "peach",
        "teal",
        "mustard",
        "coffee",
        "rust",
        "melange",
        "burgundy",
        "turquoise",
        "bronze",
        "taupe",
        "metallic",
        "nude",
        "sea",
    ]
)


def split_of(name: str) -> str:
    """The side of a file name, "train" or "val": md5 of the salted name, modulo 100, below 15.

    The salt matters: whoever set a part of the data aside may have used the plain md5, and
    then no name here would fall on the val side.
    """
    digest = hashlib.md5(f"{SALT}{name}".encode(), usedforsecurity=False).hexdigest()
    return "val" if int(digest, 16) % 100 < VAL_PERCENT else "train"


def name_stem(title: str) -> str:
    """A product's name without its color words and digits: variants share it."""
    found = re.findall(r"[a-z]+", title.lower())
    return " ".join(word for word in found if word not in _COLORS)


def thumbnail_vector(path: Path) -> NDArray[np.float32]:
    """The photo as a flat float32 RGB vector of SIDE_PX x SIDE_PX averaged pixels.

    Raises OSError where the file cannot be read.
    """
    with Image.open(path) as image:
        small = image.convert("RGB").resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    return np.asarray(small, np.float32).ravel()


def duplicate_pairs(thumbnails: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of rows that differ by less than DUPLICATE_RMS.

    Compares all rows in blocks: n squared time, 1000 x n memory.
    """
    squares = (thumbnails**2).sum(1)
    limit = DUPLICATE_RMS**2 * thumbnails.shape[1]
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(thumbnails), 1000):
        block = thumbnails[start : start + 1000]
        distance = squares[start : start + 1000, None] + squares - 2 * block @ thumbnails.T
        for i, j in zip(*np.nonzero(distance < limit), strict=True):
            if start + i < j:
                pairs.append((int(start + i), int(j)))
    return pairs


def catalog_groups(titles: Mapping[str, str], images: Path) -> dict[str, str]:
    """Each product id's group: equal name stems and near-equal photos stay together.

    `titles` maps ids to names; photos are `images`/ID.jpg, and a missing one joins nothing.
    """
    keys = sorted(titles)
    vectors = np.zeros((len(keys), SIDE_PX * SIDE_PX * 3), np.float32)
    for row, key in enumerate(keys):
        path = images / f"{key}.jpg"
        # A missing photo gets a vector of its own, far from all others.
        vectors[row] = thumbnail_vector(path) if path.is_file() else -1e4 * (row + 1)
    first: dict[str, int] = {}
    same_name = [
        (first.setdefault(name_stem(titles[key]), row), row) for row, key in enumerate(keys)
    ]
    return groups(keys, [*same_name, *duplicate_pairs(vectors)])


def catalog_split(titles: Mapping[str, str], images: Path) -> dict[str, str]:
    """Each product id's side, "train" or "val"; near-duplicates share one."""
    return {key: split_of(group) for key, group in catalog_groups(titles, images).items()}


SAME_PICTURE: Final = 0.998
"""Products whose unit vectors are more alike than this show one picture."""


def product_sides(
    titles: Mapping[str, str], vectors: Mapping[str, NDArray[np.float32]]
) -> dict[str, str]:
    """Each product id's side, "train" or "val", by the words of its name.

    A product is on the val side where its own name stem is, or that of any product which shares
    its stem or picture (`vectors` are unit, by id; one without joins by name alone): so catalogs
    that are split apart agree. Compares all vectors in blocks: n squared time.
    """
    keys = sorted(titles)
    stems = [name_stem(titles[key]) for key in keys]
    first: dict[str, int] = {}
    same_name = [(first.setdefault(stem, row), row) for row, stem in enumerate(stems)]
    group = groups(keys, [*same_name, *_same_pictures(keys, vectors)])
    apart = {group[key] for key, stem in zip(keys, stems, strict=True) if split_of(stem) == "val"}
    return {key: "val" if group[key] in apart else "train" for key in keys}


def _same_pictures(
    keys: Sequence[str], vectors: Mapping[str, NDArray[np.float32]]
) -> Iterator[tuple[int, int]]:
    rows = [row for row, key in enumerate(keys) if key in vectors]
    if not rows:
        return
    every = np.stack([vectors[keys[row]] for row in rows])
    for start in range(0, len(rows), 1000):
        alike = every[start : start + 1000] @ every.T > SAME_PICTURE
        for i, j in zip(*np.nonzero(alike), strict=True):
            if start + i < j:
                yield rows[start + i], rows[j]
