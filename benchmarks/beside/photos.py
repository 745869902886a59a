"""One photo to products, and one product to its vector: thatlook beside other people's networks.

The stack beside thatlook finds the pose (OpenPose-MobileNet), the gender (MobileNetV2) and the
articles (YOLOv5s), embeds three crops (ResNet50 with a dense head) and searches as many products
for each (FAISS flat). Its weights are random, so that three crops are taken by chance, and what
follows the networks (joining key points, suppressing boxes) is left out, in its favor.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import faiss
import numpy as np
from numpy.typing import NDArray

import thatlook
from beside.runners import CROPS, ENCODERS, STACK, VECTOR_DIM, Floats, Runner, opened
from beside.timing import Spent, in_turn, summed_up
from thatlook.core.image import decode
from thatlook.core.records import Product

Pixels = NDArray[np.uint8]
K = 10
OURS = "thatlook"
EAGER, EXPORTED = "PyTorch", "ONNX Runtime"
PHOTOS, PICTURES = 20, 20


def pixels(path: Path) -> Pixels:
    """The picture as OpenCV reads it, (height, width, 3). Raises ValueError."""
    image = cv2.imread(str(path))
    if image is None:
        raise ValueError(f"{path}: not a picture that OpenCV reads")
    return np.asarray(image, np.uint8)


def to_batch(images: Sequence[Pixels], side_px: int) -> Floats:
    """The images, resized, as a network's input (n, 3, side, side)."""
    return cv2.dnn.blobFromImages(images, 1 / 255, (side_px, side_px), swapRB=True)


def letterboxed(image: Pixels, side_px: int) -> Pixels:
    """The whole image in a square, gray around it."""
    scale = side_px / max(image.shape[:2])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    canvas = np.full((side_px, side_px, 3), 114, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(image, size)
    return canvas


class Stack:
    """The networks of STACK run one way, and a FAISS index of `products` random vectors."""

    def __init__(self, runners: Mapping[str, Runner], products: int) -> None:
        self.times_ms: dict[str, list[float]] = {name: [] for name in runners}
        self._runners = runners
        self._index = faiss.IndexFlatIP(VECTOR_DIM)
        vectors = np.random.default_rng(0).standard_normal((products, VECTOR_DIM), np.float32)
        self._index.add(vectors)

    def recommend(self, photo: Path) -> NDArray[np.int64]:
        """Rows (3, K) for three crops of a photo."""
        image = pixels(photo)
        self._run("pose", [image])
        self._run("gender", [image])
        self._run("articles", [letterboxed(image, STACK["articles"].side_px)])
        vectors = self._run("embedding", np.array_split(image, CROPS))
        return np.asarray(self._index.search(vectors, K)[1])

    def _run(self, name: str, images: Sequence[Pixels]) -> NDArray[Any]:
        """The first output of a network for the images; its time is kept, with the resizing."""
        start = time.perf_counter()
        output = self._runners[name](to_batch(images, STACK[name].side_px))[0]
        self.times_ms[name].append((time.perf_counter() - start) * 1000)
        return output


def stacks(products: int, threads: int) -> dict[str, Stack]:
    """The stack by PyTorch and by ONNX Runtime."""
    ways: dict[str, dict[str, Runner]] = {EAGER: {}, EXPORTED: {}}
    with TemporaryDirectory() as folder:
        for name, kind in STACK.items():
            ways[EAGER][name], ways[EXPORTED][name] = opened(kind, Path(folder), threads)
    return {way: Stack(runners, products) for way, runners in ways.items()}


def photo_times(
    engine: thatlook.Engine, photos: Sequence[Path], rounds: int, threads: int
) -> dict[str, Any]:
    """What a photo costs each of them, in turn, and of how many articles thatlook spoke."""
    others = stacks(engine.catalog.info().products, threads)
    ours = Ours(engine)
    ways: dict[str, Callable[[Path], Any]] = {OURS: ours.recommend}
    ways |= {way: stack.recommend for way, stack in others.items()}
    found = rounds_of(ways, photos, rounds)
    return {
        "photos": len(photos),
        "products": engine.catalog.info().products,
        "articles_median": statistics.median(ours.articles),
        "times": summed_up(found, OURS),
        "stages_ms": {
            name: {stage: statistics.median(times) for stage, times in way.times_ms.items()}
            for name, way in {OURS: ours, **others}.items()
        },
    }


class Ours:
    """thatlook as an engine, with what its stages took and how many articles it spoke of."""

    def __init__(self, engine: thatlook.Engine) -> None:
        self.times_ms: dict[str, list[float]] = defaultdict(list)
        self.articles: list[int] = []
        self._engine = engine

    def recommend(self, photo: Path) -> None:
        """Answers for a photo."""
        result = self._engine.recommend(photo, K)
        self.articles.append(len(result.recommendations))
        for name, value in result.timing_ms.items():
            self.times_ms[name].append(value)


def rounds_of(
    ways: Mapping[str, Callable[[Path], Any]], files: Sequence[Path], rounds: int
) -> list[dict[str, Spent]]:
    """What each way costs for each file, in turn; one round before warms and is not counted."""
    found = []
    for number in range(rounds + 1):
        for file in files:
            calls = {name: partial(way, file) for name, way in ways.items()}
            times = in_turn(calls, number)
            found += [times] if number else []
    return found


def product_times(
    engine: thatlook.Engine, pictures: Sequence[Path], rounds: int, threads: int
) -> dict[str, Any]:
    """What one product's picture costs, from the file to the vector, one at a time."""
    product = Product(id="p", category="topwear", gender="female")
    ours: dict[str, Callable[[Path], Any]] = {
        "thatlook, embedding": lambda path: engine.embed([path]),
        "thatlook, indexing": lambda path: engine.analyzer.describe([(decode(path), product)]),
    }
    found = rounds_of(ours | encoders(threads), pictures, rounds)
    times = {base: summed_up(found, base) for base in ours}
    return {"pictures": len(pictures), "times": times}


def encoders(threads: int) -> dict[str, Callable[[Path], Any]]:
    """Other people's networks, each both ways, from a picture's file to its vector."""
    found: dict[str, Callable[[Path], Any]] = {}
    with TemporaryDirectory() as folder:
        for name, kind in ENCODERS.items():
            for way, run in zip(
                (EAGER, EXPORTED), opened(kind, Path(folder), threads), strict=True
            ):
                found[f"{name}, {way}"] = partial(_embedded, run)
    return found


def _embedded(run: Runner, path: Path) -> NDArray[Any]:
    return run(to_batch([pixels(path)], 224))[0]
