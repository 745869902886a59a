"""Who answers the questions: the network and what it is compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from thatlook.core.harmony import WORTH, relation
from thatlook.evaluate.compatibility.wardrobe import Floats, Ints, Wardrobe
from thatlook.vision.models.session import Runs
from thatlook.vision.stages.compatibility import Layout


class Rater(Protocol):
    """Anything that says how well pieces go with others."""

    def rate(self, given: Ints, choices: Ints) -> Floats:
        """For each of the choices (k,), all of one category, how well it goes with the given."""
        ...


@dataclass(frozen=True, eq=False)
class Network:
    """The compatibility network."""

    wardrobe: Wardrobe
    session: Runs
    layout: Layout

    def rate(self, given: Ints, choices: Ints) -> Floats:
        """See Rater."""
        found, layout = self.wardrobe, self.layout
        categories = [found.categories[row] for row in given]
        asked = layout.context(found.rows[given], categories)
        answers = self.session.run({"context": asked[None]})["wanted"]
        wanted = layout.folded(answers, found.categories[int(choices[0])])[0]
        return np.asarray(found.rows[choices] @ wanted, np.float32)


class Popularity:
    """How often pieces of the same words are worn on the train side."""

    def __init__(self, wardrobe: Wardrobe) -> None:
        self._told = [(p.category, *p.words) for p in wardrobe.pieces]
        sides = [wardrobe.outfits[int(outfit)].split for outfit in wardrobe.outfit]
        self._count = Counter(
            told for told, side in zip(self._told, sides, strict=True) if side == "train"
        )

    def rate(self, given: Ints, choices: Ints) -> Floats:  # noqa: ARG002 - as all raters
        """See Rater."""
        return np.array([self._count[self._told[row]] for row in choices], np.float32)


@dataclass(frozen=True, eq=False)
class ColorRule:
    """The color wheel (`core.harmony`), where colors are known in words; of two colors of a piece
    the one that goes better counts.
    """

    wardrobe: Wardrobe

    def rate(self, given: Ints, choices: Ints) -> Floats:
        """See Rater."""
        worn = [self._colors(row) for row in given]
        return np.array([self._one(worn, self._colors(row)) for row in choices], np.float32)

    def _colors(self, row: int) -> tuple[str, ...]:
        piece = self.wardrobe.pieces[row]
        return (piece.words[1], piece.second) if piece.second else (piece.words[1],)

    @staticmethod
    def _one(worn: list[tuple[str, ...]], own: tuple[str, ...]) -> float:
        pairs = [[WORTH[relation(a, b)] for a in own for b in colors] for colors in worn]
        return float(np.mean([max(worths) for worths in pairs]))


@dataclass(frozen=True, eq=False)
class Likeness:
    """The mean cosine of rows (n, d) of unit length."""

    rows: Floats

    def rate(self, given: Ints, choices: Ints) -> Floats:
        """See Rater."""
        return np.asarray((self.rows[choices] @ self.rows[given].T).mean(axis=1), np.float32)


def baselines(wardrobe: Wardrobe) -> Mapping[str, Rater]:
    """What the network is compared with, by name, beside chance."""
    rows = wardrobe.rows
    return {
        "popularity": Popularity(wardrobe),
        "color_rule": ColorRule(wardrobe),
        "likeness": Likeness(rows / np.linalg.norm(rows, axis=1, keepdims=True)),
    }
