"""The whole command on a small feed, with an analyzer that sees what the test says."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.crawl.local_shop import LocalShop
from tests.quality.checks.samples import RED, FakeAnalyzer, fake_analyzer, saved, write_feed
from thatlook.cli.explore import explore as command
from thatlook.core.errors import FeedError
from thatlook.core.image import Pixels
from thatlook.core.records import Keypoint, Look
from thatlook.quality.explore import html, table
from thatlook.quality.explore.report import FeedReport
from thatlook.quality.explore.run import explored as run_on
from thatlook.quality.picture_facts import seen_in
from thatlook.store.feed import FeedMapping


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return write_feed(tmp_path)


def found(report: dict[str, list[dict[str, str]]]) -> list[tuple[str, str]]:
    return sorted((finding["id"], finding["kind"]) for finding in report["findings"])


def explored(feed: Path, workers: int = 1) -> FeedReport:
    mapping = FeedMapping()
    images = feed.parent / "images"
    return run_on(feed, images, mapping, factory=fake_analyzer, workers=workers)


def test_every_finding_is_true(feed):
    report = explored(feed).to_dict()
    assert found(report) == [
        ("2", "gender_seen"),
        ("2", "shared_picture"),
        ("3", "category_seen"),
        ("4", "article_not_seen"),
        ("4", "no_price"),
        ("5", "color_seen"),
        ("5", "no_price"),
        ("5", "tiny_picture"),
        ("6", "broken_picture"),
        ("7", "no_category"),
        ("7", "shared_picture"),
        ("7", "shared_picture"),
    ]
    assert report["steps"] == [
        {"step": "rows of the feed", "left": 8},
        {"step": "have an id and name a picture that is there", "left": 7},
        {"step": "have a picture that can be read", "left": 6},
        {"step": "belong to a category that is matched", "left": 5},
        {"step": "show the article of that category", "left": 3},
    ]
    assert report["usable"] == 3
    assert report["same_picture_files"] == [["1", "2"], ["3", "7"]]
    assert report["counts"]["gender"] == {"female": 6, "male": 1}
    assert report["category_by_gender"]["topwear"] == {"female": 5, "male": 1}
    assert report["repeated_titles"] == {"red top": ["1", "2"]}
    assert [problem["id"] for problem in report["problems"]] == ["4", "8"]


def test_processes_find_the_same(feed):
    one, two = explored(feed).to_dict(), explored(feed, workers=2).to_dict()
    assert {**one, "seconds": 0} == {**two, "seconds": 0}


def run(*given: object) -> int:
    status: int = command.main([str(word) for word in given], standalone_mode=False)
    return status


class Links(HTMLParser):
    """Collects ids, links to them, and where pictures come from."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: set[str] = set()
        self.pictures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        if tag == "a":
            self.targets.add((given.get("href") or "").removeprefix("#"))
        if tag in {"img", "image"}:
            self.pictures.append(given.get("src") or given.get("href") or "")


