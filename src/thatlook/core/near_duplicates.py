"""The same photo twice: exactly, by its bytes, and nearly, by a perceptual hash.

The hash is 64 bits: which of the 8 x 8 lowest frequencies of the grey photo, shrunk to 32 x 32,
lie above their median (Zauner, "Implementation and Benchmarking of Perceptual Image Hash
Functions", 2010). It survives another size, JPEG quality or brightness, but takes simple shapes
on one background for another: two photos count as near only where small color thumbnails agree
as well.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import PhotoError
from thatlook.core.image import Pixels, decode, resized

SIDE_PX: Final = 32
LOW: Final = 8
THUMBNAIL_PX: Final = 8
MAX_BITS: Final = 8
MAX_RMS: Final = 15.0
"""Root mean square difference of two thumbnails (0..255), brightness apart."""
BLOCK: Final = 1024

_PLACES: Final = (np.arange(SIDE_PX) + 0.5) * np.pi / SIDE_PX
_WAVES: Final = np.cos(np.arange(LOW)[:, None] * _PLACES[None])
"""The first LOW rows of the DCT-II, unnormalised."""


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """What tells a photo from others: its bytes' digest, 64 bits, an 8 x 8 color thumbnail."""

    digest: bytes
    bits: NDArray[np.bool_]
    thumbnail: NDArray[np.float32]


def print_of(path: Path) -> Print:
    """The print of a photo. Raises PhotoError where it is damaged."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PhotoError("unreadable", f"cannot be read: {error.strerror}", str(path)) from error
    image = decode(data)
    small = resized(image, (THUMBNAIL_PX, THUMBNAIL_PX)).astype(np.float32)
    return Print(hashlib.sha256(data).digest(), hash_bits(image), small.ravel())


def hash_bits(image: Pixels) -> NDArray[np.bool_]:
    """The 64 bits of an image."""
    grey = resized(image, (SIDE_PX, SIDE_PX)).astype(np.float64).mean(axis=2)
    low = (_WAVES @ grey @ _WAVES.T).ravel()
    found: NDArray[np.bool_] = low > np.median(low[1:])  # without the mean brightness
    return found


def equal_groups(prints: list[Print]) -> list[list[int]]:
    """Places of photos with the same bytes, in order, where there are two or more."""
    groups: dict[bytes, list[int]] = {}
    for index, found in enumerate(prints):
        groups.setdefault(found.digest, []).append(index)
    return [places for places in groups.values() if len(places) > 1]


def near_pairs(prints: list[Print]) -> list[tuple[int, int]]:
    """Indices (i, j), i < j, of photos that are nearly one, those of equal bytes left out."""
    if not prints:
        return []
    pairs = close_hashes(np.array([found.bits for found in prints]), MAX_BITS)
    return [(i, j) for i, j in pairs if _near(prints[i], prints[j])]


def close_hashes(bits: NDArray[np.bool_], max_bits: int) -> list[tuple[int, int]]:
    """Indices (i, j), i < j, of hashes (n, b) that differ in at most `max_bits` bits, in order.

    The product of two hashes written as +1 and -1 is b less twice the bits that differ: all pairs
    are one product of matrices, in blocks (n squared time, BLOCK x n memory).
    """
    signs = np.where(bits, 1, -1).astype(np.float32)
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(signs), BLOCK):
        differing = (signs.shape[1] - signs[start : start + BLOCK] @ signs.T) / 2
        rows, columns = np.nonzero(differing <= max_bits)
        later = rows + start < columns
        pairs += zip((rows[later] + start).tolist(), columns[later].tolist(), strict=True)
    return pairs


def dhash(image: Pixels) -> int:
    """The 64-bit difference hash: is each of 8 x 8 cells darker than its right neighbour?

    It finds another size or JPEG quality of one picture; `hash_bits` also other brightness.
    Source: N. Krawetz, "Kind of Like That" (2013).
    """
    grey = resized(image, (9, 8)).astype(np.int32).sum(axis=2)
    bits = (grey[:, 1:] > grey[:, :-1]).reshape(-1)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _near(one: Print, other: Print) -> bool:
    if one.digest == other.digest:
        return False
    difference = one.thumbnail - other.thumbnail
    difference -= difference.mean()
    return bool(np.sqrt((difference**2).mean()) <= MAX_RMS)


def groups(keys: Sequence[str], pairs: Iterable[tuple[int, int]]) -> dict[str, str]:
    """Each key's group, named by the group's smallest key, when `pairs` of rows are joined."""
    parent = list(range(len(keys)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in pairs:
        parent[root(i)] = root(j)
    members: dict[int, list[str]] = defaultdict(list)
    for i, key in enumerate(keys):
        members[root(i)].append(key)
    return {key: min(found) for found in members.values() for key in found}
