"""The small parts of the crawler: pace, robots.txt, journal, state, layout, sitemaps."""

from __future__ import annotations

import base64
import gzip
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("protego", reason="needs the extra: pip install 'thatlook[crawl]'")

from thatlook.core.errors import FeedError, FetchError, MissingExtraError
from thatlook.crawl.browser import chromium
from thatlook.crawl.extract.layout import LayoutWatch, no_products
from thatlook.crawl.extract.page import Page, selected
from thatlook.crawl.extract.structured import structured_rows
from thatlook.crawl.http.answers import AnswerCache, Answered
from thatlook.crawl.http.failures import GoneError, LayoutError, TroubleError
from thatlook.crawl.http.pace import Pacer
from thatlook.crawl.http.polite import text_of
from thatlook.crawl.http.robots import Robots
from thatlook.crawl.http.sitemap import Sitemap, read_sitemap
from thatlook.crawl.output import feed_rows, without_duplicates
from thatlook.crawl.shop import ProductPage, Rule, Source
from thatlook.crawl.state.journal import Journal
from thatlook.crawl.state.state import CrawlState, PageRead, PageTask, Picture
from thatlook.store.feed.fetch import Fetched

URL = "https://shop.example/list"


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def paced(rate: float, jitter: float = 0.0) -> tuple[Pacer, Clock]:
    clock = Clock()
    return Pacer(rate, jitter, clock, clock.sleep), clock


def test_each_host_has_its_own_pace():
    pacer, clock = paced(2.0)
    turns = []
    for host in ["a", "a", "b", "a"]:
        pacer.wait(host)
        turns.append(round(clock.time - 100, 3))
    assert turns == [0.0, 0.525, 0.525, 1.05]


def test_jitter_only_makes_pauses_longer():
    pacer, clock = paced(1.0, jitter=0.5)
    pauses = []
    for _ in range(200):
        before = clock.time
        pacer.wait("a")
        pauses.append(clock.time - before)
    assert min(pauses[1:]) >= 1.05
    assert max(pauses[1:]) <= 1.05 * 1.5 + 1e-9
    assert max(pauses[1:]) - min(pauses[1:]) > 0.3


def test_a_host_that_asks_for_rest_gets_it():
    pacer, clock = paced(10.0)
    pacer.hold("a", 7.0)
    pacer.wait("b")
    assert clock.time == 100.0
    pacer.wait("a")
    assert clock.time == 107.0
    pacer.slow_down("a", 3.0)
    pacer.wait("a")
    pacer.wait("a")
    assert clock.time == pytest.approx(107.105 + 3.0)


def test_many_threads_share_the_pace():
    pacer, taken, lock = Pacer(100.0, 0.0), [], threading.Lock()

    def work() -> None:
        for _ in range(5):
            pacer.wait("a")
            with lock:
                taken.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 30
    assert max(taken) - min(taken) >= 29 * 0.0105 - 0.01


def robots_of(text: str | FetchError) -> tuple[Robots, list[str], list[tuple[str, float]]]:
    asked: list[str] = []
    delays: list[tuple[str, float]] = []

    def fetch(url: str) -> str:
        asked.append(url)
        if isinstance(text, FetchError):
            raise text
        return text

    return Robots(fetch, lambda host, delay: delays.append((host, delay))), asked, delays


def test_robots_rules_for_us_beat_those_for_all():
    text = """User-agent: *
Disallow: /
User-agent: thatlook
Disallow: /cart
Allow: /cart/public
Crawl-delay: 4
Sitemap: https://shop.example/s.xml"""
    robots, asked, delays = robots_of(text)
    assert robots.allows(URL)
    assert not robots.allows("https://shop.example/cart/1")
    assert robots.allows("https://shop.example/cart/public")
    assert robots.sitemaps(URL) == ("https://shop.example/s.xml",)
    assert asked == ["https://shop.example/robots.txt"]
    assert delays == [("shop.example", 4.0)]


def test_a_missing_robots_file_allows_and_an_unreachable_one_does_not():
    assert robots_of(GoneError("404", 404))[0].allows(URL)
    with pytest.raises(TroubleError, match=r"without the rules of robots\.txt: down"):
        robots_of(TroubleError("down"))[0].allows(URL)


def test_a_torn_journal_goes_on_from_its_last_whole_line(tmp_path):
    path = tmp_path / "state" / "journal.jsonl"
    with Journal(path) as journal:
        journal.append({"event": "a", "text": "ü"})
        journal.append({"event": "b"})
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"event": "c", "te')
    with Journal(path) as journal:
        assert [entry["event"] for entry in journal.entries] == ["a", "b"]
        journal.append({"event": "d"})
    assert path.read_bytes() == whole + b'{"event":"d"}\n'
    path.write_bytes(b"garbage\n" + whole)
    with pytest.raises(FeedError, match="line 1: damaged"):
        Journal(path)


def test_the_state_is_what_the_journal_says(tmp_path):
    start = [PageTask("listing", URL, 0), PageTask("listing", URL + "2", 0)]
    with Journal(tmp_path / "j") as journal:
        state = CrawlState(journal, start)
        rows = ({"id": "1", "title": "a"}, {"title": "no id"})
        state.done(
            start[0], PageRead(rows, (PageTask("product", URL + "/1", 0, seed={"id": "1"}),), 3)
        )
        state.fail(start[1], "status 500", lasting=False)
        assert state.next_unit() == PageTask("product", URL + "/1", 0, seed={"id": "1"})
        state.done(
            PageTask("product", URL + "/1", 0), PageRead(({"id": "1", "title": "b", "brand": "c"},))
        )
        state.picture(Picture("u", "f.jpg", "00"))
        assert state.next_unit() is None
    with Journal(tmp_path / "j") as journal:
        again = CrawlState(journal, start)
    assert again.rows == {"1": {"id": "1", "title": "a", "brand": "c"}}
    assert (again.pages, again.repeated, again.without_id) == (4, 1, 1)
    assert again.failed == {URL + "2": "status 500"}
    assert again.next_unit() == start[1]
    assert again.pictures == {"u": Picture("u", "f.jpg", "00")}
    assert not again.is_new([{"id": "1"}, {}])
    assert again.is_new([{"id": "2"}])


