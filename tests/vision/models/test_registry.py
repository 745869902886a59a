"""Registry entries and verified weights."""

import hashlib
import json

import pytest

from thatlook.core.errors import ModelError
from thatlook.vision.models.registry import TASKS, ModelSpec, resolve, shipped


def entry(tmp_path, data=b"weights", **changes):
    (tmp_path / "n.onnx").write_bytes(data)
    content = {
        "id": "n-1",
        "task": "embedding",
        "file": "n.onnx",
        "sha256": hashlib.sha256(b"weights").hexdigest(),
        "license": "MIT",
        "input": {"mean": [0, 0, 0], "std": [1, 1, 1]},
        "outputs": {"embedding": {"dim": 4}},
        "seed": 3,
        **changes,
    }
    path = tmp_path / "n.json"
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))
    return path


def test_an_entry_is_read_and_its_weights_verified(tmp_path):
    spec = ModelSpec.from_file(entry(tmp_path))
    assert spec.read() == b"weights"
    assert spec.key == "n-1:" + hashlib.sha256(b"weights").hexdigest()
    assert spec.details == {"file": "n.onnx", "seed": 3}
    assert resolve("embedding", str(tmp_path / "n.json")).id == "n-1"


def test_changed_weights_are_refused(tmp_path):
    path = entry(tmp_path, b"weightz")
    with pytest.raises(ModelError, match="damaged or were exchanged"):
        ModelSpec.from_file(path).read()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256": None}, "lacks sha256"),
        ({"task": "hats"}, "task must be one of"),
        ({"file": 3}, "file must be a text"),
        ({"input": "none"}, "input must be a JSON object"),
        ({"metrics": [1]}, "metrics must be a JSON object"),
    ],
)
def test_incomplete_entries(tmp_path, changes, message):
    with pytest.raises(ModelError, match=message):
        ModelSpec.from_file(entry(tmp_path, **changes))


@pytest.mark.parametrize("text", ["null", '"entry"', "[1]", "{"])
def test_what_is_no_entry(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(ModelError, match="expected a registry entry"):
        ModelSpec.from_file(path)


def test_entries_for_another_task_or_missing(tmp_path):
    with pytest.raises(ModelError, match="expected a network for person"):
        resolve("person", str(entry(tmp_path)))
    with pytest.raises(ModelError, match="expected a registry entry"):
        ModelSpec.from_file(tmp_path / "none.json")
    with pytest.raises(ModelError, match="no network for"):
        shipped("hats")


@pytest.mark.parametrize("task", TASKS)
def test_what_ships_is_whole(task):
    spec = shipped(task)
    assert len(spec.read()) < 16_000_000
    assert spec.license == "Apache-2.0"
    assert spec.metrics
    assert {"recipe", "seed", "data", "metrics_command", "limits"} <= set(spec.details)
