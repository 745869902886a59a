"""What the audit finds in key points, against people drawn by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.data.conftest import picture
from thatlook.cli import main
from thatlook.core.taxonomy import KEYPOINT_FLIP
from thatlook.data.audit import audit
from thatlook.data.joints import codes
from thatlook.data.reading import read

SIZE = (100, 200)
BOX = (20.0, 10.0, 80.0, 190.0)


def upright():
    """Someone who faces the camera: the left side is on the right of the photo."""
    points = np.zeros((17, 3))
    points[:, 2] = 2
    places = {
        0: (50, 30), 1: (54, 27), 2: (46, 27), 3: (58, 29), 4: (42, 29),
        5: (66, 60), 6: (34, 60), 7: (70, 85), 8: (30, 85), 9: (72, 105), 10: (28, 105),
        11: (60, 110), 12: (40, 110), 13: (60, 145), 14: (40, 145), 15: (60, 180), 16: (40, 180),
    }  # fmt: skip
    for place, at in places.items():
        points[place, :2] = at
    return points


def changed(places):
    points = upright()
    for place, value in places.items():
        points[place] = value
    return points


MIRRORED = upright()[list(KEYPOINT_FLIP)]
FROM_BEHIND = MIRRORED.copy()
FROM_BEHIND[:3, 2] = 0
SHOULDERS_ONLY = upright()
SHOULDERS_ONLY[[5, 6]] = SHOULDERS_ONLY[[6, 5]]


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        (upright(), []),
        # 3 px beyond the border is more than rounding, 2 is not.
        (changed({16: (40, 203, 2)}), ["joint_outside"]),
        (changed({16: (40, 202, 2)}), []),
        (changed({16: (40, 220, 0)}), []),
        # 0.15 of 180 is 27 px of room around the box.
        (changed({9: (20, 20, 1), 10: (-7, 20, 0)}), []),
        (MIRRORED, ["joint_swap"]),
        # Nobody sees the face of who stands with the back to the camera.
        (FROM_BEHIND, []),
        (SHOULDERS_ONLY, ["joint_twist"]),
        (changed({13: (60, 180, 2)}), ["joint_together"]),
        (np.concatenate([upright()[:4], np.zeros((13, 3))]), ["joint_few"]),
        (upright() * (1, 1, 0), ["joint_unseen"]),
        (np.zeros((17, 3)), ["no_pose"]),
        (np.zeros((0, 3)), ["no_pose"]),
    ],
)
def test_codes(points, wanted):
    assert codes(points, BOX, SIZE) == wanted


def test_a_joint_of_someone_else_is_far_from_the_box():
    assert codes(changed({9: (99, 100, 2)}), (20.0, 10.0, 70.0, 190.0), SIZE) == ["joint_far"]


@pytest.fixture
def people(tmp_path):
    """Four photos: a good person with gender; a mirrored one; a box only; nobody."""
    rows = [upright(), MIRRORED, None]
    notes = []
    for i, points in enumerate(rows):
        note = {"id": i, "image_id": i, "category_id": 1, "bbox": [20, 10, 60, 180]}
        if points is not None:
            note |= {"keypoints": points.ravel().tolist(), "num_keypoints": 17}
        notes.append(note | {"attributes": {"gender": "male", "view": "front", "age": 7}})
    for i in range(4):
        picture(tmp_path / f"{i}.png", i, SIZE)
    content = {
        "images": [{"id": i, "file_name": f"{i}.png"} for i in range(4)],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": notes,
    }
    path = tmp_path / "people.json"
    path.write_text(json.dumps(content))
    return path


def test_the_audit_tells_of_people(people):
    found = {f.code: f for f in audit(read(people), people=True).findings}
    assert found["joint_swap"].severity == "error"
    assert found["joint_swap"].examples == ("1.png",)
    assert found["no_pose"].examples == ("2.png",)
    assert found["no_person"].examples == ("3.png",)
    assert found["rare"].examples == ("person (3)",)
    # Nobody asked for people: only the boxes are looked at.
    assert not {"joint_swap", "no_pose"} & {f.code for f in audit(read(people)).findings}


def test_the_reader_keeps_words_and_tells_of_other_points(people):
    (note,) = read(people).photos[0].annotations
    assert note.attributes == {"gender": "male", "view": "front"}
    content = json.loads(people.read_text())
    content["annotations"][0]["keypoints"] = [1, 2, 2]
    content["categories"][0]["keypoints"] = ["head", "foot"]
    people.write_text(json.dumps(content))
    found = {f.code: f for f in read(people).findings}
    assert found["keypoint_count"].examples == ("0.png: annotation 0",)
    assert found["keypoint_order"].severity == "error"


def test_evaluate_person_audits(people, capsys):
    assert main(["evaluate", "person", "--audit", str(people)]) == 1
    assert "joint_swap" in capsys.readouterr().out
