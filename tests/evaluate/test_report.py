"""One set of figures as table, JSON and page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from markupsafe import Markup

from thatlook.evaluate.options import EvaluateOptions
from thatlook.evaluate.report import PRINTED, Report, finish
from thatlook.vision.models.registry import ModelSpec


@pytest.fixture
def report():
    spec = ModelSpec("mine-1", "article", Path("x"), "ab" * 32, "MIT", {}, {})
    found = Report("Articles <here>", spec, {"ap50": 0.65432, "ap50_bag": float("nan")})
    found.main = {"mAP50": "ap50"}
    found.meanings = {"ap50": "average precision", "ap50_bag": "of bags"}
    found.details = {"curve": [(0.0, 1.0), (0.123456, float("nan"))]}
    found.add("Curves", Markup("<svg></svg>"), lead="a & b")
    return found


def test_without_options_the_figures_are_a_table(report, capsys):
    assert finish(EvaluateOptions(), report) == 0
    assert capsys.readouterr().out.splitlines() == [
        "mine-1 abababababab",
        "  ap50        0.6543",
        "  ap50_bag       nan",
    ]


def test_json_is_printed_or_written(report, capsys, tmp_path):
    wanted = {
        "id": "mine-1",
        "sha256": "ab" * 32,
        "data": "",
        "metrics": {"ap50": 0.6543, "ap50_bag": None},
        "details": {"curve": [[0.0, 1.0], [0.1235, None]]},
    }
    finish(EvaluateOptions(json=PRINTED), report)
    assert json.loads(capsys.readouterr().out) == wanted
    finish(EvaluateOptions(json=str(tmp_path / "f.json")), report)
    assert capsys.readouterr().out.startswith("mine-1 ")
    assert json.loads((tmp_path / "f.json").read_text()) == wanted


def test_the_page_has_all_of_it(report, capsys, tmp_path):
    finish(EvaluateOptions(html=tmp_path / "f.html"), report)
    assert "f.html" in capsys.readouterr().err
    page = (tmp_path / "f.html").read_text()
    assert "<h1>Articles &lt;here&gt;</h1>" in page
    assert "<b>0.654</b>mAP50" in page
    assert "<p>a &amp; b</p><svg></svg>" in page
    assert "<td>average precision</td>" in page
    # The longest beginning tells.
    assert "<td>of bags</td>" in page
    assert "no data" in page