def test_the_page_has_all_inside(feed, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("thatlook.quality.picture_facts.open_analyzer", fake_analyzer)
    page, data = tmp_path / "o.html", tmp_path / "o.json"
    images = ("--images", feed.parent / "images")
    status = run(feed, *images, "--workers", 1, "--out", page, "--json", data)
    assert status == 0
    html = page.read_text()
    links = Links()
    links.feed(html)
    assert links.targets <= links.ids
    assert "gender_seen" in links.targets
    assert links.pictures
    assert all(source.startswith("data:image/webp;base64,") for source in links.pictures)
    assert not re.search(r'(src|href)="(https?:)?//', html)
    assert "Blue &lt;b&gt;top&lt;/b&gt;" in html
    assert "<b>top" not in html
    assert "Map of the catalog" in html
    assert json.loads(data.read_text())["rows"] == 8
    assert "       3  show the article of that category" in capsys.readouterr().out


def test_without_networks_only_words_and_files_count(feed, tmp_path, capsys):
    images = ("--images", feed.parent / "images")
    assert run(feed, *images, "--quick", "--workers", 1, "--out", tmp_path, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["networks"] is False
    assert found(report) == [
        ("2", "shared_picture"),
        ("4", "no_price"),
        ("5", "no_price"),
        ("5", "tiny_picture"),
        ("6", "broken_picture"),
        ("7", "no_category"),
        ("7", "shared_picture"),
        ("7", "shared_picture"),
    ]
    html = (tmp_path / "report.html").read_text()
    assert "Made without the networks" in html
    assert "Picture shows another" not in html


def test_findings_are_a_table_with_titles(feed, tmp_path):
    files = ("--csv", tmp_path / "findings.csv", "--json", tmp_path / "report.json")
    images = ("--images", feed.parent / "images")
    run(feed, *images, "--quick", "--workers", 1, "--out", tmp_path, *files)
    report = json.loads((tmp_path / "report.json").read_text())
    text = (tmp_path / "findings.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    told = [(row["id"], row["kind"]) for row in rows if row["kind"] != "unreadable"]
    assert sorted(told) == found(report)
    assert len(rows) - len(told) == len(report["problems"]) > 0
    titles = {product.id: product.title for product in explored(feed).products.values()}
    assert [row["title"] for row in rows if row["id"] == "6"] == [titles["6"]]


def test_a_title_is_no_formula_in_a_spreadsheet():
    assert [table._plain(cell) for cell in ("=1+1", "@x", "Shirt", "")] == [
        "'=1+1",
        "'@x",
        "Shirt",
        "",
    ]


def test_what_every_product_lacks_is_told_once(tmp_path, capsys):
    (tmp_path / "images").mkdir()
    names = [saved(tmp_path / "images", f"{n}.png", RED) for n in range(3)]
    rows = "".join(f"{n},Red top,Tops,{name}\n" for n, name in enumerate(names))
    (tmp_path / "feed.csv").write_text("id,title,product_type,image_link\n" + rows)
    run(tmp_path / "feed.csv", "--images", tmp_path / "images", "--quick", "--workers", 1,
        "--out", tmp_path, "--json")  # fmt: skip
    report = json.loads(capsys.readouterr().out)
    assert report["findings"] == []
    assert report["filled"]["price"] == 0
    assert "The feed has no prices." in (tmp_path / "report.html").read_text()


def test_a_feed_of_which_nothing_can_be_used(tmp_path):
    (tmp_path / "feed.csv").write_text("id,title\n1,Shirt\n")
    with pytest.raises(FeedError, match="no row of the feed can be used; the first: line 2"):
        run(tmp_path / "feed.csv", "--quick", "--out", tmp_path)


def test_legs_alone_tell_no_gender():
    class Legs(FakeAnalyzer):
        def parse_image(self, image: Pixels, name: str) -> Look:
            look = super().parse_image(image, name)
            hidden = tuple(Keypoint(0, 0, 0.9 if index > 4 else 0.74) for index in range(17))
            return replace(look, person=replace(look.person, keypoints=hidden))

    image = np.full((240, 240, 3), RED, np.uint8)
    assert seen_in(image, "topwear", FakeAnalyzer()).gender == "female"
    seen = seen_in(image, "topwear", Legs())
    assert (seen.gender, seen.gender_score, seen.own) == ("", 0.0, True)
    assert seen.colors == {"red": 1.0}
    assert seen_in(image, "bag", FakeAnalyzer()).colors == {}
    assert seen_in(image, "bag", FakeAnalyzer()).category == "topwear"


def test_pictures_behind_addresses_are_fetched(tmp_path, capsys):
    shop = LocalShop()
    try:
        shop.faults = {"/img/3.png": ["404"]}
        rows = "".join(
            f"{n},Top {n},Tops,{n} EUR,{shop.url}/img/{n % 4}.png\n" for n in range(1, 6)
        )
        (tmp_path / "feed.csv").write_text("id,title,product_type,price,image_link\n" + rows)
        keep = ("--fetched", tmp_path / "kept")
        given = (tmp_path / "feed.csv", "--quick", "--workers", 1, "--json", *keep)
        assert run(*given, "--allow-private", "--out", tmp_path) == 0
    finally:
        shop.close()
    report = json.loads(capsys.readouterr().out)
    assert found(report) == [
        ("1", "tiny_picture"),
        ("2", "tiny_picture"),
        ("3", "broken_picture"),
        ("4", "tiny_picture"),
        ("5", "tiny_picture"),
    ]
    (broken,) = (entry for entry in report["findings"] if entry["id"] == "3")
    assert broken["message"] == f"{shop.url}/img/3.png: HTTP status 404"
    assert report["same_picture_files"] == [["1", "5"]]
    assert [step["left"] for step in report["steps"][:3]] == [5, 5, 4]
    assert len(list((tmp_path / "kept").rglob("*.json"))) == 3
    assert shop.asked() == {f"/img/{n}.png": 1 for n in range(4)}

    assert run(*given, "--out", tmp_path) == 0  # the address rules of the service
    messages = [finding["message"] for finding in json.loads(capsys.readouterr().out)["findings"]]
    assert len(messages) == 5  # also what every product has is told
    assert all("127.0.0.1, not on the public internet" in message for message in messages)


def test_two_products_with_one_picture_strike_no_word_out(feed, tmp_path):
    page = html.page(explored(feed))
    assert "listed as male; 1 has the same picture and is female" in page
    assert "listed as other; 3 has the same picture and is topwear" in page
    assert '<span class="says">other</span>' not in page


def test_findings_of_one_category_can_be_shown_alone(feed):
    page = html.page(explored(feed))
    bar = page[page.index('<form class="filters">') : page.index("</form>")]
    labels = re.findall(r"> (\w+(?: \(\d+\))?)</label>", bar)
    assert labels == ["all", "topwear (9)", "other (3)", "all", "female (10)", "male (2)"]
    assert "<script" not in page


@pytest.mark.browser
def test_the_choice_hides_the_other_cards(feed, tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the dev dependencies")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    (tmp_path / "report.html").write_text(html.page(explored(feed)), encoding="utf-8")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto((tmp_path / "report.html").as_uri())
        everything = page.locator("figure[data-gender]:visible").count()
        page.check("#gender-male")
        shown = page.locator("figure[data-gender]:visible")
        genders = shown.evaluate_all("all => all.map(one => one.dataset.gender)")
        page.check("input[name=gender] >> nth=0")
        again = page.locator("figure[data-gender]:visible").count()
        browser.close()
    assert genders
    assert set(genders) == {"male"}
    assert len(genders) < everything == again
