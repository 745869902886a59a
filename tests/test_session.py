"""The threads of networks."""

from __future__ import annotations

import os

import numpy as np
import pytest

from thatlook.models.registry import shipped
from thatlook.models.session import Session, cores_of


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
