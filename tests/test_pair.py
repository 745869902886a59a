"""A text-image pair of one's own, from its files to answers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tokenizers", reason="needs the extra clip")
pytest.importorskip("onnx", reason="makes small networks, with the extra train")

from tests.vision.pair import made
from tests.vision.stages.graphs import CROP, bags_and_nobody, encoder, entry
from thatlook.cli import main
from thatlook.core.settings import Settings
from thatlook.engine import Engine
from thatlook.vision.pair.adding import Addition, add

COLORS = {"red": (255, 0, 0), "blue": (0, 0, 255), "green": (0, 255, 0)}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A feed of bags, none of whose words is a color; a detector that sees a bag everywhere, an
    encoder to which all pictures are about alike.
    """
    for name, color in COLORS.items():
        Image.fromarray(np.full((64, 64, 3), color, np.uint8)).save(tmp_path / f"{name}.png")
    rows = [f"b{n},Tote,{name}.png,Bags\n" for n, name in enumerate(COLORS)]
    (tmp_path / "feed.csv").write_text("id,title,image_link,product_type\n" + "".join(rows))
    bag = np.array([[[32], [32], [64], [64], [0.9]]])
    seen, person = bags_and_nobody(tmp_path, bag)
    dull = entry(
        encoder(tmp_path / "dull.onnx", 4, bias=50.0),
        task="embedding",
        input={"name": "pixel_values", **CROP},
        outputs={"image_embeds": {"dim": 4}},
    )
    environment = {"ARTICLE": seen, "PERSON": person, "EMBEDDING": dull}
    for name, path in environment.items():
        monkeypatch.setenv(f"THATLOOK_{name}_MODEL", str(path))
    monkeypatch.setenv("THATLOOK_THREADS", "1")
    return tmp_path


@pytest.fixture
def pair(tmp_path):
    return str(add(Addition(source=str(made.transformers_js(tmp_path / "pair")), threads=1)).entry)


def search(folder, text, **more):
    with Engine.open(folder, Settings.load()) as engine:
        found = engine.search(text, **more)
    return found, [match.product.id for match in found.matches]


def test_from_the_feed_to_words_and_a_photo(shop, pair, monkeypatch, capsys):
    catalog, feed = str(shop / "catalog"), str(shop / "feed.csv")
    index = ["index", feed, "--catalog", catalog, "--workers", "0"]
    assert main(index) == 0
    monkeypatch.setenv("THATLOOK_TEXT_IMAGE_MODEL", pair)
    found, _ = search(catalog, "blue bag")
    assert found.by_likeness is False  # the tower is of another network, the pair not there yet

    assert main(index) == 0
    assert "0 added, 3 changed, 0 unchanged" in capsys.readouterr().out
    assert main(index) == 0
    assert "0 added, 0 changed, 3 unchanged" in capsys.readouterr().out

    for place, color in enumerate(COLORS):
        found, ids = search(catalog, f"{color} bag", off=(f"color:{color}",))
        assert (found.compared_by, ids[0]) == ("pair", f"b{place}")
        assert [match.score for match in found.matches] == sorted(
            (match.score for match in found.matches), reverse=True
        )
    red = np.full((64, 64, 3), (250, 5, 5), np.uint8)
    off = {"off": ("color:blue",), "photo": red}
    assert search(catalog, "blue", text_weight=0.0, **off)[1][0] == "b0"
    assert search(catalog, "blue", text_weight=1.0, **off)[1][0] == "b1"


def test_the_command_and_the_comparison(shop, pair, monkeypatch, capsys):
    catalog, feed = str(shop / "catalog"), str(shop / "feed.csv")
    monkeypatch.setenv("THATLOOK_TEXT_IMAGE_MODEL", pair)
    assert main(["index", feed, "--catalog", catalog, "--workers", "2"]) == 0
    capsys.readouterr()
    assert main(["search", "bag", "--catalog", catalog]) == 0
    assert "pictures were compared by pair" in capsys.readouterr().out
    assert main(["search", "bag", "--catalog", catalog, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["compared_by"] == "pair"
    assert main(["catalog", "info", "--catalog", catalog]) == 0
    assert "vectors of 3 products" in capsys.readouterr().out
    assert main(["catalog", "compare", "--pair", "--catalog", catalog, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["version"], told["in_both"], told["overlap@10"]) == ("pair", 3, 1.0)
    assert main(["catalog", "compare", "--catalog", catalog]) == 2
    assert "name a version to compare with, or give --pair" in capsys.readouterr().err


def test_a_catalog_of_a_pair_is_used_without_it(shop, pair, monkeypatch):
    catalog, feed = str(shop / "catalog"), str(shop / "feed.csv")
    monkeypatch.setenv("THATLOOK_TEXT_IMAGE_MODEL", pair)
    assert main(["index", feed, "--catalog", catalog, "--workers", "0"]) == 0
    monkeypatch.delenv("THATLOOK_TEXT_IMAGE_MODEL")
    found, ids = search(catalog, "bag")
    assert (found.compared_by, found.by_likeness, len(ids)) == ("", False, 3)


def test_the_pair_beside_the_network_on_a_feed(shop, pair, monkeypatch, capsys):
    pytest.importorskip("cv2", reason="needs the extra eval")
    names = list(COLORS) * 4
    rows = [f"b{n},Tote,{name}.png,Bags,{name}\n" for n, name in enumerate(names)]
    (shop / "many.csv").write_text("id,title,image_link,product_type,color\n" + "".join(rows))
    given = ["--feed", str(shop / "many.csv"), "--images", str(shop), "--trial", "feed"]
    found = shop / "found.json"
    given += ["--pair", pair, "--no-baselines", "--rounds", "10", "--json", str(found)]
    entry_of = ["--model", str(shop / "dull.json"), "--article-model", str(shop / "bags.json")]
    assert main(["evaluate", "retrieval", *given, *entry_of]) == 0
    assert "pair" in capsys.readouterr().out
    assert "pair" in found.read_text()
