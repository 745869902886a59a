"""Pictures that are the same, to the byte or to the eye."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from thatlook.core.near_duplicates import close_hashes
from thatlook.quality.facts import SIGNATURE_PX, PictureFacts, signature_of

BITS_APART = 3
"""Difference hashes that differ in more bits are of different pictures."""

LEVELS_APART = 6.0
"""Mean difference of the 16 x 16 signatures, of 255 levels, up to which pictures are the same.

The hash alone knows no colors. Only places that are not the background in both count, so
that a tie on white is not like every other tie on white.
"""

FROM_BACKGROUND = 20
"""Places that differ by no more levels from the color of the picture's edge show its background."""


def same_files(facts: Mapping[str, PictureFacts]) -> list[list[str]]:
    """Groups of two products or more whose picture files are equal to the byte."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, found in facts.items():
        if found.sha256:
            groups[found.sha256].append(name)
    return [names for names in groups.values() if len(names) > 1]


def near_twins(facts: Mapping[str, PictureFacts]) -> list[list[str]]:
    """Groups of products whose pictures look like the first one's and are different files.

    Of products with equal files only the first stands in a group. Groups and their members
    are in the order of `facts`.
    """
    first: dict[str, str] = {}
    for name, found in facts.items():
        if found.sha256:
            first.setdefault(found.sha256, name)
    names = list(first.values())
    pairs = [pair for pair in _candidates(names, facts) if _alike(facts[pair[0]], facts[pair[1]])]
    return _around(names, pairs)


def _candidates(
    names: Sequence[str], facts: Mapping[str, PictureFacts]
) -> Iterator[tuple[str, str]]:
    """Pairs with hashes near each other, each once."""
    hashes = np.array([facts[name].dhash for name in names], ">u8")
    bits = np.unpackbits(hashes.view(np.uint8).reshape(-1, 8), axis=1).astype(bool)
    for one, other in close_hashes(bits, BITS_APART):
        yield names[one], names[other]


def _alike(one: PictureFacts, other: PictureFacts) -> bool:
    first, second = _levels(one), _levels(other)
    shown = _foreground(first) | _foreground(second)
    if not shown.any():
        shown[:] = True
    return float(np.abs(first - second)[shown].mean()) <= LEVELS_APART


def _levels(facts: PictureFacts) -> NDArray[np.int16]:
    return signature_of(facts).reshape(SIGNATURE_PX, SIGNATURE_PX, 3)


def _foreground(levels: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Where a picture (h, w, 3) shows something else than the most usual color of its edge."""
    edge = np.concatenate([levels[0], levels[-1], levels[1:-1, 0], levels[1:-1, -1]])
    apart = np.abs(levels - np.median(edge, axis=0)).max(axis=2)
    shown: NDArray[np.bool_] = apart > FROM_BACKGROUND
    return shown


def _around(names: Sequence[str], pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Groups of a name and those that pair with it; each name is in one group at most.

    Not chains of pairs: at their ends they would show pictures that have little in common.
    """
    beside: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        beside[one].add(other)
        beside[other].add(one)
    groups: list[list[str]] = []
    taken: set[str] = set()
    for name in names:
        members = beside[name] - taken if name in beside and name not in taken else set()
        if members:
            taken |= members | {name}
            groups.append([name, *(other for other in names if other in members)])
    return groups
