"""A shipped network as torch, and the recipe that trains its class heads again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from thatlook.core.errors import ModelError
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.data.scenes import PERSON, Scene
from thatlook.training.nets import decode, points
from thatlook.training.recipes import article_classes
from thatlook.training.recipes.article import TorchSession
from thatlook.training.restore import restored_article
from thatlook.vision.models.inputs import ArticleInput
from thatlook.vision.models.registry import shipped
from thatlook.vision.models.session import Session
from thatlook.vision.stages.article import Detected

BAG, TOPWEAR = CATEGORIES.index("bag"), CATEGORIES.index("topwear")


@pytest.fixture(scope="module")
def model():
    return restored_article(shipped("article"))


def test_the_restored_network_computes_what_the_file_does(model):
    image = np.random.default_rng(0).random((1, 3, 128, 96), np.float32) * 2 - 1
    ours = Session(shipped("article"), 1).run({"image": image})
    torchs = TorchSession(model).run({"image": image})
    for name, value in ours.items():
        np.testing.assert_allclose(torchs[name], value, atol=2e-3 if name == "boxes" else 1e-4)


def test_another_network_is_refused():
    with pytest.raises(ModelError, match="not a network of this recipe"):
        restored_article(replace(shipped("embedding"), task="article"))


def photo_of(tmp_path, kind, boxes, labels, known):
    from PIL import Image

    pixels = np.random.default_rng(3).integers(0, 255, (160, 120, 3), np.uint8)
    path = tmp_path / f"{kind}.png"
    Image.fromarray(pixels).save(path)
    return Scene(path, kind, "train", np.array(boxes, np.float32), np.array(labels), known)


def test_a_photo_read_once_gives_the_scores_of_the_network_mirrored_labels_included(
    model, tmp_path
):
    known = np.ones(len(DETECTOR_CLASSES), bool)
    scene = photo_of(tmp_path, "street", [[10, 20, 60, 100]], [TOPWEAR], known)
    into = ArticleInput.of(shipped("article"))
    body = article_classes.ArticleNetBody(model)
    plain = article_classes.read(body, scene, into, flip=False)
    with torch.no_grad():
        scores = [b(x.float()).flatten(2) for b, x in zip(model.score, plain.maps, strict=True)]
    logits = torch.cat(scores, 2)[0].T
    fitted = article_classes.fit_area(
        article_classes.photo(scene.path), into.area, into.max_side, into.multiple, into.min_area
    )
    raw, wanted, _, _ = model(article_classes.tensor([fitted.canvas]))
    torch.testing.assert_close(logits, wanted[0], atol=0.05, rtol=0)
    boxes = decode(raw, *points(*plain.size))[0]
    torch.testing.assert_close(plain.boxes, boxes, atol=0.05, rtol=0)
    scale = fitted.sx
    assert plain.labels.boxes[0, 0].tolist() == pytest.approx(
        [10 * scale, 20 * fitted.sy, 60 * scale, 100 * fitted.sy], rel=1e-4
    )
    mirrored = article_classes.read(body, scene, into, flip=True)
    assert mirrored.labels.boxes[0, 0].tolist() == pytest.approx(
        [60 * scale, 20 * fitted.sy, 110 * scale, 100 * fitted.sy], rel=1e-4
    )


def test_what_is_known_to_be_absent_costs_and_what_is_not_known_does_not(model, tmp_path):
    into, body = ArticleInput.of(shipped("article")), article_classes.ArticleNetBody(model)

    def loss(known):
        scene = photo_of(tmp_path, "model", np.zeros((0, 4)), np.zeros(0, np.int64), known)
        with torch.no_grad():
            return article_classes.loss_of(
                model, article_classes.read(body, scene, into, flip=False)
            )

    none = np.zeros(len(DETECTOR_CLASSES), bool)
    all_but = ~none
    assert loss(none).item() == 0
    bag = none.copy()
    bag[BAG] = True
    assert 0 < loss(bag).item() < loss(all_but).item()


class Stage:
    """Sees a top and, on the arm, a bag."""

    def detect(self, image, min_score):
        assert min_score == article_classes.PROPOSED
        boxes = np.array([[1, 2, 30, 40], [5, 6, 9, 20]], np.float64)
        return Detected(boxes, np.array([0.9, 0.8]), np.array([TOPWEAR, BAG]), None)


def test_a_models_photo_gets_boxes_of_what_an_eye_saw_alone(tmp_path):
    known = np.zeros(len(DETECTOR_CLASSES), bool)
    scene = photo_of(tmp_path, "model", [[0, 0, 50, 90]], [PERSON], known)
    row = {"person": "full", "seen": "topwear bottomwear", "absent": "bag headwear"}
    found = article_classes._looked_at(scene, row, Stage())
    assert found.labels.tolist() == [PERSON, TOPWEAR]
    assert found.boxes[1].tolist() == [1, 2, 30, 40]
    # Trousers were seen and no box of them is there: whether a box is right is not known.
    sure = [DETECTOR_CLASSES[k] for k in np.flatnonzero(found.known)]
    assert sure == ["topwear", "bag", "headwear", "person"]
    other = article_classes.without_small(scene)
    assert len(other.boxes) == 0
    assert [DETECTOR_CLASSES[k] for k in np.flatnonzero(other.known)] == list(article_classes.NEVER)
