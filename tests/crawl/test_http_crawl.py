"""Shops that need no browser: plain listings, Shopify, sitemaps with schema.org pages."""

from __future__ import annotations

import gzip
import json
import tomllib
import zlib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("extruct", reason="needs the extra: pip install 'thatlook[crawl]'")

from tests.crawl.local_pages import Answer, plain_listing, png
from tests.crawl.local_shop import LocalShop
from thatlook.core.errors import FeedError, FetchError
from thatlook.crawl.crawl import Crawl, CrawlReport
from thatlook.crawl.http.polite import Network
from thatlook.crawl.shopfile import shop_of_table

HEAD = """
name = "Local"
contact = "mailto:tests@example.com"
[limits]
requests_per_second = {rate}
retries = 2
images_per_product = {images}
"""

PLAIN = """
[[source]]
start = "{url}/plain?page=1"
item = "li.row"
paging = "next"
next = "a[rel=next]"
[source.fields]
id = {{ css = "", attribute = "data-id" }}
title = "a"
link = {{ css = "a", attribute = "href" }}
image_link = {{ css = "img", attribute = ["src", "data-src"] }}
price = "i"
"""

SITEMAP = """
[[source]]
kind = "sitemap"
start = "{url}/"
match = "/p/"
[source.product.fields]
gender = {{ css = ".for", pattern = "for (.+)" }}
"""

SHOPIFY = """
[[source]]
kind = "shopify"
start = "{url}"
"""


def crawled(
    shop: LocalShop, out: Path, source: str, rate: float = 500, images: int = 0
) -> tuple[CrawlReport, list[dict[str, Any]]]:
    text = HEAD.format(rate=rate, images=images) + source.format(url=shop.url)
    report = Crawl(shop_of_table(tomllib.loads(text)), out, Network(allow_private=True)).run()
    return report, [json.loads(line) for line in (out / "feed.jsonl").read_text().splitlines()]


def test_a_plain_listing_is_followed_to_its_end(local_shop, tmp_path):
    report, rows = crawled(local_shop, tmp_path, PLAIN)
    assert (report.products, report.pages, report.stopped) == (36, 3, "")
    assert rows[0] == {
        "id": "10000",
        "title": "Größe Men Checked Shirt No. 0",
        "link": f"{local_shop.url}/p/10000",
        "price": "499.50 EUR",
        "image_url": f"{local_shop.url}/img/10000.png",
    }
    assert [row["id"] for row in rows] == [str(10_000 + n) for n in range(36)]


def test_schema_org_pages_of_the_sitemap_that_robots_names(local_shop, tmp_path):
    local_shop.robots = "User-agent: *\nDisallow: /p/10005\nSitemap: {url}/sitemap.xml\n"
    report, rows = crawled(local_shop, tmp_path, SITEMAP)
    assert report.products == 11
    assert list(report.failed_pages) == [f"{local_shop.url}/p/10005"]
    assert "robots.txt" in report.failed_pages[f"{local_shop.url}/p/10005"]
    assert "/p/10005" not in local_shop.asked()
    assert "/about" not in local_shop.asked()
    from_json_ld, from_microdata = rows[0], rows[1]
    assert from_json_ld == {
        "id": "10000",
        "title": "Men Checked Shirt No. 0",
        "link": f"{local_shop.url}/p/10000",
        "price": "499 INR",
        "brand": "Alder",
        "gender": "male",
        "availability": "out_of_stock",
        "image_url": f"{local_shop.url}/img/10000.png",
    }
    assert from_microdata == {
        "id": "10001",
        "title": "Women Floral Dress No. 1",
        "link": f"{local_shop.url}/p/10001",
        "price": "509 INR",
        "brand": "Birch",
        "gender": "female",
        "availability": "in_stock",
        "image_url": f"{local_shop.url}/img/10001.png",
    }


def test_shopify_is_read_page_by_page(local_shop, tmp_path):
    report, rows = crawled(local_shop, tmp_path, SHOPIFY)
    assert (report.products, report.pages) == (300, 3)
    assert rows[7] == {
        "id": "10007",
        "title": "Men Leather Boots No. 7",
        "link": f"{local_shop.url}/products/thing-7",
        "price": "659.00",
        "sale_price": "619.00",
        "brand": "Birch",
        "color": "Navy",
        "size": "S, M",
        "availability": "in_stock",
        "description": "Fine & dry",
        "image_url": f"{local_shop.url}/img/10007.png",
        "product_type": "Shirts",
    }


