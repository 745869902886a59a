"""`thatlook evaluate retrieval` from end to end, on the rendered sample that ships."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from thatlook.cli import main
from thatlook.evaluate.retrieval import encoders
from thatlook.evaluate.retrieval.shop import degraded_trial, labels, shop_trials
from thatlook.vision.models.registry import resolve


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """A CSV of what three rendered looks show."""
    from importlib import resources

    sample = resources.files("thatlook.sample")
    with sample.joinpath("products.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    lines = ["scene,box,product,product_id,category"]
    for line in sample.joinpath("looks.jsonl").read_text(encoding="utf-8").splitlines()[:3]:
        look = json.loads(line)
        for article in look["articles"]:
            row = rows[article["product_id"]]
            box = " ".join(map(str, article["box"]))
            lines.append(
                f"{sample / look['file']},{box},{sample / row['image_link']},{row['id']},"
                f"{article['category']}"
            )
    path = tmp_path_factory.mktemp("pairs") / "own.csv"
    path.write_text("\n".join(lines))
    return path


def without_imagenet(monkeypatch):
    def missing(folder, export):
        raise ModuleNotFoundError(name="torch")

    monkeypatch.setattr(encoders, "_exported", missing)


def test_ones_own_pairs(pairs, tmp_path, monkeypatch, capsys):
    without_imagenet(monkeypatch)
    html, kept = tmp_path / "report.html", tmp_path / "kept"
    command = ["evaluate", "retrieval", "--pairs", str(pairs), "--html", str(html), "--json"]
    command += ["--cache", str(kept), "--rounds", "100", "--pair-split", "all"]
    assert main(command) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    trials = found["details"]["trials"]
    assert list(trials) == ["pairs", "pairs_category", "pairs_detected"]
    count = len(pairs.read_text().splitlines()) - 1
    assert trials["pairs"]["counts"]["queries"] == count
    value, low, high, asked = trials["pairs"]["encoders"]["network"]["product"]["r1"]
    assert found["metrics"]["pairs_r1"] == value
    assert low <= value <= high
    assert asked == count
    assert trials["pairs"]["encoders"]["colors"]["product"]["r20"][0] <= 1
    budget = found["details"]["error_budget"]["pairs"]
    assert budget["true"]["r1"] == value
    assert "pairs: Recall@1" in err
    assert "pair audit of" in err
    assert "the baseline ImageNet is missing: it needs torch; pip install 'thatlook[train]'" in err
    text = html.read_text()
    for words in ("Your pairs, boxes found", "The worst queries", "Recall@20", "missing: it needs"):
        assert words in text
    assert main(command) == 0  # from what was kept
    assert json.loads(capsys.readouterr().out)["metrics"] == found["metrics"]


def test_another_network_on_the_same_queries(pairs, tmp_path, capsys):
    weights = resolve("embedding", "").path
    entry = json.loads(weights.with_suffix(".json").read_text()) | {"id": "other-1"}
    (tmp_path / "embedding.json").write_text(json.dumps(entry))
    shutil.copy(weights, tmp_path / entry["file"])
    command = ["evaluate", "retrieval", "--pairs", str(pairs), "--no-baselines", "--trial", "pairs"]
    command += ["--cache", str(tmp_path / "kept"), "--rounds", "20", "--pair-split", "all"]
    command += ["--beside", str(tmp_path / "embedding.json")]
    assert main([*command, "--json", "--html", str(tmp_path / "report.html")]) == 0
    told = json.loads(capsys.readouterr().out)["details"]
    count = told["trials"]["pairs"]["counts"]["queries"]
    # The same weights under another name: no query differs.
    same = [0.0, 0.0, 0.0, count]
    assert told["beside"]["id"] == "other-1"
    assert told["beside"]["difference"]["pairs"] == {"product_r1": same, "product_r10": same}
    assert "other-1 minus embedding-" in (tmp_path / "report.html").read_text()
    assert main(command) == 0
    line = "product, Recall@1: +0.000 (+0.000 to +0.000)\n"
    assert line in capsys.readouterr().out


def test_pairs_that_teach_do_not_ask(pairs, tmp_path, capsys):
    with pairs.open(newline="") as file:
        rows = list(csv.DictReader(file))
    ids = dict.fromkeys(row["product_id"] for row in rows)
    sides = {key: ("val", "train")[n % 2] for n, key in enumerate(ids)}
    own = tmp_path / "split.csv"
    with own.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "split"])
        writer.writeheader()
        writer.writerows(row | {"split": sides[row["product_id"]]} for row in rows)
    command = ["evaluate", "retrieval", "--pairs", str(own), "--no-baselines", "--rounds", "10"]
    command += ["--ignore-pair-audit"]
    assert main([*command, "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)["details"]["trials"]["pairs"]["counts"]
    assert counts["queries"] == sum(sides[row["product_id"]] == "val" for row in rows)
    assert counts["gallery"] == len(sides)
    own.write_text(own.read_text().replace(",val\n", ",train\n"))
    assert main(command) == 1
    assert f"none of {len(rows)} pairs is kept apart" in capsys.readouterr().err


def test_pairs_with_errors_stop_the_measurement(pairs, tmp_path, capsys):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(pairs.read_text() + "\ngone.jpg,0 0 9 9,gone.jpg,X,dress\n")
    assert main(["evaluate", "retrieval", "--pairs", str(wrong)]) == 1
    assert "pictures are missing or damaged" in capsys.readouterr().err


def test_ones_own_feed(tmp_path, capsys):
    lines = ["id,title,gender,product_type,color,image_link"]
    for number in range(6):
        red = 40 * number
        picture = np.full((64, 64, 3), 255, np.uint8)
        picture[16:48, 16:48] = (red, 30, 30)
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
        color = ["black", "red", ""][number % 3]
        lines.append(f"{number},Shirt {number},female,Shirts,{color},{number}.png")
    (tmp_path / "feed.csv").write_text("\n".join([*lines, "9,Lost,male,Shirts,red,gone.png"]))
    command = ["evaluate", "retrieval", "--feed", str(tmp_path / "feed.csv"), "--no-baselines"]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    trial = found["details"]["trials"]["feed"]
    assert trial["what"].startswith("6 products with a picture of 7 rows, 6 with a product")
    assert trial["counts"]["pairings_left_out"] == 6
    assert list(trial["encoders"]) == ["network"]
    assert found["metrics"]["feed_p10_type"] == 1
    # Each of the four with a color has one of its own among five others.
    assert found["metrics"]["feed_p10_color"] == pytest.approx(1 / 5)
    assert trial["encoders"]["network"]["color"]["p10"][3] == 4
    assert trial["subsets"]["type"]["topwear"]["p10"] == [1, 1, 1, 6]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["trial", "answer", "figure", "network", "half"]
    assert lines[1].split()[4:] == ["type", "precision@10", "1.000", "(1.00-1.00)", "+0.00"]
    assert ["feed_p10_type", "1.0000"] in [line.split() for line in lines]
    renamed = (tmp_path / "feed.csv").read_text().replace("product_type", "kind")
    (tmp_path / "feed.csv").write_text(renamed)
    assert main(command) == 0
    assert "nothing is asked for type, both: 6 products with a picture" in capsys.readouterr().err
    assert main([*command, "--map", "product_type=kind"]) == 0
    out, err = capsys.readouterr()
    assert ["feed_p10_type", "1.0000"] in [line.split() for line in out.splitlines()]
    assert "nothing is asked" not in err


def test_a_trial_without_its_data(pairs, capsys):
    command = ["evaluate", "retrieval", "--pairs", str(pairs), "--trial", "flatlay"]
    assert main(command) == 1
    assert "nothing to measure" in capsys.readouterr().err


def test_nothing_to_measure_on(capsys):
    assert main(["evaluate", "retrieval"]) == 2
    assert "--data must name the folder to measure on" in capsys.readouterr().err


def test_trials_of_the_shop(tmp_path):
    from thatlook.data.items import Item

    items = []
    for number, side in enumerate(("val", "train", "val")):
        path = tmp_path / f"{number}.png"
        Image.fromarray(np.full((32, 32, 3), min(number, 1), np.uint8)).save(path)
        words = ("shirts", ["red", "", "red"][number], "", "", "topwear")
        crops = ((path, (0, 0, 9, 9)),)
        group = "" if number else "twins"
        items.append(Item(str(number), "topwear/female", side, crops, words, group=group))
    assert labels(items)["both"] == ["shirts/red", "", "shirts/red"]
    apart, shop = shop_trials(items)
    assert [len(trial.gallery) for trial in (apart, shop)] == [2, 3]
    assert [len(trial.queries) for trial in (apart, shop)] == [2, 2]
    # The shirts are all of the shop's three and of the two that are asked for.
    assert apart.proportions is None
    assert shop.proportions.tolist() == [1, 1]
    assert apart.clusters == shop.clusters == ["twins", "2"]
    degraded = degraded_trial(items)
    assert degraded.clusters == ["twins", "2"]
    assert [crop.seed for crop in degraded.queries] == [0, 2]
    assert degraded.part is None
    assert degraded.notions["picture"].queries[1] == degraded.notions["picture"].gallery[1]


def test_the_rendered_trials_and_flat_lays(data):
    """The shared data give the trials that they should; nothing is embedded."""
    from thatlook.data.pairs.reading import read
    from thatlook.evaluate.retrieval.flatlay import flatlay_trial
    from thatlook.evaluate.retrieval.scenes import sides_of

    trial = flatlay_trial(data / "flatlay")
    assert 500 < len(trial.queries) < 1200
    senders = set(trial.apart.queries)
    assert 20 < len(senders) < 100
    folder = data.parent / "sample" / "pairs"
    if folder.is_dir():
        found = read(folder).pairs
        apart = sides_of(found)["scene kept apart"]
        assert 0.08 < apart.mean() < 0.25
