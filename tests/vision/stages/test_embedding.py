"""The embedding stage: batches, fitting, unit vectors, labels."""

from __future__ import annotations

import numpy as np
import pytest

from thatlook.core.errors import ModelError
from thatlook.core.records import Box
from thatlook.vision.models.inputs import DEFAULT_BATCH
from thatlook.vision.stages.embedding import Embedded, EmbeddingStage, unit

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
