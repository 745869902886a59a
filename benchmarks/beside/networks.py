"""Networks of other people at their true sizes with random weights, written from their papers.

For timings alone: random weights cost what trained ones do. Each is built as published, so that its
parameters and multiplications can be compared with what its authors say (`PUBLISHED`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.utils.flop_counter import FlopCounterMode

Layer = Callable[[], nn.Module]


class ConvNorm(nn.Sequential):
    """A convolution, batch norm, an activation."""

    def __init__(self, conv: nn.Conv2d, act: nn.Module) -> None:
        super().__init__(conv, nn.BatchNorm2d(conv.out_channels), act)


def conv_norm(  # noqa: PLR0913 - what a convolution has
    inside: int,
    out: int,
    kernel: int = 1,
    stride: int = 1,
    act: Layer = nn.ReLU,
    *,
    groups: int = 1,
    dilation: int = 1,
    padding: int | None = None,
) -> ConvNorm:
    """A convolution of odd `kernel` that keeps the size but for its stride, normalised."""
    around = dilation * (kernel // 2) if padding is None else padding
    conv = nn.Conv2d(
        inside, out, kernel, stride, around, dilation=dilation, groups=groups, bias=False
    )
    return ConvNorm(conv, act())


def fold_norms(model: nn.Module) -> nn.Module:
    """The model with each batch norm folded into its convolution, as YOLOv5's loader does."""
    for module in model.modules():
        if isinstance(module, ConvNorm):
            module[0] = fuse_conv_bn_eval(module[0], module[1])
            module[1] = nn.Identity()
    return model


class Residual(nn.Module):
    """What a body makes of x, added to x or to its shortcut, then an activation."""

    def __init__(
        self, body: nn.Module, shortcut: nn.Module | None = None, act: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut or nn.Identity()
        self.act = act or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.shortcut(x) + self.body(x))


# MobileNetV2: Sandler et al. 2018, table 2.

_INVERTED = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, blocks, stride of the first."""


def mobilenet_v2(classes: int = 1000) -> nn.Module:
    """(n, 3, 224, 224) to (n, classes)."""
    layers: list[nn.Module] = [conv_norm(3, 32, 3, 2, nn.ReLU6)]
    inside = 32
    for expansion, out, blocks, stride in _INVERTED:
        for block in range(blocks):
            layers.append(_inverted(inside, out, expansion, 1 if block else stride))
            inside = out
    layers.append(conv_norm(inside, 1280, act=nn.ReLU6))
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, classes)
    )


def _inverted(inside: int, out: int, expansion: int, stride: int) -> nn.Module:
    wide = inside * expansion
    body = nn.Sequential(
        *([conv_norm(inside, wide, act=nn.ReLU6)] if expansion > 1 else []),
        conv_norm(wide, wide, 3, stride, nn.ReLU6, groups=wide),
        conv_norm(wide, out, act=nn.Identity),
    )
    return Residual(body) if stride == 1 and inside == out else body


# ResNet50: He et al. 2016, table 1; the stride is in the first convolution of a block, as there.


def resnet50(classes: int = 1000) -> nn.Module:
    """(n, 3, 224, 224) to (n, classes)."""
    return nn.Sequential(*_resnet50_body(), nn.Linear(2048, classes))


def resnet50_dense(dim: int = 512) -> nn.Module:
    """(n, 3, 224, 224) to vectors (n, dim): the body of ResNet50, two dense layers after it."""
    return nn.Sequential(*_resnet50_body(), nn.Linear(2048, 1024), nn.ReLU(), nn.Linear(1024, dim))


def _resnet50_body() -> list[nn.Module]:
    layers: list[nn.Module] = [conv_norm(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)]
    inside = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        narrow = 64 * 2**stage
        for block in range(blocks):
            layers.append(_bottleneck(inside, narrow, 2 if stage and not block else 1))
            inside = 4 * narrow
    return [*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()]


def _bottleneck(inside: int, narrow: int, stride: int) -> nn.Module:
    out = 4 * narrow
    body = nn.Sequential(
        conv_norm(inside, narrow, stride=stride),
        conv_norm(narrow, narrow, 3),
        conv_norm(narrow, out, act=nn.Identity),
    )
    same = inside == out
    shortcut = None if same else conv_norm(inside, out, stride=stride, act=nn.Identity)
    return Residual(body, shortcut, nn.ReLU())


# YOLOv5s, release 6: its published table of layers (depth 0.33, width 0.5).


class CrossStage(nn.Module):
    """C3: bottlenecks on one half of the channels, the other half past them."""

    def __init__(self, inside: int, out: int, blocks: int, *, add: bool = True) -> None:
        super().__init__()
        half = out // 2
        self.through = conv_norm(inside, half, act=nn.SiLU)
        self.past = conv_norm(inside, half, act=nn.SiLU)
        self.blocks = nn.Sequential(*(_crossed(half, add=add) for _ in range(blocks)))
        self.last = conv_norm(2 * half, out, act=nn.SiLU)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.cat((self.blocks(self.through(x)), self.past(x)), 1))


def _crossed(channels: int, *, add: bool) -> nn.Module:
    body = nn.Sequential(
        conv_norm(channels, channels, act=nn.SiLU),
        conv_norm(channels, channels, 3, act=nn.SiLU),
    )
    return Residual(body) if add else body


class PooledPyramid(nn.Module):
    """SPPF: one maximum pooling applied once, twice, three times, side by side."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.first = conv_norm(channels, half, act=nn.SiLU)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.last = conv_norm(4 * half, channels, act=nn.SiLU)

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.first(x)]
        for _ in range(3):
            parts.append(self.pool(parts[-1]))
        return self.last(torch.cat(parts, 1))


