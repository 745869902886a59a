"""One network run by PyTorch as it is, and the same one by ONNX Runtime."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from beside.networks import (
    ClipImage,
    OpenPoseMobileNet,
    Yolo5Small,
    fold_norms,
    mobilenet_v2,
    resnet50_dense,
)

Floats = NDArray[np.float32]
CROPS = 3
VECTOR_DIM = 512


@dataclass(frozen=True, slots=True)
class Kind:
    """A network and the shape of what it is asked at a time."""

    build: Callable[[], nn.Module]
    side_px: int
    batch: int = 1


STACK = {
    "pose": Kind(OpenPoseMobileNet, 368),
    "gender": Kind(lambda: mobilenet_v2(2), 224),
    "articles": Kind(Yolo5Small, 640),
    "embedding": Kind(lambda: resnet50_dense(VECTOR_DIM), 224, CROPS),
}
ENCODERS = {
    "ResNet50, dense head": Kind(lambda: resnet50_dense(VECTOR_DIM), 224),
    "ViT-B/32": Kind(lambda: ClipImage(32), 224),
    "ViT-B/16": Kind(lambda: ClipImage(16), 224),
}


class Runner(Protocol):
    """A network that is asked for a batch (n, 3, side, side)."""

    def __call__(self, batch: Floats) -> list[NDArray[Any]]:
        """Its outputs."""
        ...


class Eager:
    """PyTorch, not compiled. YOLOv5's batch norms are folded, as its own loader does."""

    def __init__(self, model: nn.Module) -> None:
        self._model = fold_norms(model) if isinstance(model, Yolo5Small) else model

    def __call__(self, batch: Floats) -> list[NDArray[Any]]:
        with torch.inference_mode():
            found = self._model(torch.from_numpy(batch))
        return [part.numpy() for part in (found if isinstance(found, tuple) else (found,))]


class Exported:
    """ONNX Runtime, its threads asleep between runs, lest they take the next network's cores."""

    def __init__(self, path: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, batch: Floats) -> list[NDArray[Any]]:
        name = self._session.get_inputs()[0].name
        return list(self._session.run(None, {name: batch}))


def opened(kind: Kind, folder: Path, threads: int) -> tuple[Eager, Exported]:
    """The network both ways, with the same random weights; they are seen to agree.

    Raises AssertionError where they do not.
    """
    torch.manual_seed(0)
    model = kind.build().eval()
    batch = torch.rand(kind.batch, 3, kind.side_px, kind.side_px)
    path = folder / "network.onnx"
    _export(model, batch, path)
    exported, eager = Exported(path, threads), Eager(model)
    for ours, theirs in zip(eager(batch.numpy()), exported(batch.numpy()), strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-2, atol=1e-2 * np.abs(ours).max())
    return eager, exported


def _export(model: nn.Module, batch: torch.Tensor, path: Path) -> None:
    """Writes the network; what the exporter says of libraries that are not there is not shown."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.onnx.export(model, (batch,), path, dynamo=True, external_data=False, verbose=False)
