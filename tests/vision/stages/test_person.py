"""The person stage: joints below one cell, the gate's truth table, gender with a threshold."""

from __future__ import annotations

import numpy as np
import pytest

from thatlook.core.image import Fitted
from thatlook.core.records import Box, Gate, Keypoint, Person
from thatlook.core.taxonomy import KEYPOINTS
from thatlook.vision.stages.person import (
    Frame,
    PersonRules,
    PersonStage,
    is_somebody,
    judge,
    read_gender,
    read_keypoints,
    shoulder_ratio,
)

RULES = PersonRules(0.2, 0.3, 0.1, 0.5, 0.8)
FRAME = Frame(100, 200, 150.0)


def bump(x, y, height=0.9, shape=(64, 48), sigma=2.0):
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    return height * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * sigma**2))


def test_joints_are_found_below_one_cell():
    random = np.random.default_rng(0)
    truth = random.uniform((3, 3), (44, 60), (17, 2))
    heatmaps = np.stack([bump(x, y) for x, y in truth]).astype(np.float32)
    canvas = np.zeros((256, 192, 3), np.uint8)
    found = read_keypoints(heatmaps, Fitted(canvas, sx=2.0, sy=2.0, dx=-20.0, dy=8.0))
    # a cell is 4 canvas pixels, its middle half a cell in; canvas = photo * 2 + (-20, 8)
    expected = ((truth + 0.5) * 4 - (-20.0, 8.0)) / 2
    np.testing.assert_allclose([(p.x, p.y) for p in found], expected, atol=0.02)
    assert all(0.8 < p.score <= 0.9 for p in found)


def test_flat_and_cornered_heatmaps_do_not_crash():
    heatmaps = np.zeros((17, 64, 48), np.float32)
    heatmaps[0, 0, 0] = 1.3
    found = read_keypoints(heatmaps, Fitted(np.zeros((256, 192, 3), np.uint8), 1, 1, 0, 0))
    assert found[0].score == 1.0
    assert found[1].score == 0.0


def joints(**changes):
    """All joints seen in the frame but those named: None unseen, else (x, y)."""
    points = []
    for name in KEYPOINTS:
        place = changes.get(name, (50.0, 100.0))
        points.append(Keypoint(0, 0, 0.1) if place is None else Keypoint(*place, 0.9))
    return tuple(points)


NO_HEAD = dict.fromkeys(("nose", "left_eye", "right_eye", "left_ear", "right_ear"))


@pytest.mark.parametrize(
    ("points", "front", "full_shot", "failed"),
    [
        (joints(), 0.9, True, ()),
        (joints(left_wrist=None, right_knee=None, nose=None), 0.9, True, ()),
        (joints(left_ankle=None), 0.9, False, ("one foot is not in the frame",)),
        (joints(left_ankle=None, right_ankle=None), 0.9, False, ("the feet are not in the frame",)),
        (joints(left_ankle=(50, 200)), 0.9, False, ("one foot is not in the frame",)),
        (joints(left_ankle=(50, 185)), 0.9, True, ()),  # 15 px of room, 0.1 of 150 wanted
        (joints(left_ankle=(50, 185.1)), 0.9, False, ("one foot is not in the frame",)),
        (joints(left_hip=None), 0.9, False, ("a part of the torso is not in the frame",)),
        (
            joints(right_shoulder=(100, 50)),
            0.9,
            False,
            ("a part of the torso is not in the frame",),
        ),
        (joints(**NO_HEAD), 0.9, False, ("the head is not in the frame",)),
        (joints(), 0.4, True, ("the torso does not face the camera",)),
        (
            joints(**NO_HEAD, left_ankle=(-1, 5), right_ankle=None),
            0.1,
            False,
            (
                "the head is not in the frame",
                "the feet are not in the frame",
                "the torso does not face the camera",
            ),
        ),
    ],
)
def test_the_gate(points, front, full_shot, failed):
    gate = judge(points, front, FRAME, RULES)
    assert (gate.full_shot, gate.failed) == (full_shot, failed)
    assert gate.passed is (not failed)


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ((0.9, 0.1), ("female", 0.9)),
        ((0.15, 0.85), ("male", 0.85)),
        ((0.7, 0.3), ("unknown", 0.7)),
        ((0.5, 0.5), ("unknown", 0.5)),
    ],
)
def test_gender(probabilities, expected):
    name, score = read_gender(np.array(probabilities), 0.8)
    assert name == expected[0]
    assert score == pytest.approx(expected[1])


