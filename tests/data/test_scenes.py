from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.data import scenes as data
from thatlook.data.scenes import PERSON, Scene


def scene(path, boxes, labels, **more):
    known = np.ones(len(DETECTOR_CLASSES), bool)
    return Scene(
        Path(path),
        more.pop("kind", "street"),
        "train",
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(labels, np.int64),
        known,
        **more,
    )


@pytest.fixture
def white(tmp_path):
    path = tmp_path / "white.png"
    cv2.imwrite(str(path), np.full((100, 80, 3), 255, np.uint8))
    return path


def test_the_foreground_of_a_dark_thing_on_white():
    image = np.full((100, 80, 3), 255, np.uint8)
    image[20:60, 30:50] = 40
    image[30:40, 35:45] = 255
    mask = data.foreground_mask(image)
    assert data.extent(mask).tolist() == [30, 20, 50, 60]
    assert mask[35, 40] == 1, "a white print is part of the shirt"
    assert data.extent(np.zeros((4, 4), np.uint8)) is None


def test_a_missing_photo_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.jpg"):
        data.photo(tmp_path / "gone.jpg")


def upright():
    points = np.zeros((17, 3), np.float32)
    points[:, 2] = 1
    points[0, :2] = (50, 20)
    points[5, :2], points[6, :2] = (70, 50), (30, 50)
    return points


def test_a_person_has_a_head_above_shoulders():
    assert data.plausible_person(upright())
    lying = upright()
    lying[0, :2] = (50, 80)
    assert not data.plausible_person(lying)
    doubtful = upright()
    doubtful[5, 2] = 0.3
    assert not data.plausible_person(doubtful)


def test_joints_outside_the_photo_are_surely_absent(white):
    points = upright()
    points[15, :2] = (40, 130)
    points[16, 2] = 0.1
    state = data.joint_states(scene(white, [], [], keypoints=points))
    assert state[15] == 0
    assert state[16] == -1
    assert state[0] == 1


def test_a_headless_model_has_no_face(white):
    state = data.joint_states(scene(white, [[0, 0, 80, 100]], [PERSON], kind="model"))
    assert state.tolist() == [0] * 5 + [-1] * 12
    assert data.joint_states(scene(white, [], [], kind="product")).tolist() == [0] * 17


@pytest.mark.data
def test_street_masks_lie_in_their_boxes(data_folder):
    scenes = [s for s in data.street_scenes(data_folder / "street") if s.mask is not None][:10]
    assert len(scenes) == 10
    seen = 0
    for one in scenes:
        size = data.photo(one.path).shape[1::-1]
        mask, person = data.street_mask(one.mask, size)
        assert mask.shape == person.shape == size[::-1]
        for box, label in zip(one.boxes.round().astype(int), one.labels, strict=True):
            if label < len(CATEGORIES):
                seen += 1
                assert (mask[box[1] : box[3], box[0] : box[2]] == label + 1).any()
    assert seen >= 20


@pytest.fixture
def data_folder(data):
    return data


def test_a_front_view_has_the_left_shoulder_on_the_right():
    points = upright()
    points[11, :2], points[12, :2] = (60, 110), (40, 110)
    # Shoulders 40 apart, the torso 60 long.
    assert data.faces_camera(points)
    assert not data.faces_camera(points[[0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]])
    points[5, 0] = 45
    assert not data.faces_camera(points)
