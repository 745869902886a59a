"""`evaluate person --eye-file`: the gender that the whole analyzer tells of main people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import picture
from thatlook.cli import main
from thatlook.core.records import Box, Gate, Keypoint, Look, Person
from thatlook.core.taxonomy import DETECTOR_CLASSES, KEYPOINTS
from thatlook.data.eye_labels import EyePhoto
from thatlook.data.scenes import Scene

pytest.importorskip("pycocotools", reason="needs the extra eval")

from thatlook.evaluate.person import gender

THRESHOLD = 0.8


def look(name, side, score):
    points = tuple(Keypoint(9, 9, 0.9) for _ in KEYPOINTS)
    gate = Gate(False, True, ("the feet are not in the frame",))
    if not side:
        return Look(name, 40, 60, None, ())
    found = Person(Box(0, 0, 20, 40), 0.9, points, gate, "front", 0.9, side, score)
    return Look(name, 40, 60, found, ())


def guess(truth, side, score, *notes, view="front", skin="light"):
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    known = np.zeros(len(DETECTOR_CLASSES), bool)
    scene = Scene(Path("a.png"), "street", "", *none, known, gender=truth, view=view)
    photo = EyePhoto(scene, (40, 60), skin, frozenset(notes), 0)
    return gender.Guess(photo, look("a.png", side, score), THRESHOLD)


FIVE = (
    ("female", "female", 0.95),
    ("female", "male", 0.95),
    ("female", "female", 0.65),
    ("male", "male", 1.0),
    ("male", "", 0.0),
)


def test_figures_worked_by_hand():
    figures = gender.gender_figures([guess(*row) for row in FIVE])
    assert figures == pytest.approx(
        {
            "people": 5,
            "accuracy": 2 / 3,
            "balanced_accuracy": 0.75,
            "female": 0.5,
            "male": 1,
            "unknown": 2 / 5,
            "no_person": 1 / 5,
            # Three of four were told 0.967 on the mean, 2 of 3 right; one 0.65, right.
            "ece": 0.75 * 0.3 + 0.25 * 0.35,
        }
    )


def test_a_gender_that_nobody_was_told_has_no_accuracy():
    figures = gender.gender_figures([guess("female", "female", 0.9)])
    assert (figures["female"], figures["unknown"]) == (1, 0)
    assert np.isnan([figures["male"], figures["balanced_accuracy"]]).all()
    assert np.isnan(gender.gender_figures([guess("male", "", 0.0)])["ece"])


def test_groups_and_children_apart():
    one = guess("male", "male", 0.9, "half", "sitting", view="back", skin="dark").photo
    assert gender.groups_of(one) == [
        "gender: male", "view: back", "skin tone: dark", "framing: half"
    ]  # fmt: skip
    assert gender.groups_of(guess("male", "male", 0.9, "full", "child").photo) == ["children"]


class Analyzer:
    """Says of each photo what FIVE says, of a child that it is a woman."""

    def parse(self, path):
        number = int(path.stem)
        return look(path.name, *(FIVE[number][1:] if number < 5 else ("female", 0.99)))


@pytest.fixture
def people(tmp_path):
    """FIVE, a boy, someone unclear and a photo that is odd."""
    truth = [*(row[0] for row in FIVE), "male", "unclear", "male"]
    notes = [*([["full"]] * 5), ["full", "child"], ["full"], ["full", "odd"]]
    rows = []
    for number, (name, listed) in enumerate(zip(truth, notes, strict=True)):
        picture(tmp_path / f"{number}.png", number, (40, 60))
        person = {"gender": name, "view": "front", "skin": "light", "notes": listed}
        row = {"file": f"{number}.png", "size": [40, 60], "person": person}
        rows.append(json.dumps({**row, "articles": [], "unboxed": []}) + "\n")
    (tmp_path / "eye.jsonl").write_text("".join(rows))
    return [
        "evaluate",
        "person",
        "--data",
        str(tmp_path),
        "--eye-file",
        str(tmp_path / "eye.jsonl"),
    ]


def test_the_command(people, tmp_path, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(gender, "analyzer_of", lambda _, told: asked.append(told) or Analyzer())
    page = tmp_path / "report.html"
    assert main([*people, "--threads", "1", "--json", "--html", str(page)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert asked[0].gender_threshold == 0
    assert (told["metrics"]["people"], told["metrics"]["balanced_accuracy"]) == (5, 0.75)
    assert told["data"] == (
        "6 people; 1 photos whose gender is `unclear` left out; "
        "1 photos with the note `odd` left out"
    )
    groups = {row["group"]: row for row in told["details"]["groups"]}
    assert groups.keys() == {
        "children", "framing: full", "gender: female", "gender: male", "skin tone: light",
        "view: front",
    }  # fmt: skip
    assert (groups["children"]["people"], groups["children"]["right"]) == (1, 0)
    assert (groups["gender: male"]["told"], groups["gender: male"]["unknown"]) == (1, 0.5)
    assert told["details"]["mistaken"] == ["5.png", "1.png"]
    assert told["details"]["nobody_found"] == ["4.png"]
    assert page.read_text().count("<figure>") == 3


def test_no_sheet_of_a_file_of_eye_labels(people, capsys):
    assert main([*people, "--look", "lone"]) == 2
    assert "--eye-file goes without" in capsys.readouterr().err
