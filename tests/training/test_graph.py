from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from thatlook.training import export, graph
from thatlook.vision.models.registry import IMAGE_TASKS, shipped

IMAGE = np.arange(1, 10, dtype=np.float32).reshape(1, 1, 3, 3)


def network(*, pads=(0, 0, 0, 0, 0, 0, 1, 2), own=None, mode="constant", value="", seen=False):
    """A padding before a 2 x 2 convolution of ones; `seen` gives the padded image out as well."""
    stored = [
        numpy_helper.from_array(np.array(pads, np.int64), "pads"),
        numpy_helper.from_array(np.ones((1, 1, 2, 2), np.float32), "weight"),
        numpy_helper.from_array(np.array(7, np.float32), "seven"),
    ]
    nodes = [
        helper.make_node("Pad", ["image", "pads", value], ["padded"], mode=mode),
        helper.make_node("Conv", ["padded", "weight"], ["found"], **({"pads": own} if own else {})),
    ]
    outputs = ["found", "padded"] if seen else ["found"]
    shape = [1, 1, None, None]
    whole = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 3, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs],
        stored,
    )
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def add_convolution(net, image):
    """The network also convolves `image`, and gives the sum of both."""
    net.graph.node.append(helper.make_node("Conv", [image, "weight"], ["other"]))
    net.graph.node.append(helper.make_node("Add", ["found", "other"], ["both"]))
    net.graph.output[0].name = "both"


def operators(net):
    return [node.op_type for node in net.graph.node]


def answer(net, image=IMAGE):
    session = onnxruntime.InferenceSession(
        net.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {session.get_inputs()[0].name: image})[0]


def test_a_padding_becomes_the_convolutions_own():
    net = network()
    joined = graph.join_paddings(net)
    assert operators(joined) == ["Conv"]
    # One row below, two columns to the right: sums of 2 x 2 windows of 1..9 and zeros.
    wanted = [[12, 16, 9, 0], [24, 28, 15, 0], [15, 17, 9, 0]]
    np.testing.assert_array_equal(answer(joined)[0, 0], wanted)
    np.testing.assert_array_equal(answer(net), answer(joined))
    assert [t.name for t in joined.graph.initializer] == ["weight"]
    assert operators(net) == ["Pad", "Conv"]


def test_it_is_added_to_what_the_convolution_pads_itself():
    net = network(own=[1, 0, 0, 0])
    joined = graph.join_paddings(net)
    assert operators(joined) == ["Conv"]
    np.testing.assert_array_equal(answer(joined)[0, 0][0], [3, 5, 3, 0])
    np.testing.assert_array_equal(answer(net), answer(joined))


@pytest.mark.parametrize(
    "other",
    [
        {"value": "seven"},
        {"mode": "edge"},
        {"pads": (0, 0, -1, 0, 0, 0, 1, 1)},
        {"seen": True},
    ],
)
def test_another_padding_stays(other):
    net = network(**other)
    kept = graph.join_paddings(net)
    assert operators(kept) == ["Pad", "Conv"]
    np.testing.assert_array_equal(answer(kept), answer(net))


def test_two_convolutions_of_one_padding_keep_it():
    net = network()
    add_convolution(net, "padded")
    kept = graph.join_paddings(net)
    assert operators(kept) == ["Pad", "Conv", "Conv", "Add"]
    np.testing.assert_array_equal(answer(kept), answer(net))


@pytest.mark.parametrize("how", ["SAME_UPPER", "VALID", "NOTSET"])
def test_a_convolution_that_pads_by_itself_is_left_alone(how):
    net = network()
    net.graph.node[1].attribute.append(helper.make_attribute("auto_pad", how))
    kept = graph.join_paddings(net)
    assert ("Pad" in operators(kept)) is (how != "NOTSET")
    np.testing.assert_array_equal(answer(kept), answer(net))


def test_channels_that_are_added_stay():
    net = network(pads=(0, 1, 0, 0, 0, 0, 0, 0))
    weight = numpy_helper.from_array(np.ones((1, 2, 2, 2), np.float32), "weight")
    net.graph.initializer[1].CopyFrom(weight)
    kept = graph.join_paddings(net)
    assert operators(kept) == ["Pad", "Conv"]
    np.testing.assert_array_equal(answer(kept), answer(net))


def test_widths_that_can_be_given_anew_stay():
    net = network()
    net.graph.input.append(helper.make_tensor_value_info("pads", TensorProto.INT64, [8]))
    assert operators(graph.join_paddings(net)) == ["Pad", "Conv"]


def test_a_padding_that_nothing_reads_is_dropped_and_widths_in_common_are_kept():
    net = network(value="seven")
    net.graph.node.insert(0, helper.make_node("Pad", ["image", "pads"], ["unread"]))
    net.graph.node.append(helper.make_node("Pad", ["image", "pads"], ["second"]))
    add_convolution(net, "second")
    joined = graph.join_paddings(net)
    assert operators(joined) == ["Pad", "Conv", "Conv", "Add"]
    np.testing.assert_array_equal(answer(joined), answer(net))


def test_shipped_networks_have_none():
    for task in IMAGE_TASKS:
        assert "Pad" not in operators(onnx.load_from_string(shipped(task).read())), task


def test_a_padding_as_wide_as_its_image_says_stays():
    net = network()
    nodes = net.graph.node
    nodes.insert(0, helper.make_node("Size", ["image"], ["nine"]))
    nodes.insert(1, helper.make_node("Min", ["pads", "nine"], ["width"]))
    nodes[2].input[1] = "width"
    kept = graph.join_paddings(net)
    assert "Pad" in operators(kept)
    np.testing.assert_array_equal(answer(kept), answer(net))


def test_an_exported_network_has_none():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.Conv2d(4, 2, 1)
    ).eval()
    example = torch.rand(1, 3, 8, 6)
    found = export.to_onnx(net, example, ("found",), {"crop": {0: "n"}, "found": {0: "n"}})
    assert operators(found) == ["Conv", "Relu", "Conv"]
    with torch.no_grad():
        np.testing.assert_allclose(answer(found, example.numpy()), net(example), atol=1e-6)
