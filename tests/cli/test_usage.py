"""Wrong use is told in words, with the right exit status, and nothing on standard output."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import subprocess
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import click
import pytest
from PIL import Image

import thatlook
from tests.unwritable import unwritable
from thatlook.cli import evaluate, main, models, photos, train
from thatlook.cli import thatlook as root
from thatlook.core import image
from thatlook.core.settings import Settings
from thatlook.vision.models.registry import TASKS


def refused(arguments, capsys) -> tuple[int, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    assert captured.out == ""
    return status, captured.err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], 2, "Try it:\n  demo    Index the bundled sample"),
        (["buy"], 2, "no command 'buy'; expected demo, doctor, crawl, "),
        (["parse"], 2, "PHOTO"),
        (["recommend", "a.jpg"], 2, "--catalog"),
        (["recommend", "a.jpg", "--catalog", "none"], 1, "none: no catalog here"),
        (["recommend", "a.jpg", "--catalog", "none", "-k", "0"], 2, "k must be 1 or more"),
        (
            ["recommend", "a.jpg", "--catalog", "c", "-k", "many"],
            2,
            "'many' is not a valid integer",
        ),
        (
            ["recommend", "a.jpg", "--catalog", "c", "--category", "shoes"],
            2,
            "is not one of 'topwear'",
        ),
        (["recommend", "a.jpg", "--catalog", "c", "--age", "old"], 2, "is not one of 'auto'"),
        (["similar", "1", "--catalog", "c", "--age", "old"], 2, "is not one of 'auto'"),
        (["look", "1", "--catalog", "c", "--age-group", "old"], 2, "is not one of 'auto'"),
        (["recommend", "a.jpg", "--catalog", "c", "--min-price", "ten"], 2, "such as 49.90"),
        (
            ["recommend", "a.jpg", "--catalog", "c", "--min-price", "9", "--max-price", "5"],
            2,
            "--min-price 9 is above --max-price 5",
        ),
        (["recommend", "a.jpg", "--catalog", "c", "--json", "--png", "x.png"], 2, "only one of"),
        (["recommend", "a", "b", "--catalog", "c", "--png", "x.png"], 2, "--png takes one photo"),
        (["recommend", "a", "b", "--catalog", "c", "--as", "bag"], 2, "of one photo, not of 2"),
        (["recommend", "a", "--catalog", "c", "--as", "hat"], 2, "must be one of topwear,"),
        (["recommend", "a", "--catalog", "c", "--as", "hat=bag"], 2, "must be one of topwear,"),
        (["similar", "1", "--catalog", "none"], 1, "none: no catalog here"),
        (["look", "1", "--catalog", "none"], 1, "none: no catalog here"),
        (["similar", "1", "--catalog", "http://c:1"], 1, "thatlook: http://c:1: a catalog is"),
        (["catalog", "info", "--catalog", "http://c:1"], 1, "http://c:1: a catalog is a folder"),
        (["index", "none.csv", "--catalog", "c"], 1, "none.csv: no such file"),
        (["index", "f.csv", "--catalog", "c", "--map", "title"], 2, "expected FIELD=COLUMN"),
        (["index", "f.csv", "--catalog", "c", "--map", "titel=x"], 2, "titel"),
        (["index", "f.csv", "--catalog", "c", "--mapping", "no.toml"], 1, "f.csv: no such file"),
        (["models", "burn"], 2, "no command 'burn'; expected list, verify"),
        (["models"], 2, "Commands:\n  list    Task, id, size"),
        (["catalog", "compare", "v", "--catalog", "c", "-k", "0"], 2, "not in the range x>=1"),
        (["explore", "f.csv", "--map", "title"], 2, "expected FIELD=COLUMN"),
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


def test_models_list_fits_a_terminal(capsys):
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert [line.split()[0] for line in lines[::3]] == list(TASKS)
    assert lines[1].lstrip().startswith("ap50 ")


def test_the_figures_of_a_network_are_as_many_as_fit():
    assert models._quality({}) == ""
    assert models._quality({"ap50": 0.5, "pck": 0.75}) == "ap50 0.5, pck 0.75"
    many = {f"figure_{i}": 0.125 for i in range(9)}
    assert models._quality(many) == (
        "figure_0 0.125, figure_1 0.125, figure_2 0.125, figure_3 0.125, ... (--json has all 9)"
    )


def test_models_list_and_verify(capsys):
    assert main(["models", "verify", "--json"]) == 0
    assert [entry["ok"] for entry in json.loads(capsys.readouterr().out)] == [True] * 5
    assert main(["models", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["task"] for entry in listed] == [
        "article",
        "person",
        "embedding",
        "text",
        "compatibility",
    ]
    assert all(entry["license"] == "Apache-2.0" for entry in listed)


def test_verify_reads_what_an_entry_says_of_its_input(tmp_path, monkeypatch, capsys):
    (tmp_path / "enc.onnx").write_bytes(b"weights")
    entry = {
        "id": "mine",
        "task": "embedding",
        "file": "enc.onnx",
        "sha256": hashlib.sha256(b"weights").hexdigest(),
        "license": "MIT",
        "input": {"name": "crop", "size": 64, "mean": [0, 0, 0], "std": [1, 1, 1]},
        "outputs": {"vector": {"dim": 8}},
    }
    (tmp_path / "enc.json").write_text(json.dumps(entry))
    monkeypatch.setenv("THATLOOK_EMBEDDING_MODEL", str(tmp_path / "enc.json"))
    assert main(["models", "verify"]) == 1
    assert "mine: input.width must be a whole number" in capsys.readouterr().err
    assert main(["models", "list"]) == 0
    assert "" not in [line.strip() for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ([], "auto"),
        (["--age", "any"], "any"),
        (["--age", "child"], "child"),
        (["--age-group", "kids"], "child"),
    ],
)
@pytest.mark.parametrize("command", ["recommend", "similar", "look"])
def test_for_which_age_is_asked(command, given, asked, monkeypatch, tmp_path):
    seen = []

    class AskedError(Exception):
        pass

    class Engine:
        catalog = SimpleNamespace(product=str)

        def recommend(self, photo, request):
            seen.append(request.age)
            raise AskedError

        def similar(self, product_id, k, age):
            seen.append(age)
            raise AskedError

        shop_the_look = similar

    monkeypatch.setattr(photos, "existing", lambda *_: nullcontext(Engine()))
    with pytest.raises(AskedError):
        main([command, "1", "--catalog", str(tmp_path), *given])
    assert seen == [asked]


def every(command, name="thatlook"):
    """Each command below this one, and itself, by the words that call it."""
    yield name, command
    for word, below in getattr(command, "commands", {}).items():
        yield from every(below, f"{name} {word}")


EVERY = dict(every(root))


@pytest.mark.parametrize("name", EVERY)
def test_every_command_and_option_has_help(name, capsys):
    command = EVERY[name]
    assert command.help, name
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.opts}"
            assert not option.hidden
    assert main([*name.split()[1:], "-h"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"Usage: {name} ")
    assert command.help.split(".")[0][:40] in " ".join(text.split())


def test_all_commands_are_there():
    assert list(root.commands) == [
        "demo",
        "doctor",
        "crawl",
        "explore",
        "index",
        "index-scenes",
        "catalog",
        "parse",
        "recommend",
        "search",
        "similar",
        "look",
        "complete",
        "outfits",
        "scenes",
        "serve",
        "feedback",
        "models",
        "evaluate",
        "train",
    ]
    assert len(EVERY) == 57


def test_help_imports_nothing_heavy():
    """Not of any command: the shell asks for completions at every press of a key."""
    code = (
        "import sys; from thatlook.cli import main\n"
        f"for name in {list(EVERY)}: assert main([*name.split()[1:], '--help']) == 0\n"
        "heavy = {'torch', 'fastapi', 'onnxruntime', 'faiss', 'numpy', 'PIL', 'tqdm'}\n"
        "heavy |= {'playwright'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_choices_are_those_of_the_code():
    from thatlook.search import request

    assert (photos.GENDERS, photos.POLICIES) == (request.GENDER_CHOICES, request.POLICIES)
    assert photos.AGES == request.AGE_CHOICES
    pytest.importorskip("torch", reason="needs the extra train")
    from thatlook.training import backbones
    from thatlook.training.recipes import embedding

    assert (train.BACKBONES, train.LOSSES) == (backbones.BACKBONES, embedding.LOSSES)


def test_choices_of_evaluate_are_those_of_the_code():
    pytest.importorskip("cv2", reason="needs the extra eval")
    from thatlook.evaluate.person.sheets import KINDS
    from thatlook.evaluate.retrieval.run import TRIALS

    assert choices(evaluate.person, "look") == tuple(KINDS)
    assert choices(evaluate.retrieval, "trial") == TRIALS


def choices(command, name):
    (option,) = (option for option in command.params if option.name == name)
    return tuple(option.type.choices)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("thatlook rec", ["plain,recommend"]),
        ("thatlook catalog ver", ["plain,versions"]),
        ("thatlook train embedding --loss cir", ["plain,circle"]),
        ("thatlook train embedding --likeness 1 --metric", ["plain,--metric-loss-weight"]),
    ],
)
def test_the_shell_completes(line, found, monkeypatch, capsys):
    monkeypatch.setenv("_THATLOOK_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    assert main([]) == 0
    out, err = capsys.readouterr()
    assert (out.splitlines(), err) == (found, "")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["recomend", "a.jpg"], r"did you mean recommend\?"),
        (
            ["recommend", "a.jpg", "--catalog", "c", "--colour", "red"],
            "[Dd]id you mean '?--color'?",
        ),
        (["evaluate", "artcle"], r"did you mean article\?"),
        (["catalog", "verzions"], r"did you mean versions\?"),
        (["xyzzy"], "expected demo, "),
        (["similar", "1", "--catalog", "c", "--age", "chidl"], r"did you mean child\?"),
        (
            ["recommend", "a.jpg", "--catalog", "c", "--gender", "women"],
            r"did you mean female\? 'women' is not one of 'auto', 'female'",
        ),
        (
            ["search", "red", "--catalog", "c", "--category", "shoe"],
            r"did you mean footwear\? 'shoe' is not one of 'topwear'",
        ),
        (["similar", "1", "--catalog", "c", "--age", "xyzzy"], r"'any'\.$"),
        (["index", "f", "--catalog", "c", "--map", "titel=x"], r"did you mean title\?"),
        (["index", "f", "--catalog", "c", "--map", "xyzzy=x"], "known are id, title, "),
    ],
)
def test_what_was_meant(arguments, meant, capsys):
    status, told = refused(arguments, capsys)
    assert status == 2
    assert re.search(meant, told)


@pytest.mark.parametrize(
    ("command", "old", "new", "value"),
    [
        (evaluate.retrieval, "--most", "--max-products", 5),
        (train.gather_pairs, "--most", "--max-pairs", 5),
        (train.embedding, "--likeness", "--metric-loss-weight", 0.25),
        (train.embedding, "--sameness", "--instance-loss-weight", 0.25),
        (train.embedding, "--agreement", "--consistency-weight", 0.25),
    ],
)
def test_an_option_by_its_old_name_works_and_says_the_new_one(
    command, old, new, value, capsys, monkeypatch
):
    monkeypatch.setattr("thatlook.cli.command.find_spec", lambda name: name)  # with torch or not
    needed = ["here", "--data", "d", "--out", "o"]
    needed = {"embedding": needed[1:], "pairs": [needed[0], *needed[3:]]}.get(command.name, [])
    for given in ([old, str(value)], [f"{old}={value}"]):
        with command.make_context("it", [*needed, *given]) as context:
            assert context.params[new.removeprefix("--").replace("-", "_")] == value
            assert old not in command.get_help(context)
        assert capsys.readouterr().err == f"thatlook: {old} is now called {new}\n"


def test_serve_refuses_a_cluster_too(capsys):
    pytest.importorskip("fastapi", reason="needs the extra serve")
    status, told = refused(["serve", "--catalog", "http://c:1"], capsys)
    assert status == 1
    assert "thatlook: http://c:1: a catalog is" in told


@pytest.mark.parametrize(
    ("command", "extra"),
    [(["serve", "--catalog", "c"], "serve"), (["serve"], "serve"), (["train", "person"], "train")],
)
def test_a_missing_extra_is_named(command, extra, capsys, monkeypatch):
    monkeypatch.setattr("thatlook.cli.command.find_spec", lambda name: None)
    status, told = refused(command, capsys)
    assert status == 1
    name = " ".join(["thatlook", *command]).split(" --")[0]
    assert told == (
        f"thatlook: {name} needs an optional package: pip install 'thatlook[{extra}]'\n"
    )
    assert main([command[0], "--help"]) == 0


def test_a_package_that_a_command_imports_is_named_too(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "thatlook.evaluate.detection.run", None)
    with pytest.raises(ModuleNotFoundError):  # ours: a bug, not an extra
        main(["evaluate", "article"])

    def without(*_, **__):
        raise ModuleNotFoundError(name="pycocotools")

    monkeypatch.setattr("thatlook.evaluate.options.DetectionOptions", without)
    status, told = refused(["evaluate", "article"], capsys)
    assert status == 1
    assert "evaluate article (pycocotools) needs an optional package: pip install" in told
    assert "thatlook[eval]" in told


def test_a_reader_that_goes_away_is_no_error():
    """`thatlook ... | head`: nothing is told, the exit status is 0."""
    code = "import sys; from thatlook.cli import main; sys.exit(main(['models', 'list']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 0


def test_ctrl_c_and_outputs_that_cannot_be_written(capsys, monkeypatch, tmp_path):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("thatlook.core.settings.Settings.load", stopped)
    assert refused(["models", "list"], capsys) == (130, "thatlook: interrupted\n")
    (tmp_path / "file").touch()
    status, told = refused(["demo", "--out", str(tmp_path / "file" / "out")], capsys)
    assert status == 1
    assert told.startswith("thatlook: ")


def test_settings_reach_the_pictures_of_a_page(capsys, monkeypatch, tmp_path, sample):
    """The photo is decoded once, with the settings: one that is too large by default works."""
    photo = Image.new("RGB", (400, 300), "white")
    photo.save(tmp_path / "large.png")
    monkeypatch.setenv("THATLOOK_MAX_PHOTO_PIXELS", "120000")
    asked = []
    plain = image.decode_photo

    def decode(source, settings=None):
        asked.append((settings or Settings()).max_photo_pixels)
        return plain(source, settings)

    monkeypatch.setattr("thatlook.engine.decode_photo", decode)
    with thatlook.open(tmp_path / "catalog"):
        pass
    for option in ("--html", "--png"):
        out = tmp_path / f"look{option}"
        command = ["recommend", str(tmp_path / "large.png"), "--catalog", str(tmp_path / "catalog")]
        assert main([*command, option, str(out)]) == 0
        assert out.stat().st_size > 1000
    assert asked == [120000, 120000]


def test_a_taken_port_is_one_line_before_anything_is_loaded(capsys, monkeypatch):
    pytest.importorskip("fastapi", reason="needs the extra serve")
    monkeypatch.setattr("thatlook.core.settings.Settings.load", lambda: pytest.fail("loaded"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, told = refused(["serve", "--catalog", "c", "--port", str(port)], capsys)
    assert status == 1
    assert told.startswith(f"thatlook: port {port} of 127.0.0.1 cannot be listened on: ")
    assert told.endswith("; choose another with --port\n")


@pytest.mark.parametrize(
    ("port", "rate", "status", "told"),
    [
        ("99999", "120/minute", 2, "99999 is not in the range 0<=x<=65535"),
        ("0", "abc", 2, "thatlook: rate must be such as 120/minute, not 'abc'\n"),
        ("0", "0/minute", 2, "not '0/minute': nobody would get in\n"),
    ],
)
def test_what_the_service_cannot_have_is_told_in_words(
    port, rate, status, told, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("THATLOOK_SERVE_RATE", rate)
    with thatlook.open(tmp_path / "catalog"):
        pass
    found, words = refused(
        ["serve", "--catalog", str(tmp_path / "catalog"), "--port", port], capsys
    )
    assert found == status
    assert words.endswith(told) or told in words
    assert "Traceback" not in words


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["catalog", "snapshot", "now"], "versions/now: cannot be written: Permission denied"),
        (["index", "feed.csv"], "index.lock: cannot be written: Permission denied"),
        (["serve", "--port", "0"], "feedback.sqlite: cannot be opened"),
    ],
)
def test_what_must_write_a_catalog_that_cannot_be_written_says_so(
    arguments, told, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("THATLOOK_SERVE_FEEDBACK", "on")
    folder = tmp_path / "catalog"
    (tmp_path / "feed.csv").write_text("id,title,image_link\n1,Dress,a.jpg\n")
    monkeypatch.chdir(tmp_path)
    with thatlook.open(folder):
        pass
    with unwritable(folder):
        status, words = refused([*arguments, "--catalog", str(folder)], capsys)
        assert main(["catalog", "info", "--catalog", str(folder)]) == 0
    assert status == 1
    assert words.startswith(f"thatlook: {folder}/")
    assert told in words
    assert words.count("\n") == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--color", "redd"], "no such color is known: 'redd'; did you mean red?"),
        (["--brand", "nobody"], "no such brand is known: 'nobody'; no product has a brand"),
    ],
)
def test_a_misspelt_color_or_brand_is_told(given, told, tmp_path, capsys, sample):
    photo = str(sample / "images" / "looks" / "look_001.jpg")
    with thatlook.open(tmp_path / "catalog"):
        pass
    for command in (["recommend", photo], ["search", "a coat"], ["complete", photo]):
        asked = [*command, "--catalog", str(tmp_path / "catalog"), *given]
        status, words = refused(asked, capsys)
        assert status == 2
        assert told in words


def test_reasons_stand_below_their_product():
    product = thatlook.Product(id="7", title="Shirt", category="topwear", gender="female")
    match = thatlook.Match(
        0.5, product, ("same type: shirts", "other color: red"), (), "very close"
    )
    assert photos.match_lines([match]) == ["  0.50  very close  7  Shirt"]
    assert photos.match_lines([match], reasons=True) == [
        "  0.50  very close  7  Shirt\n        same type: shirts\n        other color: red"
    ]
