"""Networks out: batch norms folded, graph made small and fast, parity checked, entry written."""

from __future__ import annotations

import copy
import hashlib
import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from thatlook.core.errors import ModelError
from thatlook.core.files import write_whole
from thatlook.training import graph
from thatlook.training.nets import MEAN, STD
from thatlook.vision.models.registry import IMAGE_TASKS, ModelSpec
from thatlook.vision.models.session import Session

OPSET: Final = 17
PARITY: Final = 2e-3
"""How far the float graph may be from torch, relative to the largest value of an output."""

LICENSES: Final = (
    {"name": "Clothing Co-Parsing (street)", "license": "Apache-2.0"},
    {"name": "Fashion Product Images (catalog)", "license": "MIT"},
    {"name": "thatlook sample (rendered)", "license": "CC0-1.0"},
    {"name": "EfficientNet-Lite0 ImageNet weights (start)", "license": "Apache-2.0"},
)

FLATLAY: Final = {"name": "Clothing dataset (flat-lay)", "license": "CC0-1.0"}


@dataclass(frozen=True)
class RegistryEntry:
    """What a recipe says about its network; the rest of the registry entry is measured."""

    id: str
    task: str
    input: Mapping[str, Any]
    outputs: Mapping[str, Any]
    recipe: str
    seed: int
    metrics_command: str
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    limits: Sequence[str] = ()
    data: Sequence[Mapping[str, str]] = LICENSES
    license: str = "Apache-2.0"
    more: Mapping[str, Any] = field(default_factory=dict)
    """What else a stage reads of its entry."""


def fold_batch_norms(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose batch norms are part of the convolutions before them."""
    model = copy.deepcopy(model).eval()
    for part in model.modules():
        if isinstance(part, nn.Sequential):
            _fold(part)
    return model


def _fold(part: nn.Sequential) -> None:
    for at in range(len(part) - 1):
        conv, norm = part[at], part[at + 1]
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            part[at] = fuse_conv_bn_eval(conv, norm)
            part[at + 1] = nn.Identity()


def to_onnx(
    model: nn.Module, example: Tensor, outputs: Sequence[str], axes: Mapping[str, Mapping[int, str]]
) -> onnx.ModelProto:
    """The traced graph; `axes` names the dynamic axes of the input and of each output."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "net.onnx"
        torch.onnx.export(
            model,
            (example,),
            str(path),
            input_names=[next(iter(axes))],
            output_names=list(outputs),
            dynamic_axes={name: dict(found) for name, found in axes.items()},
            opset_version=OPSET,
            dynamo=False,
        )
        return graph.join_paddings(onnx.load(path))


def write(net: onnx.ModelProto, entry: RegistryEntry, folder: Path) -> ModelSpec:
    """Write TASK.onnx and TASK.json into `folder`, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    data = net.SerializeToString()
    pixels = {"mean": [MEAN] * 3, "std": [STD] * 3} if entry.task in IMAGE_TASKS else {}
    fields = {
        "id": entry.id,
        "task": entry.task,
        "file": f"{entry.task}.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "license": entry.license,
        "input": pixels | dict(entry.input),
        "outputs": dict(entry.outputs),
        "labels": {k: list(v) for k, v in entry.labels.items()},
        "seed": entry.seed,
        "recipe": entry.recipe,
        "data": [dict(d) for d in entry.data],
        "metrics": dict(entry.metrics),
        "metrics_command": entry.metrics_command,
        "limits": list(entry.limits),
        **entry.more,
    }
    text = json.dumps(fields, indent=1, ensure_ascii=False) + "\n"
    write_whole(folder / f"{entry.task}.onnx", data)
    write_whole(folder / f"{entry.task}.json", text.encode())
    return ModelSpec.from_file(folder / f"{entry.task}.json")


Trace = tuple[Sequence[Tensor], Sequence[str], Mapping[str, Mapping[int, str]]]
"""Example inputs of several shapes, the first to be traced and all to be compared; the output
names; and the dynamic axes of input and outputs by name."""


def publish(
    model: nn.Module, trace: Trace, entry: RegistryEntry, folder: Path, *, huge: int = graph.HUGE
) -> ModelSpec:
    """Export `model`, check the float graph against torch, store it small in `folder`.

    What the small storage costs is for the metric to say: the protocol measures the written
    file, and `huge` (see `graph.store_small`) is set so that it keeps within 0.3 points. Raises
    ModelError where the float graph differs by more than PARITY.
    """
    examples, outputs, axes = trace
    plain = to_onnx(model, examples[0], outputs, axes)
    with tempfile.TemporaryDirectory() as scratch:
        spec = write(plain, entry, Path(scratch))
        for example in examples:
            check_parity(spec, model, example, most=PARITY)
    return write(graph.store_small(plain, huge), entry, folder)


def check_parity(
    spec: ModelSpec, model: nn.Module, example: Tensor, *, most: float
) -> dict[str, float]:
    """Per output, the largest difference between `model` and the written file.

    Relative to the output's largest value where that is above 1.

    Raises ModelError where one is above `most`.
    """
    with torch.no_grad():
        wanted = model(example)
    found = Session(spec).run({str(spec.input["name"]): example.contiguous().numpy()})
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    off = {
        name: float(np.abs(found[name] - value.numpy()).max() / max(1.0, float(value.abs().max())))
        for name, value in zip(spec.outputs, wanted, strict=True)
    }
    if max(off.values()) > most:
        raise ModelError(f"{spec.path}: the export differs from the trained network: {off}")
    return off
