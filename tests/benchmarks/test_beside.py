"""The networks beside which thatlook is timed are as large as their authors say."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks of others are PyTorch's")

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from beside import networks  # noqa: E402
from beside.timing import Spent, summed_up  # noqa: E402

EXACTLY = {
    "MobileNetV2": 3_504_872,  # as torchvision counts
    "YOLOv5s": 7_235_389,  # as its own summary says
    "ResNet50": 25_557_032,  # as torchvision counts
    "ViT-B/32": 87_849_216,  # the image side of CLIP
    "ViT-B/16": 86_192_640,
}


@pytest.mark.parametrize("published", networks.PUBLISHED, ids=lambda one: one.name)
def test_a_network_is_as_large_as_published(published: networks.Published) -> None:
    counted = networks.counted(published)
    parameters = round(counted.parameters_m * 1e6)
    assert parameters == EXACTLY.get(published.name, parameters)
    assert counted.parameters_m == pytest.approx(published.parameters_m, rel=0.04)
    assert counted.gmacs == pytest.approx(published.gmacs, rel=0.02)


def test_yolo_gives_a_box_for_each_anchor_in_pixels() -> None:
    torch.manual_seed(0)
    model = networks.Yolo5Small().eval()
    for head in model.heads:
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    with torch.inference_mode():
        boxes = model(torch.zeros(1, 3, 64, 96))[0].numpy()
    assert boxes.shape == (3 * (8 * 12 + 4 * 6 + 2 * 3), 85)
    # sigmoid(0) = 1/2 puts a center in the middle of its cell and a size at its anchor's.
    np.testing.assert_allclose(boxes[0], [4, 4, 10, 13, *[0.5] * 81])
    np.testing.assert_allclose(boxes[13, :4], [12, 12, 10, 13])
    np.testing.assert_allclose(boxes[-1, :4], [80, 48, 373, 326])


def test_folding_the_norms_changes_nothing() -> None:
    torch.manual_seed(0)
    model = networks.mobilenet_v2(2).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.8, 1.2)
    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        before = model(picture)
        after = networks.fold_norms(model)(picture)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules())
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_ratios_are_of_the_same_round() -> None:
    rounds = [
        {"a": Spent(1.0, 2.0), "b": Spent(10.0, 2.0)},
        {"a": Spent(10.0, 4.0), "b": Spent(20.0, 6.0)},
        {"a": Spent(2.0, 1.0), "b": Spent(6.0, 3.0)},
    ]
    assert summed_up(rounds, "a") == {
        "a": {"ms": 2.0, "cpu_ms": 2.0, "ratio": 1.0, "cpu_ratio": 1.0},
        "b": {"ms": 10.0, "cpu_ms": 3.0, "ratio": 3.0, "cpu_ratio": 1.5},
    }
