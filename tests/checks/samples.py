"""Pictures and products that tests of the checks and of the report share."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from PIL import Image

from thatlook.records import Price, Product


def picture(number: int) -> np.ndarray:
    """A picture of large soft shapes, as photos have."""
    small = np.random.default_rng(number).integers(0, 255, (5, 5, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((240, 320), Image.Resampling.BICUBIC))


def shop() -> list[Product]:
    amounts = [10, 10, 20, 20, 20, 30, 30, 40, 40, 1000]
    return [
        Product(
            str(number),
            "Red shirt" if number < 2 else f"Shirt {number}",
            category="topwear",
            color="Red" if number < 2 else "",
            price=Price(Decimal(amount), "EUR"),
        )
        for number, amount in enumerate(amounts)
    ]
