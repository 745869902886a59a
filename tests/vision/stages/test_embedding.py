"""The embedding stage: batches, fitting, unit vectors, labels."""

from __future__ import annotations

import numpy as np
import pytest

from thatlook.core.errors import ModelError
from thatlook.core.records import Box
from thatlook.vision.models.inputs import DEFAULT_BATCH
from thatlook.vision.stages.embedding import Embedded, EmbeddingStage, guess, unit

ENTRY = {"width": 8, "height": 8, "expand": 1.0, "fit": "letterbox"}


def session_of(fake_session, fit="letterbox"):
    def answer(inputs):
        crops = inputs["crop"]
        count = len(crops)
        means = crops.mean(axis=(2, 3)) * 0.5 + 0.5
        vectors = np.concatenate([means, np.ones((count, 1))], axis=1).astype(np.float32)
        kinds = np.tile(np.array([[0.2, 0.8]], np.float32), (count, 1))
        return {"embedding": vectors * 3, "type": kinds}

    return fake_session(
        answer,
        task="embedding",
        input={**ENTRY, "fit": fit},
        outputs={"embedding": {"dim": 4}, "type": {}},
        labels={"type": ["shirt", "dress"], "season": ["never given"]},
    )


def test_vectors_are_unit_and_labels_named(fake_session):
    stage = EmbeddingStage(session_of(fake_session))
    image = np.full((10, 10, 3), 255, np.uint8)
    (found,) = stage.run(image, [Box(0, 0, 10, 10)])
    np.testing.assert_allclose(found.vector, [0.5] * 4, atol=1e-6)
    assert found.vector.dtype == np.float32
    assert found.probabilities == {"type": pytest.approx({"shirt": 0.2, "dress": 0.8})}
    assert stage.dim == 4
    assert stage.key == "fake-1:" + "0" * 64


def parts_session(fake_session, **about):
    """A vector of one number of look, then guesses of two types and three colors."""
    types, colors = np.array([0.2, 0.8]), np.array([0.1, 0.6, 0.3])

    def answer(inputs):
        guesses = [guess(np.log(types), 0.5), guess(np.log(colors), 0.25)]
        vector = np.concatenate([[0.6], 0.64 * guesses[0], 0.48 * guesses[1]])
        return {"embedding": vector[None], "type": types[None], "color": colors[None]}

    return fake_session(
        answer,
        task="embedding",
        input=ENTRY,
        outputs={
            "embedding": {"dim": 6, "parts": {"look": 1, "type": 2, "color": 3}, **about},
            "type": {},
            "color": {},
        },
        labels={"type": ["tshirts", "tops"], "color": ["red", "navy blue", "silver"]},
    )


WEIGHTS = {"type": 0.5, "color": 0.25}


def test_a_guess_worked_by_hand():
    # Roots of a half each, and no direction at all; then roots .6, .8 beside (-1, 1) / sqrt 2.
    np.testing.assert_allclose(guess(np.log([0.5, 0.5]), 2.0), [0.5**0.5] * 2, atol=1e-6)
    mixed = np.array([0.6 - 0.5**0.5, 0.8 + 0.5**0.5])
    found = guess(np.log([0.36, 0.64]), 1.0)
    np.testing.assert_allclose(found, mixed / np.linalg.norm(mixed), atol=1e-6)


@pytest.mark.parametrize(
    ("words", "types", "colors"),
    [
        ({"type": "Women > T-Shirts"}, [0.3 * 0.2 + 0.7, 0.3 * 0.8], [0.1, 0.6, 0.3]),
        ({"color": "Navy"}, [0.2, 0.8], [0.03, 0.88, 0.09]),  # a synonym
        ({"type": "top", "color": "RED"}, [0.06, 0.94], [0.73, 0.18, 0.09]),
        ({"type": "skirts", "color": "", "pattern": "solid"}, [0.2, 0.8], [0.1, 0.6, 0.3]),
    ],
)
def test_a_shops_words_move_the_parts_they_speak_of(fake_session, words, types, colors):
    stage = EmbeddingStage(parts_session(fake_session, logit_weights=WEIGHTS))
    (read,) = stage.run(np.zeros((9, 9, 3), np.uint8), [Box(0, 0, 9, 9)])
    guesses = [0.64 * guess(np.log(types), 0.5), 0.48 * guess(np.log(colors), 0.25)]
    expected = unit(np.concatenate([[0.6], *guesses])[None])[0]
    np.testing.assert_allclose(stage.told(read, words), expected, atol=1e-6)


