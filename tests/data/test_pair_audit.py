"""The pair audit: on clean pairs nothing, on each fault its finding; errors stop a training."""

from __future__ import annotations

import json
import shutil

import pytest
from PIL import Image

from tests.data.conftest import picture
from thatlook.core.errors import DataError
from thatlook.data.pairs.audit import audit, table
from thatlook.data.pairs.audited import PairOptions, audited
from thatlook.data.pairs.reading import read

HEAD = "scene,box,product,product_id,category,split\n"


@pytest.fixture
def folder(tmp_path):
    for seed, name in enumerate(("s1", "s2", "p1", "p2", "p3")):
        picture(tmp_path / f"{name}.png", seed)
    return tmp_path


def audit_of(folder, *rows):
    (folder / "pairs.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows))
    found = audit(read(folder))
    return found, {one.code: one for one in found.findings}


CLEAN = ("s1.png,10 10 60 60,p1.png,P1,dress,train", "s2.png,0 0 100 100,p2.png,P2,bag,val")


def test_clean_pairs(folder):
    found, codes = audit_of(folder, *CLEAN)
    assert codes == {}
    assert found.counts == {
        "pairs": 2, "kept": 2, "products": 2, "scenes": 2, "pairs_train": 1, "pairs_val": 1,
    }  # fmt: skip
    assert found.balance["dress"] == {"train": 1, "val": 0}
    assert found.balance["other"] == {"train": 0, "val": 0}
    lines = table(found).splitlines()
    assert lines[0] == f"pair audit of {folder / 'pairs.csv'} (csv)"
    assert lines[1] == "pairs 2, of them of our categories 2"
    assert lines[4].split() == ["category", "train", "val", "all"]
    assert lines[-1] == "kinds of errors: 0, of warnings: 0"
    found.require()


@pytest.mark.parametrize(
    ("box", "code", "severity"),
    [
        ("60 10 60 50", "empty_scene", "error"),
        ("60 50 10 10", "empty_scene", "error"),
        ("10 10 60 103", "outside_scene", "error"),
        ("-3 10 60 60", "outside_scene", "error"),
        ("10 10 13 60", "tiny_scene", "warning"),
    ],
)
def test_boxes(folder, box, code, severity):
    _, codes = audit_of(folder, f"s1.png,{box},p1.png,P1,dress,train")
    assert list(codes) == [code]
    assert codes[code].severity == severity
    assert codes[code].examples == (f"s1.png: {box}",)


def test_shares_are_checked_in_pixels(folder):
    _, codes = audit_of(folder, "s1.png,.1 .1 .5 1.01,p1.png,P1,dress,train")
    assert codes == {}
    _, codes = audit_of(folder, "s1.png,.1 .1 .5 1.03,p1.png,P1,dress,train")
    assert list(codes) == ["outside_scene"]


def test_a_product_in_two_splits_is_a_leak(folder):
    found, codes = audit_of(folder, CLEAN[0], "s2.png,0 0 50 50,p1.png,P1,dress,val")
    assert codes["product_across"].severity == "error"
    assert codes["product_across"].examples == ("P1 (train, val)",)
    with pytest.raises(DataError, match="1 products are in two splits"):
        found.require()
    found.require(ignore=True)


def test_a_product_picture_in_two_splits_is_a_leak(folder):
    shutil.copy(folder / "p1.png", folder / "p1b.png")
    Image.open(folder / "p2.png").save(folder / "p2b.jpg", quality=92)
    rows = ("s1.png,0 0 50 50,p1b.png,P3,dress,val", "s1.png,0 0 40 40,p2b.jpg,P4,bag,train")
    _, codes = audit_of(folder, *CLEAN, *rows)
    assert codes["duplicate_across"].severity == "error"
    assert codes["duplicate_across"].examples == ("p1.png = p1b.png",)
    assert codes["near_duplicate_across"].severity == "warning"
    assert codes["near_duplicate_across"].examples == ("p2.png = p2b.jpg",)
    assert codes["scene_across"].examples == ("s1.png",)


def test_pictures_under_two_names_in_one_split(folder):
    shutil.copy(folder / "p1.png", folder / "p1b.png")
    shutil.copy(folder / "s1.png", folder / "s1b.png")
    rows = ("s1b.png,0 0 50 50,p1b.png,P3,dress,train", CLEAN[0])
    _, codes = audit_of(folder, *CLEAN, *rows)
    assert {code: one.severity for code, one in codes.items()} == {
        "duplicate": "warning", "scene_twice": "warning", "repeated": "warning",
    }  # fmt: skip
    assert codes["repeated"].examples == ("s1.png: P1",)


def test_scenes_of_one_picture_in_two_splits(folder):
    shutil.copy(folder / "s1.png", folder / "s1b.png")
    _, codes = audit_of(folder, CLEAN[0], "s1b.png,0 0 50 50,p2.png,P2,bag,val")
    assert codes["scene_across"].count == 2


def test_a_scene_that_is_its_product(folder):
    _, codes = audit_of(folder, "p3.png,0 0 50 50,p3.png,P3,dress,train")
    assert codes["same_picture"].severity == "error"


def test_pictures_that_are_not_there(folder):
    (folder / "s2.png").write_bytes(b"no picture")
    address = "s1.png,0 0 9 9,http://shop.test/x.jpg,P4,umbrella,train"
    _, codes = audit_of(folder, *CLEAN, "s1.png,0 0 9 9,gone.png,P3,dress,train", address)
    assert codes["unreadable"].severity == "error"
    assert codes["unreadable"].count == 2
    assert codes["not_fetched"].examples == ("http://shop.test/x.jpg",)
    assert codes["unmatched_category"].examples == ("umbrella (1 pairs)",)


def test_no_pairs_at_all(folder):
    _, codes = audit_of(folder)
    assert codes["no_pairs"].severity == "error"


def test_a_command_reads_splits_and_stops_at_errors(folder, capsys):
    (folder / "pairs.csv").write_text(
        HEAD + "s1.png,10 10 60 60,p1.png,P1,dress,\n"
        "s2.png,10 10 60 60,p2.png,P2,dress,\ns1.png,0 0 9 9,gone.png,P3,dress,\n"
    )
    findings = folder / "audit.json"
    given = {"pairs": [folder], "pair_audit_json": findings}
    with pytest.raises(DataError, match="1 pictures are missing or damaged"):
        audited(PairOptions(**given), lambda group: "val" if group == "P2" else "train")
    assert "pair audit of" in capsys.readouterr().err
    assert json.loads(findings.read_text())[0]["ok"] is False
    pairs = audited(PairOptions(**given, ignore_pair_audit=True), lambda _: "train")
    assert [(pair.product_id, pair.split) for pair in pairs] == [("P1", "train"), ("P2", "train")]


def test_without_pairs_nothing_is_audited(capsys):
    assert audited(PairOptions(), lambda _: "train") == []
    assert capsys.readouterr().err == ""