def test_several_pictures_of_a_product(local_shop, tmp_path):
    local_shop.pictures = {"/img/10000.png": Answer(b"GIF89a", "image/gif")}
    text = SITEMAP.replace("{url}/", "{url}/sitemap.xml").replace("/p/", "/p/1000[02]")
    _, rows = crawled(local_shop, tmp_path, text, images=2)
    broken, whole = rows
    assert (tmp_path / broken["image_link"]).read_bytes() == png(5000)
    assert "additional_image_link" not in broken
    assert (tmp_path / whole["image_link"]).read_bytes() == png(10_002)
    assert (tmp_path / whole["additional_image_link"][0]).read_bytes() == png(5002)


def test_the_second_run_asks_for_nothing_but_robots(local_shop, tmp_path):
    crawled(local_shop, tmp_path, PLAIN, images=1)
    before = local_shop.asked()
    report, rows = crawled(local_shop, tmp_path, PLAIN, images=1)
    assert local_shop.asked() - before == {}
    assert (report.products, report.requests, len(rows)) == (36, 0, 36)


def test_a_foreign_host_is_not_asked(local_shop, tmp_path):
    text = PLAIN.replace('"a[rel=next]"', '"a.elsewhere"')
    link = b'href="http://other.invalid/plain?page=2" class="elsewhere"'
    listing = plain_listing(1).body.replace(b'rel="next"', link)
    local_shop.plain = lambda page: Answer(listing)
    report, _ = crawled(local_shop, tmp_path, text)
    assert list(report.failed_pages) == ["http://other.invalid/plain?page=2"]
    assert "not among the hosts" in report.failed_pages["http://other.invalid/plain?page=2"]


def test_robots_are_asked_at_every_hop_of_a_redirect(local_shop, tmp_path):
    """A redirect is followed to where the rules allow it, and not one request farther."""
    local_shop.robots = "User-agent: *\nDisallow: /p/10001\n"
    local_shop.moved = {
        "/plain?page=1": "/hop",
        "/hop": "/plain?page=3",
        "/img/10024.png": "/hop/img",
        "/hop/img": "/p/10001",
        "/img/10025.png": "/p/10001",
        "/p/10001": "/img/10025.png",
    }
    report, rows = crawled(local_shop, tmp_path, PLAIN, images=1)
    assert [row["id"] for row in rows] == [str(10_000 + n) for n in range(24, 36)]
    refused = f"{local_shop.url}/p/10001: robots.txt of 127.0.0.1 does not allow it"
    assert report.failed_pictures == {
        f"{local_shop.url}/img/{number}.png": refused for number in (10024, 10025)
    }
    assert local_shop.asked()["/hop/img"] == 1
    assert "/p/10001" not in local_shop.asked()


@pytest.fixture
def other_shop():
    shop = LocalShop()
    yield shop
    shop.close()


def crawled_over_hosts(shop: LocalShop, out: Path, source: str) -> CrawlReport:
    """Crawls with both names on this machine; the second one is a host of the shop file."""
    text = HEAD.format(rate=500, images=0).replace("[limits]", 'hosts = ["b.example"]\n[limits]')
    text += source.format(url=shop.url.replace("127.0.0.1", "a.example"))
    network = Network(lambda host, port: ["127.0.0.1"], allow_private=True)
    return Crawl(shop_of_table(tomllib.loads(text)), out, network).run()


def test_a_redirect_to_another_host_obeys_that_hosts_rules(local_shop, other_shop, tmp_path):
    there = other_shop.url.replace("127.0.0.1", "b.example")
    local_shop.moved = {"/plain?page=1": f"{there}/plain?page=3"}
    other_shop.robots = "User-agent: *\nDisallow: /plain\n"
    report = crawled_over_hosts(local_shop, tmp_path / "refused", PLAIN)
    refused = f"{there}/plain?page=3: robots.txt of b.example does not allow it"
    assert list(report.failed_pages.values()) == [refused]
    assert dict(other_shop.asked()) == {"/robots.txt": 1}

    other_shop.robots = "User-agent: *\nDisallow: /img\n"
    assert crawled_over_hosts(local_shop, tmp_path / "allowed", PLAIN).products == 12
    assert dict(other_shop.asked()) == {"/robots.txt": 2, "/plain?page=3": 1}


