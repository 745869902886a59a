"""The whole crawler against a shop of our own, with the real Chromium."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.crawl.local_pages import Answer, Made, png
from tests.crawl.local_shop import LocalShop, shop_file
from thatlook.crawl.crawl import Crawl, CrawlReport
from thatlook.crawl.http.failures import LayoutError
from thatlook.crawl.http.polite import Network
from thatlook.crawl.shopfile import shop_of_table

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("real_chromium")]

RATE = 60
KILLS = 3
PATIENCE_S = 240
"""For a machine that is busy with other things; an idle one needs a fraction."""
WRONG = {
    "/img/10005.png": Answer(b"<html>Sorry, no picture today</html>", "image/png"),
    "/img/10006.png": Answer(png(6)[:150], "image/png"),
    "/img/10007.png": Answer(b"gone", status=404),
}
SAME = "/img/10009.png"
"""Shows what the picture of product 10008 shows."""

FAULTS = {
    "/number?page=2": ["500"],
    "/number?page=3": ["slow 0.7"],
    "/api/number?page=4": ["429 1"],
    "/api/scroll?page=3": ["500", "drop"],
    "/next?page=2": ["503 1"],
    "/img/10010.png": ["429 1"],
    "/img/10011.png": ["drop", "slow 0.5"],
    "/img/10012.png": ["500", "500"],
}


Start = Callable[[Path, Path], "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts crawlers as processes of their own; whatever becomes of them, they end."""
    processes: list[subprocess.Popen[str]] = []

    def started(file: Path, out: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "thatlook", "crawl", str(file), "--out", str(out)]
        pipe = subprocess.PIPE
        crawler = subprocess.Popen(
            [*command, "--allow-private", "--json"], stdout=pipe, stderr=pipe, text=True
        )
        processes.append(crawler)
        return crawler

    yield started
    for process in processes:
        process.kill()
        process.communicate()


def killed_when(process: subprocess.Popen[str], ready: Callable[[], bool]) -> None:
    """Kills the crawler, as a power cut would, as soon as `ready`."""
    end = time.monotonic() + PATIENCE_S
    while not ready():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_every_product_is_right_after_three_kills_and_many_faults(
    local_shop: LocalShop, tmp_path: Path, start: Start
) -> None:
    local_shop.faults = {path: list(faults) for path, faults in FAULTS.items()}
    local_shop.pictures = {**WRONG, SAME: Answer(png(10_008), "image/png")}
    file, out = tmp_path / "shop.toml", tmp_path / "out"
    file.write_text(shop_file(local_shop, RATE))

    def asked_for(path: str) -> Callable[[], bool]:
        return lambda: local_shop.asked()[path] > 0

    killed_when(start(file, out), asked_for("/img/10013.png"))  # while it fetches pictures
    killed_when(start(file, out), asked_for("/api/scroll?page=4"))  # while it scrolls
    killed_when(start(file, out), asked_for("/api/next?page=2"))  # while it waits for a page
    last = start(file, out)
    told, messages = last.communicate(timeout=PATIENCE_S)
    assert last.returncode == 0, messages

    rows = {
        row["id"]: row for row in map(json.loads, (out / "feed.jsonl").read_text().splitlines())
    }
    wanted = {made.id: made.row(local_shop.url) for made in map(Made, range(320))}
    assert sorted(rows) == sorted(wanted)
    got = {name: {key: rows[name].get(key) for key in row} for name, row in wanted.items()}
    assert got == wanted
    report = json.loads(told)
    assert (report["products"], report["stopped"], report["failed_pages"]) == (320, "", {})
    check_pictures(rows, out, report, local_shop.url)
    check_manners(local_shop)
    table = pq.read_table(out / "feed.parquet")
    assert table["id"].to_pylist() == list(rows)
    assert table["image_link"].to_pylist() == [row.get("image_link") for row in rows.values()]


def check_pictures(
    rows: dict[str, dict[str, str]], out: Path, report: dict[str, dict[str, str]], url: str
) -> None:
    assert sorted(report["failed_pictures"]) == sorted(url + path for path in WRONG)
    assert "not a photo" in report["failed_pictures"][f"{url}/img/10005.png"]
    assert "damaged" in report["failed_pictures"][f"{url}/img/10006.png"]
    assert "404" in report["failed_pictures"][f"{url}/img/10007.png"]
    assert report["shared_pictures"] == [["10008", "10009"]]
    without = {name for name, row in rows.items() if "image_link" not in row}
    assert without == {"10005", "10006", "10007"}
    for name in rows.keys() - without - {"10009"}:
        assert (out / rows[name]["image_link"]).read_bytes() == png(int(name))


def check_manners(shop: LocalShop) -> None:
    """Not faster than allowed, nothing asked twice but for faults and what a kill cut off."""
    assert shop.busiest_second() <= RATE
    assert all(
        "thatlook/" in agent and "mailto:tests@example.com" in agent for _, _, agent in shop.log
    )
    again = {path: count - 1 - len(FAULTS.get(path, [])) for path, count in shop.asked().items()}
    assert again.pop("/robots.txt") <= KILLS  # once in each run
    repeated = {path: count for path, count in again.items() if count > 0}
    # A kill loses what was under way: at most a page and the data that its script asked for.
    assert sum(repeated.values()) <= 2 * KILLS, repeated
    assert not {"/own.woff2", "/wall.png", "/icon.png", "/favicon.ico"} & shop.asked().keys()
    assert shop.faults == {path: [] for path in FAULTS}


