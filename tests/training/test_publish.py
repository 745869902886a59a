from __future__ import annotations

import json

import pytest

from thatlook.cli import main
from thatlook.core.errors import ModelError
from thatlook.training import publish
from thatlook.training.publish import add_metrics


def test_figures_of_these_weights_join_the_entry_without_times(tmp_path):
    entry, figures = tmp_path / "person.json", tmp_path / "figures.json"
    entry.write_text(json.dumps({"id": "person-1", "sha256": "ab", "metrics": {}}))
    measured = {"id": "person-1", "sha256": "ab", "metrics": {"pck": 0.97, "median_ms": 9.0}}
    figures.write_text(json.dumps(measured))
    add_metrics(entry, figures)
    assert json.loads(entry.read_text())["metrics"] == {"pck": 0.97}


def test_figures_of_other_weights_are_refused(tmp_path):
    entry, figures = tmp_path / "person.json", tmp_path / "figures.json"
    entry.write_text(json.dumps({"id": "person-1", "sha256": "ab", "metrics": {}}))
    figures.write_text(json.dumps({"id": "person-1", "sha256": "cd", "metrics": {"pck": 0.97}}))
    with pytest.raises(ModelError, match="other weights"):
        add_metrics(entry, figures)


def test_an_entry_says_what_taught_its_network(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(publish.article, "export_to", lambda *told: given.append(told[2]))
    own = {"trained_on": [("ours", "proprietary")], "own_license": "MIT"}
    publish.export_task("article", tmp_path / "best.pt", tmp_path, **own)
    publish.export_task("article", tmp_path / "best.pt", tmp_path)
    mine, ours = given
    assert mine["data"] == [{"name": "ours", "license": "proprietary"}]
    assert (mine["license"], mine["limits"], mine["metrics_command"]) == ("MIT", (), "")
    assert "data" not in ours
    assert (ours["license"], ours["limits"]) == ("Apache-2.0", publish.LIMITS["article"])


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["publish", "article", "--checkpoint", "best.pt"], "--out"),
        (["calibrate", "--data", "."], "--model"),
        (["calibrate-worn", "--data", ".", "--pairs", "p.jsonl", "--catalog", "c"], "--model"),
    ],
)
def test_what_ships_is_not_overwritten_unasked(arguments, option, capsys):
    assert main(["train", *arguments]) == 2
    assert option in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["publish", "person", "--checkpoint", "best.pt", "--out", "networks"],
        ["publish", "embedding", "--checkpoint", "best.pt", "--out", "networks"],
        ["calibrate", "--model", "embedding.json"],
    ],
)
def test_the_photos_folder_must_be_named(arguments, capsys, tmp_path, monkeypatch):
    (tmp_path / "shared" / "data").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")  # no folder is taken because it happens to lie there
    assert main(["train", *arguments]) == 2
    assert "--data" in capsys.readouterr().err
