"""What an audit finds: faults planted in the store, and what a feed's report finds as well."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.quality.checks.samples import RED, fake_analyzer, saved, write_feed
from tests.store.catalog.conftest import DIM, row_of, vector_of
from thatlook.cli.catalog import catalog as command
from thatlook.core.errors import SettingsError
from thatlook.quality.catalog_audit import AuditDepth, CatalogAudit, audit
from thatlook.quality.explore.report import FeedReport
from thatlook.quality.explore.run import explored
from thatlook.store.catalog import Catalog, Row
from thatlook.store.feed import FeedMapping, FeedRow, read_feed

SURE = AuditDepth(factory=fake_analyzer, workers=1)


def kinds(found: CatalogAudit) -> set[tuple[str, str]]:
    return {(finding.kind, finding.product_id) for finding in found.findings}


def thatlook(capsys, *words) -> tuple[int, str]:
    status = command.main([str(word) for word in words], standalone_mode=False)
    return status, capsys.readouterr().out


@pytest.fixture
def whole(catalog, tmp_path) -> Catalog:
    """Three products with nothing wrong, the third no longer in the feed."""
    for number in range(3):
        own = {"title": f"Red dress {number}", "price": None, "color": "red"}
        color = (RED[0] - 40 * number, *RED[1:])  # different pictures, all of them red
        picture = str(tmp_path / saved(tmp_path, f"{number}.png", color))
        catalog.upsert([replace(row_of(number, **own), image=picture)])
    catalog.mark_left(["p2"])
    return catalog


def test_nothing_is_wrong(whole, capsys):
    assert kinds(audit(whole)) == set()
    status, out = thatlook(capsys, "audit", "--catalog", whole.folder)
    assert status == 0
    first, empty, unchecked = out.splitlines()
    assert first == "nothing is wrong"
    assert empty.startswith("no product has: description, link, image_link, price, brand, ")
    networks = "category_seen, gender_seen, color_seen: the networks did not look; --look lets them"
    assert unchecked == f"not checked: {networks}"


def test_faults_of_the_store(whole, tmp_path, capsys):
    (tmp_path / "0.png").unlink()
    (tmp_path / "2.png").unlink()  # of a product that left: of no interest
    database = whole._store.database
    database.execute(
        "UPDATE articles SET vector = ?, model_key = 'x', found = FALSE WHERE image LIKE ?",
        (bytes(16), "%1.png"),
    )
    found = audit(whole)
    assert kinds(found) == {
        ("no_image", "p0"),
        ("bad_vector", "p1"),
        ("other_model", "p1"),
        ("article_not_seen", "p1"),
    }
    assert found.severe
    assert found.not_checked["tiny_picture"] == "1 of 2 pictures are not there"
    status, out = thatlook(capsys, "audit", "--catalog", whole.folder)
    assert status == 1
    assert "bad_vector       p1                   expected a unit vector of 4" in out
    assert "       1  picture is gone" in out.splitlines()
    assert "not checked: broken_picture, tiny_picture, shared_picture: 1 of 2" in out
    database.execute("DELETE FROM articles")
    assert kinds(audit(whole)) == {("no_vector", "p0"), ("no_vector", "p1")}


@pytest.mark.parametrize("address", ["folder"], indirect=True)
def test_damage_that_sqlite_finds(whole):
    database = whole._store.database
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("DELETE FROM products WHERE id = 'p0'")
    (found,) = audit(whole).integrity
    assert (found.kind, found.product_id) == ("damaged", "")
    assert "belongs to no product" in found.message


def test_a_picture_that_broke_after_it_was_indexed(whole, tmp_path):
    (tmp_path / "1.png").write_bytes(b"\x89PNG broken")
    found = audit(whole)
    assert kinds(found) == {("broken_picture", "p1")}
    assert found.severe
    unopened = audit(whole, AuditDepth(files=False))
    assert kinds(unopened) == set()
    assert unopened.not_checked["broken_picture"] == "the pictures were not opened"


@pytest.fixture
def both(tmp_path) -> tuple[Catalog, FeedReport]:
    """A feed with a fault of every kind: indexed, and as its report sees it."""
    feed = write_feed(tmp_path)
    images = tmp_path / "images"
    report = explored(feed, images, FeedMapping(), factory=fake_analyzer, workers=1)
    with Catalog.open(tmp_path / "catalog", "net", DIM) as catalog:
        for row in read_feed(feed, FeedMapping(), images):
            if isinstance(row, FeedRow):
                catalog.upsert([indexed(row, report)])
        yield catalog, report


def indexed(row: FeedRow, report: FeedReport) -> Row:
    """What ingest keeps of a row, by the same analyzer."""
    seen = report.facts[row.product.id].seen
    vector = vector_of(0) if seen is None else seen.vector
    found = seen is not None and seen.own
    return Row(product=row.product, vector=np.array(vector), found=found, image=row.images[0])


def told(findings) -> list[tuple[object, ...]]:
    return sorted(
        (f.kind, f.product_id, f.message, f.says, f.seen, f.score)
        for f in findings
        if f.product_id != "6"  # a picture that was broken from the first is never indexed
    )


def test_an_audit_that_looks_finds_what_the_feeds_report_finds(both):
    catalog, report = both
    found = audit(catalog, SURE)
    assert told(found.findings) == told(report.checked.findings)
    assert {kind for kind, _ in kinds(found)} == {
        "article_not_seen", "broken_picture", "category_seen", "color_seen", "gender_seen",
        "no_category", "no_price", "shared_picture", "tiny_picture",
    }  # fmt: skip
    shared = ("filled", "same_picture_files", "near_duplicate_pictures", "repeated_titles")
    mine, theirs = found.to_dict(), report.to_dict()
    assert {name: mine[name] for name in shared} == {name: theirs[name] for name in shared}
    assert (mine["networks"], mine["not_checked"], mine["products"]) == (True, {}, 7)


def test_without_networks_the_catalogs_own_word_counts(both):
    catalog, report = both
    found = audit(catalog)
    networks = {"category_seen", "gender_seen", "color_seen"}
    wanted = [f for f in report.checked.findings if f.kind not in networks]
    missed = ("article_not_seen", "3")  # the report says of it what else the picture shows
    assert [entry for entry in told(found.findings) if entry[:2] != missed] == told(wanted)
    assert set(found.not_checked) == networks


def test_the_command(both, capsys, monkeypatch):
    catalog, _ = both
    monkeypatch.setattr("thatlook.quality.picture_facts.open_analyzer", fake_analyzer)
    folder = ("--catalog", catalog.folder)
    status, out = thatlook(capsys, "audit", *folder, "--look", "--workers", 1, "--json")
    assert status == 1
    printed = json.loads(out)
    assert printed == audit(catalog, SURE).to_dict()
    assert printed["findings_by_kind"]["shared_picture"] == 3
    seen = next(finding for finding in printed["findings"] if finding["kind"] == "gender_seen")
    assert seen == {
        "kind": "gender_seen",
        "id": "2",
        "message": "listed as male, worn by a female model",
        "says": "male",
        "seen": "female",
        "score": 0.99,
    }
    _, out = thatlook(capsys, "audit", *folder, "--no-pictures", "--json")
    assert "tiny_picture" not in json.loads(out)["findings_by_kind"]
    with pytest.raises(SettingsError, match="leave out --no-pictures"):
        thatlook(capsys, "audit", *folder, "--look", "--no-pictures")


def test_a_picture_in_the_catalogs_own_folder(whole):
    images = Path(whole.folder) / "images"
    images.mkdir()
    name = saved(images, "own.png", RED)
    whole.upsert([replace(row_of(7, title="Red dress 7"), image=f"images/{name}")])
    assert "p7" not in {finding.product_id for finding in audit(whole).integrity}
