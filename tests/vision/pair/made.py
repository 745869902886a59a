"""Small pairs of networks in the layouts of the hub: colors and their names share a space.

A picture's vector is red, green, blue (means of the channels) and a constant 0.2; a text's is the
mean of its words' rows, "red" being (1, 0, 0, 0.2). Padding has a row of its own, so a wrong mask
or padding shows.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

SIDE = 8
LENGTH = 6
COLORS = {
    "red": (1, 0, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
    "yellow": (0.7, 0.7, 0),
    "black": (0, 0, 0),
    "white": (1, 1, 1),
}
WORDS = ("<s>", "</s>", "<pad>", "<unk>", *COLORS, "bag", "dress")
PAD = WORDS.index("<pad>")
FLOAT, INT64, INT32 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32


def table(dim: int = 4) -> np.ndarray:
    """A row per word: colors as above, the others nearly nothing, padding far off."""
    rows = np.zeros((len(WORDS), dim), np.float32)
    for word, color in COLORS.items():
        rows[WORDS.index(word), :3] = color
        rows[WORDS.index(word), 3] = 0.2
    rows[:, -1] += 0.02
    rows[WORDS.index("bag"), 0] = 0.05
    rows[WORDS.index("dress"), 1] = 0.05
    rows[PAD, :4] = (-1, -1, -1, 3)
    return rows


def tokenizer(path: Path, padding: bool = False) -> None:
    """A word-level tokenizer that puts marks around a text, as CLIP's does."""
    import tokenizers
    from tokenizers import models, normalizers, pre_tokenizers, processors

    made = tokenizers.Tokenizer(
        models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="<unk>")
    )
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    if padding:
        made.enable_padding(length=LENGTH, pad_id=PAD, pad_token="<pad>")
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save(str(path))


