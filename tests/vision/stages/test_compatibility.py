"""The rows that the compatibility network reads, and what its answers mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.search.completing.conftest import EMBEDDING, LABELS, Alike, spec_of, vector
from thatlook.core.errors import ModelError
from thatlook.core.taxonomy import CATEGORIES
from thatlook.vision.models.registry import resolve, shipped
from thatlook.vision.models.session import Session
from thatlook.vision.stages.compatibility import CompatibilityStage, Layout, Piece

LAYOUT = Layout.of(EMBEDDING)


@pytest.fixture
def stage():
    return CompatibilityStage(Alike(), EMBEDDING)


def test_rows_are_the_compared_parts_each_of_unit_length():
    assert (LAYOUT.length, LAYOUT.typeless, LAYOUT.width) == (8, 5, 8 + 9 * 5)
    rows = LAYOUT.rows(np.stack([3 * vector("jeans", "white", "striped")]))
    assert rows.tolist() == [[0, 1, 0, 0, 0, 1, 0, 1]]


def test_what_is_given_is_a_sum_by_the_root_of_the_number():
    rows = np.array([[1, 0, 0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 1, 0, 1, 0]], np.float32)
    found = LAYOUT.context(rows, ["bag", "topwear"])
    expected = np.zeros(53)
    expected[:8] = [1, 1, 0, 1, 1, 0, 2, 0]
    bag = 8 + 5 * CATEGORIES.index("bag")
    expected[bag : bag + 5] = [1, 0, 0, 1, 0]
    expected[8:13] = [0, 1, 0, 1, 0]  # topwear is the first category
    assert found == pytest.approx(expected / np.sqrt(2))


def test_answers_are_folded_for_one_category():
    answers = np.arange(53, dtype=np.float32)[None]
    bag = 8 + 5 * CATEGORIES.index("bag")
    expected = [0, 1, 2, *(np.arange(3, 8) + np.arange(bag, bag + 5))]
    assert LAYOUT.folded(answers, "bag").tolist() == [expected]


def test_pieces_speak_each_for_itself_and_add_up(stage):
    pieces = [Piece("topwear", vector("shirts", "red")), Piece("bag", vector("boots", "blue"))]
    found = stage.wanted(pieces, "footwear")
    root = 1 / np.sqrt(2)
    assert found[0] == pytest.approx([0, 0, 0, root, 0, 0, root / 2, 0])
    assert found[1] == pytest.approx([0, 0, 0, 0, root, 0, root / 2, 0])
    context = LAYOUT.context(LAYOUT.rows(np.stack([p.vector for p in pieces])), ["topwear", "bag"])
    at_once = Alike().run({"context": context[None]})["wanted"]
    assert found.sum(axis=0) == pytest.approx(LAYOUT.folded(at_once, "footwear")[0])


def test_the_score_is_a_logistic_curve(stage):
    assert stage.score(0.5) == 0.5
    assert stage.score(1.0) == pytest.approx(1 / (1 + np.exp(-1)))
    assert stage.score(1e9) == 1.0


def test_a_network_that_does_not_fit_is_refused():
    session = Alike()
    session.spec = replace(session.spec, labels=LABELS | {"color": ["red"]})
    with pytest.raises(ModelError, match=r"labels\.color"):
        CompatibilityStage(session, EMBEDDING)
    session.spec = replace(Alike().spec, details={})
    with pytest.raises(ModelError, match=r"calibration\.slope must be a number, it is missing"):
        CompatibilityStage(session, EMBEDDING)
    plain = spec_of("embedding", outputs={"embedding": {"dim": 10}})
    with pytest.raises(ModelError, match="needs the parts type, color, pattern"):
        Layout.of(plain)


def test_the_network_that_ships_fits_the_embedding_that_ships():
    embedding = resolve("embedding")
    stage = CompatibilityStage(Session(shipped("compatibility"), 1), embedding)
    layout = stage.layout
    rng = np.random.default_rng(0)
    pieces = [Piece("topwear", rng.normal(size=160).astype(np.float32))]
    assert stage.wanted(pieces, "footwear").shape == (1, layout.length)
    told = stage.spec.details["together"]
    assert told["looks"] > 1000
    assert told["type"]["jeans|shirts"] > 20
