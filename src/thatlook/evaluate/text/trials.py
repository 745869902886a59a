"""The questions of `evaluate text`: texts with the products that answer them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from thatlook.core.records import Vector
from thatlook.core.taxonomy import type_leaf
from thatlook.core.tokens import tokens
from thatlook.search.index.words import color_matches
from thatlook.search.stored import Stored
from thatlook.search.words.spelling import slipped

ENOUGH: Final = 10
"""A text of attributes is asked where so many products answer it."""

GENDERS: Final = {"female": "women", "male": "men"}
MOST_TITLES: Final = 500
MOST_COMPOSED: Final = 100


@dataclass(frozen=True, slots=True)
class Labels:
    """What a shop says of a product, in small letters: what answers are judged by."""

    type: str
    color: str
    gender: str

    @classmethod
    def of(cls, stored: Stored) -> Labels:
        """The labels of a product."""
        product = stored.product
        return cls(type_leaf(product.product_type), product.color.lower(), product.gender)

    def answers(self, other: Labels) -> bool:
        """Whether a product of these labels is right where another's were asked for: of its type,
        its color ("navy blue" is "blue", as in filters), and for its gender or everybody.
        """
        return (
            self.type == other.type
            and color_matches(self.color, other.color)
            and self.gender in (other.gender, "unisex")
        )


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A text, beside the photo of a product where `photo` is its id; `wanted` are the labels of an
    answer, `answers` its ids where those are known, `group` what questions are resampled by.
    """

    text: str
    wanted: Labels | None = None
    answers: frozenset[str] = frozenset()
    group: str = ""
    photo: str = ""
    vector: Vector | None = None
    category: str = ""
    photo_type: str = ""


def by_attributes(products: Sequence[Stored], rng: np.random.Generator) -> list[Question]:
    """ "women red heels" for every gender, color and type that ENOUGH products have; the words in
    any order.
    """
    labels = [Labels.of(one) for one in products]
    found = []
    for asked in sorted(set(labels), key=str):
        if asked.gender not in GENDERS or not asked.color or not asked.type:
            continue
        if sum(one.answers(asked) for one in labels) >= ENOUGH:
            words = [GENDERS[asked.gender], asked.color, asked.type]
            rng.shuffle(words)
            found.append(Question(" ".join(words), asked, group=asked.type))
    return found


def with_slips(questions: Sequence[Question], rng: np.random.Generator) -> list[Question]:
    """The same questions with one edit in one of their words, drawn from those of three letters
    and more.
    """
    found = []
    for one in questions:
        words = one.text.split()
        places = [i for i, word in enumerate(words) if len(word) > 2 and word.isascii()]
        place = int(rng.choice(places))
        words[place] = slipped(words[place].lower(), rng)
        found.append(Question(" ".join(words), one.wanted, one.answers, one.group))
    return found


def by_title(products: Sequence[Stored], rng: np.random.Generator) -> list[Question]:
    """Titles, which should find their own product or one of the very same title."""
    same: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in products:
        same[tokens(one.product.title)].add(one.product.id)
    drawn = rng.permutation(len(products))[:MOST_TITLES]
    titles = [products[int(i)].product.title for i in sorted(drawn)]
    return [Question(t, None, frozenset(same[tokens(t)]), group=t) for t in titles if tokens(t)]


def composed(products: Sequence[Stored], rng: np.random.Generator) -> list[Question]:
    """Photos of a product with the color of another of its type: "in red".

    Drawn are products and colors that three other products of the type and gender have at least.
    """
    labels = {one.product.id: Labels.of(one) for one in products}
    colors: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for told in labels.values():
        colors[told.type, told.gender][told.color] += 1
    found: list[Question] = []
    for i in rng.permutation(len(products)):
        one = products[int(i)]
        own = labels[one.product.id]
        others = [
            color
            for color, count in sorted(colors[own.type, own.gender].items())
            if count > 2 and color and not color_matches(color, own.color) and color != "multi"
        ]
        if others and one.vector is not None and own.gender in GENDERS:
            color = str(rng.choice(others))
            wanted = Labels(own.type, color, own.gender)
            found.append(
                Question(
                    f"in {color}",
                    wanted,
                    group=one.product.id,
                    photo=one.product.id,
                    vector=one.vector,
                    category=one.product.category,
                    photo_type=own.type,
                )
            )
        if len(found) == MOST_COMPOSED:
            break
    return found
