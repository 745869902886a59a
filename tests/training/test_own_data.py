"""The recipes on labelled photos of one's own: audited, read, and enough of them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from tests.data.conftest import labels, picture
from tests.data.test_joints import MIRRORED, upright
from thatlook.core.errors import DataError
from thatlook.training import audited
from thatlook.training.options import ArticleOptions, PersonOptions
from thatlook.training.recipes import article, person

SIZE = (100, 200)


def people_file(folder, points, attributes=(), count=4):
    """COCO key points of `count` photos in train and one in val; the first as `attributes` say."""
    for split, many in (("train", count), ("valid", 1)):
        place = folder / split
        notes = []
        for i in range(many):
            picture(place / f"{split}{i}.png", i if split == "train" else 99, SIZE)
            note = {"id": i, "image_id": i, "category_id": 1, "bbox": [20, 10, 60, 180]}
            note |= {"keypoints": points.ravel().tolist(), "num_keypoints": 17}
            note |= {"attributes": dict(attributes)} if i == 0 else {}
            notes.append(note)
        content = {
            "images": [{"id": i, "file_name": f"{split}{i}.png"} for i in range(many)],
            "categories": [{"id": 1, "name": "person"}],
            "annotations": notes,
        }
        (place / "_annotations.coco.json").write_text(json.dumps(content))
    return folder


def options(kind, data, **more):
    return kind(data=data, out=data / "out", batch=2, workers=0, **more)


def test_people_of_ones_own_are_learnt_from(tmp_path, capsys):
    told = {"gender": "male", "view": "front"}
    data = people_file(tmp_path, upright(), told)
    scenes = audited.scenes_of(options(PersonOptions, data), people=True)
    assert "label audit of" in capsys.readouterr().out
    assert sorted((s.kind, s.split, s.gender) for s in scenes) == [
        ("open", "train", ""),
        ("open", "train", ""),
        ("open", "train", ""),
        ("street", "train", "male"),
        ("street", "val", "male"),
    ]
    task = person.PersonTask(scenes, options(PersonOptions, data))
    # The men seen from the front are repeated up to their share, the others shown once.
    assert len(task.plan(0)) == (420 + 3) // 2
    views = [task.views[row, 0] for row in task.rows["open", "", ""][:2]]
    loss, parts = task.loss(task.model.eval(), task.collate(views))
    assert math.isfinite(loss.item())
    assert parts["gender"] == parts["view"] == 0
    found = person.figures(np.zeros((1, 17, 3)), np.zeros((1, 2)), np.zeros((1, 3)), scenes[:1])
    assert math.isfinite(found["score"])


def test_figures_need_neither_gender_nor_view(tmp_path):
    scenes = audited.scenes_of(
        options(PersonOptions, people_file(tmp_path, upright())), people=True
    )
    at = np.stack([person.PersonViews(scenes)[0, -1].points] * 1)
    seen = np.concatenate([at, np.ones((1, 17, 1))], 2).astype(np.float32)
    gender, view = torch.zeros(1, 2).numpy(), torch.zeros(1, 3).numpy()
    assert person.figures(seen, gender, view, scenes[:1]) == {"pck": 1, "swaps": 0, "score": 1}


def test_label_errors_stop_a_training_unless_told(tmp_path):
    data = people_file(tmp_path, MIRRORED)
    with pytest.raises(DataError, match="left is the person's own left"):
        audited.scenes_of(options(PersonOptions, data), people=True)
    assert len(audited.scenes_of(options(PersonOptions, data, ignore_audit=True), people=True)) == 5


def test_too_few_photos_are_told(tmp_path):
    data = people_file(tmp_path, upright(), count=1)
    with pytest.raises(DataError, match=r"1 people with key points in train, at least 2"):
        audited.scenes_of(options(PersonOptions, data), people=True)


def test_articles_of_a_yolo_folder(tmp_path):
    (tmp_path / "data.yaml").write_text(
        "train: images/train\nval: images/val\nnames: [tshirt, handbag]\n"
    )
    for split, many in (("train", 2), ("val", 1)):
        for i in range(many):
            picture(tmp_path / f"images/{split}/{split}{i}.png", 7 * i + many, SIZE)
            labels(tmp_path / f"labels/{split}/{split}{i}.txt", "1 0.5 0.5 0.2 0.4")
    scenes = article.scenes_of(options(ArticleOptions, tmp_path))
    assert [(s.kind, s.split, s.labels.tolist()) for s in scenes] == [
        ("street", "train", [5]),
        ("street", "train", [5]),
        ("street", "val", [5]),
    ]
    # Only classes that the data has are known: a jacket that is there is no mistake.
    assert np.flatnonzero(scenes[0].known).tolist() == [0, 5]
