"""Other trunks for the embedding recipe, with weights from a file of one's own.

ResNet-50 (He et al., CVPR 2016; with the stride in the 3 x 3 convolution) and MobileNetV2 (Sandler
et al., CVPR 2018), built so that the usual ImageNet state dicts, those with torchvision's names,
load as they are: nothing is downloaded here. Each gives maps at strides 4, 8, 16 and 32 like
`nets.Trunk`; frozen parts and batch norms behave as there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from thatlook.core.errors import ModelError
from thatlook.training.nets import MEAN, STD, Backbone, Trunk, imagenet_trunk

_MEAN: Final = (0.485, 0.456, 0.406)
_STD: Final = (0.229, 0.224, 0.225)
_LAYERS: Final = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""ResNet-50: inner channels, blocks and first stride per layer."""
_ROWS: Final = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""MobileNetV2: expansion, channels, blocks and first stride per row."""
_TAPS: Final = (3, 6, 13, 17)
"""The places in MobileNetV2's features whose outputs are given."""


class _Usual(Backbone):
    """A backbone whose weights expect the usual ImageNet normalisation."""

    gain: Tensor
    offset: Tensor

    def __init__(self, *, steady: bool = False) -> None:
        super().__init__(steady=steady)
        scale, shift = torch.tensor(_STD), torch.tensor(_MEAN)
        self.register_buffer("gain", (STD / scale)[:, None, None], persistent=False)
        self.register_buffer("offset", ((MEAN - shift) / scale)[:, None, None], persistent=False)

    def normalised(self, x: Tensor) -> Tensor:
        """The recipe's input as these weights were trained with."""
        return x * self.gain + self.offset


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3, 1 x 1 convolutions beside a shortcut."""

    def __init__(self, inside: int, inner: int, stride: int) -> None:
        super().__init__()
        out = 4 * inner
        self.conv1, self.bn1 = nn.Conv2d(inside, inner, 1, bias=False), nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = nn.Conv2d(inner, out, 1, bias=False), nn.BatchNorm2d(out)
        self.downsample = (
            nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out))
            if stride > 1 or inside != out
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        """A (n, 4 * inner, h / stride, w / stride) tensor."""
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        added: Tensor = self.bn3(self.conv3(y)) + self.downsample(x)
        return added.relu()


class ResNet50(_Usual):
    """ResNet-50 without its classifier; the stem and the first layer do not learn."""

    channels = (256, 512, 1024, 2048)

    def __init__(self, *, steady: bool = False) -> None:
        super().__init__(steady=steady)
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1, self.maxpool = nn.BatchNorm2d(64), nn.MaxPool2d(3, 2, 1)
        inside = 64
        for index, (inner, blocks, stride) in enumerate(_LAYERS, 1):
            made = []
            for block in range(blocks):
                made.append(Bottleneck(inside, inner, stride if block == 0 else 1))
                inside = 4 * inner
            self.add_module(f"layer{index}", nn.Sequential(*made))
        self.freeze(self.conv1, self.bn1, self.get_submodule("layer1"))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features at strides 4, 8, 16, 32 with `channels` channels."""
        x = self.maxpool(self.bn1(self.conv1(self.normalised(x))).relu())
        taps = []
        for index in range(1, len(_LAYERS) + 1):
            x = self.get_submodule(f"layer{index}")(x)
            taps.append(x)
        return taps


def _unit(inside: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inside, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out), nn.ReLU6())


class InvertedResidual(nn.Module):
    """Expand, depthwise, project; the input is added where the shapes allow."""

    def __init__(self, inside: int, out: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inside * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [_unit(inside, wide, 1)]
        layers += [_unit(wide, wide, 3, stride, wide), nn.Conv2d(wide, out, 1, bias=False)]
        self.conv = nn.Sequential(*layers, nn.BatchNorm2d(out))
        self.adds = stride == 1 and inside == out

    def forward(self, x: Tensor) -> Tensor:
        """A (n, out, h / stride, w / stride) tensor."""
        y: Tensor = self.conv(x)
        return x + y if self.adds else y


class MobileNetV2(_Usual):
    """MobileNetV2 without its last layer and classifier; the first four features do not learn."""

    channels = (24, 32, 96, 320)

    def __init__(self, *, steady: bool = False) -> None:
        super().__init__(steady=steady)
        layers: list[nn.Module] = [_unit(3, 32, 3, 2)]
        inside = 32
        for expansion, out, blocks, stride in _ROWS:
            for block in range(blocks):
                layers.append(InvertedResidual(inside, out, stride if block == 0 else 1, expansion))
                inside = out
        self.features = nn.Sequential(*layers)
        self.freeze(*layers[:4])

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features at strides 4, 8, 16, 32 with `channels` channels."""
        x, taps = self.normalised(x), []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in _TAPS:
                taps.append(x)
        return taps


BACKBONES: Final = ("efficientnet_lite0", "resnet50", "mobilenet_v2")
_LAST: Final = ("fc.", "classifier.", "features.18.")
"""Layers of the usual files that are no part of a trunk."""


def empty(name: str, *, steady: bool = False) -> Backbone:
    """The trunk of that name with random weights."""
    made: dict[str, Callable[..., Backbone]] = dict(
        zip(BACKBONES, (Trunk, ResNet50, MobileNetV2), strict=True)
    )
    return made[name](steady=steady)


def backbone(name: str, weights: Path | None, *, steady: bool = False) -> Backbone:
    """The trunk of that name with ImageNet weights: its package's, or those of the file `weights`.

    Raises ModelError where a file is needed and none is named, or it is another network's.
    """
    if name == BACKBONES[0] and weights is None:
        return imagenet_trunk(steady=steady)
    if weights is None:
        raise ModelError(
            f"{name} has no weights here: name a state dict with --backbone-weights FILE, "
            "such as torchvision's"
        )
    if not weights.is_file():
        raise ModelError(f"{weights}: no such file; --backbone-weights takes a state dict")
    trunk = empty(name, steady=steady)
    state = torch.load(weights, weights_only=True, map_location="cpu")
    kept = {k: v for k, v in state.items() if not k.startswith(_LAST)}
    try:
        trunk.load_state_dict(kept)
    except RuntimeError as error:
        raise ModelError(f"{weights}: expected the weights of a {name} ({error})") from error
    return trunk


def trunk_of(state: dict[str, Tensor]) -> str:
    """Which trunk a checkpoint's `state` is of, by the names of its weights."""
    if "trunk.conv1.weight" in state:
        return "resnet50"
    return "mobilenet_v2" if "trunk.features.0.0.weight" in state else BACKBONES[0]