def test_a_network_that_says_nothing_of_its_parts_is_told_nothing(fake_session):
    stage = EmbeddingStage(parts_session(fake_session))
    (read,) = stage.run(np.zeros((9, 9, 3), np.uint8), [Box(0, 0, 9, 9)])
    np.testing.assert_allclose(stage.told(read, {"type": "tops"}), read.vector, atol=1e-7)
    np.testing.assert_allclose(stage.worn(read.vector), read.vector, atol=1e-7)


def test_a_crop_read_as_another_color_has_it_in_its_vector(fake_session):
    stage = EmbeddingStage(parts_session(fake_session, logit_weights=WEIGHTS))
    (read,) = stage.run(np.zeros((9, 9, 3), np.uint8), [Box(0, 0, 9, 9)])
    colors = {"red": 0.7, "navy blue": 0.2, "silver": 0.1}
    found = stage.read_as(read, "color", colors)
    assert found.probabilities == {**read.probabilities, "color": colors}
    guesses = [0.64 * guess(np.log([0.2, 0.8]), 0.5), 0.48 * guess(np.log([0.7, 0.2, 0.1]), 0.25)]
    expected = unit(np.concatenate([[0.6], *guesses])[None])[0]
    np.testing.assert_allclose(found.vector, expected, atol=1e-6)
    assert found.vector.dtype == np.float32
    silent = EmbeddingStage(parts_session(fake_session))
    np.testing.assert_array_equal(silent.read_as(read, "color", colors).vector, read.vector)


def test_worn_articles_are_searched_by_other_weights(fake_session):
    about = {"worn_weights": {"look": 0.5, "color": 2.0}}
    stage = EmbeddingStage(parts_session(fake_session, **about))
    vector = unit(np.arange(1.0, 7.0)[None])[0]
    expected = unit(np.array([[0.5, 2, 3, 8, 10, 12]]))[0]
    np.testing.assert_allclose(stage.worn(vector), expected, atol=1e-6)


def test_a_type_is_one_of_the_articles_category():
    probabilities = {
        "type": {"heels": 0.7, "handbags": 0.2, "clutches": 0.1},
        "color": {"red": 0.6, "blue": 0.4},
        "category": {"bag": 1.0},
    }
    found = Embedded(np.ones(4, np.float32), probabilities)
    assert found.attributes("bag") == {"type": ("handbags", 0.2), "color": ("red", 0.6)}
    assert found.attributes("footwear")["type"] == ("heels", 0.7)
    assert found.attributes("eyewear")["type"] == ("heels", 0.7)  # it knows no glasses
    assert found.category == "bag"
    assert Embedded(np.ones(4, np.float32), {}).category == ""
    unsure = {"category": {"bag": 0.5, "topwear": 0.3, "dress": 0.2}}
    assert Embedded(np.ones(4, np.float32), unsure).category == "other"


def test_letterbox_keeps_the_aspect_and_stretch_does_not(fake_session):
    image = np.zeros((40, 10, 3), np.uint8)
    for fit, grey_columns in (("letterbox", 6), ("stretch", 0)):
        session = session_of(fake_session, fit)
        EmbeddingStage(session).run(image, [Box(0, 0, 10, 40)])
        row = session.asked[0]["crop"][0, 0, 4]
        assert (np.abs(row) < 0.01).sum() == grey_columns


def test_many_crops_go_in_batches_and_come_in_order(fake_session):
    session = session_of(fake_session)
    images = [np.full((8, 8, 3), value * 7, np.uint8) for value in range(DEFAULT_BATCH + 3)]
    found = EmbeddingStage(session).run_many([(image, Box(0, 0, 8, 8)) for image in images])
    assert [len(asked["crop"]) for asked in session.asked] == [DEFAULT_BATCH, 3]
    ratios = [entry.vector[0] / entry.vector[3] for entry in found]
    np.testing.assert_allclose(ratios, np.arange(DEFAULT_BATCH + 3) * 7 / 255, atol=1e-3)


def test_nothing_in_nothing_out(fake_session):
    assert EmbeddingStage(session_of(fake_session)).run_many([]) == []


@pytest.mark.parametrize("row", [[0.0, 0.0], [float("nan"), 1.0]])
def test_vectors_without_direction_are_refused(row):
    with pytest.raises(ModelError, match="without a direction"):
        unit(np.array([[1.0, 0.0], row]))
