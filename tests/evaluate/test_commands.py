"""The protocols as commands: the label audit stands in for a measurement, data must be named."""

import json

import numpy as np
import pytest
from PIL import Image

from thatlook.cli import main


@pytest.fixture
def yolo(tmp_path):
    pytest.importorskip("yaml", reason="needs the extra eval")
    for place in ("images/train", "labels/train"):
        (tmp_path / place).mkdir(parents=True)
    Image.fromarray(np.full((100, 80, 3), 200, np.uint8)).save(tmp_path / "images/train/a.jpg")
    (tmp_path / "data.yaml").write_text("train: images/train\nnames: [shirt]\n")
    return tmp_path


@pytest.mark.parametrize(("line", "status"), [("0 0.5 0.5 0.4 0.4", 0), ("0 0.9 0.9 0.4 0.4", 1)])
def test_the_audit_says_whether_the_labels_hold(yolo, line, status, capsys):
    (yolo / "labels/train/a.txt").write_text(line + "\n")
    findings = yolo / "audit.json"
    arguments = ["evaluate", "article", "--audit", str(yolo), "--audit-json", str(findings)]
    assert main(arguments) == status
    assert "topwear" in capsys.readouterr().out
    assert json.loads(findings.read_text())["ok"] is (status == 0)


@pytest.mark.parametrize("stage", ["article", "person", "retrieval"])
def test_without_data_nothing_can_be_measured(stage, capsys):
    assert main(["evaluate", stage]) == 2
    assert "--data must name the folder" in capsys.readouterr().err
