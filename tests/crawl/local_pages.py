"""The products of the local shop, and its pages that need no JavaScript."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from PIL import Image

BRANDS = ("Alder", "Birch", "Cedar")
KINDS = (
    ("Men", "Checked Shirt"),
    ("Women", "Floral Dress"),
    ("Women", "Slim Jeans"),
    ("Men", "Leather Boots"),
)


@dataclass(frozen=True)
class Made:
    """A product of the shop, as the shop knows it."""

    number: int

    @property
    def id(self) -> str:
        return f"{10_000 + self.number}"

    @property
    def title(self) -> str:
        gender, kind = KINDS[self.number % 4]
        return f"{gender} {kind} No. {self.number}"

    @property
    def price(self) -> int:
        return 499 + 10 * self.number

    @property
    def sale(self) -> int | None:
        return self.price - 100 if self.number % 3 == 0 else None

    @property
    def image(self) -> str:
        return f"/img/{self.id}.png"

    def card(self) -> dict[str, object]:
        return {
            "id": self.id,
            "title": self.title,
            "brand": BRANDS[self.number % 3],
            "price": f"{self.price:,}",
            "sale": f"{self.sale:,}" if self.sale else None,
            "sizes": "S, M, L",
            "rating": f"4.{self.number % 10}",
            "image": self.image,
        }

    def row(self, shop: str) -> dict[str, str]:
        """What the feed must say about it."""
        prices = {"price": f"{self.price:,}".replace(",", "") + " INR"}
        if self.sale:
            prices["sale_price"] = f"{self.sale} INR"
        return {
            "id": self.id, "title": self.title, "link": f"{shop}/p/{self.id}",
            "image_url": f"{shop}{self.image}", "brand": BRANDS[self.number % 3],
            "gender": "male" if KINDS[self.number % 4][0] == "Men" else "female", "size": "S, M, L",
            "rating": f"4.{self.number % 10}", **prices,
        }  # fmt: skip


@cache
def png(number: int) -> bytes:
    """A picture like no other of the shop."""
    pixels = np.random.default_rng(number).integers(0, 255, (8, 6, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels.repeat(10, axis=0).repeat(10, axis=1)).save(file, "PNG")
    return file.getvalue()


@dataclass
class Answer:
    body: bytes
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def product_page(made: Made) -> Answer:
    """A page with JSON-LD for even numbers, microdata for odd ones."""
    brand, gender = BRANDS[made.number % 3], KINDS[made.number % 4][0].lower()
    if made.number % 2:
        return Answer(
            f"""<html><body><div itemscope itemtype="https://schema.org/Product">
            <meta itemprop="sku" content="{made.id}"><h1 itemprop="name">{made.title}</h1>
            <span itemprop="brand" itemscope itemtype="https://schema.org/Brand">
              <span itemprop="name">{brand}</span></span>
            <img itemprop="image" src="{made.image}"><b class="for">for {gender}</b>
            <div itemprop="offers" itemscope itemtype="https://schema.org/Offer">
              <meta itemprop="priceCurrency" content="INR">
              <span itemprop="price">{made.price}</span>
              <link itemprop="availability" href="https://schema.org/InStock"></div>
            </div></body></html>""".encode()
        )
    offer = {"@type": "Offer", "price": made.price, "priceCurrency": "INR"}
    product = {
        "@type": "Product",
        "sku": made.id,
        "name": made.title,
        "brand": {"@type": "Brand", "name": brand},
        "image": [made.image, f"/img/{made.number + 5000}.png"],
        "offers": offer | {"availability": "https://schema.org/OutOfStock"},
    }
    data = json.dumps({"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, product]})
    script = f'<script type="application/ld+json">{data}</script>'
    return Answer(f'<html>{script}<b class="for">for {gender}</b></html>'.encode())


def plain_listing(page: int) -> Answer:
    """A listing that needs no browser, in an old encoding."""
    items = "".join(
        f'<li class="row" data-id="{made.id}"><a href="/p/{made.id}">Größe {made.title}</a>'
        f'<img data-src="{made.image}"><i>€ {made.price},50</i></li>'
        for made in map(Made, range((page - 1) * 12, page * 12))
    )
    more = f'<a rel="next" href="?page={page + 1}">next</a>' if page < 3 else ""
    html = f"<html><body><ul>{items}</ul>{more}</body></html>"
    return Answer(html.encode("cp1252"), "text/html; charset=windows-1252")


def shopify_page(shop: str, page: int, limit: int) -> Answer:
    """A page of products.json."""
    products = [
        {
            "id": made.number + 10_000,
            "title": made.title,
            "handle": f"thing-{made.number}",
            "body_html": "<p>Fine &amp; dry</p>",
            "vendor": BRANDS[made.number % 3],
            "product_type": "Shirts",
            "images": [{"src": f"{shop}{made.image}"}],
            "options": [
                {"name": "Color", "values": ["Navy"]},
                {"name": "Size", "values": ["S", "M"]},
            ],
            "variants": [
                {"price": f"{made.price}.00", "compare_at_price": None, "available": False},
                {
                    "price": f"{made.price + 50}.00",
                    "compare_at_price": f"{made.price + 90}.00",
                    "available": True,
                },
            ],
        }
        for made in map(Made, range(300)[(page - 1) * limit : page * limit])
    ]
    return Answer(json.dumps({"products": products}).encode(), "application/json")


def sitemap(shop: str) -> Answer:
    """Twelve products and a page that is none."""
    urls = "".join(f"<url><loc>{shop}/p/{n}</loc></url>" for n in range(10_000, 10_012))
    name = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    text = f"<urlset {name}><url><loc>{shop}/about</loc></url>{urls}</urlset>"
    return Answer(text.encode(), "application/xml")
