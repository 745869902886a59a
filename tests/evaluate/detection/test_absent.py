"""False positives in product photos, by what an eye saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.evaluate.detection.labelled import found
from thatlook.cli import main
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.data.scenes import Scene
from thatlook.evaluate.detection.absent import absent_figures
from thatlook.evaluate.detection.metrics import Shown

TOPWEAR, BAG, HEADWEAR = (CATEGORIES.index(name) for name in ("topwear", "bag", "headwear"))
PERSON = len(CATEGORIES)
BOX = [0, 0, 10, 10]


def shown(name, *labels):
    none = np.zeros((0, 4), np.float32)
    known = np.ones(len(DETECTOR_CLASSES), bool)
    scene = Scene(Path(f"{name}.jpg"), "model", "val", none, np.zeros(0, np.int64), known)
    return Shown(scene, found(*((label, 0.9, BOX) for label in labels)))


def test_one_garment_under_two_names_counts_under_the_surer_one():
    absent = {name: frozenset({"outerwear"}) for name in ("a", "b", "c")}
    outerwear = CATEGORIES.index("outerwear")

    def garment(name, score, box=BOX):
        scene = shown(name).scene
        return Shown(scene, found((TOPWEAR, 0.8, BOX), (outerwear, score, box)))

    products = [garment("a", 0.7), garment("b", 0.9), garment("c", 0.7, [0, 0, 10, 20])]
    assert absent_figures(products, absent)["absent_outerwear"] == pytest.approx(2 / 3)


def test_shares_of_what_is_found_and_not_there():
    absent = {
        "a": frozenset({"bag", "headwear"}),
        "b": frozenset({"bag", "headwear"}),
        "c": frozenset({"headwear"}),
        "d": frozenset({"bag", "topwear"}),
    }
    products = [
        shown("a", TOPWEAR, BAG, BAG, PERSON),
        shown("b", TOPWEAR),
        shown("c", BAG),  # whether there is a bag was not decided
        shown("d", HEADWEAR, TOPWEAR),
        shown("nobody-looked", BAG, HEADWEAR),
    ]
    assert absent_figures(products, absent) == {
        "absent_photos": 4,
        "absent_topwear": 1,
        "absent_bag": pytest.approx(1 / 3),
        "absent_headwear": 0,
        "absent_small": pytest.approx(1 / 4),
    }
    assert absent_figures(products, {}) == {}


@pytest.mark.data
def test_the_command_tells_them(data, capsys, tmp_path):
    command = ["evaluate", "article", "--data", str(data), "--labels", str(tmp_path)]
    assert main(command) == 1
    assert "product_models.csv" in capsys.readouterr().err