def test_run_gives_the_network_an_expanded_crop_and_reads_it(fake_session):
    def answer(_):
        heatmaps = np.stack([bump(24, 32)] * 17).astype(np.float32)
        gender, view = np.array([[0.02, 0.98]]), np.array([[0.1, 0.7, 0.2]])
        return {"heatmaps": heatmaps[None], "gender": gender, "view": view}

    session = fake_session(
        answer, task="person", input={"width": 192, "height": 256, "expand": 1.15}
    )
    image = np.full((200, 100, 3), 255, np.uint8)
    person = PersonStage(session, RULES).run(image, Box(20, 20, 80, 180), 0.9)
    crop = session.asked[0]["crop"]
    assert crop.shape == (1, 3, 256, 192)
    # 60 x 160 widens to 120 x 160 and grows by 1.15 to 138 x 184: x from -19 to 119, so a
    # strip of 19 / 138 on the left is grey padding and the middle is the white photo
    assert abs(crop[0, 0, 128, 10]) < 0.01
    assert crop[0, 0, 128, 96] == pytest.approx(1.0)
    assert (person.gender, person.view) == ("male", "side")
    assert person.gate.failed == ("the torso does not face the camera",)
    # cell (24.5, 32.5) of 48 x 64 over x -19..119 and y 8..192
    assert person.keypoints[0].x == pytest.approx(-19 + 24.5 / 48 * 138)
    assert person.keypoints[0].y == pytest.approx(8 + 32.5 / 64 * 184)


def test_a_portrait_is_read_as_if_it_went_on_below_the_photo(fake_session):
    def answer(_):
        return {
            "heatmaps": np.stack([bump(24, 16)] * 17).astype(np.float32)[None],
            "gender": np.array([[0.02, 0.98]]),
            "view": np.array([[0.9, 0.05, 0.05]]),
        }

    size = {"width": 192, "height": 256, "expand": 1.0}
    session = fake_session(answer, task="person", input=size)
    stage = PersonStage(session, RULES)
    image = np.full((200, 100, 3), 255, np.uint8)
    cut = someone(scored(), box=(20, 97, 80, 197))
    found = stage.cut_short(image, cut)
    # 100 px are taken for 220: 165 x 220 about (50, 207), so that the lower half is grey.
    assert found.box == cut.box
    assert found.score == cut.score
    assert found.keypoints[0].y == pytest.approx(97 + 16.5 / 64 * 220)
    crop = session.asked[0]["crop"]
    assert crop[0, 0, 100, 96] == pytest.approx(1.0)
    assert abs(crop[0, 0, 140, 96]) < 0.01
    # 5 px above the lower edge is no cut: nothing is read again.
    whole = someone(scored(), box=(20, 97, 80, 195))
    assert stage.cut_short(image, whole) is whole
    assert len(session.asked) == 1


def someone(points, score=0.6, box=(0, 0, 200, 300)):
    return Person(Box(*box), score, points, Gate(True, True), "front", 0.9, "male", 0.9)


def scored(*scores):
    """Someone with key points of these scores, the others unseen."""
    left = (0.05,) * (17 - len(scores))
    return tuple(Keypoint(1, 1, score) for score in (*scores, *left))