ANCHORS = (
    ((10, 13), (16, 30), (33, 23)),
    ((30, 61), (62, 45), (59, 119)),
    ((116, 90), (156, 198), (373, 326)),
)
"""Width and height in pixels, per stride 8, 16, 32."""


class Yolo5Small(nn.Module):
    """(n, 3, side, side) to boxes (n, places, 5 + classes): center, size, sureness, classes."""

    def __init__(self, classes: int = 80) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            conv_norm(3, 32, 6, 2, nn.SiLU, padding=2),
            _down(32, 64),
            CrossStage(64, 64, 1),
            _down(64, 128),
            CrossStage(128, 128, 2),
        )
        self.middle = nn.Sequential(_down(128, 256), CrossStage(256, 256, 3))
        self.deep = nn.Sequential(_down(256, 512), CrossStage(512, 512, 1), PooledPyramid(512))
        self.up = nn.Upsample(scale_factor=2.0, mode="nearest")
        self.narrow_deep = conv_norm(512, 256, act=nn.SiLU)
        self.merge_middle = CrossStage(512, 256, 1, add=False)
        self.narrow_middle = conv_norm(256, 128, act=nn.SiLU)
        self.merge_fine = CrossStage(256, 128, 1, add=False)
        self.down_fine, self.down_middle = _down(128, 128), _down(256, 256)
        self.out_middle = CrossStage(256, 256, 1, add=False)
        self.out_deep = CrossStage(512, 512, 1, add=False)
        self.heads = nn.ModuleList(nn.Conv2d(c, 3 * (5 + classes), 1) for c in (128, 256, 512))

    def forward(self, x: Tensor) -> Tensor:
        fine = self.stem(x)
        middle = self.middle(fine)
        deep = self.narrow_deep(self.deep(middle))
        merged = self.narrow_middle(self.merge_middle(torch.cat((self.up(deep), middle), 1)))
        levels = [self.merge_fine(torch.cat((self.up(merged), fine), 1))]
        levels.append(self.out_middle(torch.cat((self.down_fine(levels[0]), merged), 1)))
        levels.append(self.out_deep(torch.cat((self.down_middle(levels[1]), deep), 1)))
        found = [
            _boxes(head(level), n)
            for n, (head, level) in enumerate(zip(self.heads, levels, strict=True))
        ]
        return torch.cat(found, 1)


def _down(inside: int, out: int) -> ConvNorm:
    return conv_norm(inside, out, 3, 2, nn.SiLU)


