from __future__ import annotations

import numpy as np
import pytest

from thatlook.data.scenes import NO_MASK
from thatlook.training import augment


def window(*values):
    return np.array(values, np.float32)


def test_a_window_fills_the_canvas():
    matrix = augment.window_to(window(10, 20, 30, 60), (40, 80))
    points = augment.map_points(window(10, 20, 30, 60).reshape(2, 2), matrix)
    assert points.tolist() == [[0, 0], [40, 80]]


def test_a_flip_mirrors_points_and_keeps_boxes_ordered():
    matrix = augment.window_to(window(0, 0, 10, 10), (10, 10), flip=True)
    assert augment.map_points(np.array([[1.0, 2.0]], np.float32), matrix).tolist() == [[9, 2]]
    assert augment.map_boxes(window(1, 2, 4, 5).reshape(1, 4), matrix).tolist() == [[6, 2, 9, 5]]


def test_a_flip_twice_is_the_photo():
    image = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(6, 4, 3)
    matrix = augment.window_to(window(0, 0, 4, 6), (4, 6), flip=True)
    assert matrix.tolist() == [[-1, 0, 4], [0, 1, 0]]
    once = augment.warp(image, matrix, (4, 6))
    np.testing.assert_array_equal(once, image[:, ::-1])
    np.testing.assert_array_equal(augment.warp(once, matrix, (4, 6)), image)
    mask = image[..., 0].copy()
    np.testing.assert_array_equal(augment.warp_mask(mask, matrix, (4, 6)), mask[:, ::-1])


def test_outside_the_photo_is_grey_and_unknown():
    image = np.zeros((4, 4, 3), np.uint8)
    matrix = augment.window_to(window(-4, 0, 4, 4), (8, 4))
    out = augment.warp(image, matrix, (8, 4))
    assert out[0, 0].tolist() == [augment.GREY] * 3
    assert out[0, 6].tolist() == [0, 0, 0]
    assert augment.warp_mask(np.zeros((4, 4), np.uint8), matrix, (8, 4))[0, 0] == NO_MASK


def test_boxes_are_cut_and_slivers_dropped():
    boxes = np.array([[-10, 0, 10, 20], [-90, 0, 10, 20], [50, 50, 52, 90]], np.float32)
    cut, kept = augment.clip_boxes(boxes, (100, 100), 0.25)
    # Half, a tenth, and all of it but 2 px wide.
    assert kept.tolist() == [True, False, False]
    assert cut[0].tolist() == [0, 0, 10, 20]


def test_a_turn_keeps_the_middle():
    matrix = augment.turn(augment.window_to(window(0, 0, 10, 10), (10, 10)), 90, (10, 10))
    points = augment.map_points(np.array([[5, 5], [10, 5]], np.float32), matrix)
    np.testing.assert_allclose(points, [[5, 5], [5, 0]], atol=1e-5)


def test_the_same_seed_gives_the_same_picture():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    one, two = (
        augment.wear(augment.light(image, np.random.default_rng(7)), np.random.default_rng(8))
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, two)


def test_mild_light_keeps_a_color_near():
    image = np.full((8, 8, 3), (200, 40, 40), np.uint8)
    for seed in range(20):
        out = augment.light(image, np.random.default_rng(seed), amount=0.45, hue=False)
        red, green, blue = out.reshape(-1, 3).mean(0)
        assert red > green + 90
        assert red > blue + 90


def test_a_stranger_stands_behind_the_person():
    image = np.zeros((40, 40, 3), np.uint8)
    person = np.zeros((40, 40), np.uint8)
    person[:, 10:30] = 1
    other = np.full((80, 80, 3), 255, np.uint8), np.ones((80, 80), np.uint8)
    out = augment.paste_behind(image, person, other, np.random.default_rng(3))
    assert out[:, 10:30].max() == 0
    assert out.max() == 255


@pytest.mark.parametrize("seed", range(3))
def test_an_occlusion_is_small(seed):
    image = np.zeros((50, 50, 3), np.uint8)
    other = np.full((60, 60, 3), 255, np.uint8)
    out = augment.occlude(image, other, np.random.default_rng(seed), 0.3)
    assert 64 / 2500 <= (out > 0).all(2).mean() <= 0.09