def test_a_redirect_to_a_host_that_is_not_named_is_not_followed(local_shop, other_shop, tmp_path):
    local_shop.moved = {"/plain?page=1": other_shop.url.replace("127.0.0.1", "c.example") + "/x"}
    report = crawled_over_hosts(local_shop, tmp_path, PLAIN)
    assert list(report.failed_pages.values()) == [
        "c.example is not among the hosts of the shop file"
    ]
    assert other_shop.log == []


def test_rules_that_lie_on_a_foreign_host_forbid_everything(local_shop, other_shop, tmp_path):
    """Their redirect says that there are rules, and where they are may not be asked."""
    local_shop.moved = {"/robots.txt": other_shop.url.replace("127.0.0.1", "c.example") + "/r"}
    report = crawled_over_hosts(local_shop, tmp_path, PLAIN)
    (message,) = report.failed_pages.values()
    assert "without the rules of robots.txt: c.example is not among the hosts" in message
    assert set(local_shop.asked()) == {"/robots.txt"}
    assert other_shop.log == []


def test_private_addresses_are_refused_unless_allowed(local_shop, tmp_path):
    text = HEAD.format(rate=500, images=0) + PLAIN.format(url=local_shop.url)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 is at 127\.0\.0\.1, not on the public"):
        Crawl(shop_of_table(tomllib.loads(text)), tmp_path).run()
    assert local_shop.log == []


def test_the_limits_end_a_crawl_that_can_go_on(local_shop, tmp_path):
    text = PLAIN.replace("[[source]]", "max_pages = 2\n[[source]]", 1)
    report, rows = crawled(local_shop, tmp_path, text)
    assert (report.stopped, len(rows)) == ("the limit of 2 pages", 24)
    report, rows = crawled(local_shop, tmp_path, PLAIN)
    assert (report.stopped, len(rows)) == ("", 36)
    assert local_shop.asked()["/plain?page=1"] == 1


def test_the_limit_of_time_ends_a_crawl_that_can_go_on(local_shop, tmp_path):
    text = PLAIN.replace("[[source]]", "max_minutes = 0.03\n[[source]]", 1)
    local_shop.faults = {"/plain?page=1": ["slow 2"]}
    report, rows = crawled(local_shop, tmp_path, text)
    assert (report.stopped, len(rows)) == ("the limit of 0.03 minutes", 12)
    assert not report.gave_up
    assert len(crawled(local_shop, tmp_path, PLAIN)[1]) == 36
    assert local_shop.asked()["/plain?page=1"] == 1


def test_pictures_that_are_too_small_or_too_large(local_shop, tmp_path):
    limits = "min_image_side_px = 61\nmax_image_bytes = 2000\n[[source]]"
    local_shop.pictures = {"/img/10001.png": Answer(bytes(2001), "image/png")}
    report, rows = crawled(local_shop, tmp_path, PLAIN.replace("[[source]]", limits, 1), images=1)
    assert len(rows) == 36
    assert not any("image_link" in row for row in rows)
    assert len(report.failed_pictures) == 36
    small, large = (report.failed_pictures[f"{local_shop.url}/img/1000{n}.png"] for n in "01")
    assert "60 x 80" in small
    assert "larger than 2000 bytes" in large


def test_the_pace_is_kept(local_shop, tmp_path):
    crawled(local_shop, tmp_path, PLAIN, rate=20, images=1)
    assert len(local_shop.log) == 40
    assert local_shop.busiest_second() <= 20


def test_trouble_is_waited_out_and_the_next_run_takes_what_was_left(local_shop, tmp_path):
    local_shop.faults = {"/plain?page=2": ["500", "429 0", "503 0"], "/img/10003.png": ["429 1"]}
    report, rows = crawled(local_shop, tmp_path, PLAIN, images=1)
    assert report.failed_pages == {
        f"{local_shop.url}/plain?page=2": f"{local_shop.url}/plain?page=2: HTTP status 503"
    }
    assert len(rows) == 12
    asked = [at for at, path, _ in local_shop.log if path == "/img/10003.png"]
    assert asked[1] - asked[0] >= 1
    report, rows = crawled(local_shop, tmp_path, PLAIN, images=1)
    assert (report.failed_pages, len(rows)) == ({}, 36)


