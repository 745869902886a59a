"""A shipped network as torch, to be trained on."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from thatlook.core.errors import ModelError
from thatlook.core.settings import Settings
from thatlook.training.recipes.article import TorchSession
from thatlook.training.restore import measure_norms, restored_article
from thatlook.vision.models.registry import shipped
from thatlook.vision.models.session import Session
from thatlook.vision.stages.article import ArticleStage


@pytest.fixture(scope="module")
def model():
    return restored_article(shipped("article"))


def test_the_restored_network_computes_what_the_file_does(model):
    image = np.random.default_rng(0).random((1, 3, 128, 96), np.float32) * 2 - 1
    ours = Session(shipped("article"), 1).run({"image": image})
    torchs = TorchSession(model).run({"image": image})
    for name, value in ours.items():
        np.testing.assert_allclose(torchs[name], value, atol=2e-3 if name == "boxes" else 1e-4)


def test_the_torch_network_is_a_stage_as_the_file_is(model):
    image = np.random.default_rng(2).integers(0, 255, (160, 120, 3), np.uint8)
    ours = ArticleStage.of(Session(shipped("article"), 1), Settings()).detect(image, 0.01)
    torchs = ArticleStage.of(TorchSession(model), Settings()).detect(image, 0.01)
    assert len(ours.labels)
    np.testing.assert_array_equal(torchs.labels, ours.labels)
    np.testing.assert_allclose(torchs.boxes, ours.boxes, atol=0.05)


def test_another_network_is_refused():
    with pytest.raises(ModelError, match="not a network of this recipe"):
        restored_article(replace(shipped("embedding"), task="article"))


def test_measured_norms_keep_what_is_computed(model):
    changed = copy.deepcopy(model)
    rng = np.random.default_rng(1)
    images = [torch.from_numpy(rng.random((1, 3, 96, 64), np.float32) * 2 - 1) for _ in range(3)]
    read = []
    norm = changed.neck.out[0][1] if hasattr(changed.neck, "out") else changed.trunk.stem[1]
    hook = norm.register_forward_pre_hook(lambda _, x: read.append(x[0]))
    measure_norms(changed, images)
    hook.remove()
    seen = torch.cat([x.transpose(0, 1).flatten(1) for x in read], 1)
    np.testing.assert_allclose(norm.running_mean, seen.mean(1), atol=1e-4)
    np.testing.assert_allclose(norm.running_var, seen.var(1, correction=0), rtol=1e-3, atol=1e-5)
    image = torch.from_numpy(rng.random((1, 3, 128, 96), np.float32) * 2 - 1)
    with torch.no_grad():
        for one, other in zip(model(image), changed(image), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)
