from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES, PERSON_CLASS
from thatlook.data import eye_labels
from thatlook.data import scenes as data
from thatlook.data.records import Annotation, Dataset, LabelledPhoto
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


def write_lines(path, *rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def known_names(scene):
    return {DETECTOR_CLASSES[i] for i in np.flatnonzero(scene.known)}


def test_a_class_that_street_labels_never_name_is_not_known(tmp_path):
    facts = {"odd": False, "gender": "female", "view": "front", "full_shot": True}
    bag, suit = ({"category": name, "box": [1, 2, 3, 4]} for name in ("bag", "suit"))
    person = {"category": "person", "box": [0, 0, 9, 9]}
    write_lines(
        tmp_path / "street.jsonl",
        {"file": "a.jpg", **facts, "articles": [person]},
        {"file": "b.jpg", **facts, "articles": [person, bag, suit]},
        {"file": "c.jpg", **facts},
    )
    boxed, tagged = data.street_scenes(tmp_path)
    assert known_names(boxed) == {"bag", "person"}
    assert known_names(tagged) == set()


def test_what_rendered_looks_show_and_surely_lack_is_known(tmp_path):
    facts = {"gender": "female", "view": "front", "keypoints": upright().tolist()}
    dress = {"category": "dress", "box": [1, 2, 3, 4], "visible_px": 10}
    look = {"file": "a.jpg", **facts, "articles": [dress], "person_box": [0, 0, 9, 9]}
    write_lines(tmp_path / "looks.jsonl", look)
    (found,) = data.pair_scenes(tmp_path)
    assert known_names(found) == {"dress", "bag", "eyewear", "neckwear", "person"}


def test_a_shop_teaches_of_what_it_sells(tmp_path):
    (tmp_path / "images").mkdir()
    image = np.full((100, 80, 3), 255, np.uint8)
    image[20:60, 30:50] = 40
    for name in "12":
        cv2.imwrite(str(tmp_path / f"images/{name}.jpg"), image)
    (tmp_path / "styles.csv").write_text(
        "id,gender,articleType,productDisplayName\n1,Men,Shirts,A shirt\n2,Men,Watches,A watch\n"
    )
    (tmp_path / "keypoints.jsonl").write_text("")
    shirt, watch = data.product_scenes(tmp_path)
    assert (len(shirt.boxes), len(watch.boxes)) == (1, 0)
    assert known_names(shirt) == known_names(watch) == {"topwear", "person"}


@pytest.mark.data
def test_every_class_is_known_where_everything_was_labelled(data_folder):
    street = data.street_scenes(data_folder / "street")
    assert {scene.known.all() for scene in street if scene.kind == "street"} == {np.True_}
    assert not any(scene.known.any() for scene in street if scene.kind == "tagged")
    seen = eye_labels.with_eye_labels(street, data_folder / "street" / eye_labels.FILE)
    with (data_folder / "street" / eye_labels.FILE).open(encoding="utf-8") as file:
        rows = {row["file"]: row for row in map(json.loads, file)}
    for scene in seen:
        row = rows[scene.path.name]
        wrong = {a["category"] for a in row["articles"] if a["box_wrong"]}
        open_ones = wrong | {a["category"] for a in row["unboxed"]}
        assert known_names(scene) == set(DETECTOR_CLASSES) - open_ones - (
            set() if scene.kind == "street" else {PERSON_CLASS}
        )


def test_broken_boxes_teach_nothing_in_their_photo(tmp_path):
    boxes = [("bag", (10, 10, 30, 30)), ("bag", (10, 10, 10, 30)), ("dress", (0, 0, 300, 50))]
    notes = tuple(Annotation(category, box) for category, box in boxes)
    hat = Annotation("headwear", (-1.5, 0, 20, 20))  # within the slack of rounding
    photos = [LabelledPhoto(tmp_path / "a.png", (100, 80), (*notes, hat), "train")]
    photos.append(LabelledPhoto(tmp_path / "b.png", (100, 80), (), "train"))
    classes = {name: name for name in ("bag", "dress", "headwear")}
    broken, sound = data.labelled_scenes(Dataset(tmp_path, "coco", tuple(photos), classes))
    assert broken.boxes.tolist() == [[10, 10, 30, 30], [-1.5, 0, 20, 20]]
    assert [DETECTOR_CLASSES[label] for label in broken.labels] == ["bag", "headwear"]
    known = [DETECTOR_CLASSES[k] for k in np.flatnonzero(broken.known)]
    assert known == ["headwear"]
    assert [DETECTOR_CLASSES[k] for k in np.flatnonzero(sound.known)] == [
        "dress",
        "bag",
        "headwear",
    ]


def test_a_folder_without_the_products_table_says_what_is_expected(tmp_path):
    with pytest.raises(DataError, match=r"styles\.csv: expected .* columns id, gender"):
        data.styles(tmp_path)
    (tmp_path / "styles.csv").write_text("id,gender,baseColour\n1,Men,Blue\n")
    with pytest.raises(DataError, match="articleType, productDisplayName missing"):
        data.styles(tmp_path)
    row = "1,Men,Shirts,Blue shirt"
    (tmp_path / "styles.csv").write_text(f"{','.join(data.STYLES)}\n{row}\n")
    with pytest.raises(DataError, match=r"no photo is called as an id of styles\.csv, ID\.jpg"):
        data.styles(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "images/1.jpg").touch()
    (found,) = data.styles(tmp_path)
    assert (found["articleType"], found["baseColour"], found["season"]) == ("Shirts", "NA", "NA")