def test_a_shop_that_asks_for_a_long_rest_gets_it(local_shop, tmp_path):
    local_shop.faults = {"/plain?page=2": ["429 3600"]}
    report, rows = crawled(local_shop, tmp_path, PLAIN)
    rest = f"{local_shop.url}/plain?page=2: the host asks to be left alone for 3600 s"
    assert (report.stopped, report.gave_up, len(rows)) == (rest, True, 12)
    assert [path for _, path, _ in local_shop.log][-1] == "/plain?page=2"
    report, rows = crawled(local_shop, tmp_path, PLAIN)
    assert (report.stopped, len(rows)) == ("", 36)


def test_a_rest_is_kept_also_by_what_is_asked_next(local_shop, tmp_path):
    local_shop.faults = {"/img/10000.png": ["503 0", "503 0", "503 2"]}
    report, rows = crawled(local_shop, tmp_path, PLAIN, images=1)
    assert (list(report.failed_pictures), len(rows)) == ([f"{local_shop.url}/img/10000.png"], 36)
    refused = [at for at, path, _ in local_shop.log if path == "/img/10000.png"][2]
    (after,) = (at for at, path, _ in local_shop.log if path == "/img/10001.png")
    assert after - refused >= 2


def test_a_shop_that_stays_down_is_left_alone(local_shop, tmp_path):
    local_shop.faults = {f"/img/{n}.png": ["503 0"] * 9 for n in range(10_000, 10_036)}
    report, rows = crawled(local_shop, tmp_path, PLAIN, images=1)
    assert report.gave_up
    assert report.stopped.startswith("5 failures in a row")
    assert len(local_shop.log) == 1 + 1 + 5 * 3
    assert len(rows) == 12


def test_an_unreachable_robots_file_forbids_everything(local_shop, tmp_path):
    local_shop.faults = {"/robots.txt": ["503 0"] * 9}
    report, rows = crawled(local_shop, tmp_path, PLAIN)
    assert rows == []
    assert "without the rules of robots.txt" in next(iter(report.failed_pages.values()))
    local_shop.faults = {}
    assert len(crawled(local_shop, tmp_path, PLAIN)[1]) == 36


def test_a_robots_file_of_ten_megabytes_counts_to_its_limit(local_shop, tmp_path):
    rules = [f"Disallow: /private/{n}/" for n in range(400_000)]
    first = ["Sitemap: {url}/sitemap.xml", "User-agent: *", "Disallow: /p/10005"]
    local_shop.robots = "\n".join((*first, *rules))
    assert len(local_shop.robots) > 10_000_000
    report, rows = crawled(local_shop, tmp_path, SITEMAP)
    assert (report.products, list(report.failed_pages)) == (11, [f"{local_shop.url}/p/10005"])
    assert len(rows) == 11


def page_of(data: Any) -> Answer:
    return Answer(f'<script type="application/ld+json">{json.dumps(data)}</script>'.encode())


def listed(shop: LocalShop, *places: str) -> None:
    """Makes these the pages of the shop's sitemap."""
    urls = "".join(f"<url><loc>{shop.url}{place}</loc></url>" for place in places)
    shop.robots = "User-agent: *\nSitemap: {url}/sitemap.xml\n"
    shop.pages["/sitemap.xml"] = Answer(f"<urlset>{urls}</urlset>".encode(), "application/xml")


