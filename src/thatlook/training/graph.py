"""Rewrites of exported ONNX graphs: paddings joined to convolutions, weights stored as bytes."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Final, TypeGuard

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

LARGE: Final = 1024
"""Weights with more elements than this are stored in float16."""

HUGE: Final = 1024
"""Weights with more elements than this are stored as bytes. Where bytes cost precision, a recipe
sets it higher: the late layers hold most of the weights and bear it, the early ones do not."""


def join_paddings(net: onnx.ModelProto) -> onnx.ModelProto:
    """A copy in which each zero padding that only a convolution reads is that convolution's own.

    PyTorch's convolutions pad both sides alike, so that TensorFlow's "same" padding of stride 2
    becomes a node of its own. ONNX Runtime keeps activations in blocks of channels: before such a
    node it unpacks them, and packs them again after it, which took a third of the time of a
    network. The results are the same to the last bit.
    """
    out = copy.deepcopy(net)
    if any(a.HasField("g") or a.graphs for node in out.graph.node for a in node.attribute):
        return out  # what the bodies of If and Loop read is not looked at
    readers: dict[str, list[onnx.NodeProto | onnx.ValueInfoProto]] = {}
    for output in out.graph.output:
        readers.setdefault(output.name, []).append(output)
    for node in out.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    paddings = [node for node in out.graph.node if node.op_type == "Pad"]
    known = _constants(out, [name for node in paddings for name in node.input[1:]])
    for padding in paddings:
        around = _zeros_around(padding, known)
        following = readers.get(padding.output[0], [])
        if around is None or len(following) != 1 or not _pads_its_image(following[0], padding):
            continue
        conv = following[0]
        own = next((a for a in conv.attribute if a.name == "pads"), None)
        if own is None:
            conv.attribute.append(helper.make_attribute("pads", around))
        else:
            own.ints[:] = [a + b for a, b in zip(own.ints, around, strict=True)]
        conv.input[0] = padding.input[0]
        out.graph.node.remove(padding)
    _drop_unread(out)
    onnx.checker.check_model(out)
    return out


def _pads_its_image(
    reader: onnx.NodeProto | onnx.ValueInfoProto, padding: onnx.NodeProto
) -> TypeGuard[onnx.NodeProto]:
    """Whether this is a convolution of the padded image that says itself how much it pads."""
    if not isinstance(reader, onnx.NodeProto) or reader.op_type != "Conv":
        return False
    automatic = next((a.s for a in reader.attribute if a.name == "auto_pad"), b"NOTSET")
    return automatic == b"NOTSET" and reader.input[0] == padding.output[0]


def _zeros_around(
    padding: onnx.NodeProto, known: Mapping[str, NDArray[np.generic]]
) -> list[int] | None:
    """The zeros added above, to the left, below and to the right of images; None for another
    padding, and for one whose widths are not known.
    """
    mode = next((a.s for a in padding.attribute if a.name == "mode"), b"constant")
    widths, value, *axes = [*padding.input[1:], "", ""][:3]
    if mode != b"constant" or any(axes) or widths not in known:
        return None
    if value and (value not in known or known[value].any()):
        return None
    found = [int(width) for width in known[widths].ravel()]
    if len(found) != 8 or min(found) < 0 or any(found[i] for i in (0, 1, 4, 5)):
        return None
    return [found[2], found[3], found[6], found[7]]


def _constants(net: onnx.ModelProto, names: Sequence[str]) -> dict[str, NDArray[np.generic]]:
    """The values of those of `names` that do not depend on what goes into the network."""
    fixed = {"", *(tensor.name for tensor in net.graph.initializer)}
    fixed -= {value.name for value in net.graph.input}  # these can be given anew
    for node in net.graph.node:
        if fixed.issuperset(node.input):
            fixed.update(node.output)
    wanted = sorted(fixed.intersection(names) - {""})
    read, nodes = set(wanted), []
    for node in reversed(net.graph.node):
        if read.intersection(node.output):
            read.update(node.input)
            nodes.append(node)
    stored = [tensor for tensor in net.graph.initializer if tensor.name in read]
    values = [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in wanted]
    part = helper.make_graph(nodes[::-1], "constant", [], values, stored)
    model = helper.make_model(part, opset_imports=net.opset_import, ir_version=net.ir_version)
    found = ReferenceEvaluator(model).run(None, {})
    return {name: np.asarray(value) for name, value in zip(wanted, found, strict=True)}


def _drop_unread(net: onnx.ModelProto) -> None:
    """Remove the nodes and stored values that nothing reads any more."""
    while True:
        read = {name for node in net.graph.node for name in node.input}
        read |= {output.name for output in net.graph.output}
        unread = [node for node in net.graph.node if not read & set(node.output)]
        if not unread:
            break
        for node in unread:
            net.graph.node.remove(node)
    kept = [tensor for tensor in net.graph.initializer if tensor.name in read]
    del net.graph.initializer[:]
    net.graph.initializer.extend(kept)


def store_small(net: onnx.ModelProto, huge: int = HUGE) -> onnx.ModelProto:
    """A copy whose weights above `huge` are int8 per output channel, and those above LARGE float16.

    They are cast back, and bytes scaled, by nodes that are constant: ONNX Runtime folds them when
    it opens the file and computes in float32 as before. Only the file is smaller.
    """
    out = copy.deepcopy(net)
    axes = _weight_axes(out)
    nodes: list[onnx.NodeProto] = []
    kept: list[onnx.TensorProto] = []
    for tensor in out.graph.initializer:
        values = numpy_helper.to_array(tensor)
        axis = axes.get(tensor.name)
        if axis is None or values.size <= LARGE or values.dtype != np.float32:
            kept.append(tensor)
        elif values.size > huge:
            _as_bytes(tensor.name, quantized(values, axis), kept, nodes)
        else:
            half = f"{tensor.name}.half"
            kept.append(numpy_helper.from_array(values.astype(np.float16), half))
            nodes.append(helper.make_node("Cast", [half], [tensor.name], to=TensorProto.FLOAT))
    del out.graph.initializer[:]
    out.graph.initializer.extend(kept)
    operators = list(out.graph.node)
    del out.graph.node[:]
    out.graph.node.extend([*nodes, *operators])
    onnx.checker.check_model(out)
    return out


def _as_bytes(
    name: str,
    found: tuple[NDArray[np.int8], NDArray[np.float32]],
    kept: list[onnx.TensorProto],
    nodes: list[onnx.NodeProto],
) -> None:
    """Add the stored values and the nodes that bring them back under `name`."""
    kept.append(numpy_helper.from_array(found[0], f"{name}.int8"))
    kept.append(numpy_helper.from_array(found[1], f"{name}.scale"))
    cast = helper.make_node("Cast", [f"{name}.int8"], [f"{name}.float"], to=TensorProto.FLOAT)
    nodes += [cast, helper.make_node("Mul", [f"{name}.float", f"{name}.scale"], [name])]


def _weight_axes(net: onnx.ModelProto) -> dict[str, int]:
    """The output channel's axis of each weight of a convolution or matrix product."""
    axes = {}
    for node in net.graph.node:
        if node.op_type == "Conv":
            axes[node.input[1]] = 0
        elif node.op_type == "Gemm":
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            axes[node.input[1]] = 0 if transposed else 1
        elif node.op_type == "MatMul":
            axes[node.input[1]] = 1
    return axes


def quantized(
    values: NDArray[np.float32], axis: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """int8 values and a float32 scale per slice of `axis`, of the least squared error of a few."""
    others = tuple(i for i in range(values.ndim) if i != axis)
    full = np.maximum(np.abs(values).max(others, keepdims=True), 1e-12) / 127
    best, min_error = full, np.full(full.shape, np.inf)
    for share in np.linspace(0.7, 1.0, 13):
        scale = full * share
        error = (np.clip(np.round(values / scale), -127, 127) * scale - values) ** 2
        error = error.sum(others, keepdims=True)
        best, min_error = np.where(error < min_error, scale, best), np.minimum(error, min_error)
    scale = best.astype(np.float32)
    return np.clip(np.round(values / scale), -127, 127).astype(np.int8), scale
