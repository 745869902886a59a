"""Differences of two networks on the same photos."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("pycocotools", reason="needs the extra eval")

from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.evaluate.detection.metrics import average_precision
from thatlook.evaluate.detection.paired import differences, resampled

CLASSES = len(DETECTOR_CLASSES)


def boxes(*rows):
    return np.array(rows, np.float32).reshape(-1, 4)


def photo_of(rng):
    """A labelled photo and what two networks find in it: the second sees more of it."""
    count = rng.integers(1, 5)
    corner = rng.uniform(0, 200, (count, 2))
    truth = np.concatenate([corner, corner + rng.uniform(20, 80, (count, 2))], axis=1)
    labels = rng.integers(0, CLASSES, count)
    found = []
    for error in (14, 5):
        near = truth + rng.normal(0, error, truth.shape).clip(-9, 9)
        junk = boxes([300, 300, 330, 340])
        scores = np.append(rng.uniform(0.1, 1, count), 0.5)
        found.append((np.concatenate([near, junk]), scores, np.append(labels, 0)))
    return SimpleNamespace(boxes=truth.astype(np.float32), labels=labels), found


@pytest.fixture(scope="module")
def measured():
    rng = np.random.default_rng(7)
    photos = [photo_of(rng) for _ in range(40)]
    return [truth for truth, _ in photos], [[found[k] for _, found in photos] for k in (0, 1)]


def test_the_data_itself_gives_the_figures_of_coco(measured):
    truth, networks = measured
    for found in networks:
        wanted = average_precision(truth, found)
        got = resampled(truth, found, np.ones((1, len(truth))))
        assert set(got) == set(wanted)
        for name, value in wanted.items():
            assert got[name][0] == pytest.approx(value, abs=1e-9, nan_ok=True), name


def test_a_resample_is_what_coco_says_of_the_photos_repeated(measured):
    truth, (found, _) = measured
    drawn = np.random.default_rng(3).integers(0, len(truth), len(truth))
    counts = np.bincount(drawn, minlength=len(truth)).astype(float)[None]
    wanted = average_precision([truth[k] for k in drawn], [found[k] for k in drawn])
    got = resampled(truth, found, counts)
    for name, value in wanted.items():
        assert got[name][0] == pytest.approx(value, abs=1e-6, nan_ok=True), name


def test_the_better_network_is_better_and_a_network_is_as_good_as_itself(measured):
    truth, networks = measured
    found = differences(truth, networks, 200)
    assert 0 < found["ap50"].low < found["ap50"].value < found["ap50"].high
    wanted = [average_precision(truth, one)["ap50"] for one in networks]
    assert found["ap50"].value == pytest.approx(wanted[1] - wanted[0])
    same = differences(truth, (networks[0], networks[0]), 50)
    assert {(one.value, one.low, one.high) for one in same.values()} == {(0.0, 0.0, 0.0)}


def test_pairing_makes_the_interval_narrower(measured):
    """Hard photos are hard for both: resampled apart, the difference is known less well."""
    truth, (found, _) = measured
    worse = [
        (b, s * 0.9, labels) if k % 8 else (b[:0], s[:0], labels[:0])
        for k, (b, s, labels) in enumerate(found)
    ]
    paired = differences(truth, (found, worse), 300)["ap50"]
    rng = np.random.default_rng(0)
    counts = rng.multinomial(len(truth), np.full(len(truth), 1 / len(truth)), 300).astype(float)
    apart = resampled(truth, worse, counts)["ap50"] - resampled(truth, found, counts[::-1])["ap50"]
    low, high = np.quantile(apart, [0.025, 0.975])
    assert paired.high - paired.low < 0.8 * (high - low)


def test_classes_without_a_label_are_left_out():
    truth = [SimpleNamespace(boxes=boxes([0, 0, 10, 10]), labels=np.array([0]))]
    found = [(boxes([0, 0, 10, 10]), np.array([0.9]), np.array([0]))]
    nothing = [(boxes(), np.array([]), np.array([], int))]
    told = differences(truth, (nothing, found), 20)
    assert set(told) == {"ap50", "ap", "main_ap50", f"ap50_{DETECTOR_CLASSES[0]}"}
    assert told["ap50"].to_list() == [1.0, 1.0, 1.0, 1]
