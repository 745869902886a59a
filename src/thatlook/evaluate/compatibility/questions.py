"""Questions about outfits kept apart: which of four was worn, and which outfit is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from thatlook.evaluate.compatibility.wardrobe import Floats, Ints, Wardrobe

CHOICES: Final = 4


@dataclass(frozen=True, eq=False)
class Question:
    """Rows of the pieces that are given, and of the choices, the right one first; the outfit."""

    given: Ints
    choices: Ints
    outfit: int


def blanks(
    wardrobe: Wardrobe, side: str, *, same_type: bool = False, rounds: int = 1, seed: int = 0
) -> list[Question]:
    """Each piece of the side's outfits is asked for `rounds` times.

    The wrong choices are drawn from other outfits of the side, of the piece's category and gender,
    with `same_type` also of its type. Pieces with too few such are not asked for.
    """
    rng = np.random.default_rng(seed)
    pool = Pool(wardrobe, side)
    found = []
    for _ in range(rounds):
        for row, others, outfit in _each(wardrobe, side):
            wrong = pool.like(row, same_type=same_type)
            if len(wrong) >= CHOICES - 1:
                drawn = rng.choice(wrong, CHOICES - 1, replace=False)
                found.append(Question(others, np.concatenate([[row], drawn]), outfit))
    return found


def _each(wardrobe: Wardrobe, side: str) -> Iterator[tuple[int, Ints, int]]:
    """Each piece of the side: its row, the rows of the others of its outfit, the outfit."""
    for outfit, rows in enumerate(wardrobe.members):
        if wardrobe.outfits[outfit].split == side and len(rows) > 1:
            for row in rows:
                yield int(row), rows[rows != row], outfit


class Pool:
    """The pieces of one side that may stand for another of it."""

    def __init__(self, wardrobe: Wardrobe, side: str) -> None:
        self._wardrobe = wardrobe
        split = np.array([outfit.split == side for outfit in wardrobe.outfits])
        self._rows = np.flatnonzero(split[wardrobe.outfit])
        self._kinds = np.array(
            [f"{wardrobe.categories[r]} {wardrobe.genders[r]}" for r in self._rows]
        )
        self._types = np.array([wardrobe.pieces[r].words[0] for r in self._rows])

    def like(self, row: int, *, same_type: bool = False) -> Ints:
        """Rows of other outfits, of the category and gender of a row."""
        kind = f"{self._wardrobe.categories[row]} {self._wardrobe.genders[row]}"
        fits: NDArray[np.bool_] = self._kinds == kind
        if same_type:
            fits = fits & (self._types == self._wardrobe.pieces[row].words[0])
        found: Ints = self._rows[fits]
        others: Ints = found[self._wardrobe.outfit[found] != self._wardrobe.outfit[row]]
        return others


def mixed(wardrobe: Wardrobe, side: str, seed: int = 0) -> list[tuple[Ints, Ints]]:
    """Of each outfit of the side its rows, and those of an outfit that nobody wore: each piece
    replaced by one of its category and gender from another outfit.
    """
    rng = np.random.default_rng(seed)
    pool = Pool(wardrobe, side)
    found = []
    for outfit, rows in enumerate(wardrobe.members):
        if wardrobe.outfits[outfit].split != side or len(rows) < 2:
            continue
        others = [pool.like(int(row)) for row in rows]
        if all(len(one) for one in others):
            found.append((rows, np.array([rng.choice(one) for one in others])))
    return found


def area(real: Sequence[float], made_up: Sequence[float]) -> float:
    """The area under the ROC curve: how often a real outfit scores above a made-up one, ties
    half.
    """
    a, b = np.asarray(real)[:, None], np.asarray(made_up)[None]
    return float((a > b).mean() + 0.5 * (a == b).mean())


def right(values: Floats) -> float:
    """Whether the first value is the highest: 1, 0, or its share where several are highest."""
    best = values >= values.max() - 1e-6
    return float(best[0]) / float(best.sum())
