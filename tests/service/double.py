"""An engine without networks: fixed boxes, vectors from colors, a real catalog.

`python -m tests.service.double PORT` serves it as `thatlook serve` does; THATLOOK_SERVE_* and
TEST_DOUBLE_* set what it does. Tests start that as a process of its own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from thatlook.core.image import Pixels, cropped, decode, foreground, name_of, resized
from thatlook.core.records import (
    Article,
    Box,
    Described,
    Gate,
    Keypoint,
    Look,
    Mask,
    Person,
    Product,
)
from thatlook.core.settings import Settings
from thatlook.engine import Engine
from thatlook.store.catalog import Catalog, Row
from thatlook.store.feed import read_feed
from thatlook.vision.analyzer import Stopwatch

GRID = 4
DIM = GRID * GRID * 3
SAMPLE = Path(__file__).resolve().parents[2] / "src" / "thatlook" / "sample"
PLACES = {
    "topwear": (0.30, 0.18, 0.62, 0.46),
    "bottomwear": (0.30, 0.44, 0.58, 0.86),
    "footwear": (0.34, 0.84, 0.52, 0.93),
}
"""Where each article is in every photo, in parts of its width and height."""
JOINTS = (
    (0.46, 0.10), (0.48, 0.09), (0.44, 0.09), (0.50, 0.10), (0.42, 0.10), (0.56, 0.22),
    (0.36, 0.22), (0.60, 0.34), (0.32, 0.34), (0.60, 0.45), (0.32, 0.45), (0.52, 0.48),
    (0.40, 0.48), (0.52, 0.66), (0.40, 0.66), (0.52, 0.86), (0.40, 0.86),
)  # fmt: skip


def vector_of(image: Pixels, box: Box) -> np.ndarray:
    """The colors of a box as a unit vector: what the double takes for likeness."""
    small = resized(cropped(image, box), (GRID, GRID)).astype(np.float32)
    flat = (small / 255 - 0.55).ravel() + 1e-3
    return flat / np.linalg.norm(flat)


class Double:
    """Stands for an Analyzer. `delay_s` makes it slow, `person` and `articles` may be missing."""

    key = "double-1:" + "0" * 64
    dim = DIM
    pair = None

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.persons = True
        self.places = dict(PLACES)
        self.gender = "female"
        self.full_shot = True
        self.calls = 0
        self.told = ""  # the category of products whose words tell none

    def warm(self) -> None:
        """Nothing has to be loaded."""

    def parse(self, source: Any) -> Look:
        watch = Stopwatch()
        with watch.part("decode"):
            image = decode(source)
        return self.parse_image(image, name_of(source), watch)

    def parse_image(self, image: Pixels, name: str, watch: Stopwatch | None = None) -> Look:
        watch = watch or Stopwatch()
        self.calls += 1
        height, width = image.shape[:2]
        with watch.part("article"):
            time.sleep(self.delay_s)
        person = self._person(width, height) if self.persons else None
        articles = []
        for category, part in self.places.items():
            box = Box(part[0] * width, part[1] * height, part[2] * width, part[3] * height)
            articles.append(self.article_in(image, box, category))
        return Look(name, width, height, person, tuple(articles), watch.timing_ms)

    def article_in(self, image: Pixels, box: Box, category: str, *, worn: bool = False) -> Article:
        vector = vector_of(image, box)
        attributes = {"type": "shirt", "color": "navy blue", "pattern": "striped"}
        values = np.zeros((12, 8), np.uint8)
        values[1:-1, 1:-1] = 255
        return Article(category, box, 0.91, attributes, vector, Mask(box, values))

    def articles_in(
        self, image: Pixels, named: Sequence[tuple[str, Box]], *, worn: bool = False
    ) -> list[Article]:
        return [self.article_in(image, box, category, worn=worn) for category, box in named]

    def _person(self, width: int, height: int) -> Person:
        joints = tuple(Keypoint(x * width, y * height, 0.9) for x, y in JOINTS)
        failed = () if self.full_shot else ("the ankles are not in the photo",)
        return Person(
            box=Box(0.24 * width, 0.05 * height, 0.66 * width, 0.95 * height),
            score=0.98,
            keypoints=joints,
            gate=Gate(self.full_shot, True, failed),
            view="front",
            view_score=0.97,
            gender=self.gender,
            gender_score=0.95,
        )

    def embed(self, crops: Any) -> np.ndarray:
        images = [decode(crop) for crop in crops]
        return np.stack([vector_of(i, Box(0, 0, i.shape[1], i.shape[0])) for i in images])

    def describe(self, items: Any) -> list[Described]:
        found = []
        for image, product in items:
            box = foreground(image)
            seen = {"type": ("shirt", 0.8), "color": ("navy blue", 0.7)}
            told = self.told if product.category == "other" else ""
            found.append(Described(vector_of(image, box), box, seen, 0.9, True, told))
        return found


OUT_OF_STOCK = "hide"
"""The setting of the engines to come."""


def spec(folder: Path) -> Path:
    """A registry entry for the double's vectors; its weights are never read.

    Several processes may write it while others read it.
    """
    entry = {
        "id": "double-1", "task": "embedding", "file": "none.onnx", "sha256": "0" * 64,
        "license": "Apache-2.0", "input": {"mean": [0.5] * 3, "std": [0.5] * 3},
        "outputs": {"embedding": {"dim": DIM}},
    }  # fmt: skip
    path = folder / "double.json"
    written = folder / f"double.{os.getpid()}.tmp"
    written.write_text(json.dumps(entry), encoding="utf-8")
    written.replace(path)
    return path


def filled(catalog: Catalog, count: int | None = None) -> None:
    """Puts the products of the sample into a catalog."""
    double = Double()
    rows = []
    for found in read_feed(SAMPLE / "products.csv"):
        product: Product = found.product
        picture = found.images[0]
        (seen,) = double.describe([(decode(picture), product)])
        product = replace(product, link=f"https://shop.example/{product.id}")
        rows.append(Row(product=product, vector=seen.vector, box=seen.box, image=str(picture)))
        if len(rows) == count:
            break
    catalog.upsert(rows)


def engine_on(folder: Path, double: Double | None = None, count: int | None = None) -> Engine:
    """An engine of the double on a catalog in `folder`, filled at its first opening."""
    folder.mkdir(parents=True, exist_ok=True)
    double = double or Double()
    catalog = Catalog.open(folder / "catalog", model_key=double.key, dim=double.dim)
    if not catalog.sequence and count != 0:
        filled(catalog, count)
    settings = Settings(embedding_model=str(spec(folder)), out_of_stock=OUT_OF_STOCK)
    return Engine(double, catalog, settings)  # type: ignore[arg-type]


def create() -> Any:
    """The application with the double, for uvicorn."""
    from thatlook.service import logs
    from thatlook.service.app import create_app
    from thatlook.service.settings import ServiceSettings

    settings = ServiceSettings.load()
    logs.configure(settings.log_level)
    delay_s = float(os.environ.get("TEST_DOUBLE_DELAY_S", "0"))
    count = int(os.environ.get("TEST_DOUBLE_COUNT", "0"))
    folder = Path(settings.catalog)
    return create_app(settings, lambda: engine_on(folder, Double(delay_s), count))


def main(port: str) -> int:
    """Serves the double until it is told to stop."""
    from thatlook.cli.serve import serve
    from thatlook.service.settings import ServiceSettings

    return serve("tests.service.double:create", "127.0.0.1", int(port), ServiceSettings.load())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
