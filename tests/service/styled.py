"""Scenes for the double: photos in which a product of the sample is worn as it is pictured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.service.double import PLACES, SAMPLE, Double
from thatlook.core.image import decode, foreground
from thatlook.store.scenes import SceneShelf, index_scenes

WIDTH, HEIGHT = 300, 600


def wear(product_id: str, category: str, file: Path) -> Path:
    """A grey photo with the product's own picture where the double sees the category."""
    image = decode(SAMPLE / "images" / "products" / f"{product_id}.jpg")
    box = foreground(image)
    crop = Image.fromarray(image).crop(tuple(int(v) for v in box.to_list()))
    x0, y0, x1, y1 = PLACES[category]
    place = int(x0 * WIDTH), int(y0 * HEIGHT), int(x1 * WIDTH), int(y1 * HEIGHT)
    photo = Image.fromarray(np.full((HEIGHT, WIDTH, 3), 160, np.uint8))
    photo.paste(crop.resize((place[2] - place[0], place[3] - place[1])), place[:2])
    file.parent.mkdir(parents=True, exist_ok=True)
    photo.save(file)
    return file


def with_scenes(home: Path, photos: Path, double: Double | None = None) -> None:
    """Two scenes for the sample's first top beside the catalog in `home`."""
    double = double or Double()
    wear("SP0001", "topwear", photos / "worn.png")
    wear("SP0003", "topwear", photos / "other.png")
    shelf = SceneShelf.open(home, double.key, double.dim)
    index_scenes(photos, shelf, lambda: double, workers=0)
    shelf.close()
