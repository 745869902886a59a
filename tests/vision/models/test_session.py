"""The threads of networks."""

from __future__ import annotations

import argparse
import os

import numpy as np
import onnxruntime
import pytest

from thatlook.vision.models.registry import shipped
from thatlook.vision.models.session import Session, cores_of


@pytest.mark.parametrize(
    ("threads", "cores", "mine", "wanted"),
    [
        (4, 4, 4, "2;3;4"),
        (2, 2, 2, "2"),
        (3, 4, 4, ""),
        (8, 4, 4, ""),
        (4, 4, 2, ""),
        (1, 1, 1, ""),
        (0, 4, 4, ""),
    ],
)
def test_threads_have_a_core_each_where_they_are_as_many(monkeypatch, threads, cores, mine, wanted):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(mine)), raising=False)
    assert cores_of(threads) == wanted


def test_the_cores_are_this_process_own(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 2, 5}, raising=False)
    assert cores_of(3) == "6;8"  # cores 5 and 7, counted from 1


def test_what_a_network_is_opened_with(monkeypatch):
    opened = []

    class Opened:
        def __init__(self, _data, options, **_):
            opened.append(options)

        def get_outputs(self):
            return [argparse.Namespace(name=name) for name in shipped("person").outputs]

    monkeypatch.setattr(onnxruntime, "InferenceSession", Opened)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    for threads in (2, 1):
        Session(shipped("person"), threads).warm()
    entry = "session.intra_op_thread_affinities"
    assert [options.intra_op_num_threads for options in opened] == [2, 1]
    assert opened[0].get_session_config_entry(entry) == "2"
    with pytest.raises(RuntimeError, match=entry):  # it has none
        opened[1].get_session_config_entry(entry)
    assert opened[0].get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_a_system_without_affinities_pins_nothing(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cores_of(4) == ""


def test_the_number_of_threads_changes_no_answer():
    crop = np.random.default_rng(0).random((1, 3, 512, 384), np.float32)
    one, *more = [
        Session(shipped("person"), threads).run({"crop": crop})["heatmaps"]
        for threads in (1, 2, os.cpu_count() or 1, 0)
    ]
    for found in more:
        np.testing.assert_allclose(found, one, atol=1e-5)
