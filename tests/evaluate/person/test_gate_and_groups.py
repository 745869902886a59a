"""The gate over made crops, reliability, and groups: against values worked by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from thatlook.core.records import Keypoint
from thatlook.evaluate.person.gate import FULL, GateShot, curve, gate_figures, pass_shares
from thatlook.evaluate.person.groups import interval, thirds
from thatlook.evaluate.person.metrics import DEFAULTS, oks_figures, swapped
from thatlook.evaluate.person.report import reliability
from thatlook.vision.stages.person import Frame

RULES = replace(DEFAULTS, keypoint_threshold=0.2, torso_threshold=0.3, foot_room=0.1)


def shot(name, ankles, score=0.9):
    """All joints at (10, 10) but the ankles at this height, in a frame 100 high, person 80."""
    points = [Keypoint(10, 10, 0.9)] * 15 + [Keypoint(10, ankles, score)] * 2
    return GateShot(name, Path("a"), tuple(points), Frame(20, 100, 80))


# Room of a tenth of 80 px is left below ankles at 92 or higher up.
SHOTS = [
    shot(FULL, 90),
    shot(FULL, 92),
    shot(FULL, 93),
    shot(FULL, 50, 0.1),
    shot("knee_up", 93),
    shot("knee_up", 80, 0.25),
    shot("half", 80, 0.1),
]


def test_shares_that_pass():
    assert pass_shares(SHOTS, RULES) == {FULL: 0.5, "knee_up": 0.5, "half": 0.0}
    got = gate_figures(SHOTS, RULES)
    assert got["gate_full"] == 0.5
    assert got["gate_crops"] == 0.25
    # Of as many crops as whole photos: 0.5 right for 0.25 wrong.
    assert got["gate_precision"] == pytest.approx(2 / 3)
    assert gate_figures([], RULES) == {}


def test_the_curve_moves_one_dial():
    lines = curve(SHOTS, RULES, "keypoint_threshold", [0.05, 0.2, 0.5])
    assert lines[FULL] == [(0.05, 0.75), (0.2, 0.5), (0.5, 0.5)]
    assert lines["knee_up"] == [(0.05, 0.5), (0.2, 0.5), (0.5, 0.0)]
    assert lines["half"] == [(0.05, 1.0), (0.2, 0.0), (0.5, 0.0)]


def test_reliability_by_bins_of_the_upper_half():
    # 0.52 and 0.54 are in the first bin of a twentieth, 1.0 in the last.
    got = reliability(np.array([0.52, 0.54, 1.0]), np.array([True, False, True]))
    assert [b["photos"] for b in got] == [2, 1]
    assert got[0]["said"] == pytest.approx(0.53)
    assert [b["right"] for b in got] == [0.5, 1.0]


def test_thirds_keep_equal_values_together():
    got = thirds([1, 1, 1, 1, 5, 9], ("low", "middle", "high"))
    assert got == {"low": [0, 1, 2, 3], "high": [4, 5]}
    assert thirds([1, 2, 3], ("a", "b", "c")) == {"a": [0], "b": [1], "c": [2]}


def test_the_interval_of_few_is_wide():
    # Wilson's 95 % interval of 9 of 10.
    low, high = interval(np.array([True] * 9 + [False]))
    assert (low, high) == pytest.approx((0.5958, 0.9821), abs=1e-3)
    assert np.isnan(interval(np.zeros(0, bool))).all()


@dataclass
class Person:
    boxes: np.ndarray
    labels: np.ndarray
    keypoints: np.ndarray
    path: Path = Path("a")


def test_oks_of_perfect_and_of_shifted_people():
    pytest.importorskip("pycocotools", reason="needs the extra eval")
    pytest.importorskip("cv2", reason="needs the extra train")
    from thatlook.data.scenes import PERSON

    truth = np.random.default_rng(0).uniform(20, 180, (1, 17, 3)).astype(np.float32)
    truth[..., 2] = 1
    scene = Person(np.array([[0, 0, 100, 200]], np.float32), np.array([PERSON]), truth[0])
    assert oks_figures(truth, truth, [scene]) == pytest.approx({"oks_ap": 1, "oks_ap50": 1})
    # Every joint off by d: OKS is the mean of exp(-d2 / (2 area k2)), k twice COCO's sigmas.
    sigmas = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000
    moved = truth.copy()
    moved[..., 0] += 10
    similar = np.exp(-(10**2) / (2 * (2 * sigmas) ** 2 * 0.53 * 100 * 200)).mean()
    passed = sum(similar >= t for t in np.arange(0.5, 1.0, 0.05))
    got = oks_figures(moved, truth, [scene])
    assert 0 < passed < 10
    assert got["oks_ap"] == pytest.approx(passed / 10)


def test_who_is_swapped():
    truth = np.zeros((2, 17, 3), np.float32)
    truth[..., 2] = 1
    truth[:, 5, :2], truth[:, 6, :2] = (60, 50), (40, 50)
    truth[:, 11, :2], truth[:, 12, :2] = (60, 100), (40, 100)
    found = truth.copy()
    found[1, [11, 12]] = truth[1, [12, 11]]
    assert swapped(found, truth).tolist() == [False, True]
