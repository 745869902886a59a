from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from thatlook.core.records import Box, Price, Product
from thatlook.store.catalog import Catalog, Row

DIM = 4


def vector_of(number: int, dim: int = DIM) -> np.ndarray:
    """A unit vector that tells its number."""
    values = np.random.default_rng(number).standard_normal(dim)
    return (values / np.linalg.norm(values)).astype(np.float32)


def row_of(number: int, dim: int = DIM, **facts) -> Row:
    product = {"id": f"p{number}", "category": "dress", "gender": "female"} | facts
    return Row(
        product=Product(**product),
        vector=vector_of(number, dim),
        box=Box(1, 2, 3, 4),
        attributes={"type": ["gown", 0.75], "color": ["navy blue", 0.5]},
        article_score=0.5,
        found=True,
        image=f"{number}.jpg",
        outline=bytes([number % 256]),
        image_hash=f"image {number}",
        row_hash=f"row {number}",
    )


FULL = Product(
    id="full",
    title="A dress",
    category="dress",
    gender="female",
    description="Long.",
    link="https://shop.example/1",
    image_link="1.jpg",
    additional_image_link=("2.jpg", "3.jpg"),
    price=Price(Decimal("20.50"), "EUR"),
    sale_price=Price(Decimal("15.10"), "EUR"),
    brand="Acme",
    age_group="adult",
    color="red",
    pattern="striped",
    material="cotton",
    product_type="Dresses",
    google_product_category="2271",
    item_group_id="g1",
    availability="in_stock",
    extra={"season": "summer"},
)


@pytest.fixture
def catalog(address):
    with Catalog.open(address, "net", DIM) as opened:
        yield opened
