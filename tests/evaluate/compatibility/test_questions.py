"""Questions about outfits, who answers them, and the figures: worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.search.completing.conftest import EMBEDDING, Alike, vector
from thatlook.data.outfits import Outfit, Piece
from thatlook.evaluate.compatibility.questions import area, blanks, mixed, right
from thatlook.evaluate.compatibility.raters import ColorRule, Likeness, Network, Popularity
from thatlook.evaluate.compatibility.run import _within, value_of
from thatlook.evaluate.compatibility.wardrobe import by_words, joined, wardrobe
from thatlook.vision.stages.compatibility import Layout

LAYOUT = Layout.of(EMBEDDING)


def outfit(name, color, split="val", gender="female"):
    shirt = Piece(f"{name}#0", "topwear", ("shirts", color, "solid"))
    boots = Piece(f"{name}#1", "footwear", ("boots", color, "solid"))
    return Outfit(name, (shirt, boots), gender, split)


def made(*outfits):
    pieces = [piece for one in outfits for piece in one.pieces]
    vectors = np.stack([vector(p.words[0], p.words[1], look=i % 2) for i, p in enumerate(pieces)])
    return wardrobe(outfits, vectors, LAYOUT)


@pytest.fixture
def found():
    colors = ("red", "red", "blue", "white", "blue")
    val = [outfit(str(number), color) for number, color in enumerate(colors)]
    return made(*val, outfit("his", "red", gender="male"), outfit("train", "red", "train"))


def test_each_piece_is_asked_for_beside_three_others_of_its_kind(found):
    asked = blanks(found, "val", rounds=2)
    assert len(asked) == 2 * 10  # his shirt has no three others
    for question in asked:
        own = question.choices[0]
        assert question.given.tolist() == [own ^ 1]
        others = question.choices[1:]
        assert len(set(others.tolist())) == 3
        assert {found.categories[row] for row in others} == {found.categories[own]}
        assert {found.genders[row] for row in others} == {"female"}
        assert found.outfit[own] not in found.outfit[others]
        assert max(others) < 10  # of the same side


def test_an_outfit_that_nobody_wore_has_pieces_of_others(found):
    pairs = mixed(found, "val")
    assert len(pairs) == 5
    for real, fake in pairs:
        assert [found.categories[r] for r in fake] == [found.categories[r] for r in real]
        assert not set(real.tolist()) & set(fake.tolist())


def test_figures_by_hand():
    assert area([3, 1], [2, 1]) == (1 + 1 + 0 + 0.5) / 4
    assert right(np.array([2.0, 1, 0, 0])) == 1
    assert right(np.array([2.0, 2, 2, 0])) == pytest.approx(1 / 3)
    assert right(np.array([1.0, 2, 0, 0])) == 0
    assert _within(np.array([5.0, *[6.0] * 9, 1.0])) == 1
    assert _within(np.array([5.0, *[6.0] * 10, 1.0])) == 0
    assert _within(np.array([5.0, *[6.0] * 8, 5.0, 5.0, 5.0])) == 0.5  # ranks 9 to 12


def test_who_answers(found):
    given, choices = np.array([0]), np.array([1, 5, 7])  # red; red, blue and white boots
    network = Network(found, Alike(), LAYOUT)
    # Of red boots the color and half the pattern is wanted, of others half the pattern alone.
    assert network.rate(given, choices).tolist() == [1.5, 0.5, 0.5]
    assert Popularity(found).rate(given, choices).tolist() == [1, 0, 0]  # in the train side
    assert ColorRule(found).rate(given, choices) == pytest.approx([1.0, 0.0, 0.7])
    likeness = Likeness(found.rows).rate(given, choices)
    assert likeness.tolist() == [2.0, 1.0, 1.0]
    assert value_of(network, np.array([0, 1])) == pytest.approx((1.0 + 1.5) / 2)


def test_vectors_of_words_are_averages_of_the_train_side():
    found = made(outfit("a", "red", "train"), outfit("b", "red", "train"), outfit("c", "red"))
    rows = found.rows.copy()
    rows[0, 3:6], rows[2, 3:6], rows[4, 3:6] = (1, 0, 0), (0, 1, 0), (0, 0, 1)
    made_rows = by_words(
        type(found)(found.outfits, found.pieces, found.outfit, rows, found.looks), LAYOUT
    )
    # Red of four train pieces: the shirts above, and twice (1, 0, 0) of the boots.
    expected = np.array([3, 1, 0]) / np.sqrt(10)
    assert made_rows[4, 3:6] == pytest.approx(expected)
    assert made_rows[4, :3] == pytest.approx([1, 0, 0])


def test_a_second_color_counts_by_half():
    found = made(outfit("a", "red", "train"), outfit("b", "blue", "train"), outfit("c", "red"))
    pieces = list(found.pieces)
    pieces[4] = replace(pieces[4], second="blue")
    pieces[5] = replace(pieces[5], second="lilac")  # that nobody wore: the average of all
    found = replace(found, pieces=tuple(pieces))
    rows = by_words(found, LAYOUT)[:, 3:6]
    assert rows[4] == pytest.approx(np.array([1, 0.5, 0]) / np.sqrt(1.25))
    everything = np.array([4, 2, 0]) / np.sqrt(20)
    expected = np.array([1, 0, 0]) + 0.5 * everything
    assert rows[5] == pytest.approx(expected / np.linalg.norm(expected))
    # The wheel takes the better of the two: blue of the shirt with blue boots, red with none.
    asked = np.array([4]), np.array([3])
    assert ColorRule(found).rate(*asked).tolist() == [1.0]


def test_wardrobes_are_joined_outfit_by_outfit():
    whole = joined([made(outfit("a", "red")), made(outfit("b", "blue"), outfit("c", "white"))])
    assert whole.outfit.tolist() == [0, 0, 1, 1, 2, 2]
    assert [whole.outfits[int(i)].id for i in whole.outfit[::2]] == ["a", "b", "c"]
    assert len(whole.rows) == len(whole.pieces) == 6
