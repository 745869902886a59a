"""Shop files: what they may say, and what is said about a wrong one."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from thatlook.cli.crawl import crawl
from thatlook.core.errors import FeedError, FetchError
from thatlook.crawl.browser import chromium
from thatlook.crawl.shop import Rule
from thatlook.crawl.shopfile import read_shop_file

GOOD = """
name = "A"
contact = "mailto:a@example.com"
hosts = ["img.example"]
[limits]
requests_per_second = 2
[[source]]
start = "https://Shop.example/list"
item = "li"
[source.fields]
id = "b"
title = ["h3", "h4"]
price = { css = "i", pattern = "([0-9]+)" }
"""


def read(tmp_path: Path, text: str, contact: str = "") -> object:
    file = tmp_path / "shop.toml"
    file.write_text(text)
    return read_shop_file(file, contact)


def test_a_short_file_says_enough(tmp_path):
    shop = read(tmp_path, GOOD, "https://example.com/us")
    assert shop.hosts == ("img.example", "shop.example")
    assert shop.contact == "https://example.com/us"
    assert shop.limits.requests_per_second == 2.0
    assert shop.limits.max_pages == 1000
    assert shop.sources[0].start == ("https://Shop.example/list",)
    assert shop.sources[0].fields == {
        "id": Rule(css=("b",)),
        "title": Rule(css=("h3", "h4")),
        "price": Rule(css=("i",), pattern="([0-9]+)"),
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "A"', 'nmae = "A"', "unknown key shop.nmae; known are name, contact"),
        ('name = "A"', "", "shop needs the key name"),
        ('contact = "mailto:a@example.com"', "", "contact is empty: the shop must be able"),
        ('hosts = ["img.example"]', "hosts = 3", "shop.hosts must be a text or a list of texts"),
        ("_second = 2", "_second = 0", "limits.requests_per_second must be above 0, not 0"),
        ("_second = 2", '_second = "2"', "limits.requests_per_second must be a float, not '2'"),
        ("_second = 2", "_second = true", "limits.requests_per_second must be a float, not True"),
        ("_second = 2", "_second = 2\nretries = -1", "limits.retries must be 0 or more"),
        ("_second = 2", "_second = 2\nmissing_share = 1", "missing_share must be between 0 and 1"),
        ("[[source]]", "[source]", "write [[source]], with two brackets"),
        ('"https://Shop', '"ftp://Shop', "expected an address that starts with http(s)://"),
        ('start = "https://Shop.example/list"', "start = []", "a source needs start"),
        ('item = "li"', "", "needs either item (CSS) or data (a path)"),
        ('id = "b"', "", "a source of pages needs a field id"),
        ('item = "li"', 'item = "li"\nkind = "pdf"', "kind must be one of pages, sitemap, shopify"),
        ('item = "li"', 'item = "li"\npaging = "scroll"', 'paging = "scroll" needs render = true'),
        ('item = "li"', 'item = "li"\npaging = "next"', 'paging = "next" needs next'),
        ('item = "li"', 'item = "li"\npaging = "number"', 'paging = "number" needs {page}'),
        ('item = "li"', 'kind = "sitemap"', "add [source.product] to read them"),
        ('id = "b"', "id = {}", "fields.id: a field needs either css or data"),
        ('id = "b"', "id = 3", "fields.id must be a table, not 3"),
        ("([0-9]+)", "[0-9]+", "fields.price: the pattern '[0-9]+' needs a (group) to keep"),
        ("([0-9]+)", "([0-9", "fields.price: '([0-9' is no regular expression"),
        ("[limits]", "limits", "expected a shop file (TOML)"),
    ],
)
def test_a_wrong_file_is_told_where(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(FeedError) as told:
        read(tmp_path, GOOD.replace(old, new))
    assert str(told.value).startswith(f"{tmp_path / 'shop.toml'}: ")
    assert message in str(told.value)


def test_the_example_that_ships_reads_the_fields_a_page_really_has():
    path = Path(str(resources.files("thatlook.crawl") / "shop_files" / "myntra.toml"))
    shop = read_shop_file(path, "mailto:a@example.com")
    wanted = {"id", "title", "brand", "gender", "price", "sale_price", "size", "rating", "link"}
    (source,) = shop.sources
    assert set(source.fields) >= wanted | {"image_link", "additional_image_link"}
    assert len(source.start) == 18
    assert all(rule.data for rule in source.fields.values())
    assert "permission" in path.read_text()
    with pytest.raises(FeedError, match="contact is empty"):
        read_shop_file(path)


@pytest.mark.parametrize("name", ["shopify.toml", "sitemap.toml", "scroll.toml"])
def test_the_examples_can_be_read(name):
    examples = Path(__file__).parents[2] / "examples" / "shops"
    assert read_shop_file(examples / name, "mailto:a@example.com").sources


def test_a_shop_that_is_not_there(tmp_path):
    with pytest.raises(FeedError, match=r"nowhere: no such shop file, and no example"):
        crawl.main(["nowhere", "--out", str(tmp_path)], standalone_mode=False)


def test_a_missing_browser_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("THATLOOK_CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "_BROWSER_PATHS", ())
    with pytest.raises(FetchError, match="apt-get install chromium "):
        chromium.browser_path()
    monkeypatch.setenv("THATLOOK_CHROMIUM", "/no/browser")
    with pytest.raises(FetchError, match="names /no/browser, which is not there"):
        chromium.browser_path()
