"""Wrong use is told in words, with the right exit status, and nothing on standard output."""

from __future__ import annotations

import argparse
import json

import pytest
from PIL import Image

import thatlook
from thatlook.cli import COMMANDS, build_parser, main
from thatlook.core import image
from thatlook.core.settings import Settings


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


def every(parser, name="thatlook"):
    """Each parser below this one, and itself, by the words that call it."""
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, below in action.choices.items():
                yield from every(below, f"{name} {word}")


def test_every_command_and_option_has_help():
    pytest.importorskip("fastapi", reason="needs the extra serve")
    pytest.importorskip("torch", reason="needs the extra train")
    told = dict(every(build_parser()))
    assert len(told) > 30
    for name, parser in told.items():
        assert name == "thatlook" or parser.description, name
        for action in parser._actions:
            positional = not action.option_strings
            assert action.help or positional, f"{name} {action.option_strings}"


def test_the_help_lists_every_command(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for name, (_, summary) in COMMANDS.items():
        assert f"{name} {summary}" in text


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["recomend", "a.jpg"], "did you mean recommend?"),
        (["recommend", "a.jpg", "--catalog", "c", "--colour", "red"], "did you mean --color?"),
        (["evaluate", "artcle"], "did you mean article?"),
        (["xyzzy"], "invalid choice"),
    ],
)
def test_what_was_meant(arguments, meant, capsys):
    status, told = refused(arguments, capsys)
    assert status == 2
    assert meant in told


def test_an_option_by_its_old_name_works_and_says_the_new_one(capsys):
    parser = build_parser("evaluate")
    args = parser.parse_args(["evaluate", "retrieval", "--most", "5"])
    assert args.max_products == 5
    assert "--most is now called --max-products" in capsys.readouterr().err
    assert "--most" not in parser.format_help()


def test_serve_refuses_a_cluster_too(capsys):
    pytest.importorskip("fastapi", reason="needs the extra serve")
    status, told = refused(["serve", "--catalog", "http://c:1"], capsys)
    assert status == 1
    assert "thatlook: http://c:1: search clusters" in told


def test_a_missing_extra_is_named(capsys, monkeypatch):
    def missing(name):
        return None

    monkeypatch.setattr("thatlook.cli.serve.find_spec", missing)
    assert main(["serve", "--catalog", "c"]) == 1
    assert "pip install 'thatlook[serve]'" in capsys.readouterr().err


def test_settings_reach_the_pictures_of_a_page(capsys, monkeypatch, tmp_path, sample):
    """The photo is decoded once, with the settings: one that is too large by default works."""
    photo = Image.new("RGB", (400, 300), "white")
    photo.save(tmp_path / "large.png")
    monkeypatch.setenv("THATLOOK_MAX_PHOTO_PIXELS", "120000")
    asked = []
    plain = image.decode

    def decode(source, settings=None):
        asked.append((settings or Settings()).max_photo_pixels)
        return plain(source, settings)

    monkeypatch.setattr("thatlook.engine.decode", decode)
    with thatlook.open(tmp_path / "catalog"):
        pass
    for option in ("--html", "--png"):
        out = tmp_path / f"look{option}"
        command = ["recommend", str(tmp_path / "large.png"), "--catalog", str(tmp_path / "catalog")]
        assert main([*command, option, str(out)]) == 0
        assert out.stat().st_size > 1000
    assert asked == [120000, 120000]