@pytest.mark.parametrize(
    ("scores", "person", "expected"),
    [
        ((0.9, 0.9, 0.9, 0.3), 0.5, True),
        ((0.9, 0.9, 0.9), 0.99, False),  # three points are too few, whatever else is sure
        ((0.4, 0.4, 0.4, 0.4, 0.4, 0.4), 0.7, False),  # an empty shirt
        ((0.4, 0.4, 0.4, 0.4), 0.75, True),
        ((0.6, 0.6, 0.4, 0.4, 0.4), 0.7, False),
        ((0.0,) * 11 + (0.4, 0.4, 0.4, 0.4), 0.5, True),  # hips and knees: legs in trousers
        ((0.0,) * 9 + (0.4, 0.4, 0.4, 0.4), 0.5, False),  # wrists and hips: sleeves
    ],
)
def test_an_empty_shirt_is_nobody(scores, person, expected):
    assert is_somebody(someone(scored(*scores), person), 0.3) is expected


def test_the_ratio_of_shoulders_to_torso():
    # 60 px apart, 80 px above the hips' middle.
    points = joints(
        left_shoulder=(90, 50), right_shoulder=(30, 50), left_hip=(80, 130), right_hip=(40, 130)
    )
    assert shoulder_ratio(points) == pytest.approx(0.75)
    assert shoulder_ratio(joints()) == 0


WIDE = joints(
    left_shoulder=(180, 100), right_shoulder=(20, 100), left_hip=(160, 200), right_hip=(40, 200)
)


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ((0.9, 0.7), [(0, 100), (100, 200)]),
        ((0.7, 0.9), [(100, 200), (0, 100)]),
        ((0.9, 0.4), None),  # no head is surely seen in the right half
    ],
)
def test_two_people_side_by_side_are_read_apart(fake_session, heights, expected):
    left = iter(heights)

    def answer(_):
        heatmaps = np.stack([bump(24, 32, next(left))] * 17).astype(np.float32)
        return {
            "heatmaps": heatmaps[None],
            "gender": np.array([[0.1, 0.9]]),
            "view": np.array([[0.8, 0.1, 0.1]]),
        }

    session = fake_session(
        answer, task="person", input={"width": 192, "height": 256, "expand": 1.15}
    )
    image = np.zeros((300, 200, 3), np.uint8)
    two = PersonStage(session, RULES).apart(image, someone(WIDE))
    found = two and [(half.box.x0, half.box.x1) for half in two]
    assert found == expected
    # Each is read without the other: a half's crop is black and, beyond the half, grey.
    assert len(session.asked) == 2
    for asked in session.asked:
        assert {round(float(v), 1) for v in np.unique(asked["crop"][0, 0, 128])} >= {-1.0, 0.0}
    if two:
        # The middle of the crop is that of the half.
        assert two[0].keypoints[0].x == pytest.approx(sum(expected[0]) / 2, abs=4)


def test_a_person_alone_is_read_without_what_is_beside(fake_session):
    def answer(_):
        return {
            "heatmaps": np.stack([bump(24, 32, 0.9)] * 17).astype(np.float32)[None],
            "gender": np.array([[0.1, 0.9]]),
            "view": np.array([[0.8, 0.1, 0.1]]),
        }

    session = fake_session(
        answer, task="person", input={"width": 192, "height": 256, "expand": 1.15}
    )
    image = np.full((300, 300, 3), 255, np.uint8)
    image[:, 200:] = 0
    found = PersonStage(session, RULES).alone(image, someone(WIDE))
    assert (found.box.x0, found.box.x1) == (0, 200)
    assert found.keypoints[0].x == pytest.approx(100, abs=4)
    # White and the padding's grey: the black beyond the box is not seen.
    assert session.asked[0]["crop"].min() > -0.1


def test_one_person_is_not_taken_apart(fake_session):
    size = {"width": 192, "height": 256, "expand": 1.15}
    stage = PersonStage(fake_session(lambda _: {}, task="person", input=size), RULES)
    narrow = joints(
        left_shoulder=(90, 50), right_shoulder=(30, 50), left_hip=(80, 110), right_hip=(40, 110)
    )
    assert stage.apart(np.zeros((300, 200, 3), np.uint8), someone(narrow)) is None
