"""`thatlook complete` and `outfits` as pages, on the sample."""

from __future__ import annotations

import re

import pytest

from thatlook.cli import main


@pytest.fixture(scope="module")
def catalog(tmp_path_factory, sample):
    folder = tmp_path_factory.mktemp("shop")
    feed = (sample / "products.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = ("SP0001,", "SP0005,", "SP0022,", "SP0023,", "SP0115,")
    chosen = [feed[0], *(row for row in feed[1:] if row.startswith(kept))]
    (folder / "feed.csv").write_text("".join(chosen), encoding="utf-8")
    asked = ["index", str(folder / "feed.csv"), "--catalog", str(folder / "c"), "--workers", "0"]
    assert main([*asked, "--images", str(sample)]) == 0
    return str(folder / "c")


def pictures(text):
    return len(re.findall(r"data:image/webp", text))


def test_the_page_shows_what_is_given_and_what_goes_with_it_and_why(catalog, tmp_path, capsys):
    path = tmp_path / "page.html"
    given = ["complete", "SP0001", "--catalog", catalog, "--category", "bottomwear"]
    assert main([*given, "--html", str(path)]) == 0
    told = capsys.readouterr()
    assert f"wrote {path}" in told.err
    page = path.read_text(encoding="utf-8")
    lines = [line.strip() for line in told.out.splitlines()]
    assert lines[:2] == ["with white t-shirts", "bottomwear"]
    assert "<h1>With white t-shirts</h1>" in page
    assert "<h2>bottomwear</h2>" in page
    assert "Brightwater Women&#39;s blue jeans" in page
    reasons = [line for line in lines[2:] if not re.match(r"0\.\d\d ", line)]
    assert reasons
    assert all(f"<small>{reason}</small>" in page for reason in reasons)
    products = [line for line in lines[2:] if re.match(r"0\.\d\d ", line)]
    assert pictures(page) == 1 + len(products)


def test_the_page_of_outfits_has_them_one_after_another(catalog, tmp_path, capsys):
    path = tmp_path / "page.html"
    given = ["outfits", "SP0001", "--catalog", catalog, "-k", "1", "--html", str(path)]
    assert main(given) == 0
    name = capsys.readouterr().out.splitlines()[0]
    assert re.fullmatch(r"outfit 1: 0\.\d\d, \d+\.\d\d in all", name)
    page = path.read_text(encoding="utf-8")
    assert f"<h2>{name}</h2>" in page
    assert pictures(page) == 1 + 2  # the top, then what is worn below and on the feet


def test_the_page_of_a_photo_that_is_whole_and_of_no_outfit(catalog, sample, tmp_path, capsys):
    photo = str(sample / "images" / "looks" / "look_001.jpg")
    path = tmp_path / "page.html"
    given = ["complete", photo, "--catalog", catalog, "--category", "bag", "--html", str(path)]
    assert main(given) == 0
    page = path.read_text(encoding="utf-8")
    assert "look_001.jpg" in page
    assert "<h2>bag</h2>" in page
    assert pictures(page) == 1
    given = ["outfits", "SP0001", "--catalog", catalog, "--budget", "1", "--html", str(path)]
    assert main(given) == 1
    why = capsys.readouterr().out.splitlines()[-1]
    assert why in path.read_text(encoding="utf-8")
