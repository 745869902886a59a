"""Small photos that no two of are alike, and data sets made of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def picture(path: Path, seed: int, size: tuple[int, int] = (100, 100)) -> Path:
    """A photo of colored squares at `path`, different for each seed."""
    squares = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(squares).resize(size, Image.Resampling.NEAREST).save(path)
    return path


def labels(path: Path, *rows: str) -> Path:
    """A YOLO label file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{row}\n" for row in rows))
    return path


@pytest.fixture
def roboflow(tmp_path: Path) -> Path:
    """Two photos to train, one to validate, one without labels; laid out as Roboflow does."""
    (tmp_path / "data.yaml").write_text(
        "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n"
        "nc: 3\nnames: [tshirt, handbag, umbrella]\n"
    )
    picture(tmp_path / "train/images/a.png", 1, (200, 100))
    labels(tmp_path / "train/labels/a.txt", "0 0.5 0.5 0.2 0.4", "1 0.1 0.9 0.1 0.1")
    picture(tmp_path / "train/images/deep/b.jpg", 2)
    labels(tmp_path / "train/labels/deep/b.txt", "2 0.1 0.1 0.3 0.1 0.3 0.5", "")
    picture(tmp_path / "valid/images/c.png", 3)
    labels(tmp_path / "valid/labels/c.txt", "0 0.5 0.5 1 1")
    picture(tmp_path / "test/images/d.png", 4)
    return tmp_path


def coco_content() -> dict:
    """One photo with a bag, a person with key points and a crowd; one photo without labels."""
    points = [coordinate for joint in range(17) for coordinate in (joint, joint + 1, 2)]
    person = {"id": 2, "image_id": 7, "category_id": 9, "bbox": [0, 0, 100, 80]}
    return {
        "images": [
            {"id": 7, "file_name": "a.png", "width": 100, "height": 80},
            {"id": 8, "file_name": "b.png", "width": 100, "height": 80},
        ],
        "categories": [{"id": 5, "name": "Handbag"}, {"id": 9, "name": "person"}],
        "annotations": [
            {
                "id": 1,
                "image_id": 7,
                "category_id": 5,
                "bbox": [10, 20, 30, 40],
                "segmentation": [[1, 1], [10, 20, 40, 20, 40, 60]],
            },
            {**person, "keypoints": points},
            {**person, "id": 3, "iscrowd": 1, "segmentation": {"counts": [1], "size": [2, 2]}},
        ],
    }


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """A COCO folder with one split, laid out as Roboflow does."""
    folder = tmp_path / "coco"
    picture(folder / "train/a.png", 11, (100, 80))
    picture(folder / "train/b.png", 12, (100, 80))
    (folder / "train/_annotations.coco.json").write_text(json.dumps(coco_content()))
    return folder
