"""`thatlook feedback`: from what was kept to a report and to pairs."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest

from tests.service.double import engine_on
from thatlook.cli import main
from thatlook.store.feedback.book import Bounds, Feedback
from thatlook.store.feedback.records import ShownList, Told


@pytest.fixture(autouse=True)
def any_age(monkeypatch):
    """So that fixed days are never too old."""
    monkeypatch.setenv("THATLOOK_SERVE_FEEDBACK_DAYS", "36500")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    folder = tmp_path_factory.mktemp("feedback")
    with engine_on(folder) as engine:
        shirts = [one.product.id for one in engine.catalog.all_stored()]
        same = [i for i in shirts if engine.catalog.product(i).category == "topwear"][:4]
        hat = next(i for i in shirts if engine.catalog.product(i).category == "footwear")
    one, two, three, four = same
    with Feedback.open(folder / "catalog", Bounds(36_500), create=True) as feedback:
        for n, day in ((1, 1), (2, 2)):
            feedback.add(
                ShownList(f"{n:016x}", "product", "topwear", one),
                [Told(two, 1, "accepted"), Told(three, 2, "dismissed"), Told(four, 3, "shown")],
                date(2026, 3, day),
            )
        feedback.add(
            ShownList(f"{3:016x}", "photo", "topwear"),
            [Told("gone", 1, "accepted"), Told(four, 2, "accepted"), Told(hat, 3, "accepted")],
            date(2026, 3, 3),
        )
        feedback.add(
            ShownList(f"{4:016x}", "product", "topwear", one),
            [Told(two, 1, "dismissed"), Told(three, 2, "accepted"), Told(four, 3, "accepted")],
            date(2026, 3, 3),
        )
    return str(folder / "catalog"), same


def test_the_report_of_a_catalog(catalog, capsys):
    folder, _ = catalog
    assert main(["feedback", "report", "--catalog", folder]) == 0
    text = capsys.readouterr().out
    assert text.startswith("12 products shown in 4 lists, 2026-03-01 to 2026-03-03\n")
    assert main(["feedback", "report", "--catalog", folder, "--since", "2026-03-03", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["lists"] == 2
    assert found["all"]["accepted"] == 5
    assert found["interleaving"] is None


def test_what_is_too_old_is_in_no_report(catalog, capsys, monkeypatch):
    monkeypatch.setenv("THATLOOK_SERVE_FEEDBACK_DAYS", "1")
    assert main(["feedback", "report", "--catalog", catalog[0]]) == 1
    assert "no feedback yet" in capsys.readouterr().err


def test_pairs_for_training(catalog, tmp_path, capsys):
    folder, (one, two, three, four) = catalog
    file = tmp_path / "judged.csv"
    assert main(["feedback", "export", str(file), "--catalog", folder]) == 0
    told = capsys.readouterr().out
    assert told == (
        f"3 pairs, 2 alike, in {file}; 2 left out: a product or its picture is gone; "
        "1 left out: of two categories\n"
    )
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert {(r["one_id"], r["other_id"], r["alike"], r["lists"]) for r in rows} == {
        (*sorted((one, two)), "1", "1"),  # two lists against one
        (*sorted((one, three)), "0", "1"),
        (*sorted((one, four)), "1", "1"),
    }
    least = ["feedback", "export", str(file), "--catalog", folder, "--min-lists", "2"]
    assert main(least) == 1
    assert "no pair was judged" in capsys.readouterr().err


def test_without_feedback(tmp_path, catalog, capsys):
    engine_on(tmp_path, count=1).close()
    assert main(["feedback", "report", "--catalog", str(tmp_path / "catalog")]) == 1
    assert "THATLOOK_SERVE_FEEDBACK=on" in capsys.readouterr().err
    assert main(["feedback", "report", "--catalog", catalog[0], "--since", "2030-01-01"]) == 1
    assert "no feedback since 2030-01-01 yet" in capsys.readouterr().err
    assert main(["feedback", "report", "--catalog", catalog[0], "--since", "May"]) == 2
