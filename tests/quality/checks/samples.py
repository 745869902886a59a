"""Pictures and products that tests of the checks and of the report share."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
from PIL import Image

from thatlook.core.image import Pixels
from thatlook.core.records import (
    Article,
    Box,
    Described,
    Gate,
    Keypoint,
    Look,
    Person,
    Price,
    Product,
)
from thatlook.core.settings import Settings


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


RED, BLUE, WHITE = (190, 25, 35), (40, 80, 170), (250, 250, 250)


class FakeAnalyzer:
    """Sees a bag in blue pictures, a top on a woman in red ones, nothing in white ones."""

    def parse_image(self, image: Pixels, name: str) -> Look:
        height, width = image.shape[:2]
        color = tuple(image[height // 2, width // 2])
        if color == WHITE:
            return Look(name, width, height, None, ())
        box = Box(0, 0, width, height)
        vector = np.eye(4, dtype=np.float32)[0 if color == RED else 1]
        category = "topwear" if color == RED else "bag"
        article = Article(category, box, 0.9, vector=vector)
        person = None
        if color == RED:
            points = tuple(Keypoint(0, 0, 0.9) for _ in range(17))
            person = Person(box, 0.9, points, Gate(True, True), "front", 1.0, "female", 0.99)
        return Look(name, width, height, person, (article,))

    def inspect(self, image: Pixels, product: Product) -> tuple[Described, Look]:
        look = self.parse_image(image, "")
        seen = look.articles
        found = any(article.category == product.category for article in seen)
        vector = seen[0].vector if seen else np.eye(4, dtype=np.float32)[2]
        looks_like = seen[0].category if seen else ""
        return Described(vector, Box(0, 0, 1, 1), {}, 0.9, found, "", looks_like), look


def fake_analyzer(settings: Settings) -> FakeAnalyzer:
    assert settings.threads == 1
    return FakeAnalyzer()


def saved(folder: Path, name: str, color: tuple[int, int, int], side: int = 240) -> str:
    Image.fromarray(np.full((side, side, 3), color, np.uint8)).save(folder / name)
    return name


def write_feed(folder: Path) -> Path:
    """A feed of eight rows with a fault of every kind, its pictures in `images` beside it."""
    images = folder / "images"
    images.mkdir()
    saved(images, "red.png", RED)
    saved(images, "blue.png", BLUE)
    saved(images, "white.png", WHITE)
    saved(images, "small.png", RED, 60)
    (images / "broken.png").write_bytes(b"nothing")
    rows = [
        "id,title,product_type,gender,color,image_link,price",
        "1,Red top,Tops,female,Red,red.png,10 EUR",
        "2,Red top,Tops,male,Red,red.png,12 EUR",
        "3,Blue <b>top</b>,Tops,female,Blue,blue.png,11 EUR",
        "4,Sheet,Tops,female,White,white.png,0 EUR",
        "5,Small,Tops,female,Blue,small.png,",
        "6,Gone,Tops,female,Red,broken.png,9 EUR",
        "7,Watch,Watches,female,Red,blue.png,99 EUR",
        "8,No picture,Tops,female,Red,nowhere.png,9 EUR",
    ]
    path = folder / "feed.csv"
    path.write_text("\n".join(rows) + "\n")
    return path
