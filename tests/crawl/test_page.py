"""Fields by selectors and by paths into page data; schema.org data in its many shapes."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest

pytest.importorskip("extruct", reason="needs the extra: pip install 'thatlook[crawl]'")

from thatlook.core.errors import SettingsError
from thatlook.crawl.extract.page import Page, selected
from thatlook.crawl.extract.structured import structured_rows
from thatlook.crawl.shop import Rule, Source
from thatlook.crawl.shopfile import read_shop_file

URL = "https://shop.example/list"
HTML = """<ul><li data-id="7"><b class="old">€ 20</b><b class="new">€ 15</b>
  <i>S</i><i>M</i><img src="" data-src="/7.jpg"><a href="/p/7">Red shirt 7</a></li>
  <li data-id="8"><b class="new">€ 9</b></li></ul><a class="next" href="?p=2">on</a>"""


def source(**fields: Rule) -> Source:
    return Source("pages", (URL,), item="li", fields=fields)


def test_selectors_attributes_and_patterns():
    rules = source(
        id=Rule(css=("",), attribute=("data-id",)),
        price=Rule(css=("b.old", "b.new")),
        image_link=Rule(css=("img",), attribute=("src", "data-src")),
        size=Rule(css=("i",), many=True),
        color=Rule(css=("a",), pattern="(Red|Blue)"),
        item_group_id=Rule(css=("a",), pattern=r"(\d+)", prefix="g-"),
    )
    assert Page(URL, HTML).rows(rules, "") == [
        {
            "id": "7",
            "price": "20 EUR",
            "image_link": "https://shop.example/7.jpg",
            "size": "S, M",
            "color": "Red",
            "item_group_id": "g-7",
        },
        {"id": "8", "price": "9 EUR"},
    ]


def test_links_and_wrong_selectors():
    page = Page(URL, HTML)
    assert page.link("a.next") == "https://shop.example/list?p=2"
    assert page.link("a.last") is None
    assert len(selected(page.tree, "li")) == 2
    with pytest.raises(SettingsError, match=r"'li\[\[' is no CSS selector"):
        selected(page.tree, "li[[")
    assert Page(URL, " ").rows(source(id=Rule(css=("b",))), "") == []


def myntra_like(data: object) -> Page:
    return Page(URL, f"<script>window.__state = {json.dumps(data)};</script>")


def test_products_in_page_data():
    rules = Source(
        "pages",
        (URL,),
        data="search.products",
        data_start="window.__state =",
        fields={
            "id": Rule(data="productId"),
            "title": Rule(data="name"),
            "image_link": Rule(data="images.0.src"),
            "additional_image_link": Rule(data="images.*.src"),
            "price": Rule(data="mrp"),
            "sale_price": Rule(data="price"),
            "brand": Rule(data="maker.name"),
        },
    )
    product = {
        "productId": 5,
        "name": "Shirt </b>",
        "mrp": 20,
        "price": 15.5,
        "images": [{"src": "/a.jpg"}, {"src": ""}, {"src": "/b.jpg"}],
    }
    assert myntra_like({"search": {"products": [product]}}).rows(rules, "INR") == [
        {
            "id": "5",
            "title": "Shirt </b>",
            "price": "20 INR",
            "sale_price": "15.5 INR",
            "image_link": "https://shop.example/a.jpg",
            "additional_image_link": ["https://shop.example/a.jpg", "https://shop.example/b.jpg"],
        }
    ]
    assert myntra_like({"search": {}}).rows(rules, "") == []
    assert Page(URL, "<script>window.__state = {broken</script>").rows(rules, "") == []
    assert Page(URL, "<p>nothing</p>").rows(rules, "") == []


def stated(data: object) -> list[dict[str, object]]:
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    return structured_rows(Page(URL, f"<html><head>{script}</head></html>"), "EUR")


def test_json_ld_offers_with_a_strike_price():
    offer = {
        "@type": "Offer",
        "priceCurrency": "USD",
        "availability": "http://schema.org/InStock",
        "priceSpecification": [
            {"price": "80", "priceType": "https://schema.org/StrikethroughPrice"},
            {"price": "60"},
        ],
    }
    product = {
        "@type": ["Product", "Thing"],
        "productID": "p1",
        "sku": "s1",
        "name": "Coat",
        "brand": "Alder",
        "image": [{"@type": "ImageObject", "url": "/a.jpg"}, "/b.jpg"],
        "audience": {"@type": "PeopleAudience", "suggestedGender": "https://schema.org/Female"},
        "offers": [offer],
        "aggregateRating": {"ratingValue": 4.5, "reviewCount": 12},
        "isRelatedTo": {"@type": "Product", "sku": "other"},
    }
    assert stated(product) == [
        {
            "id": "p1",
            "title": "Coat",
            "price": "80 USD",
            "sale_price": "60 USD",
            "brand": "Alder",
            "image_link": "https://shop.example/a.jpg",
            "additional_image_link": ["https://shop.example/b.jpg"],
            "gender": "female",
            "availability": "in_stock",
            "rating": "4.5",
            "rating_count": "12",
        }
    ]


def test_json_ld_lists_and_price_ranges():
    def product(name: str, **more: object) -> dict[str, object]:
        return {"@type": "Product", "sku": name, "name": name, **more}

    ranged = {"@type": "AggregateOffer", "lowPrice": "10", "highPrice": "20"}
    items = [{"@type": "ListItem", "item": product(name, offers=ranged)} for name in "ab"]
    assert stated({"@type": "ItemList", "itemListElement": items}) == [
        {"id": "a", "title": "a", "price": "10 EUR"},
        {"id": "b", "title": "b", "price": "10 EUR"},
    ]
    assert stated([{"@type": "WebSite"}]) == []


def test_broken_json_ld_leaves_the_microdata():
    html = """<script type="application/ld+json">{"@type": "Product", </script>
      <p itemscope itemtype="http://schema.org/Product"><b itemprop="sku">9</b></p>"""
    assert structured_rows(Page(URL, html)) == [{"id": "9"}]


def test_the_myntra_example_reads_what_its_search_pages_hold():
    """A page made up by us in the shape that those pages are known to have."""
    path = Path(str(resources.files("thatlook.crawl") / "shop_files" / "myntra.toml"))
    (source,) = read_shop_file(path, "mailto:a@example.com").sources
    product = {
        "productId": 2314567,
        "productName": "Acme Men Striped Pure Cotton T-shirt",
        "brand": "Acme",
        "gender": "Men",
        "primaryColour": "Navy Blue",
        "category": "Tshirts",
        "mrp": 999,
        "price": 449,
        "sizes": "S,M,L",
        "rating": 4.2,
        "ratingCount": 310,
        "landingPageUrl": "tshirts/acme/acme-men-striped-t-shirt/2314567/buy",
        "searchImage": "http://assets.myntassets.com/a/1.jpg",
        "images": [{"view": "default", "src": "http://assets.myntassets.com/a/1.jpg"}],
    }
    state = json.dumps({"searchData": {"results": {"products": [product]}}})
    html = f"<script>window.__myx = {state}</script><ul><li class=product-base></li></ul>"
    assert Page("https://www.myntra.com/men-tshirts?p=1", html).rows(source, "INR") == [
        {
            "id": "2314567",
            "title": "Acme Men Striped Pure Cotton T-shirt",
            "brand": "Acme",
            "gender": "male",
            "color": "Navy Blue",
            "product_type": "Tshirts",
            "price": "999 INR",
            "sale_price": "449 INR",
            "size": "S,M,L",
            "rating": "4.2",
            "rating_count": "310",
            "link": "https://www.myntra.com/tshirts/acme/acme-men-striped-t-shirt/2314567/buy",
            "image_link": "http://assets.myntassets.com/a/1.jpg",
            "additional_image_link": ["http://assets.myntassets.com/a/1.jpg"],
        }
    ]