def test_answers_of_a_page_go_and_scripts_stay(tmp_path):
    answers = AnswerCache(tmp_path / "answers")
    header = {"name": "Content-Type", "value": "text/html"}
    packed = {"name": "Content-Encoding", "value": "gzip"}
    body = base64.b64encode("ü".encode()).decode()
    answers.put(URL, Answered([header, packed], body), lasting=False)
    answers.put(URL + ".js", Answered([], body), lasting=True)
    assert AnswerCache(tmp_path / "answers").get(URL) == Answered([header], body)
    answers.forget_page()
    assert (answers.has(URL), answers.has(URL + ".js")) == (False, True)
    assert answers.get(URL) is None
    answers.clear()
    assert not (tmp_path / "answers").exists()


@pytest.mark.parametrize(
    ("package", "use"),
    [
        ("protego", lambda: robots_of("")[0].allows(URL)),
        ("lxml", lambda: Page(URL, "<p>")),
        ("cssselect", lambda: selected(Page(URL, "<p>").tree, "p")),
        ("extruct", lambda: structured_rows(Page(URL, "<p>"))),
        ("w3lib.encoding", lambda: text_of(Fetched(URL, b""))),
        ("playwright.async_api", lambda: chromium.Chromium(Path(), "x", {})),
    ],
)
def test_a_missing_package_says_the_pip_line(monkeypatch, package, use):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'thatlook\[crawl\]'"):
        use()


def listing(**more: object) -> Source:
    rules = {"id": Rule(css=("b",)), "brand": Rule(css=("h3.brand",))}
    return Source("pages", (URL,), item="li.card", fields=rules, **more)


def test_a_field_gone_from_too_many_rows_names_its_selector():
    watch = LayoutWatch(listing(), ("id", "brand"), share=0.3, window=20)
    good, bad = {"id": "1", "brand": "a"}, {"id": "1"}
    watch.check(URL, [bad] * 9)  # too few to tell
    watch.check(URL, [good] * 21)
    watch.check(URL, [bad] * 6)
    with pytest.raises(LayoutError) as told:
        watch.check(URL, [bad])
    assert told.value.selector == "the selector 'h3.brand'"
    assert "the field brand is missing in 7 of the last 20 products" in str(told.value)


def test_places_are_named_for_every_kind_of_source():
    by_data = Source("pages", (URL,), data="a.b", fields={"id": Rule(data="key")})
    stated = Source("sitemap", (URL,), product=ProductPage())
    for source, name, place in [
        (by_data, "id", "the path 'key'"),
        (stated, "brand", "the page's schema.org Product"),
        (Source("shopify", (URL,)), "id", "products.json"),
    ]:
        with pytest.raises(LayoutError, match=r"missing in 10 of the last 10") as told:
            LayoutWatch(source, (name,), 0.3, 40).check(URL, [{}] * 10)
        assert told.value.selector == place
    assert no_products(listing(), URL).selector == "the selector 'li.card'"
    assert "the path 'a.b' finds no product" in str(no_products(by_data, URL))


def test_duplicates_by_picture():
    def row(name: str, title: str, picture: str) -> dict[str, object]:
        return {"id": name, "title": title, "image_link": picture}

    pictures = {
        "u1": Picture("u1", "1.jpg", "aa"),
        "u2": Picture("u2", "1.jpg", "aa"),
        "u3": Picture("u3", "", "", "not a photo"),
    }
    rows = [row("1", "A", "u1"), row("2", "A", "u2"), row("3", "B", "u2"), row("4", "A", "u3")]
    kept, duplicates, sharing = without_duplicates(feed_rows(rows, pictures))
    assert [entry["id"] for entry in kept] == ["1", "3", "4"]
    assert duplicates == [("2", "1")]
    assert sharing == [["1", "3"]]
    assert kept[0]["image_link"] == "images/1.jpg"
    assert kept[2] == {"id": "4", "title": "A", "image_url": "u3"}


def test_sitemaps_of_all_kinds():
    index = b"<sitemapindex><sitemap><loc> https://a.example/1.xml </loc></sitemap></sitemapindex>"
    assert read_sitemap(URL, index) == Sitemap((), ("https://a.example/1.xml",))
    pages = (
        b"<urlset xmlns='x'><url><loc>https://a.example/p</loc><lastmod>1</lastmod></url></urlset>"
    )
    assert read_sitemap(URL, gzip.compress(pages)) == Sitemap(("https://a.example/p",), ())
    assert read_sitemap(URL, b"https://a.example/1\nhttps://a.example/2\nx") == Sitemap(
        ("https://a.example/1", "https://a.example/2"), ()
    )


@pytest.mark.parametrize(
    "data",
    [
        b"<html><p>not found",
        b"\x1f\x8bbroken",
        b'<!DOCTYPE a [<!ENTITY b "c">]><urlset>&b;</urlset>',
        gzip.compress(b"<urlset>" + b" " * 70_000_000),
    ],
    ids=["html", "damaged gzip", "entities", "gzip bomb"],
)
def test_what_is_no_sitemap(data):
    with pytest.raises(TroubleError, match=r"^https://shop\.example/list: "):
        read_sitemap(URL, data)
