"""Small ONNX networks with answers known by hand, and registry entries for them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

UNCHANGED = {"mean": [0, 0, 0], "std": [1, 1, 1]}
"""Values 0..1 go in as they are."""


def save(path: Path, nodes, inputs, outputs, **constants: np.ndarray) -> None:
    """Writes a checked network; inputs and outputs are {name: shape}, all float32."""
    values = [
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in side.items()]
        for side in (inputs, outputs)
    ]
    kept = [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()]
    graph = helper.make_graph(nodes, "small", *values, kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def entry(weights: Path, **content) -> Path:
    """The registry entry beside the weights, with their sha256."""
    path = weights.with_suffix(".json")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    about = {"id": weights.stem, "file": weights.name, "sha256": digest, "license": "MIT"}
    path.write_text(json.dumps(about | content))
    return path


def detector(path: Path, answer: np.ndarray, side: int) -> Path:
    """A detector that answers `answer` (1, a, b), all of it times the brightest input value.

    So it answers as it should only when white comes in as 1.
    """
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["brightest"], keepdims=0),
        helper.make_node("Mul", ["answer", "brightest"], ["output0"]),
    ]
    shapes = {"images": [1, 3, side, side]}, {"output0": list(answer.shape)}
    save(path, nodes, *shapes, answer=answer.astype(np.float32))
    return path


def encoder(path: Path, dim: int, batch: int | str = "n", bias: float = 1.0) -> Path:
    """An encoder of 8 x 8 crops to red, green, blue, then `bias`: means of the channels."""
    weights = np.eye(3, dim, dtype=np.float32)
    rest = np.full(dim, bias, np.float32)
    rest[:3] = 0
    nodes = [
        helper.make_node("ReduceMean", ["pixel_values"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["means", "weights", "rest"], ["image_embeds"]),
    ]
    shapes = {"pixel_values": [batch, 3, 8, 8]}, {"image_embeds": [batch, dim]}
    save(path, nodes, *shapes, weights=weights, rest=rest)
    return path


CROP = {"width": 8, "height": 8, "expand": 1.0, **UNCHANGED}


def bags_and_nobody(folder: Path, bag: np.ndarray) -> tuple[Path, Path]:
    """The entries of a detector that sees a bag everywhere, `bag` (1, 5, 1) as YOLOv8 gives it, and
    of a person network that is never asked.
    """
    article = entry(
        detector(folder / "bags.onnx", bag, 64),
        task="article",
        format="yolov8",
        classes=["handbag"],
        input={"name": "images", "size": 64, **UNCHANGED},
        outputs={"output0": {}},
    )
    (folder / "nobody.onnx").write_bytes(b"never opened: no person is detected")
    outputs = {"heatmaps": {}, "view": {}, "gender": {}}
    person = entry(folder / "nobody.onnx", task="person", input=CROP, outputs=outputs)
    return article, person