def _model(path: Path, nodes, inputs, outputs, **constants) -> None:
    """inputs and outputs are {name: (type, shape)}."""
    sides = [
        [helper.make_tensor_value_info(name, *about) for name, about in side.items()]
        for side in (inputs, outputs)
    ]
    kept = [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()]
    graph = helper.make_graph(nodes, "small", *sides, kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


def _image_nodes(pixels: str, output: str):
    return [
        helper.make_node("ReduceMean", [pixels], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["means", "eye", "rest"], [output]),
    ]


def _image_constants(dim: int):
    rest = np.zeros(dim, np.float32)
    rest[-1] = 0.2
    return {"eye": np.eye(3, dim, dtype=np.float32), "rest": rest}


def _text_nodes(ids: str, output: str, *, masked: bool):
    """The mean of the words' rows, of those under the mask where there is one."""
    gather = helper.make_node("Gather", ["table", ids], ["rows"])
    if not masked:
        return [gather, helper.make_node("ReduceMean", ["rows"], [output], axes=[1], keepdims=0)]
    return [
        gather,
        helper.make_node("Cast", ["attention_mask"], ["kept"], to=FLOAT),
        helper.make_node("Unsqueeze", ["kept", "last"], ["weights"]),
        helper.make_node("Mul", ["rows", "weights"], ["counted"]),
        helper.make_node("ReduceSum", ["counted", "first"], [output], keepdims=0),
    ]


_AXES = {"last": np.array([2]), "first": np.array([1])}


def vision(path: Path, *, dim=4, name="pixel_values", output="image_embeds", batch="n") -> None:
    shape = {name: (FLOAT, [batch, 3, SIDE, SIDE])}
    _model(
        path,
        _image_nodes(name, output),
        shape,
        {output: (FLOAT, [batch, dim])},
        **_image_constants(dim),
    )


def text(
    path: Path,
    *,
    dim=4,
    ids="input_ids",
    output="text_embeds",
    masked=True,
    type_=INT64,
    length="l",
    batch="n",
) -> None:
    inputs = {ids: (type_, [batch, length])}
    if masked:
        inputs["attention_mask"] = (INT64, [batch, length])
    _model(
        path,
        _text_nodes(ids, output, masked=masked),
        inputs,
        {output: (FLOAT, [batch, dim])},
        table=table(dim),
        **(_AXES if masked else {}),
    )


def both(path: Path, dim: int = 4) -> None:
    """One network with both halves, and the likeness of each text to each picture."""
    nodes = [
        *_image_nodes("pixel_values", "image_embeds"),
        *_text_nodes("input_ids", "text_embeds", masked=True),
        helper.make_node("Transpose", ["image_embeds"], ["turned"], perm=[1, 0]),
        helper.make_node("MatMul", ["text_embeds", "turned"], ["logits_per_text"]),
    ]
    inputs = {
        "input_ids": (INT64, ["t", "l"]),
        "pixel_values": (FLOAT, ["n", 3, SIDE, SIDE]),
        "attention_mask": (INT64, ["t", "l"]),
    }
    outputs = {
        "logits_per_text": (FLOAT, ["t", "n"]),
        "text_embeds": (FLOAT, ["t", dim]),
        "image_embeds": (FLOAT, ["n", dim]),
    }
    _model(path, nodes, inputs, outputs, table=table(dim), **_AXES, **_image_constants(dim))


def settings(folder: Path, *, length: int = LENGTH, cut: bool = True) -> None:
    """The JSON files that transformers writes."""
    size = {"height": SIDE, "width": SIDE}
    told = {"image_mean": [0, 0, 0], "image_std": [1, 1, 1], "rescale_factor": 1 / 255}
    told |= {"do_center_crop": True, "crop_size": size, "size": {"shortest_edge": SIDE}}
    if not cut:
        told = told | {"do_center_crop": False, "size": size}
    files = {
        "preprocessor_config.json": told,
        "config.json": {"model_type": "clip", "text_config": {"max_position_embeddings": length}},
        "tokenizer_config.json": {"pad_token": "<pad>", "model_max_length": length},
        "special_tokens_map.json": {"pad_token": {"content": "<pad>", "lstrip": False}},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    (folder / "README.md").write_text("---\ntags:\n- clip\nlicense: mit\n---\n# A pair\n")


def transformers_js(folder: Path) -> Path:
    """As exports for transformers.js lie on the hub, a quantized variant beside."""
    for ending in ("", "_quantized"):
        vision(folder / f"onnx/vision_model{ending}.onnx")
        text(folder / f"onnx/text_model{ending}.onnx")
    tokenizer(folder / "tokenizer.json")
    settings(folder)
    return folder


def optimum(folder: Path) -> Path:
    """As optimum writes a CLIP: one model.onnx with both halves."""
    folder.mkdir(parents=True, exist_ok=True)
    both(folder / "model.onnx")
    tokenizer(folder / "tokenizer.json")
    settings(folder)
    return folder


def siglip(folder: Path) -> Path:
    """As SigLIP is exported: no mask, so that padding counts; vectors called pooler_output."""
    vision(folder / "onnx/vision_model.onnx", output="pooler_output")
    text(folder / "onnx/text_model.onnx", output="pooler_output", masked=False)
    tokenizer(folder / "tokenizer.json")
    settings(folder, cut=False)
    return folder


def open_clip(folder: Path) -> Path:
    """As exports of open_clip lie: two folders, int32 ids of fixed length, other names."""
    vision(folder / "visual/model.onnx", name="image", output="embedding", batch=1)
    text(
        folder / "textual/model.onnx",
        ids="text",
        output="embedding",
        masked=False,
        type_=INT32,
        length=LENGTH,
    )
    tokenizer(folder / "textual/tokenizer.json", padding=True)
    told = {"size": [SIDE, SIDE], "mean": [0, 0, 0], "std": [1, 1, 1], "resize_mode": "shortest"}
    (folder / "visual/preprocess_cfg.json").write_text(json.dumps(told))
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    return folder


LAYOUTS = {
    "transformers_js": transformers_js,
    "optimum": optimum,
    "siglip": siglip,
    "open_clip": open_clip,
}
