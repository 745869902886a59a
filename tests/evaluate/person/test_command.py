"""`evaluate person` on one's own people in COCO key points, and the lists that are looked at."""

from __future__ import annotations

import json

import pytest

from tests.data.conftest import picture
from tests.data.test_joints import SIZE, upright
from thatlook.cli import main
from thatlook.data.splits import split_of
from thatlook.evaluate.person import sheets

pytest.importorskip("pycocotools", reason="needs the extra eval")
pytest.importorskip("cv2", reason="needs the extra train")


@pytest.fixture
def people(tmp_path):
    """Two people: a man seen from the side, and one of whom only the pose is labelled."""
    notes = []
    for i in range(2):
        picture(tmp_path / f"{i}.png", i, SIZE)
        points = upright().ravel().tolist()
        notes.append({"id": i, "image_id": i, "category_id": 1, "bbox": [20, 10, 60, 180]})
        notes[i] |= {"keypoints": points, "num_keypoints": 17}
    notes[0]["attributes"] = {"gender": "male", "view": "side"}
    content = {
        "images": [{"id": i, "file_name": f"{i}.png"} for i in range(2)],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": notes,
    }
    path = tmp_path / "people.json"
    path.write_text(json.dumps(content))
    return path


def test_ones_own_people_are_measured(people, tmp_path, capsys):
    page = tmp_path / "report.html"
    arguments = ["evaluate", "person", "--data", str(people), "--threads", "1"]
    assert main([*arguments, "--json", "--html", str(page)]) == 0
    told = json.loads(capsys.readouterr().out)
    metrics, details = told["metrics"], told["details"]
    assert told["data"] == "2 people, 0 in product photos"
    assert 0 <= metrics["pck"] <= 1
    assert 0 <= metrics["oks_ap"] <= metrics["oks_ap50"] <= 1
    # One of two has a gender and a view; nobody is a woman, no product was shown.
    assert metrics["male"] in (0.0, 1.0)
    assert metrics["side"] in (0.0, 1.0)
    assert not {"female", "front", "product_gender", "lone_person"} & set(metrics)
    assert sum(sum(row) for row in details["gender_confusion_street"]) == 1
    assert sum(sum(row) for row in details["view_confusion"]) == 1
    # Both show head and feet: each is a full shot and five crops.
    assert {
        f"gate_{name}" for name in ("full", "waist_up", "knee_up", "ankles_off", "headless")
    } < (set(metrics))
    assert details["joints"][0]["joint"] == "nose"
    assert {row["labelled"] for row in details["joints"]} == {2}
    html = page.read_text()
    assert "Worst poses" in html
    assert "foot_room" in html


def test_people_without_key_points_cannot_be_measured(people, capsys):
    content = json.loads(people.read_text())
    for note in content["annotations"]:
        note["keypoints"] = [0] * 51
    people.write_text(json.dumps(content))
    assert main(["evaluate", "person", "--data", str(people)]) == 1
    assert "nobody is labelled with key points" in capsys.readouterr().err


def test_a_sheet_needs_photos_and_a_file(tmp_path, capsys):
    arguments = ["evaluate", "person", "--data", str(tmp_path), "--look", "lone"]
    assert main([*arguments, "--html", str(tmp_path / "a.html")]) == 1
    assert "none of the photos that --look lone shows" in capsys.readouterr().err
    assert main(arguments) == 2
    assert "--look lone needs --html FILE" in capsys.readouterr().err


def test_the_lists_are_what_they_say():
    lone, crowded = sheets.list_lines("lone_products"), sheets.list_lines("crowded_street")
    assert len(lone) == len(set(lone)) == 300
    assert len(crowded) == len(set(crowded)) == 100
    assert sum(split_of(name) == "val" for name in crowded) == 84


@pytest.mark.data
def test_the_listed_photos_are_there_and_drawn(data, tmp_path, capsys, monkeypatch):
    assert len(sheets.lone_products(data)) == 300
    assert len(sheets.crowded(data)) == 100
    assert len(sheets.val_street_photos(data)) == 60
    few = (lambda place: sheets.crowded(place)[:2], "Count.")
    monkeypatch.setitem(sheets.KINDS, "bystanders", few)
    page = tmp_path / "look.html"
    arguments = ["evaluate", "person", "--data", str(data), "--threads", "1"]
    assert main([*arguments, "--look", "bystanders", "--html", str(page)]) == 0
    assert "2 photos, 2 drawn" in capsys.readouterr().out
    assert page.read_text().count("<figure>") == 2


@pytest.mark.data
def test_two_men_side_by_side_are_one_main_person(data):
    from thatlook.core.settings import Settings
    from thatlook.vision.analyzer import Analyzer

    look = Analyzer.open(Settings(threads=1)).parse(data / "street/images/1172.jpg")
    assert look.person is not None
    # One stands left of column 195, the other right of it.
    sides = {point.x > 195 for point in look.person.keypoints if point.score > 0.3}
    assert len(sides) == 1
    assert {article.box.center[0] > 195 for article in look.articles} <= sides
