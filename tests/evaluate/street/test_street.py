"""Worn articles against a catalog: figures worked by hand, and the command on rendered looks."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from thatlook.cli import main
from thatlook.core.records import Box, Match, Product
from thatlook.data.worn import Worn
from thatlook.evaluate.report import Report
from thatlook.evaluate.street.report import street_figures
from thatlook.evaluate.street.rows import JudgedArticle
from thatlook.vision.models.registry import shipped

IMAGE = np.zeros((10, 10, 3), np.uint8)


def match(kind, color, *reasons, age="adult", pattern=""):
    product = Product(
        f"{kind}{color}{age}", "x", "topwear", "female", product_type=kind, color=color,
        age_group=age, pattern=pattern,
    )  # fmt: skip
    return Match(0.5, product, reasons)


def row(photo, kind, color, *matches, found=True):
    worn = Worn("topwear", kind, (color,), "striped", Box(0, 0, 5, 5))
    return JudgedArticle(photo, worn, matches if found else None, IMAGE)


ROWS = [
    row(
        "a.jpg",
        "tops",
        "red",
        match("Shirts", "Red", "other type: shirts"),
        match("Tops", "Maroon", "same type: tops", "same color: red", pattern="stripes"),
        match("Tops", "Blue", age="kids"),
    ),
    row("a.jpg", "shirts", "blue"),
    row("b.jpg", "tops", "red", found=False),
]


def test_figures_worked_by_hand():
    report = Report("Street to shop", shipped("embedding"))
    street_figures(report, {"found": ROWS, "true": ROWS[:1]}, unsold=4, rounds=50)
    found = report.figures
    assert found["found_type"] == pytest.approx((2 / 6 + 0 + 0) / 3)
    assert found["found_color"] == pytest.approx((2 / 6) / 3)
    assert found["found_both"] == pytest.approx((1 / 6) / 3)
    assert found["found_pattern"] == pytest.approx(1 / 6)  # of the one row that tells patterns
    assert found["found_children"] == pytest.approx((1 / 3) / 3)
    assert found["found_missed"] == pytest.approx(1 / 3)
    assert found["found_empty"] == pytest.approx(1 / 2)
    assert found["found_contradicted"] == pytest.approx(1 / 2)
    assert (found["true_type"], found["true_missed"], found["true_empty"]) == (1 / 3, 0, 0)
    assert (found["articles"], found["not_sold"]) == (1, 4)
    assert report.details["found_by_type"]["topwear tops"] == {
        "articles": 2, "type": pytest.approx(1 / 6), "color": pytest.approx(1 / 6),
    }  # fmt: skip


def test_the_command_on_rendered_looks(sample, tmp_path, capsys):
    with (sample / "products.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["category"] == "bottomwear"]
    feed = tmp_path / "feed.csv"
    with feed.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([r | {"product_type": "Skirts", "gender": "female"} for r in rows])
    catalog = tmp_path / "catalog"
    images = ["--images", str(sample)]
    assert main(["index", str(feed), "--catalog", str(catalog), *images, "--workers", "0"]) == 0
    look = json.loads((sample / "looks.jsonl").read_text().splitlines()[0])
    worn = [a for a in look["articles"] if a["category"] == "bottomwear"]
    article = {
        "category": "bottomwear", "type": "skirts", "colors": ["black"], "pattern": "solid",
        "box": worn[0]["box"], "box_wrong": False, "unsure": False,
    }  # fmt: skip
    shoes = article | {"category": "footwear", "type": "boots"}
    labels = tmp_path / "eye.jsonl"
    person = {"gender": "female"}
    labels.write_text(
        json.dumps({"file": look["file"], "person": person, "articles": [article, shoes]}) + "\n"
    )
    asked = ["evaluate", "street", "--catalog", str(catalog), "--labels", str(labels)]
    capsys.readouterr()
    html = tmp_path / "r.html"
    told = [*asked, "--data", str(sample), "--json", "-", "--html", str(html), "--rounds", "20"]
    assert main(told) == 0
    found = json.loads(capsys.readouterr().out)["metrics"]
    assert (found["articles"], found["not_sold"]) == (1, 1)
    assert (found["true_type"], found["true_empty"], found["true_missed"]) == (1, 0, 0)
    assert "Boards, true boxes" in html.read_text()
    assert main([*asked, "--data", str(tmp_path)]) == 1
    assert "photos are missing: images/looks" in capsys.readouterr().err
    assert main(["evaluate", "street", "--data", str(sample)]) == 2
    assert "--catalog must name" in capsys.readouterr().err
