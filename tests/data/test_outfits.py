"""Outfits from eye labels, tables and Polyvore's files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thatlook.core.errors import DataError
from thatlook.data.outfits import (
    Outfit,
    Piece,
    known,
    polyvore,
    rendered_outfits,
    table_outfits,
    without_repeats,
    worn_outfits,
)
from thatlook.data.splits import split_of


def article(category, kind, color, **more):
    return {
        "category": category, "box": [1, 2, 30, 40], "type": kind, "colors": [color, "white"],
        "pattern": "solid", "box_wrong": False, "unsure": False,
    } | more  # fmt: skip


def test_what_is_worn_in_a_photo_is_an_outfit(tmp_path):
    row = {
        "file": "a.jpg",
        "person": {"gender": "unclear"},
        "articles": [
            article("topwear", "shirts", "red"),
            article("footwear", "boots", "black", unsure=True),
            article("bag", "handbags", "tan"),
        ],
    }
    labels = tmp_path / "eye.jsonl"
    labels.write_text(json.dumps(row) + "\n")
    (found,) = worn_outfits([labels, labels], tmp_path)
    crop = (tmp_path / "a.jpg", (1.0, 2.0, 30.0, 40.0))
    assert found == Outfit(
        "a.jpg",
        (
            Piece("a.jpg#0", "topwear", ("shirts", "red", "solid"), crop, "white"),
            Piece("a.jpg#1", "bag", ("handbags", "tan", "solid"), crop, "white"),
        ),
        split=split_of("a.jpg"),
    )


def test_an_outfit_that_measures_teaches_nothing():
    def outfit(name, split, *words):
        return Outfit(name, tuple(Piece(w, w, (w, "", "")) for w in words), split=split)

    four = ("a", "b", "c", "d")
    outfits = [
        outfit("held", "val", *four),
        outfit("again", "train", *reversed(four)),
        outfit("other", "train", "a", "b", "c", "e"),
        outfit("few", "train", "a", "b"),
        outfit("held few", "val", "a", "b"),
    ]
    left = [found.id for found in without_repeats(outfits)]
    assert left == ["held", "other", "few", "held few"]


def test_outfits_and_baskets_of_a_table(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("order_id,product_id,price\n7,A,1\n8,B,2\n7,C,3\n7,A,1\n9,,1\n")
    found = table_outfits(path)
    assert [(o.id, [p.id for p in o.pieces]) for o in found] == [("7", ["A", "C"]), ("8", ["B"])]


def test_a_table_without_the_columns_is_refused(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("order_id,sku\n7,A\n")
    with pytest.raises(DataError, match="column product_id or item_id or id; it has order_id, sku"):
        table_outfits(path)
    with pytest.raises(DataError, match="expected a CSV"):
        table_outfits(tmp_path / "missing.csv")


def test_pieces_that_nobody_wears_and_lone_ones_are_left_out():
    top, shoes, other = (Piece(c, c) for c in ("topwear", "footwear", "other"))
    assert known([Outfit("1", (top, other)), Outfit("2", (top, other, shoes))]) == [
        Outfit("2", (top, shoes))
    ]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two sets of the test side in Polyvore's format."""
    about = {
        "10": {"semantic_category": "tops", "title": "a blouse"},
        "11": {"semantic_category": "shoes", "url_name": "heels"},
        "20": {"semantic_category": "bottoms"},
        "21": {"semantic_category": "jewellery"},
    }
    (tmp_path / "polyvore_item_metadata.json").write_text(json.dumps(about))
    inner = tmp_path / "nondisjoint"
    inner.mkdir()
    sets = [
        {
            "set_id": "100_1",
            "items": [{"item_id": "10", "index": 1}, {"item_id": "11", "index": 2}],
        },
        {"set_id": "200", "items": [{"item_id": "20", "index": 1}, {"item_id": "21", "index": 2}]},
    ]
    (inner / "test.json").write_text(json.dumps(sets))
    question = {
        "question": ["100_1_1"],
        "blank_position": 2,
        "answers": ["200_1", "100_1_2", "200_2"],
    }
    (inner / "fill_in_blank_test.json").write_text(json.dumps([question]))
    (inner / "compatibility_test.txt").write_text("1 100_1_1 100_1_2\n0 100_1_1 200_1\n\n")
    return inner


def test_polyvores_files_are_read(folder):
    found = polyvore(folder)
    assert [(o.id, o.split, [p.category for p in o.pieces]) for o in found.outfits] == [
        ("100_1", "val", ["topwear", "footwear"]),
        ("200", "val", ["bottomwear", "other"]),
    ]
    (blank,) = found.blanks
    assert [piece.id for piece in blank.given] == ["10"]
    assert [piece.id for piece in blank.answers] == ["11", "20", "21"]  # its own set's first
    judged = [([piece.id for piece in outfit.pieces], real) for outfit, real in found.judged]
    assert judged == [(["10", "11"], True), (["10", "20"], False)]
    picture = folder.parent / "images" / "10.jpg"
    assert found.outfits[0].pieces[0].crop == (picture, None)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("test.json", '[{"set": 1}]', "expected sets with set_id"),
        ("test.json", "{", "expected JSON"),
        ("fill_in_blank_test.json", '[{"question": ["9_1"], "answers": []}]', "question 0"),
        ("compatibility_test.txt", "1 9_1", "txt:1: no set of the folder"),
        ("compatibility_test.txt", "2 200_1", "expected 0 or 1"),
    ],
)
def test_files_of_another_form_are_refused(folder, file, text, message):
    (folder / file).write_text(text)
    with pytest.raises(DataError, match=message):
        polyvore(folder)


def test_a_folder_without_sets_or_metadata_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"polyvore_item_metadata\.json"):
        polyvore(tmp_path)
    (tmp_path / "polyvore_item_metadata.json").write_text("{}")
    with pytest.raises(DataError, match="with sets"):
        polyvore(tmp_path)


def test_rendered_looks_are_outfits_of_product_pictures(sample):
    found = rendered_outfits(sample)
    assert len(found) == 16
    assert found[0].gender == "female"
    assert [piece.category for piece in found[0].pieces] == ["topwear", "bottomwear", "footwear"]
    assert all(piece.crop and piece.crop[0].is_file() for piece in found[0].pieces)