def _boxes(raw: Tensor, level: int) -> Tensor:
    """The head's numbers (n, 3 * values, rows, columns) as boxes (n, places, values), in pixels."""
    count, channels, rows, columns = raw.shape
    shaped = raw.view(count, 3, channels // 3, rows, columns).permute(0, 1, 3, 4, 2).sigmoid()
    at_y, at_x = torch.meshgrid(
        torch.arange(rows, device=raw.device),
        torch.arange(columns, device=raw.device),
        indexing="ij",
    )
    cells = torch.stack((at_x, at_y), 2) - 0.5
    anchors = torch.tensor(ANCHORS[level], device=raw.device).view(1, 3, 1, 1, 2)
    centers = (shaped[..., :2] * 2 + cells) * (8 * 2**level)
    sizes = (shaped[..., 2:4] * 2) ** 2 * anchors
    return torch.cat((centers, sizes, shaped[..., 4:]), 4).flatten(1, 3)


# OpenPose on MobileNet with one refinement stage: Osokin 2018 ("Lightweight OpenPose").

_MOBILENET = (
    (32, 64, 1, 1),
    (64, 128, 2, 1),
    (128, 128, 1, 1),
    (128, 256, 2, 1),
    (256, 256, 1, 1),
    (256, 512, 1, 1),
    (512, 512, 1, 2),
    *((512, 512, 1, 1),) * 4,
)
"""Channels in and out, stride and dilation: MobileNet up to conv5_5, its last stride dilated."""
_WIDE = 128
HEATMAPS, FIELDS = 19, 38


class OpenPoseMobileNet(nn.Module):
    """(n, 3, side, side) to heatmaps (n, 19, ...) and part affinity fields (n, 38, ...)."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            conv_norm(3, 32, 3, 2), *(_separable(*sizes) for sizes in _MOBILENET)
        )
        self.align = _plain(512, _WIDE)
        self.context = nn.Sequential(*(_separable_plain(_WIDE) for _ in range(3)))
        self.narrow = _plain(_WIDE, _WIDE, 3)
        self.first = nn.Sequential(*(_plain(_WIDE, _WIDE, 3) for _ in range(3)))
        self.first_heads = _heads(512)
        blocks = (_refining(inside) for inside in (_WIDE + HEATMAPS + FIELDS, *(_WIDE,) * 4))
        self.second = nn.Sequential(*blocks)
        self.second_heads = _heads(_WIDE)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        aligned = self.align(self.backbone(x))
        features = self.narrow(aligned + self.context(aligned))
        told = self.first(features)
        guesses = [head(told) for head in self.first_heads]
        refined = self.second(torch.cat((features, *guesses), 1))
        heatmaps, fields = (head(refined) for head in self.second_heads)
        return heatmaps, fields


def _plain(inside: int, out: int, kernel: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inside, out, kernel, padding=kernel // 2), nn.ReLU())


def _separable(inside: int, out: int, stride: int, dilation: int) -> nn.Module:
    return nn.Sequential(
        conv_norm(inside, inside, 3, stride, groups=inside, dilation=dilation),
        conv_norm(inside, out),
    )


def _separable_plain(channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
        nn.ELU(),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.ELU(),
    )


def _refining(inside: int) -> nn.Module:
    body = nn.Sequential(conv_norm(_WIDE, _WIDE, 3), conv_norm(_WIDE, _WIDE, 3, dilation=2))
    return nn.Sequential(_plain(inside, _WIDE), Residual(body))


def _heads(wide: int) -> nn.ModuleList:
    return nn.ModuleList(
        nn.Sequential(_plain(_WIDE, wide), nn.Conv2d(wide, out, 1)) for out in (HEATMAPS, FIELDS)
    )


# The image side of CLIP: Dosovitskiy et al. 2021 (ViT-B), Radford et al. 2021.


class ClipImage(nn.Module):
    """(n, 3, 224, 224) to vectors (n, 512)."""

    def __init__(self, patch: int, width: int = 768, layers: int = 12, dim: int = 512) -> None:
        super().__init__()
        places = (224 // patch) ** 2 + 1
        self.patches = nn.Conv2d(3, width, patch, patch, bias=False)
        self.whole = nn.Parameter(torch.randn(width) * width**-0.5)
        self.places = nn.Parameter(torch.randn(places, width) * width**-0.5)
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(AttentionBlock(width, width // 64) for _ in range(layers)))
        self.projection = nn.Linear(width, dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        whole = self.whole.expand(tokens.shape[0], 1, -1)
        tokens = self.before(torch.cat((whole, tokens), 1) + self.places)
        return self.projection(self.after(self.blocks(tokens)[:, 0]))


class QuickGelu(nn.Module):
    """CLIP's activation."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class AttentionBlock(nn.Module):
    """A transformer's layer, norms first."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.told = nn.Linear(width, width)
        self.mixed = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            QuickGelu(),
            nn.Linear(4 * width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        count, places, width = x.shape
        shaped = self.asked(self.norm(x)).view(count, places, 3, self.heads, width // self.heads)
        query, key, value = shaped.permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(query, key, value)
        x = x + self.told(seen.transpose(1, 2).reshape(count, places, width))
        return x + self.mixed(x)


@dataclass(frozen=True, slots=True)
class Published:
    """A network and what its authors say of it: millions of parameters, billions of
    multiply-adds for one picture of `side_px`.
    """

    name: str
    build: Callable[[], nn.Module]
    side_px: int
    parameters_m: float
    gmacs: float
    source: str


PUBLISHED = (
    Published("OpenPose-MobileNet", OpenPoseMobileNet, 368, 4.1, 9.0, "Osokin 2018"),
    Published("MobileNetV2", mobilenet_v2, 224, 3.4, 0.30, "Sandler et al. 2018"),
    Published("YOLOv5s", Yolo5Small, 640, 7.2, 8.25, "Ultralytics, release 6 (16.5 GFLOPs)"),
    Published("ResNet50", resnet50, 224, 25.6, 3.8, "He et al. 2016"),
    Published("ViT-B/32", lambda: ClipImage(32), 224, 87.8, 4.4, "Radford et al. 2021, open_clip"),
    Published("ViT-B/16", lambda: ClipImage(16), 224, 86.2, 17.6, "Radford et al. 2021, open_clip"),
)


@dataclass(frozen=True, slots=True)
class Counted:
    """Millions of parameters, billions of multiply-adds for one picture."""

    parameters_m: float
    gmacs: float


def counted(published: Published) -> Counted:
    """What our own of that network has, without allocating it."""
    with torch.device("meta"):
        model = published.build().eval()
        picture = torch.zeros(1, 3, published.side_px, published.side_px)
    parameters = sum(p.numel() for p in model.parameters())
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model(picture)
    return Counted(parameters / 1e6, counter.get_total_flops() / 2e9)


def sizes() -> Sequence[tuple[Published, Counted]]:
    """Every network beside what is published of it."""
    return [(one, counted(one)) for one in PUBLISHED]
