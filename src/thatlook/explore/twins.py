"""Pictures that are the same, to the byte or to the eye."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from thatlook.explore.facts import PictureFacts, signature_of

BITS_APART = 3
"""Difference hashes that differ in more bits are of different pictures."""

LEVELS_APART = 5.0
"""Mean difference of the 16 x 16 signatures, of 255 levels, up to which pictures are the same.

The hash alone knows no colors, and sees little of a small product on white.
"""

_BANDS = 4
"""64 bits in four parts: two hashes that differ in three bits agree in at least one part."""


def same_files(facts: Mapping[str, PictureFacts]) -> list[list[str]]:
    """Groups of two products or more whose picture files are equal to the byte."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, found in facts.items():
        if found.sha256:
            groups[found.sha256].append(name)
    return [names for names in groups.values() if len(names) > 1]


def near_twins(facts: Mapping[str, PictureFacts]) -> list[list[str]]:
    """Groups of products whose pictures look the same and are different files.

    Of products with equal files only the first stands in a group. Groups and their members
    are in the order of `facts`.
    """
    first: dict[str, str] = {}
    for name, found in facts.items():
        if found.sha256:
            first.setdefault(found.sha256, name)
    names = list(first.values())
    pairs = [pair for pair in _candidates(names, facts) if _alike(facts[pair[0]], facts[pair[1]])]
    return _joined(names, pairs)


def _candidates(
    names: Sequence[str], facts: Mapping[str, PictureFacts]
) -> Iterator[tuple[str, str]]:
    """Pairs with hashes near each other, each once."""
    buckets: dict[tuple[int, int], list[str]] = defaultdict(list)
    for name in names:
        for band in range(_BANDS):
            part = facts[name].dhash >> (16 * band) & 0xFFFF
            buckets[band, part].append(name)
    done: set[tuple[str, str]] = set()
    for members in buckets.values():
        hashes = np.array([facts[name].dhash for name in members], np.uint64)
        for place, name in enumerate(members):
            for other in np.flatnonzero(_bits(hashes[place] ^ hashes[place + 1 :]) <= BITS_APART):
                pair = (name, members[place + 1 + int(other)])
                if pair not in done:
                    done.add(pair)
                    yield pair


def _bits(values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How many bits are set in each number."""
    as_bytes = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), 8)
    counted: NDArray[np.int64] = np.unpackbits(as_bytes, axis=1).sum(axis=1, dtype=np.int64)
    return counted


def _alike(one: PictureFacts, other: PictureFacts) -> bool:
    return float(np.abs(signature_of(one) - signature_of(other)).mean()) <= LEVELS_APART


def _joined(names: Sequence[str], pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The groups that pairs make, by following them from name to name."""
    beside: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        beside[one].add(other)
        beside[other].add(one)
    groups, seen = [], set()
    for name in names:
        if name in seen or name not in beside:
            continue
        found, waiting = {name}, [name]
        while waiting:
            fresh = beside[waiting.pop()] - found
            found |= fresh
            waiting += fresh
        seen |= found
        groups.append([other for other in names if other in found])
    return groups
