"""Trunks with the usual names, so that the usual files load; weights here are made, not trained."""

from __future__ import annotations

import pytest
import torch

from thatlook.core.errors import ModelError
from thatlook.training.backbones import BACKBONES, backbone, empty, trunk_of
from thatlook.training.nets import EmbeddingNet

# Known counts of the published networks without classifiers (and without MobileNetV2's last layer).
COUNTS = {"resnet50": 25_557_032 - 2_049_000, "mobilenet_v2": 2_223_872 - 320 * 1280 - 2 * 1280}


@pytest.mark.parametrize("name", BACKBONES)
def test_maps_at_four_strides(name):
    trunk = empty(name).eval()
    with torch.no_grad():
        maps = trunk(torch.rand(1, 3, 64, 96))
    shapes = [tuple(m.shape[1:]) for m in maps]
    assert shapes == [
        (c, 64 // s, 96 // s) for c, s in zip(trunk.channels, (4, 8, 16, 32), strict=True)
    ]


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_as_many_weights_as_published(name):
    assert sum(p.numel() for p in empty(name).parameters()) == COUNTS[name]


def test_the_usual_names():
    assert {"conv1.weight", "layer1.0.downsample.1.running_mean", "layer4.2.bn3.bias"} <= set(
        empty("resnet50").state_dict()
    )
    assert {"features.0.0.weight", "features.1.conv.0.0.weight", "features.17.conv.3.bias"} <= set(
        empty("mobilenet_v2").state_dict()
    )


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_weights_come_from_a_file_and_the_classifier_stays_behind(name, tmp_path):
    source = empty(name)
    last = {"resnet50": "fc.weight", "mobilenet_v2": "classifier.1.weight"}[name]
    path = tmp_path / "w.pth"
    torch.save(source.state_dict() | {last: torch.zeros(2, 2)}, path)
    trunk = backbone(name, path, steady=True)
    for key, value in source.state_dict().items():
        assert torch.equal(trunk.state_dict()[key], value)
    frozen = [p for p in trunk.parameters() if not p.requires_grad]
    assert 0 < len(frozen) < len(list(trunk.parameters()))
    net = EmbeddingNet((3,), 8, trunk).train()
    before = trunk.state_dict()
    before = {k: v.clone() for k, v in before.items() if "running" in k}
    vector, _ = net(torch.rand(2, 3, 64, 64))
    assert vector.shape == (2, 8)
    assert all(torch.equal(trunk.state_dict()[k], v) for k, v in before.items())
    assert trunk_of(net.state_dict()) == name


def test_input_is_normalised_as_the_weights_expect():
    trunk = empty("resnet50")
    # Black, grey and white in the recipe's input.
    x = ((torch.tensor([0.0, 0.5, 1.0]) - 0.498) / 0.502).expand(1, 3, 1, 3)
    want = (torch.tensor([0.0, 0.5, 1.0]) - 0.456) / 0.224
    torch.testing.assert_close(trunk.normalised(x)[0, 1, 0], want, atol=1e-5, rtol=0)


def test_what_cannot_be_loaded_is_told(tmp_path):
    with pytest.raises(ModelError, match="--backbone-weights"):
        backbone("resnet50", None)
    with pytest.raises(ModelError, match="no such file"):
        backbone("resnet50", tmp_path / "none.pth")
    torch.save(empty("mobilenet_v2").state_dict(), tmp_path / "m.pth")
    with pytest.raises(ModelError, match="weights of a resnet50"):
        backbone("resnet50", tmp_path / "m.pth")
