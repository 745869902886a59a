"""`thatlook index-scenes` and `scenes`, on the sample."""

from __future__ import annotations

import json
import shutil

import pytest

from thatlook.cli import main


@pytest.fixture(scope="module")
def shop(tmp_path_factory, sample):
    folder = tmp_path_factory.mktemp("shop")
    feed = (sample / "products.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    chosen = [feed[0], *(row for row in feed[1:] if row.startswith(("SP0001,", "SP0022,")))]
    (folder / "feed.csv").write_text("".join(chosen))
    (folder / "street").mkdir()
    shutil.copy(sample / "images" / "looks" / "look_001.jpg", folder / "street")
    catalog = ["--catalog", str(folder / "c")]
    images = ["--images", str(sample), "--workers", "0"]
    assert main(["index", str(folder / "feed.csv"), *catalog, *images]) == 0
    return folder


def test_before_any_scene(shop, capsys):
    assert main(["scenes", "SP0022", "--catalog", str(shop / "c")]) == 0
    assert "no scenes are indexed yet: thatlook index-scenes FOLDER" in capsys.readouterr().out


def test_scenes_and_their_page(shop, tmp_path, capsys):
    catalog = ["--catalog", str(shop / "c")]
    assert main(["index-scenes", str(shop / "street"), *catalog, "--workers", "0"]) == 0
    assert "1 added, 0 moved, 0 unchanged, 0 removed, 0 failed; 3 art" in capsys.readouterr().out
    page = tmp_path / "ways.html"
    given = ["scenes", "SP0022", *catalog, "--min-score", "0"]
    assert main([*given, "--html", str(page)]) == 0
    told = capsys.readouterr().out
    assert "look_001.jpg" in told
    assert "with topwear: cream/black, striped, tshirts" in told
    assert "SP0001" in told
    text = page.read_text(encoding="utf-8")
    assert "Ways to style Brightwater Women&#39;s blue jeans" in text
    assert "data:image/webp" in text
    assert main([*given, "--json", "--others", "0"]) == 0
    (scene,) = json.loads(capsys.readouterr().out)["scenes"]
    assert scene["photo"] == str(shop / "street/look_001.jpg")
    assert scene["articles"][scene["article"]]["category"] == "bottomwear"
    assert scene["worn_with"] == []


def test_a_folder_that_is_not_there(shop, capsys):
    assert main(["index-scenes", str(shop / "nowhere"), "--catalog", str(shop / "c")]) == 1
    assert "no photos are there" in capsys.readouterr().err
