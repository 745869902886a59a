from __future__ import annotations

import hashlib
import json

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from thatlook.core.errors import ModelError
from thatlook.training import export, graph
from thatlook.training.nets import (
    ArticleNet,
    EmbeddingNet,
    PersonNet,
    Trunk,
    imagenet_top,
    imagenet_trunk,
    separable,
)
from thatlook.vision.models.session import Session


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 48, 3, padding=1, bias=False), nn.BatchNorm2d(48), nn.ReLU()
        )
        self.last = nn.Linear(48, 32)
        nn.init.uniform_(self.body[1].running_mean, -1, 1)
        nn.init.uniform_(self.body[1].running_var, 0.5, 2)

    def forward(self, crop):
        return self.last(self.body(crop).mean((2, 3)))


def entry(**more):
    return export.RegistryEntry(
        id="tiny-1",
        task="embedding",
        input={"name": "crop", "width": 8, "height": 8},
        outputs={"embedding": {"dim": 32}},
        recipe="none",
        seed=0,
        metrics_command="none",
        **more,
    )


def trace():
    axes = {"crop": {0: "n"}, "embedding": {0: "n"}}
    return [torch.rand(2, 3, 8, 8), torch.rand(1, 3, 8, 8)], ("embedding",), axes


def test_folding_changes_nothing_but_the_norms():
    torch.manual_seed(0)
    net = Tiny().eval()
    flat = export.fold_batch_norms(net)
    x = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(flat(x), net(x), atol=1e-5, rtol=1e-5)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in flat.modules())
    assert any(isinstance(part, nn.BatchNorm2d) for part in net.modules())


def test_bytes_are_within_half_a_step():
    rng = np.random.default_rng(0)
    values = (
        rng.normal(size=(6, 5, 3, 3)) * np.geomspace(0.01, 10, 6)[:, None, None, None]
    ).astype(np.float32)
    found, scale = graph.quantized(values, 0)
    assert found.dtype == np.int8
    assert scale.shape == (6, 1, 1, 1)
    error = np.abs(found * scale - values)
    # At most half a step, save where clipping a single large weight was worth it.
    assert (error <= scale * 0.5 + 1e-7).mean() > 0.95
    assert (error.mean((1, 2, 3)) / np.abs(values).mean((1, 2, 3))).max() < 0.02


def test_zeros_survive():
    found, scale = graph.quantized(np.zeros((2, 3), np.float32), 0)
    assert not found.any()
    assert np.isfinite(scale).all()


def test_the_written_file_answers_as_the_network(tmp_path):
    torch.manual_seed(0)
    net = Tiny().eval()
    spec = export.publish(net, trace(), entry(labels={"type": ("a", "b")}), tmp_path)
    data = (tmp_path / "embedding.onnx").read_bytes()
    assert spec.sha256 == hashlib.sha256(data).hexdigest()
    stored = json.loads((tmp_path / "embedding.json").read_text())
    assert stored["bytes"] == len(data)
    assert stored["labels"] == {"type": ["a", "b"]}
    assert stored["input"]["mean"] == [0.498] * 3
    # 1,536 weights in bytes, not in four each; another batch size than the traced one.
    assert len(data) < 48 * 27 + 4 * 32 * 48 + 4000
    x = torch.rand(5, 3, 8, 8)
    found = Session(spec).run({"crop": x.numpy()})["embedding"]
    with torch.no_grad():
        np.testing.assert_allclose(found, net(x).numpy(), atol=0.02)


def test_an_export_of_another_network_is_refused(tmp_path):
    torch.manual_seed(0)
    spec = export.publish(Tiny().eval(), trace(), entry(), tmp_path)
    with pytest.raises(ModelError, match="differs from the trained network"):
        export.check_parity(spec, Tiny().eval(), torch.rand(2, 3, 8, 8), most=0.01)


def test_network_shapes():
    x = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        raw, scores, masks, presence = ArticleNet(10, 9).eval()(x)
        heat, gender, view = PersonNet(17, 3).eval()(torch.rand(2, 3, 128, 192))
        vector, kinds, colors = EmbeddingNet((5, 7)).eval()(x)
    assert raw.shape == (2, 8 * 12 + 4 * 6 + 2 * 3, 4, 16)
    assert scores.shape == (2, 126, 10)
    assert masks.shape == (2, 9, 16, 24)
    assert presence.shape == (2, 9)
    assert heat.shape == (2, 17, 16, 24)
    assert (gender.shape, view.shape) == ((2, 2), (2, 3))
    assert (kinds.shape, colors.shape) == ((2, 5), (2, 7))
    torch.testing.assert_close(vector.norm(dim=1), torch.ones(2))


def test_frozen_blocks_do_not_learn():
    trunk = Trunk(3).train()
    assert not trunk.stem[1].training
    assert trunk.blocks[3].training
    sum(x.sum() for x in trunk(torch.rand(2, 3, 32, 32))).backward()
    assert trunk.blocks[2].layers[0].weight.grad is None
    assert trunk.blocks[3].layers[0].weight.grad is not None


def test_a_steady_network_keeps_its_statistics_and_its_top_starts_from_imagenet():
    net = EmbeddingNet((3,), 8, imagenet_trunk(steady=True), imagenet_top()).train()
    before = net.top[1].running_mean.clone()
    assert before.abs().sum() > 1
    net(torch.rand(2, 3, 64, 64))
    assert torch.equal(net.top[1].running_mean, before)


def test_a_separable_convolution_halves_the_map():
    assert separable(4, 6, 5, 2).eval()(torch.rand(1, 4, 8, 8)).shape == (1, 6, 4, 4)


def test_middling_weights_are_halved_and_small_ones_left(tmp_path):
    torch.manual_seed(0)
    net = Tiny().eval()
    plain = export.to_onnx(net, trace()[0][0], ("embedding",), trace()[2])
    kinds = {t.data_type for t in graph.store_small(plain, huge=1400).graph.initializer}
    assert kinds >= {onnx.TensorProto.INT8, onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT}
