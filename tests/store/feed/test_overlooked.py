"""Columns that nobody understands are told before a feed is read."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from thatlook.cli import main
from thatlook.store.feed import FeedMapping, overlooked

ROW = "1;Hemd;49,90 €;Damen;1.jpg\n"


@pytest.fixture
def feed(tmp_path):
    def write(header, rows=ROW, name="feed.csv"):
        path = tmp_path / name
        path.write_text(f"{header}\n{rows}", encoding="utf-8")
        return path

    return write


def test_german_columns_of_a_till_are_understood(feed):
    header = "Artikelnr.;Bezeichnung;VK-Preis;Zielgruppe;Bilddatei"
    found = overlooked(feed(header))
    assert found is None  # nothing is left over, though a link, a brand and others are missing


def test_what_is_missing_what_is_left_over_and_what_may_be_meant(feed):
    found = overlooked(feed("Artikelnr.;Bezeichnung;Nettopreis;Abteilung;Bild im Shop"))
    assert found.columns == ("Nettopreis", "Abteilung", "Bild im Shop")
    assert found.missing == (
        *("price", "image_link", "link", "brand", "color", "gender"),
        *("product_type", "availability"),
    )
    assert found.hints == ("price=Nettopreis", "image_link=Bild im Shop")
    assert str(found).endswith(
        "columns that are no known field: Nettopreis, Abteilung, Bild im Shop; if one of these is "
        'meant, say so: --map price=Nettopreis --map "image_link=Bild im Shop"'
    )


def test_without_a_guess_the_first_that_is_missing_is_the_example(feed):
    assert str(overlooked(feed("id;title;Geld", "1;2;3\n"))).endswith("say so: --map price=COLUMN")


def test_a_mapping_is_believed(feed):
    path = feed("Artikelnr.;Bezeichnung;Geld;Abteilung;Lieferwoche")
    mapping = FeedMapping().with_fields(["price=Geld", "gender=Abteilung"])
    assert overlooked(path, mapping).columns == ("Lieferwoche",)


def test_nothing_is_told_of_extra_columns_where_nothing_is_missing(feed):
    header = "id;title;price;image_link;link;brand;color;gender;type;stock;Saison"
    assert overlooked(feed(header, "")) is None
    assert overlooked(feed(header, "1;2;3;4;5;6;7;8;9;10;11\n")) is None


def test_objects_that_differ_are_looked_at_together(tmp_path):
    path = tmp_path / "feed.jsonl"
    path.write_text('{"id": "1", "price": "9 EUR"}\n{"id": "2", "farbton x": "red"}\n')
    found = overlooked(path)
    assert found.columns == ("farbton x",)
    assert "price" not in found.missing
    assert found.hints == ("color=farbton x",)


def test_a_folder_of_images_has_no_columns(tmp_path):
    assert overlooked(tmp_path) is None


def test_explore_tells_it(feed, tmp_path, capsys):
    path = feed("Artikelnr.;Bezeichnung;Nettopreis;Zielgruppe;Bilddatei")
    Image.new("RGB", (64, 64), "white").save(tmp_path / "1.jpg")
    out = str(tmp_path / "report.html")
    assert main(["explore", str(path), "--quick", "--out", out]) == 0
    assert "--map price=Nettopreis" in capsys.readouterr().err
    (tmp_path / "shop.toml").write_text('[fields]\nprice = "Nettopreis"\n')
    mapped = ["--mapping", str(tmp_path / "shop.toml")]
    assert main(["explore", str(path), "--quick", "--out", out, *mapped]) == 0
    assert "no column is known" not in capsys.readouterr().err


def test_a_mapped_column_that_comes_late_is_waited_for(tmp_path):
    path = tmp_path / "f.jsonl"
    rows = [{"id": str(n), "title": "Shirt", "geld": n} for n in range(150)]
    rows[140]["rabatt"] = 3
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = overlooked(path, FeedMapping().with_fields(["sale_price=rabatt", "price=geld"]))
    assert found is None or "price" not in found.missing


def test_a_second_picture_will_do_and_shopifys_options_are_read(tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text(
        "Handle,Title,Option1 Name,Option1 Value,Variant Price,Image Src\n"
        "tee,Tee,Color,Red,20,a.jpg\n"
    )
    found = overlooked(path, FeedMapping().with_fields(["color=Color"]))
    assert found is None or not {"color", "image_link", "price"} & {*found.missing}
