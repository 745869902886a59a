"""Pairs to train and to measure with: by product, near-duplicates together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from thatlook.core.near_duplicates import groups
from thatlook.data.pairs.records import Pair


def split(
    pairs: Sequence[Pair],
    split_of: Callable[[str], str],
    alike: Iterable[tuple[str, str]] = (),
) -> tuple[Pair, ...]:
    """The pairs; those without a split get the one that `split_of` gives their product's group.

    A group are products that share a picture, or whose pictures are `alike` (pairs of places);
    its name is the smallest id. Scenes are not kept together: most show products of both sides.
    """
    keys = sorted({pair.product_id for pair in pairs})
    row = {key: index for index, key in enumerate(keys)}
    first: dict[str, int] = {}
    joined = [
        (first.setdefault(pair.product.place, row[pair.product_id]), row[pair.product_id])
        for pair in pairs
    ]
    joined += [(first[one], first[other]) for one, other in alike if {one, other} <= first.keys()]
    group = groups(keys, joined)
    return tuple(
        pair if pair.split else replace(pair, split=split_of(group[pair.product_id]))
        for pair in pairs
    )
