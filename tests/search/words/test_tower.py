"""The text tower, held against its definition."""

from __future__ import annotations

import hashlib
import io
import json
import zlib

import numpy as np
import pytest

from thatlook.core.errors import ModelError
from thatlook.search.words.tower import Tower, buckets
from thatlook.vision.models.registry import ModelSpec, shipped

ROWS, HIDDEN, DIM = 64, 3, 4


def entry(folder, space="net:1", **arrays):
    rng = np.random.default_rng(0)
    weights = {
        "table": rng.integers(-127, 128, (ROWS, HIDDEN)).astype(np.int8),
        "scale": np.array([0.1, 0.2, 0.3], np.float32),
        "head": rng.standard_normal((HIDDEN, DIM)).astype(np.float32),
    } | arrays
    file = io.BytesIO()
    np.savez(file, **weights)
    (folder / "text.npz").write_bytes(file.getvalue())
    told = {
        "id": "t",
        "task": "text",
        "file": "text.npz",
        "sha256": hashlib.sha256(file.getvalue()).hexdigest(),
        "license": "x",
        "input": {},
        "outputs": {"text": {"dim": DIM}},
        "space": space,
    }
    (folder / "text.json").write_text(json.dumps(told))
    return ModelSpec.from_file(folder / "text.json"), weights


def test_a_word_is_its_whole_and_its_parts():
    parts = ["=red", "<re", "red", "ed>", "<red", "red>", "<red>"]
    assert buckets("red", 1000) == tuple(zlib.crc32(part.encode()) % 1000 for part in parts)


def test_a_text_is_the_sum_of_its_words_mapped_to_a_unit_vector(tmp_path):
    spec, weights = entry(tmp_path)
    table = weights["table"] * weights["scale"]
    words = [table[list(buckets(word, ROWS))].mean(axis=0) for word in ("red", "shoe")]
    vector = (words[0] + words[1]) @ weights["head"]
    tower = Tower.of(spec)
    assert tower.space == "net:1"
    found = tower.of_text("Red shoes")
    assert found.dtype == np.float32
    assert found == pytest.approx(vector / np.linalg.norm(vector), abs=1e-5)
    assert tower.embed(()) is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"head": np.zeros((HIDDEN, DIM + 1), np.float32)}, "expected table"),
        ({"table": np.zeros((ROWS, HIDDEN), np.float32)}, "expected table"),
        ({"scale": np.zeros(2, np.float32)}, "expected table"),
        ({"table": np.array([None])}, "expected table, scale and head"),
    ],
)
def test_weights_that_do_not_fit(tmp_path, arrays, message):
    with pytest.raises(ModelError, match=message):
        Tower.of(entry(tmp_path, **arrays)[0])


def test_an_entry_without_its_space(tmp_path):
    with pytest.raises(ModelError, match="space must be the key of an embedding network"):
        Tower.of(entry(tmp_path, space=None)[0])


def test_the_tower_that_ships_is_for_the_embedding_that_ships():
    """Where the embedding was trained anew, `thatlook train text` makes the tower that fits."""
    spec = shipped("text")
    assert spec.details["space"] == shipped("embedding").key
    assert spec.path.stat().st_size < 3_000_000
    tower = Tower.of(spec)
    one, same, other = (tower.of_text(t) for t in ("red high heels", "red heel", "mens blue jeans"))
    assert one @ same > 0.8 > one @ other
