"""Wrong use is told in words, with the right exit status, and nothing on standard output."""

from __future__ import annotations

import json

import pytest

from thatlook.cli import COMMANDS, build_parser, main


def refused(arguments, capsys) -> tuple[int, str]:
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = int(stop.code or 0)
    captured = capsys.readouterr()
    assert captured.out == ""
    return status, captured.err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], 2, "COMMAND"),
        (["buy"], 2, "invalid choice: 'buy'"),
        (["parse"], 2, "PHOTO"),
        (["recommend", "a.jpg"], 2, "--catalog"),
        (["recommend", "a.jpg", "--catalog", "none"], 1, "none: no catalog here"),
        (["recommend", "a.jpg", "--catalog", "none", "-k", "0"], 2, "k must be 1 or more"),
        (["recommend", "a.jpg", "--catalog", "c", "-k", "many"], 2, "invalid int value"),
        (["recommend", "a.jpg", "--catalog", "c", "--category", "shoes"], 2, "invalid choice"),
        (["recommend", "a.jpg", "--catalog", "c", "--min-price", "ten"], 2, "such as 49.90"),
        (
            ["recommend", "a.jpg", "--catalog", "c", "--min-price", "9", "--max-price", "5"],
            2,
            "--min-price 9 is above --max-price 5",
        ),
        (["recommend", "a.jpg", "--catalog", "c", "--json", "--png", "x.png"], 2, "not allowed"),
        (["similar", "1", "--catalog", "none"], 1, "none: no catalog here"),
        (["look", "1", "--catalog", "none"], 1, "none: no catalog here"),
        (["similar", "1", "--catalog", "http://c:1"], 1, "thatlook: http://c:1: search clusters"),
        (["serve", "--catalog", "http://c:1"], 1, "thatlook: http://c:1: search clusters"),
        (["catalog", "info", "--catalog", "http://c:1"], 1, "http://c:1: search clusters"),
        (["index", "none.csv", "--catalog", "c"], 1, "none.csv: no such file"),
        (["index", "f.csv", "--catalog", "c", "--map", "title"], 2, "expected FIELD=COLUMN"),
        (["index", "f.csv", "--catalog", "c", "--map", "titel=x"], 2, "titel"),
        (["index", "f.csv", "--catalog", "c", "--mapping", "no.toml"], 1, "f.csv: no such file"),
        (["models", "burn"], 2, "invalid choice"),
    ],
)
def test_wrong_use(arguments, status, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, told = refused(arguments, capsys)
    assert found == status
    assert words in told
    assert not any(tmp_path.iterdir())


def test_settings_that_cannot_be_are_wrong_usage(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("THATLOOK_NMS_IOU", "2")
    assert refused(["parse", str(tmp_path / "a.jpg")], capsys)[0] == 2


def test_photos_that_cannot_be_used_do_not_stop_the_others(capsys, tmp_path, sample):
    good = sample / "images" / "looks" / "look_001.jpg"
    empty = tmp_path / "empty.jpg"
    empty.touch()
    assert main(["parse", str(empty), str(good), str(tmp_path / "no.jpg"), "--json"]) == 1
    captured = capsys.readouterr()
    first, second, third = (json.loads(line) for line in captured.out.splitlines())
    assert first == {
        "photo": str(empty),
        "error": {"code": "empty", "message": "the file is empty"},
    }
    assert second["photo"] == str(good)
    assert second["person"]["full_shot"] in {True, False}
    assert third["error"]["code"] == "not_found"
    assert "empty.jpg: the file is empty" in captured.err


def test_models_list_and_verify(capsys):
    assert main(["models", "verify", "--json"]) == 0
    assert [entry["ok"] for entry in json.loads(capsys.readouterr().out)] == [True] * 3
    assert main(["models", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["task"] for entry in listed] == ["article", "person", "embedding"]
    assert all(entry["license"] == "Apache-2.0" for entry in listed)


def test_every_command_has_help():
    text = build_parser().format_help()
    for name, (_, summary) in COMMANDS.items():
        assert name in text
        assert summary.split(",")[0] in " ".join(text.split())