def test_a_changed_layout_stops_the_crawl_and_a_mended_file_goes_on(
    local_shop: LocalShop, tmp_path: Path
) -> None:
    local_shop.new_layout_from = 4
    # Longer than the patience for an answer: time that we wait for a turn does not count.
    local_shop.faults = {"/number?page=2": ["429 5"]}
    text = shop_file(local_shop, RATE, images_per_product=0, timeout_s=4.0)
    text = text[: text.index("[[source]]", text.index("[[source]]") + 1)]
    with pytest.raises(
        LayoutError, match=r"page=4: the field brand .* the selector 'h3.brand' finds"
    ) as told:
        Crawl(shop_of_table(tomllib.loads(text)), tmp_path, Network(allow_private=True)).run()
    assert told.value.selector == "the selector 'h3.brand'"
    assert len((tmp_path / "feed.jsonl").read_text().splitlines()) == 60
    assert "h3.brand" in json.loads((tmp_path / "report.json").read_text())["stopped"]

    mended = shop_of_table(tomllib.loads(text.replace('"h3.brand"', '["h3.brand", "h3.maker"]')))
    report = Crawl(mended, tmp_path, Network(allow_private=True)).run()
    assert (report.products, report.stopped) == (100, "")
    assert local_shop.asked()["/number?page=3"] == 1
    first, second = (at for at, path, _ in local_shop.log if path == "/number?page=2")
    assert second - first >= 5


def test_a_shop_that_asks_the_browser_for_a_long_rest_gets_it(
    local_shop: LocalShop, tmp_path: Path
) -> None:
    local_shop.faults = {"/api/number?page=2": ["429 3600"]}
    shop = shop_of_table(tomllib.loads(shop_file(local_shop, RATE, images_per_product=0)))
    report = Crawl(shop, tmp_path, Network(allow_private=True)).run()
    rest = f"{local_shop.url}/number?page=2: the host asks to be left alone for 3600 s"
    # The first page of each listing was read before: 20, 120, 20 and 40 products.
    assert (report.stopped, report.gave_up, report.products) == (rest, True, 200)
    assert [path for _, path, _ in local_shop.log][-1] == "/api/number?page=2"


def test_the_browser_asks_robots_at_every_hop_of_a_redirect(
    local_shop: LocalShop, tmp_path: Path
) -> None:
    local_shop.robots = "User-agent: *\nDisallow: /private\n"
    local_shop.moved = {
        "/allowed": "/hop/1",
        "/hop/1": "/next?page=3",
        "/refused": "/hop/2",
        "/hop/2": "/private/page",
        "/api/click?page=1": "/private/data",
    }
    text = shop_file(local_shop, RATE, images_per_product=0)
    head, _, _, source, _ = text.split("[[source]]")

    def crawl(name: str, *paths: str) -> CrawlReport:
        starts = json.dumps([f"{local_shop.url}/{path}" for path in paths])
        own = source.replace(f'"{local_shop.url}/next"', starts)
        shop = shop_of_table(tomllib.loads(f"{head}[[source]]{own}"))
        return Crawl(shop, tmp_path / name, Network(allow_private=True)).run()

    report = crawl("pages", "allowed", "refused")
    page, data = (f"{local_shop.url}/private/{name}" for name in ("page", "data"))
    refused = f"{page}: robots.txt of 127.0.0.1 does not allow it"
    assert (report.products, report.failed_pages) == (20, {f"{local_shop.url}/refused": refused})
    assert report.refused == {page: refused}
    with pytest.raises(LayoutError, match=rf"the page asks for {data}: robots\.txt"):
        crawl("data", "click")
    assert not {"/private/page", "/private/data"} & local_shop.asked().keys()
    assert local_shop.asked()["/hop/2"] == 1


def test_the_browser_ends_with_a_killed_crawler(
    local_shop: LocalShop, tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="own-") as name:  # short: see browser.py
        temporary = Path(name)
        monkeypatch.setenv("TMPDIR", name)
        check_the_end(local_shop, tmp_path, start, temporary)


def pages_asked(shop: LocalShop) -> int:
    return sum(path.startswith("/number?page=") for path in shop.asked())


def check_the_end(shop: LocalShop, folder: Path, start: Start, temporary: Path) -> None:
    file = folder / "shop.toml"
    file.write_text(shop_file(shop, 5))
    killed_when(start(file, folder / "out"), lambda: shop.asked()["/number?page=1"] > 0)
    pages = pages_asked(shop)
    end = time.monotonic() + 20
    while set(temporary.glob("thatlook-*")) and time.monotonic() < end:
        time.sleep(0.1)
    assert list(temporary.glob("thatlook-*")) == []
    assert pages_asked(shop) <= pages + 1  # one may have been under way
