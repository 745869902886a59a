"""`models add`: layouts of the hub to a registry entry, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("tokenizers", reason="needs the extra clip")
pytest.importorskip("onnx", reason="makes small networks, with the extra train")

from tests.vision.pair import made
from tests.vision.pair.hub import COMMIT, REPOSITORY, serving
from thatlook.cli import main
from thatlook.core.errors import FetchError, ModelError, SettingsError
from thatlook.core.records import Box
from thatlook.vision.pair.adding import Addition, add
from thatlook.vision.pair.spec import PairSpec, TextInput, image_stage
from thatlook.vision.pair.text import TextEncoder

RED = np.array([1, 0, 0, 0.2]) / 1.04**0.5


def added(folder, **more):
    return add(Addition(source=str(folder), threads=1, **more))


def changed(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize("layout", made.LAYOUTS)
def test_every_layout_gives_the_vectors_worked_out_by_hand(tmp_path, layout):
    pair = added(made.LAYOUTS[layout](tmp_path / layout)).pair
    crop = np.full((20, 20, 3), (255, 0, 0), np.uint8)
    (found,) = image_stage(pair.image, 1).run(crop, [Box(0, 0, 20, 20)])
    np.testing.assert_allclose(found.vector, RED, atol=1e-6)

    encoder = TextEncoder.of(pair, 1)
    rows = made.table()
    ids = [0, made.WORDS.index("red"), made.WORDS.index("bag"), 1]
    if layout in ("siglip", "open_clip"):  # no mask: padding counts, as it did in training
        ids += [made.PAD] * (made.LENGTH - len(ids))
    expected = rows[ids].sum(axis=0)
    np.testing.assert_allclose(
        encoder.of_text("Red BAG"), expected / np.linalg.norm(expected), atol=1e-6
    )
    assert encoder.space == pair.image.key
    assert encoder.of_text("  ") is None


def test_the_entry(tmp_path):
    done = added(made.transformers_js(tmp_path / "fashion pair"))
    entry = json.loads(done.entry.read_text())
    assert done.entry == tmp_path / "fashion pair" / "text-image.json"
    assert (entry["id"], entry["task"], entry["license"]) == ("fashion-pair", "text-image", "mit")
    assert entry["file"] == "onnx/vision_model.onnx"
    assert entry["input"] == {
        "name": "pixel_values",
        "width": 8,
        "height": 8,
        "fit": "letterbox",
        "mean": [0, 0, 0],
        "std": [1, 1, 1],
    }
    assert entry["outputs"] == {"image_embeds": {"dim": 4}}
    assert entry["text"]["input"] == {
        "ids": "input_ids",
        "mask": "attention_mask",
        "type": "int64",
        "length": 6,
        "batch": 16,
        "pad_id": made.PAD,
        "pad_token": "<pad>",
    }
    assert entry["metrics"] == {"plain_colors_told": 1.0}
    assert (done.trial.unit_texts, done.trial.unit_images) == (False, False)
    assert not list(done.entry.parent.glob(".*"))


def test_a_variant_and_names_of_ones_own(tmp_path):
    folder = made.transformers_js(tmp_path / "pair")
    done = added(folder, variant="quantized", name="mine", license="GPL-3.0")
    assert done.pair.image.path == folder / "onnx/vision_model_quantized.onnx"
    assert done.pair.text.path == folder / "onnx/text_model_quantized.onnx"
    assert (done.pair.image.id, done.pair.image.license) == ("mine", "GPL-3.0")


@pytest.mark.parametrize(("batch", "runs"), [("n", 1), (1, 3)])
def test_texts_go_in_together_where_the_network_takes_them(tmp_path, monkeypatch, batch, runs):
    folder = made.transformers_js(tmp_path / "pair")
    made.text(folder / "onnx/text_model.onnx", batch=batch)
    encoder = TextEncoder.of(added(folder).pair, 1)
    texts = [("red", "bag"), (), ("red",), ("bag",)]
    alone = [encoder.embed(words) for words in texts]
    run, count = encoder._session.run, []
    monkeypatch.setattr(encoder._session, "run", lambda inputs: count.append(1) or run(inputs))
    together = encoder.embed_all(texts)
    assert together[1] is alone[1] is None
    for place in (0, 2, 3):
        np.testing.assert_allclose(together[place], alone[place], atol=1e-6)
    assert len(count) == runs
    assert encoder.embed_all([()]) == [None]


def test_an_entry_that_says_no_batch_takes_one_text_at_a_time(tmp_path):
    entry = added(made.transformers_js(tmp_path / "pair")).entry
    text = json.loads(entry.read_text())["text"]
    told = {name: value for name, value in text["input"].items() if name != "batch"}
    changed(entry, text=text | {"input": told})
    assert TextInput.of(PairSpec.named(str(entry)).text).batch == 1


def test_a_longer_text_is_cut_and_keeps_its_last_mark(tmp_path):
    encoder = TextEncoder.of(added(made.transformers_js(tmp_path / "pair")).pair, 1)
    tokens = encoder.tokens("red " * 20)
    assert tokens["input_ids"].tolist() == [0, 4, 4, 4, 4, 1]
    short = encoder.tokens("red")
    assert short["input_ids"].tolist() == [0, 4, 1, made.PAD, made.PAD, made.PAD]
    assert short["attention_mask"].tolist() == [1, 1, 1, 0, 0, 0]


def test_a_pair_whose_halves_are_of_two_networks_tells_few_colors(tmp_path):
    folder = made.transformers_js(tmp_path / "pair")
    made.text(folder / "onnx/text_model.onnx")
    turned = made.table()[:, [2, 0, 1, 3]]  # red's row is near green pictures
    original, made.table = made.table, lambda dim=4: turned
    try:
        made.text(folder / "onnx/text_model.onnx")
    finally:
        made.table = original
    done = added(folder)
    assert done.trial.colors_told < 0.5
    assert any("are these two networks of one pair" in line for line in done.lines())


def missing(name):
    return lambda folder: (folder / name).unlink()


def fixed_size(folder):
    changed(folder / "preprocessor_config.json", crop_size={"height": 9, "width": 9})


FAULTS = {
    "tokenizer": (missing("tokenizer.json"), "expected tokenizer.json"),
    "networks": (missing("onnx/text_model.onnx"), r"expected onnx/vision_model.onnx, .*there are"),
    "settings": (missing("preprocessor_config.json"), "expected preprocessor_config.json"),
    "licence": (missing("README.md"), "no licence is named in README.md"),
    "size": (fixed_size, "takes 8 x 8, the settings say 9 x 9"),
    "dims": (
        lambda folder: made.text(folder / "onnx/text_model.onnx", dim=5),
        "pictures give 4 numbers, texts 5",
    ),
    "scale": (
        lambda folder: changed(folder / "preprocessor_config.json", rescale_factor=1.0),
        "how pictures go in cannot be read",
    ),
    "padding": (
        lambda folder: changed(folder / "special_tokens_map.json", pad_token="<nothing>"),
        "does not know the padding '<nothing>'",
    ),
    "json": (lambda folder: (folder / "config.json").write_text("{"), "expected JSON"),
    "words": (
        lambda folder: (folder / "tokenizer.json").write_text("{}"),
        "the tokenizer cannot be read",
    ),
    "bytes": (
        lambda folder: (folder / "tokenizer.json").write_bytes(b"\xff\xfe{}"),
        "tokenizer.json: the tokenizer cannot be read",
    ),
    "text settings": (
        lambda folder: [changed(folder / "config.json", text_config=None), fixed_size(folder)],
        "takes 8 x 8, the settings say 9 x 9",
    ),
    "licence of two lines": (
        lambda folder: (folder / "README.md").write_text("---\nlicense:\nlanguage: en\n---\n"),
        "no licence is named in README.md",
    ),
    "onnx": (
        lambda folder: (folder / "onnx/vision_model.onnx").write_bytes(b"no"),
        "not a network ONNX Runtime can open",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_fit_is_refused_and_leaves_no_entry(tmp_path, fault):
    folder = made.transformers_js(tmp_path / "pair")
    spoil, message = FAULTS[fault]
    spoil(folder)
    with pytest.raises(ModelError, match=message):
        added(folder)
    assert not list(folder.glob("*text-image*"))
    assert not list(folder.glob(".*"))


def test_vectors_computed_elsewhere_are_compared(tmp_path):
    folder = made.transformers_js(tmp_path / "pair")
    right = (made.table()[[0, 4, 1]].sum(axis=0) * 3).tolist()
    parity = tmp_path / "vectors.json"
    parity.write_text(json.dumps({"texts": {"red": right}}))
    done = added(folder, parity=parity)
    assert done.trial.min_parity == pytest.approx(1.0, abs=1e-6)
    assert json.loads(done.entry.read_text())["metrics"]["parity"] == 1.0

    parity.write_text(json.dumps({"texts": {"red": [0, 1, 0, 0]}}))
    with pytest.raises(ModelError, match=r"the text 'red': the vector is .* padding, or how"):
        added(folder, parity=parity)
    parity.write_text(json.dumps({"texts": {"red": [0, 1]}}))
    with pytest.raises(ModelError, match="expected a vector of 4 numbers"):
        added(folder, parity=parity)
    parity.write_text("[]")
    with pytest.raises(ModelError, match=r"expected .*texts"):
        added(folder, parity=parity)


def test_a_pair_of_the_hub_is_pinned(tmp_path, monkeypatch):
    pytest.importorskip("huggingface_hub", reason="needs the extra clip")
    kept = made.transformers_js(tmp_path / "kept")
    with serving(kept) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
        done = added(REPOSITORY, out=str(tmp_path / "got"), revision="v1")
    entry = json.loads(done.entry.read_text())
    assert entry["source"] == {"hub": REPOSITORY, "revision": COMMIT}
    assert entry["id"] == "fashion-pair"
    assert (tmp_path / "got/onnx/text_model.onnx").is_file()
    assert not (tmp_path / "got/onnx/text_model_quantized.onnx").exists()
    assert not [path for path in hub.asked if path.endswith((".bin", ".safetensors"))]
    assert all("/resolve/" not in path or COMMIT in path for path in hub.asked)


def test_what_the_hub_does_not_have(tmp_path, monkeypatch):
    pytest.importorskip("huggingface_hub", reason="needs the extra clip")
    with serving(made.transformers_js(tmp_path / "kept")) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        with pytest.raises(FetchError, match="nobody/nothing: cannot be fetched from the hub"):
            added("nobody/nothing", out=str(tmp_path / "got"))


@pytest.mark.parametrize("source", ["../nosuch", "a/b"])
def test_a_hub_that_is_not_there_is_told(tmp_path, monkeypatch, source):
    pytest.importorskip("huggingface_hub", reason="needs the extra clip")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(FetchError, match=f"{source}: cannot be fetched from the hub"):
        added(source, out=str(tmp_path / "got"))


@pytest.mark.parametrize("source", ["no such folder", "/nowhere/at/all"])
def test_what_is_neither_a_folder_nor_an_id(source):
    with pytest.raises(SettingsError, match="expected a folder, or an id of the hub"):
        added(source)


def test_options_of_the_hub_are_not_for_folders(tmp_path):
    with pytest.raises(SettingsError, match="--revision and --out are for the hub"):
        added(made.transformers_js(tmp_path / "pair"), out="elsewhere")


def test_the_command_list_and_verify(tmp_path, monkeypatch, capsys):
    folder = made.transformers_js(tmp_path / "pair")
    assert main(["models", "add", str(folder), "--threads", "1"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "pair: 4 numbers; texts scaled here, pictures scaled here"
    assert told[1] == "of 6 plain pictures 100% are told by their color"
    assert told[2] == f"use it: export THATLOOK_TEXT_IMAGE_MODEL={folder}/text-image.json"
    assert main(["models", "add", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["id"], found["trial"]["dim"]) == ("pair", 4)

    monkeypatch.setenv("THATLOOK_TEXT_IMAGE_MODEL", str(folder / "text-image.json"))
    assert main(["models", "list"]) == 0
    assert "text-image    pair" in capsys.readouterr().out
    assert main(["models", "verify"]) == 0
    assert "pair: ok" in capsys.readouterr().out


@pytest.mark.parametrize("part", ["tokenizer.json", "onnx/text_model.onnx"])
def test_verify_sees_a_part_that_was_changed(tmp_path, monkeypatch, capsys, part):
    folder = made.transformers_js(tmp_path / "pair")
    added(folder)
    file = folder / part
    file.write_bytes(file.read_bytes().replace(b"red", b"der"))
    monkeypatch.setenv("THATLOOK_TEXT_IMAGE_MODEL", str(folder / "text-image.json"))
    if part.endswith("onnx"):
        file.write_bytes(file.read_bytes() + b" ")
    assert main(["models", "verify"]) == 1
    assert "pair: not ok" in capsys.readouterr().out


def test_verify_sees_other_vectors(tmp_path, monkeypatch, capsys):
    entry = added(made.transformers_js(tmp_path / "pair")).entry
    kept = json.loads(entry.read_text())["parity"]
    changed(entry, parity=kept | {"text": [1, 0, 0, 0]})
    monkeypatch.setenv("THATLOOK_TEXT_IMAGE_MODEL", str(entry))
    assert main(["models", "verify"]) == 1
    assert "the fixed text of pair: the vector is" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("part", "values", "message"),
    [
        ("text", {}, "text must be an object with file, sha256"),
        ("tokenizer", {"file": "x"}, "tokenizer must be an object with file and sha256"),
    ],
)
def test_entries_that_lack_a_part(tmp_path, part, values, message):
    entry = added(made.transformers_js(tmp_path / "pair")).entry
    changed(entry, **{part: values})
    with pytest.raises(ModelError, match=message):
        PairSpec.named(str(entry))


@pytest.mark.parametrize(
    ("name", "value"),
    [("ids", 1), ("type", "int8"), ("length", 0), ("batch", 0), ("pad_id", -1), ("pad_id", True)],
)
def test_entries_with_impossible_text_inputs(tmp_path, name, value):
    entry = added(made.transformers_js(tmp_path / "pair")).entry
    text = json.loads(entry.read_text())["text"]
    changed(entry, text=text | {"input": text["input"] | {name: value}})
    with pytest.raises(ModelError, match=f"text.input.{name} must be"):
        TextEncoder.of(PairSpec.named(str(entry)))
