"""Optimised networks that are kept between processes."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest

from thatlook.core.errors import ModelError
from thatlook.vision.models import graphs
from thatlook.vision.models.registry import shipped
from thatlook.vision.models.session import Session

SHA = "ab" * 32


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("THATLOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "graphs"


def answers(session):
    return session.run({"crop": np.random.default_rng(1).random((1, 3, 512, 384), np.float32)})


def test_the_second_process_takes_what_the_first_one_kept_and_answers_the_same_bits(
    cache, monkeypatch
):
    first = answers(Session(shipped("person"), 1))
    (file,) = cache.iterdir()
    levels = []
    real = onnxruntime.InferenceSession

    def watched(graph, options, **rest):
        levels.append((hashlib.sha256(graph).hexdigest(), options.graph_optimization_level))
        return real(graph, options, **rest)

    monkeypatch.setattr(onnxruntime, "InferenceSession", watched)
    second = answers(Session(shipped("person"), 1))
    kept = hashlib.sha256(file.read_bytes()[4:]).hexdigest()
    assert levels == [(kept, onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)]
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert value.tobytes() == second[name].tobytes(), name


def test_a_damaged_graph_is_made_anew(cache):
    Session(shipped("compatibility")).warm()
    (file,) = cache.iterdir()
    sound = file.read_bytes()
    file.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    Session(shipped("compatibility")).warm()
    assert file.read_bytes() == sound


def test_exchanged_weights_are_refused_though_their_graph_is_kept(tmp_path):
    spec = shipped("compatibility")
    Session(spec).warm()
    changed = tmp_path / "changed.onnx"
    changed.write_bytes(spec.path.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="damaged or were exchanged"):
        Session(replace(spec, path=changed)).warm()


def test_a_new_version_takes_the_place_of_the_old_one(cache):
    old, new = graphs.file_of(SHA, "1.0"), graphs.file_of(SHA, "1.1")
    other = graphs.file_of("cd" * 32, "1.0")
    assert len({old, new, other}) == 3
    for file in (old, other, new):
        graphs.keep(file, file.name.encode())
    assert sorted(cache.iterdir()) == sorted([new, other])
    assert graphs.kept(new) == new.name.encode()


def test_another_processor_has_another_graph(monkeypatch):
    here = graphs.file_of(SHA, "1.0")
    monkeypatch.setattr(graphs, "processor", lambda: "x86_64 sse2")
    assert graphs.file_of(SHA, "1.0") != here


def test_a_folder_that_cannot_be_is_told_and_does_no_harm(cache, caplog):
    cache.parent.write_text("a file")
    with caplog.at_level(logging.INFO):
        Session(shipped("compatibility")).warm()
    assert "the optimised network is not kept" in caplog.text


def test_an_empty_variable_keeps_none(cache, monkeypatch):
    monkeypatch.setenv("THATLOOK_CACHE", "")
    Session(shipped("compatibility")).warm()
    assert graphs.file_of(SHA, "1.0") is None
    assert not cache.exists()


def test_the_users_cache_folder_is_the_default(monkeypatch, tmp_path):
    monkeypatch.delenv("THATLOOK_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert graphs.folder() == tmp_path / "thatlook" / "graphs"


def test_what_is_too_large_is_not_kept(cache, monkeypatch):
    monkeypatch.setattr(graphs, "MAX_BYTES", 3)
    graphs.keep(graphs.file_of(SHA, "1.0"), b"four")
    assert not cache.exists()


def test_a_temporary_folder_that_cannot_be_written_does_no_harm(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with caplog.at_level(logging.INFO):
        Session(shipped("compatibility")).warm()
    assert "the optimised network cannot be written" in caplog.text


def test_weights_that_are_none_are_told_all_the_same(tmp_path):
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    sha256 = hashlib.sha256(b"no network").hexdigest()
    spec = replace(shipped("compatibility"), path=broken, sha256=sha256)
    with pytest.raises(ModelError, match="not a network ONNX Runtime can open"):
        Session(spec).warm()
