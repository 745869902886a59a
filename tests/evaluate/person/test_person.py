from __future__ import annotations

import numpy as np
import pytest

from thatlook.evaluate.person.gate import cut_frames, cut_to_frame
from thatlook.evaluate.person.metrics import (
    calibration_error,
    crop_window,
    pck,
    peaks,
    recalls,
    swaps,
    torso,
)


def upright():
    points = np.zeros((17, 3), np.float32)
    points[:, 2] = 1
    points[5, :2], points[6, :2] = (60, 50), (40, 50)
    points[11, :2], points[12, :2] = (60, 100), (40, 100)
    return points


def test_the_crop_has_the_networks_shape_and_the_boxs_middle():
    # 100 x 300 grown by 1.15 is 345 high, so 258.75 wide.
    window = crop_window(np.array([100, 0, 200, 300], np.float32))
    np.testing.assert_allclose(window, [20.625, -22.5, 279.375, 322.5], rtol=1e-5)


def test_a_wide_box_sets_the_width():
    window = crop_window(np.array([0, 0, 300, 100], np.float32))
    np.testing.assert_allclose(window[2:] - window[:2], [345, 460], rtol=1e-5)


def test_the_peak_of_a_shifted_gaussian_is_found_below_a_cell():
    x = np.arange(48)[None] - 20.3
    y = np.arange(64)[:, None] - 31.8
    heat = np.exp(-(x**2 + y**2) / 8).astype(np.float32)
    at = peaks(heat[None, None])[0, 0]
    np.testing.assert_allclose(at[:2], [(20.3 + 0.5) * 8, (31.8 + 0.5) * 8], atol=0.4)
    assert at[2] == pytest.approx(heat.max())


def test_torso_is_the_mean_diagonal():
    assert torso(upright()[None]) == pytest.approx(np.hypot(20, 50))


def test_pck_counts_what_is_near_enough_of_what_is_seen():
    truth = np.stack([upright(), upright()])
    truth[1, 0, 2] = 0
    found = truth.copy()
    reach = 0.2 * float(np.hypot(20, 50))
    found[0, 5, 0] += reach - 0.1
    found[1, 5, 0] += reach + 0.1
    got = pck(found, truth)
    assert got[5] == 0.5
    assert got[0] == 1
    truth[:, 1, 2] = 0
    assert np.isnan(pck(found, truth)[1])


def test_exchanged_sides_are_swaps():
    truth = np.stack([upright(), upright()])
    found = truth.copy()
    found[1, [5, 6]] = truth[1, [6, 5]]
    assert swaps(found, truth) == 1
    assert swaps(truth, truth) == 0


def test_recalls_leave_out_the_unknown():
    got = recalls(np.array([0, 1, 1, 0]), np.array([0, 0, 1, -1]), ("a", "b", "c"))
    assert got == {"a": 0.5, "b": 1.0}


def test_calibration_error_by_hand():
    # Bin .6: one right, one wrong at .65: |.5 - .65|; bin .9: both right at .95: |1 - .95|.
    got = calibration_error(np.array([0.65, 0.65, 0.95, 0.95]), np.array([True, False, True, True]))
    assert got == pytest.approx(0.5 * 0.15 + 0.5 * 0.05)


def test_a_cut_keeps_the_part_inside_the_frame():
    image = np.arange(100 * 60 * 3, dtype=np.uint8).reshape(100, 60, 3)
    box = np.array([10, 10, 50, 90], np.float32)
    frames = cut_frames(box, (60, 100))
    assert frames["waist_up"].tolist() == [0, 0, 60, 50]
    part = cut_to_frame(image, box, frames["waist_up"])
    assert part is not None
    assert part[0].shape == (50, 60, 3)
    assert (part[1].x0, part[1].y0, part[1].x1, part[1].y1) == (10, 10, 50, 50)
    half = cut_to_frame(image, box, frames["half"])
    assert half is not None
    assert (half[1].x0, half[1].x1) == (0, 20)
    assert cut_to_frame(image, box, np.array([0, 0, 60, 10], np.float32)) is None