def test_products_stated_in_a_graph_with_offers_in_sum_and_variants_without_prices(
    local_shop, tmp_path
):
    offers = {"@type": "AggregateOffer", "lowPrice": "10", "highPrice": 20, "offerCount": 3}
    offers |= {"priceCurrency": "EUR", "availability": "https://schema.org/OutOfStock"}
    one = {"@type": "Product", "sku": "g1", "name": "Coat", "image": None, "offers": offers}
    variants = [
        {"@type": "Product", "sku": f"v{n}", "name": f"Hat {n}", "image": [None, "/img/10000.png"]}
        for n in range(2)
    ]
    group = {"@type": "ProductGroup", "productGroupID": "v", "hasVariant": variants}
    local_shop.pages["/p/1"] = page_of({"@graph": [{"@type": "WebPage", "name": None}, one]})
    local_shop.pages["/p/2"] = page_of([None, group])
    listed(local_shop, "/p/1", "/p/2")
    report, rows = crawled(local_shop, tmp_path, SITEMAP)
    assert (report.failed_pages, report.products) == ({}, 2)
    coat, hat = rows
    assert (coat["id"], coat["price"], coat["availability"]) == ("g1", "10 EUR", "out_of_stock")
    assert "image_url" not in coat
    assert (hat["id"], hat.get("price")) == ("v0", None)  # a page is one product, its first
    assert hat["image_url"] == f"{local_shop.url}/img/10000.png"


def test_shopify_products_with_nothing_where_something_belongs(local_shop, tmp_path):
    product = {"id": 1, "handle": "a", "title": "Shirt", "vendor": None, "body_html": None}
    products = [
        product
        | {"images": [None, {"src": "/img/10000.png"}], "variants": [{"price": None}, None]},
        product | {"id": 2, "images": None, "variants": None, "options": [None]},
        product | {"id": 3, "variants": [{"price": "NaN"}, {"price": "12.50"}]},
    ]
    first = "/products.json?limit=250&page=1"
    data = json.dumps({"products": products}).encode()
    local_shop.pages[first] = Answer(data, "application/json")
    local_shop.pages["/products.json?limit=250&page=2"] = Answer(b'{"products": []}')
    report, rows = crawled(local_shop, tmp_path, SHOPIFY)
    assert (report.failed_pages, report.products) == ({}, 3)
    assert [row.get("price") for row in rows] == [None, None, "12.50"]
    assert rows[0]["image_url"] == f"{local_shop.url}/img/10000.png"


def failure(shop: LocalShop, out: Path, place: str) -> str:
    """Why a page of the sitemap failed, beside one that did not."""
    listed(shop, place, "/p/10000")
    report, rows = crawled(shop, out, SITEMAP)
    assert [row["id"] for row in rows] == ["10000"]
    return report.failed_pages[f"{shop.url}{place}"]


def test_redirects_in_a_circle(local_shop, tmp_path):
    local_shop.moved = {"/p/1": "/p/2", "/p/2": "/p/1"}
    assert "more than 5 redirects" in failure(local_shop, tmp_path, "/p/1")


def test_a_shop_with_a_wrong_certificate_is_not_read(untrusted_shop, tmp_path):
    report, rows = crawled(untrusted_shop, tmp_path, SITEMAP)
    assert (rows, untrusted_shop.log) == ([], [])
    assert list(report.failed_pages) == [f"{untrusted_shop.url}/"]
    assert "certificate verify failed" in report.failed_pages[f"{untrusted_shop.url}/"]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_packed_page_that_is_a_bomb(local_shop, tmp_path, coding):
    pack = gzip.compress if coding == "gzip" else zlib.compress
    bomb = pack(bytes(300_000_000))
    local_shop.pages["/p/1"] = Answer(bomb, headers={"Content-Encoding": coding})
    assert "larger than 20000000 bytes" in failure(local_shop, tmp_path, "/p/1")


def test_an_answer_that_claims_five_gigabytes_is_not_read(local_shop, tmp_path):
    local_shop.pages["/p/1"] = Answer(b"x", headers={"Content-Length": "5000000000"})
    assert "larger than 20000000 bytes" in failure(local_shop, tmp_path, "/p/1")


def test_an_answer_without_end_is_read_to_the_limit(local_shop, tmp_path):
    local_shop.faults = {"/p/1": ["endless"] * 9}
    assert "larger than 20000000 bytes" in failure(local_shop, tmp_path, "/p/1")
    assert local_shop.endless_bytes < 60_000_000


def test_two_crawls_do_not_share_a_folder(local_shop, tmp_path):
    crawled(local_shop, tmp_path, PLAIN)
    from thatlook.crawl.state.journal import Journal

    with (
        Journal(tmp_path / "state" / "journal.jsonl"),
        pytest.raises(FeedError, match="another crawl is writing here"),
    ):
        crawled(local_shop, tmp_path, PLAIN)
