"""A torch network with the weights of a shipped one: where no checkpoint is at hand.

The file holds convolutions with their batch norms folded in. They go into the network's
convolutions, and the norms become the identity with the convolution's bias, so that it computes
what the file does. To be trained on with its norms in evaluation mode, or after `measure_norms`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn

from thatlook.core.errors import ModelError
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.training.nets import ArticleNet, EmbeddingNet, Trunk
from thatlook.vision.models.registry import ModelSpec

if TYPE_CHECKING:
    import onnx


def restored_article(spec: ModelSpec) -> ArticleNet:
    """The article network of an entry of ours. What is not in the file (presence) is untrained.

    Raises ModelError where the file is another network's.
    """
    model = ArticleNet(len(DETECTOR_CLASSES), len(CATEGORIES))
    _fill(model, spec, untrained="whole")
    return model.eval()


def restored_embedding(spec: ModelSpec) -> EmbeddingNet:
    """The embedding network of an entry of ours, its norms to be left in evaluation mode.

    Raises ModelError where the file is another network's.
    """
    parts = spec.outputs
    heads = [int(parts[name]["classes"]) for name in spec.labels if name in parts]
    model = EmbeddingNet(tuple(heads), trunk=Trunk(steady=True))
    weights = _fill(model, spec)
    linear = {"project": model.project}
    linear |= {f"heads.{k}": cast("nn.Linear", head) for k, head in enumerate(model.heads)}
    linear |= {"where": cast("nn.Linear", model.where)}
    with torch.no_grad():
        for name, layer in linear.items():
            layer.weight.copy_(torch.from_numpy(weights[f"{name}.weight"]))
            layer.bias.copy_(torch.from_numpy(weights[f"{name}.bias"]))
    return model.eval()


def _fill(model: nn.Module, spec: ModelSpec, untrained: str = "-") -> dict[str, np.ndarray]:
    """Copy the entry's convolutions into the network's; all of the file's weights by name."""
    import onnx

    weights = dict(_weights(onnx.load_from_string(spec.read())))
    for name, conv, norm in _convolutions(model):
        if f"{name}.weight" not in weights:
            if name.startswith(untrained):
                continue
            raise ModelError(f"{spec.path}: lacks {name}.weight; not a network of this recipe")
        with torch.no_grad():
            conv.weight.copy_(torch.from_numpy(weights[f"{name}.weight"]))
            bias = torch.from_numpy(weights[f"{name}.bias"])
            if norm is None:
                conv.bias.copy_(bias)  # type: ignore[union-attr]
            else:
                norm.weight.fill_(1.0)
                norm.bias.copy_(bias)
                norm.running_mean.zero_()  # type: ignore[union-attr]
                norm.running_var.fill_(1.0 - norm.eps)  # type: ignore[union-attr]
    return weights


@torch.no_grad()
def measure_norms(model: nn.Module, images: Sequence[Tensor]) -> None:
    """Give each norm the mean and variance of what it reads in `images` (1, 3, h, w) tensors.

    Its weight and bias change so that the network computes what it did: afterwards it can be
    trained with the norms in training mode.
    """
    norms = [part for part in model.modules() if isinstance(part, nn.BatchNorm2d)]
    sums = {norm: _Sums() for norm in norms}
    hooks = [norm.register_forward_pre_hook(lambda norm, x: sums[norm].add(x[0])) for norm in norms]
    model.eval()
    for image in images:
        model(image)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        mean, var = sums[norm].result()
        old_mean, old_var = cast("Tensor", norm.running_mean), cast("Tensor", norm.running_var)
        scale = norm.weight / (old_var + norm.eps).sqrt()
        norm.bias.add_((mean - old_mean) * scale)
        norm.weight.copy_(scale * (var + norm.eps).sqrt())
        old_mean.copy_(mean)
        old_var.copy_(var)


class _Sums:
    """Mean and variance of each channel over all maps (n, c, h, w) that were added."""

    def __init__(self) -> None:
        self.count = 0
        self.total = self.squares = torch.zeros(())

    def add(self, x: Tensor) -> None:
        self.count += x.numel() // x.shape[1]
        self.total = self.total + x.double().sum((0, 2, 3))
        self.squares = self.squares + x.double().square().sum((0, 2, 3))

    def result(self) -> tuple[Tensor, Tensor]:
        mean = self.total / self.count
        return mean.float(), (self.squares / self.count - mean.square()).clamp(min=0).float()


def _convolutions(
    model: nn.Module,
) -> Iterator[tuple[str, nn.Conv2d, nn.BatchNorm2d | None]]:
    """Each convolution by its name, and the norm that follows it in its Sequential."""
    for name, part in model.named_modules():
        if not isinstance(part, nn.Sequential):
            continue
        layers = list(part.named_children())
        for index, (key, layer) in enumerate(layers):
            if isinstance(layer, nn.Conv2d):
                after = layers[index + 1][1] if index + 1 < len(layers) else None
                norm = after if isinstance(after, nn.BatchNorm2d) else None
                yield f"{name}.{key}", layer, norm


def _weights(graph: onnx.ModelProto) -> Iterator[tuple[str, np.ndarray]]:
    """The float32 weights by the names they have in torch, stored in whatever form."""
    from onnx import numpy_helper

    stored = {one.name: numpy_helper.to_array(one) for one in graph.graph.initializer}
    for name, value in stored.items():
        plain = name.removeprefix("model.")
        if name.endswith(".int8"):
            scale = stored[name.removesuffix(".int8") + ".scale"]
            yield plain.removesuffix(".int8"), value.astype(np.float32) * scale
        elif name.endswith(".half"):
            yield plain.removesuffix(".half"), value.astype(np.float32)
        elif not name.endswith(".scale"):
            yield plain, np.array(value, np.float32)
