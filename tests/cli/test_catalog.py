from __future__ import annotations

import csv
import dataclasses
import json

import click
import pytest

from tests.store.catalog.conftest import FULL, row_of
from thatlook.cli.catalog import catalog as command
from thatlook.core.errors import CatalogError
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.export import export
from thatlook.store.feed import FeedRow, read_feed


@pytest.fixture
def filled(catalog, tmp_path):
    picture = tmp_path / "x.jpg"
    picture.write_bytes(b"x")
    good = dataclasses.replace(row_of(1), image=str(picture))
    catalog.upsert([dataclasses.replace(good, product=FULL), row_of(2, category="bag"), row_of(3)])
    catalog.mark_left(["p3"])
    return catalog


def thatlook(capsys, *words):
    status = command.main([str(word) for word in words], standalone_mode=False)
    out, err = capsys.readouterr()
    return status, out, err


def test_info(filled, capsys):
    status, out, _ = thatlook(capsys, "info", "--catalog", filled.folder)
    assert status == 0
    assert out.splitlines()[0] == "2 products, 1 that left the feed, change 4"
    _, out, _ = thatlook(capsys, "info", "--catalog", filled.folder, "--json")
    assert json.loads(out) == filled.info().to_dict() | {
        "size_bytes": json.loads(out)["size_bytes"],
        "scenes": None,
    }


def test_the_address_of_a_cluster_is_told_as_it_was_given(capsys):
    with pytest.raises(CatalogError, match=r"^http://cluster\.example:19530: a catalog is a"):
        thatlook(capsys, "info", "--catalog", "http://cluster.example:19530")


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet", "out.csv"])
def test_an_export_is_a_feed_again(filled, tmp_path, capsys, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="needs the extra parquet")
    file = tmp_path / name
    (tmp_path / "1.jpg").write_bytes(b"x")
    status, out, _ = thatlook(capsys, "export", "--catalog", filled.folder, file, "--json")
    assert (status, json.loads(out)["products"]) == (0, 2)
    rows = {r.product.id: r.product for r in read_feed(file) if isinstance(r, FeedRow)}
    got, kept = rows["full"], FULL
    assert dataclasses.replace(got, extra={}) == dataclasses.replace(kept, extra={})


def test_an_export_with_vectors_and_what_left(filled, tmp_path):
    assert export(filled, tmp_path / "a.jsonl", vectors=True, left=True) == 3
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [(r["id"], r["status"]) for r in rows] == [
        ("full", "active"),
        ("p2", "active"),
        ("p3", "left"),
    ]
    assert rows[1]["article_vector"] == filled.vector("p2").tolist()
    assert rows[1]["article_box"] == [1, 2, 3, 4]
    export(filled, tmp_path / "a.parquet", vectors=True)
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra parquet")
    table = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert table[1]["article_vector"] == filled.vector("p2").tolist()
    assert json.loads(table[1]["article_attributes"])["type"] == ["gown", 0.75]


def test_exports_that_cannot_be(filled, tmp_path):
    with pytest.raises(CatalogError, match=r"\.jsonl, \.parquet or \.csv"):
        export(filled, tmp_path / "a.xml")
    with pytest.raises(CatalogError, match="leave out --vectors"):
        export(filled, tmp_path / "a.csv", vectors=True)
    with pytest.raises(CatalogError, match="cannot be written"):
        export(filled, tmp_path / "nowhere" / "a.jsonl")


def test_no_cell_of_a_csv_export_is_a_formula(filled, tmp_path):
    evil = ["=1+1", "-5", "@SUM(A1)", "+x", "'=1", "'quoted'"]
    for number, text in enumerate(evil, 9):
        filled.upsert([row_of(number, title=text, brand=text, image_link="9.jpg")])
    file = tmp_path / "a.csv"
    export(filled, file)
    with file.open(encoding="utf-8-sig", newline="") as text:
        cells = [cell for row in csv.reader(text) for cell in row]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r\n") - {""}]
    (tmp_path / "9.jpg").write_bytes(b"x")
    titles = {r.product.id: r.product.title for r in read_feed(file) if isinstance(r, FeedRow)}
    assert [titles[f"p{n}"] for n in range(9, 9 + len(evil))] == evil


def test_remove(filled, capsys):
    status, out, err = thatlook(capsys, "remove", "--catalog", filled.folder, "p2", "nothing")
    assert (status, out) == (1, "1 products removed\n")
    assert "nothing" in err
    assert filled.info().products == 1


def test_versions_by_command(filled, capsys):
    folder = ["--catalog", filled.folder]
    assert thatlook(capsys, "snapshot", *folder, "v1")[0] == 0
    assert thatlook(capsys, "versions", *folder)[1] == "v1\n"
    filled.remove(["p2"])
    status, out, _ = thatlook(capsys, "compare", *folder, "v1", "--json")
    assert (status, json.loads(out)["only_before"]) == (0, 1)
    assert "1 only before" in thatlook(capsys, "compare", *folder, "v1")[1]
    status, out, _ = thatlook(capsys, "rollback", *folder, "v1")
    assert (status, out) == (0, "1 products changed; the present is now v1\n")
    assert filled.product("p2").category == "bag"


def test_a_missing_catalog(tmp_path, capsys):
    with pytest.raises(CatalogError, match="no catalog is there"):
        thatlook(capsys, "info", "--catalog", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_wrong_usage(capsys):
    for words in (["compare", "--catalog", "x", "v", "-k", "0"], ["info"], []):
        with pytest.raises(click.UsageError):
            thatlook(capsys, *words)


def test_opening_leaves_no_handles(tmp_path):
    """A closed catalog can be deleted and opened again."""
    with Catalog.open(tmp_path / "c", "net", 4) as catalog:
        catalog.close()
