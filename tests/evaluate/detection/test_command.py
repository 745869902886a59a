"""`evaluate article` on one's own photos with one's own network, a YOLO export."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.data.conftest import labels, picture
from tests.vision.stages.test_yolo import entry_of
from thatlook.cli import main
from thatlook.data.splits import split_of

pytest.importorskip("pycocotools", reason="needs the extra eval")
pytest.importorskip("cv2", reason="needs the extra train")


@pytest.fixture
def network(tmp_path):
    """Finds, in a 64 x 64 photo with white in it, a shirt at [16, 16, 48, 48] and a bag at
    [0, 0, 8, 8], whatever it shows.
    """
    rows = np.array(
        [
            [32, 32, 32, 32, 1.0, 0.0, 0.9, 0.0, 0.0, 0.0],
            [4, 4, 8, 8, 1.0, 0.0, 0.0, 0.0, 0.0, 0.8],
        ]
    )
    return str(entry_of(tmp_path, "yolov5", rows[None]))


@pytest.fixture
def data(tmp_path):
    """Three photos: the shirt where the network sees it; a bag elsewhere; nobody looked."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "data.yaml").write_text("val: images\nnames: [tshirt, handbag, teapot]\n")
    for name, seed in (("a", 1), ("b", 2), ("c", 3)):
        path = picture(folder / f"images/{name}.png", seed, (64, 64))
        with Image.open(path) as image:
            pixels = np.asarray(image).copy()
        pixels[0, 0] = 255
        Image.fromarray(pixels).save(path)
    labels(folder / "labels/a.txt", "0 0.5 0.5 0.5 0.5", "2 0.5 0.5 0.2 0.2")
    labels(folder / "labels/b.txt", "1 0.8 0.8 0.2 0.2")
    return folder


def test_a_yolo_export_is_measured_on_a_yolo_folder(network, data, tmp_path, capsys):
    page = tmp_path / "report.html"
    arguments = ["evaluate", "article", "--data", str(data), "--model", network, "--threads", "1"]
    assert main([*arguments, "--json", "--html", str(page)]) == 0
    told = json.loads(capsys.readouterr().out)
    metrics, per = told["metrics"], told["details"]["per_category"]
    # One shirt found, and one false positive on the other photo with the same score: found first.
    assert metrics["ap50_topwear"] == pytest.approx(1)
    assert metrics["ap50_bag"] == 0
    assert metrics["ap50_dress"] is None
    assert "mask_iou" not in metrics
    assert per["topwear"]["labels"] == 1
    assert (per["topwear"]["precision"], per["topwear"]["recall"]) == (0.5, 1.0)
    least = [per[name]["from score"] for name in ("topwear", "bag", "person")]
    assert least == pytest.approx([0.4, 0.4, 0.35])
    assert told["details"]["worst"] == [
        {"photo": "b.png", "errors": 3},
        {"photo": "a.png", "errors": 1},
    ]
    assert told["data"] == "2 labelled photos, 0 product photos"
    html = page.read_text()
    assert html.count("<figure>") == 2
    assert "not found bag" in html
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_another_network_on_the_same_photos(network, data, tmp_path, capsys):
    rows = np.array([[32, 32, 32, 32, 1.0, 0.0, 0.0, 0.0, 0.0, 0.9]])  # calls the shirt a bag
    (tmp_path / "other").mkdir()
    other = str(entry_of(tmp_path / "other", "yolov5", rows[None]))
    page = tmp_path / "report.html"
    arguments = ["evaluate", "article", "--data", str(data), "--model", network, "--threads", "1"]
    assert main([*arguments, "--beside", network]) == 2
    assert "--beside names the network that is measured" in capsys.readouterr().err
    arguments += ["--beside", other, "--rounds", "50", "--html", str(page)]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["details"]["beside"]
    assert told["metrics"]["ap50_topwear"] == 0
    assert told["difference"]["ap50_topwear"] == [-1.0, -1.0, -1.0, 2]
    assert told["difference"]["ap50_bag"][0] == 0
    assert "ap50_dress" not in told["difference"]
    assert main(arguments) == 0
    assert "ap50_topwear   -1.0000  (-1.0000 to -1.0000)" in capsys.readouterr().out
    assert "neither is surely better" in page.read_text()


def eye_row(name, *articles, notes=("full",), unboxed=()):
    person = {"gender": "male", "view": "front", "skin": "light", "notes": list(notes)}
    row = {"file": name, "size": [64, 64], "person": person, "articles": list(articles)}
    return json.dumps({**row, "unboxed": [{"category": c} for c in unboxed]}) + "\n"


