"""A torch network with the weights of a shipped one: where no checkpoint is at hand.

The file holds convolutions with their batch norms folded in. They go into the network's
convolutions, and the norms become the identity with the convolution's bias, so that it computes
what the file does. To be trained on with its norms in evaluation mode.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from thatlook.core.errors import ModelError
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.training.nets import ArticleNet
from thatlook.vision.models.registry import ModelSpec

if TYPE_CHECKING:
    import onnx


def restored_article(spec: ModelSpec) -> ArticleNet:
    """The article network of an entry of ours. What is not in the file (presence) is untrained.

    Raises ModelError where the file is another network's.
    """
    import onnx

    weights = dict(_weights(onnx.load_from_string(spec.read())))
    model = ArticleNet(len(DETECTOR_CLASSES), len(CATEGORIES))
    for name, conv, norm in _convolutions(model):
        if f"{name}.weight" not in weights:
            if name.startswith("whole"):
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
    return model.eval()


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