def test_photos_are_measured_by_a_file_of_eye_labels(network, data, tmp_path, capsys):
    shirt = {"category": "topwear", "box": [16, 16, 48, 48], "box_wrong": False, "drawn": True}
    bag = {"category": "bag", "box": [0, 0, 8, 8], "box_wrong": False}
    eye = tmp_path / "eye.jsonl"
    odd = eye_row("c.png", notes=("odd",))
    eye.write_text(eye_row("a.png", shirt, unboxed=["bag"]) + eye_row("b.png", bag) + odd)
    arguments = ["evaluate", "article", "--data", str(data / "images"), "--model", network]
    arguments += ["--threads", "1", "--eye-file", str(eye)]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    metrics, per = told["metrics"], told["details"]["per_category"]
    # The bag of the first photo is not known, the shirt of the second is a false positive.
    assert (metrics["ap50_topwear"], metrics["ap50_bag"], metrics["ap50_person"]) == (1, 1, None)
    assert (metrics["false_positives"], metrics["drawn"]) == (0.5, 0.5)
    assert (per["bag"]["precision"], per["bag"]["recall"], per["topwear"]["precision"]) == (
        1,
        1,
        0.5,
    )
    assert "1 photos with the note `odd` left out; 50% of the boxes drawn by" in told["data"]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "  1 photos with the note `odd` left out\n" in out
    assert "  drawn: share of the labelled articles whose box the reader drew" in out
    assert main([*arguments, "--eye"]) == 2
    assert "--eye-file goes without --eye" in capsys.readouterr().err
    (data / "images/b.png").unlink()
    assert main(arguments) == 1
    assert "first b.png; labels/README.md" in capsys.readouterr().err


def test_photos_nobody_labelled_are_suggested(network, data, capsys):
    arguments = ["evaluate", "article", "--data", str(data), "--model", network, "--threads", "1"]
    assert main([*arguments, "--suggest", "5", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["details"]["suggested"]
    assert [row["photo"].rsplit("/", 1)[1] for row in told] == ["c.png"]
    assert main([*arguments, "--suggest", "1", "--split", "val"]) == 0
    out = capsys.readouterr().out
    assert "f1_suggested" in out
    # Both see the same; the one with the greater name differs in nothing, so the first is taken.
    assert "a.png" in out


def test_a_folder_without_labelled_photos_cannot_be_measured(network, tmp_path, capsys):
    picture(tmp_path / "plain/a.png", 1, (64, 64))
    arguments = ["evaluate", "article", "--data", str(tmp_path / "plain"), "--model", network]
    assert main(arguments) == 1
    assert "no labelled data set" in capsys.readouterr().err
    assert main([*arguments, "--suggest", "1", "--threads", "1"]) == 0
    assert "a.png" in capsys.readouterr().out
    assert main([*arguments, "--suggest", "1", "--split", "val"]) == 1


def coco_without_splits(folder):
    """Photos a.png (named to val) and b.png (to train), of which b has a shirt that is seen."""
    names = {split_of(f"{k}.png"): f"{k}.png" for k in range(40)}
    images = [{"id": 1, "file_name": names["val"]}, {"id": 2, "file_name": names["train"]}]
    for image in images:
        path = picture(folder / image["file_name"], image["id"], (64, 64))
        with Image.open(path) as shown:
            pixels = np.asarray(shown).copy()
        pixels[0, 0] = 255
        Image.fromarray(pixels).save(path)
    shirts = [(1, [0, 40, 20, 20]), (2, [16, 16, 32, 32]), (1, [5, 5, 0, 9])]
    notes = [
        {"id": k, "image_id": image, "category_id": 1, "bbox": box}
        for k, (image, box) in enumerate(shirts)
    ]
    content = {"images": images, "annotations": notes, "categories": [{"id": 1, "name": "tshirt"}]}
    path = folder / "labels.json"
    path.write_text(json.dumps(content))
    return path, names


def test_photos_that_a_training_would_learn_from_do_not_measure(network, tmp_path, capsys):
    path, names = coco_without_splits(tmp_path / "flat")
    arguments = ["evaluate", "article", "--data", str(path), "--model", network, "--threads", "1"]
    assert main([*arguments, "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["data"] == "1 labelled photos, 0 product photos"
    assert [row["photo"] for row in told["details"]["worst"]] == [names["val"]]
    assert "1 photos measure, val of 1 train, 1 val, split by name; --split chooses" in err
    assert "error: 1 boxes are empty or reversed" in err
    assert main([*arguments, "--json", "--split", "all"]) == 0
    assert json.loads(capsys.readouterr().out)["data"].startswith("2 labelled photos")
    assert main([*arguments, "--split", "test"]) == 1
    assert "no photo in test; photos there: 1 train, 1 val" in capsys.readouterr().err
