"""Image to Look: the three stages composed, and whose article is whose."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from thatlook.color import shares
from thatlook.errors import SettingsError
from thatlook.image import (
    Bytes,
    PhotoSource,
    Pixels,
    cropped,
    decode,
    foreground,
    name_of,
    outline,
    resized,
)
from thatlook.models.registry import resolve
from thatlook.models.session import Session
from thatlook.records import Article, Box, Described, Keypoint, Look, Mask, Person, Product
from thatlook.settings import Settings
from thatlook.stages.article import ArticleStage, Detection
from thatlook.stages.embedding import Embedded, EmbeddingStage
from thatlook.stages.person import LEGS, TORSO, PersonRules, PersonStage, is_somebody
from thatlook.taxonomy import CATEGORIES, OTHER, PERSON_CLASS, is_named

MOST_WORN = {"bag": 2}
"""How many articles of a category one person wears at most; one of each where not given."""

SPANNING = 0.25
"""What lies in two people's boxes by more than this, and in neither wholly, is both's: two pairs of
shoes taken for one.
"""

SAME_GARMENT_IOU = 0.75
"""Two of GARMENTS that overlap more than this are one garment, taken for two categories."""

NESTED = 0.6
"""Of two bags, one is a part of the other when more than this of the smaller lies in both."""

GARMENTS = ("topwear", "outerwear", "dress", "bottomwear")
OWN_THRESHOLD = 0.15
"""A product's own article is taken from this score on: that it is there is known."""

COLOR_PX = 32
"""Colors are counted on crops no larger than this: a name needs no detail."""


@dataclass
class Stopwatch:
    """Collects how long each named part took, in milliseconds."""

    timing_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Times the block under `name`."""
        start = time.perf_counter()
        yield
        spent = (time.perf_counter() - start) * 1000
        self.timing_ms[name] = self.timing_ms.get(name, 0.0) + spent


class Analyzer:
    """Understands photos with the three networks."""

    def __init__(
        self,
        articles: ArticleStage,
        person: PersonStage,
        embedding: EmbeddingStage,
        settings: Settings,
    ) -> None:
        self._articles = articles
        self._person = person
        self._embedding = embedding
        self._settings = settings

    @classmethod
    def open(cls, settings: Settings | None = None) -> Analyzer:
        """An analyzer with the networks that the settings name, opened at their first use."""
        settings = settings or Settings()
        article, person, embedding = (
            Session(resolve(task, getattr(settings, f"{task}_model")), settings.threads)
            for task in ("article", "person", "embedding")
        )
        rules = PersonRules.of(settings)
        stage = ArticleStage(
            article, settings.article_threshold, settings.person_threshold, settings.nms_iou
        )
        return cls(stage, PersonStage(person, rules), EmbeddingStage(embedding), settings)

    @property
    def key(self) -> str:
        """Id and sha256 of the embedding network: what a catalog remembers."""
        return self._embedding.key

    @property
    def dim(self) -> int:
        """The vectors' length."""
        return self._embedding.dim

    def parse(self, source: PhotoSource) -> Look:
        """The look of a photo: its main person, and what that person wears, embedded.

        Without a person, the articles seen are given all the same. Articles are ordered by
        category as in CATEGORIES, then by score. Raises PhotoError.
        """
        watch = Stopwatch()
        with watch.part("decode"):
            image = decode(source, self._settings)
        return self.parse_image(image, name_of(source), watch)

    def parse_image(self, image: Pixels, name: str, watch: Stopwatch | None = None) -> Look:
        """The look of a decoded photo, as `parse`."""
        watch = watch or Stopwatch()
        with watch.part("article"):
            detections = self._articles.run(image)
        with watch.part("person"):
            person, bystanders = self._main_person(image, detections)
        if person:
            least = self._settings.torso_threshold
            detections = [f for f in detections if not beside_hips(f, person.keypoints, least)]
        worn = worn_by(person.box if person else None, bystanders, detections)
        with watch.part("embedding"):
            embedded = self._embedding.run(image, [found.box for found in worn])
        with watch.part("attributes"):
            articles = tuple(
                _article(image, found, read) for found, read in zip(worn, embedded, strict=True)
            )
        height, width = image.shape[:2]
        return Look(name, width, height, person, articles, watch.timing_ms)

    def _main_person(
        self, image: Pixels, detections: Sequence[Detection]
    ) -> tuple[Person | None, list[Box]]:
        """The main person read, or None; and the boxes of the others."""
        height, width = image.shape[:2]
        persons = single([found for found in detections if found.label == PERSON_CLASS])
        persons.sort(key=lambda found: prominence(found, width, height), reverse=True)
        for place, found in enumerate(persons):
            person = self._person.run(image, found.box, found.score)
            if is_somebody(person, self._settings.torso_threshold):
                others = [other.box for other in persons[place + 1 :]]
                two = self._person.apart(image, person)
                if two and has_neighbour(found, persons):
                    # The other one was found: this one's joints were sought on both of them.
                    return self._person.alone(image, person), others
                return (two[0], [two[1].box, *others]) if two else (person, others)
        return None, []

    def warm(self) -> None:
        """Loads every network and runs it once, so that the first photo waits for none.

        Raises ModelError where one cannot be used.
        """
        image = np.full((720, 480, 3), 128, np.uint8)
        whole = Box(0, 0, 480, 720)
        self._articles.run(image)
        self._person.run(image, whole, 1.0)
        self._embedding.run(image, [whole])

    def embed(
        self, crops: Sequence[PhotoSource]
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """Unit vectors float32 (n, dim) of whole crops.

        Raises PhotoError, and SettingsError for one crop that is not in a list.
        """
        if not _are_many(crops):
            raise SettingsError(
                f"expected a list of crops, got one {type(crops).__name__}; write embed([crop])"
            )
        images = [decode(crop, self._settings) for crop in crops]
        whole = [(image, Box(0, 0, image.shape[1], image.shape[0])) for image in images]
        found = self._embedding.run_many(whole)
        vectors = [entry.vector for entry in found]
        return np.stack(vectors) if vectors else np.zeros((0, self.dim), np.float32)

    def article_in(self, image: Pixels, box: Box, category: str) -> Article:
        """The article that someone says is in this box of an image."""
        read = self._embedding.run(image, [box])[0]
        return _article(image, Detection(category, box, 1.0), read)

    def describe(self, items: Sequence[tuple[Pixels, Product]]) -> list[Described]:
        """What a catalog keeps of each product's picture, in order.

        The box is that of the product's own category where the article stage finds it, the
        foreground of the picture otherwise. A product whose words tell no category gets that of
        the article seen most clearly.
        """
        shown = [
            self._shown(image, product, self._articles.run(image, OWN_THRESHOLD))
            for image, product in items
        ]
        crops = [(image, found.box) for (image, _), found in zip(items, shown, strict=True)]
        embedded = self._embedding.run_many(crops)
        return [
            Described(
                read.vector,
                found.box,
                read.attributes(found.category or product.category),
                found.score or 0.0,
                found.score is not None,
                found.category,
                read.category,
                outline(image, found.box).tobytes(),
            )
            for (image, product), found, read in zip(items, shown, embedded, strict=True)
        ]

    def _shown(self, image: Pixels, product: Product, detections: Sequence[Detection]) -> _Shown:
        """The product's own article; the clearest one where its words tell no category."""
        worn = [found for found in detections if found.label != PERSON_CLASS]
        if product.category == OTHER and not is_named(
            product.product_type, product.google_product_category, product.title
        ):
            clear = [f for f in worn if f.score >= self._settings.article_threshold]
            if clear:
                best = max(clear, key=lambda found: found.score)
                return _Shown(best.box, best.score, best.label)
        own = [found for found in worn if found.label == product.category]
        if not own:
            return _Shown(foreground(image), None)
        best = max(own, key=lambda found: found.score)
        return _Shown(best.box, best.score)


def _are_many(crops: object) -> bool:
    """Whether these are several crops, not a path's letters, a file's bytes, an image's rows."""
    if isinstance(crops, np.ndarray):
        return crops.ndim == 4
    return isinstance(crops, Iterable) and not isinstance(crops, str | os.PathLike | Bytes)


@dataclass(frozen=True, slots=True)
class _Shown:
    """Where a product is in its picture; `score` None for the mere foreground."""

    box: Box
    score: float | None
    category: str = ""


def prominence(found: Detection, width: int, height: int) -> float:
    """How much a person looks like the main one: large, complete, near the middle."""
    x, y = found.box.center
    off = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) ** 0.5
    share = found.box.area / (width * height)
    return float(found.score * share**0.5 * (1 - off))


FILLED = 0.8
"""A person's box that two others fill by this share is both of them, taken for one."""

TAKES_PART = 0.2
"""Each of the two fills at least this share of it."""

BESIDE = 0.2
"""And they overlap by no more than this (intersection over union): they stand side by side."""

NEARLY = 0.6
"""Their scores are at least this share of its own."""


def single(persons: Sequence[Detection]) -> list[Detection]:
    """The persons without those that are two others, side by side, taken for one."""
    kept = []
    for found in persons:
        area = found.box.area
        others = [
            other.box
            for other in persons
            if other is not found
            and other.score >= NEARLY * found.score
            and other.box.intersection(found.box) / area >= TAKES_PART
        ]
        both = (
            one.intersection(found.box) + other.intersection(found.box)
            for one, other in combinations(others, 2)
            if one.iou(other) <= BESIDE
        )
        if max(both, default=0.0) / area < FILLED:
            kept.append(found)
    return kept


def has_neighbour(found: Detection, persons: Sequence[Detection]) -> bool:
    """Whether another person, about as sure, stands beside this one."""
    return any(
        other is not found
        and other.score >= NEARLY * found.score
        and other.box.iou(found.box) <= BESIDE
        for other in persons
    )


def worn_by(
    person: Box | None, bystanders: Sequence[Box], detections: Sequence[Detection]
) -> list[Detection]:
    """The detections that are worn by `person` rather than by a bystander, one per garment.

    Where `person` is None all are kept. Ordered by category, then by score.
    """
    articles = [found for found in detections if found.label != PERSON_CLASS]
    if person is not None:
        articles = [found for found in articles if _belongs(found.box, person, bystanders)]
    kept: list[Detection] = []
    for found in sorted(articles, key=lambda f: -f.score):
        same = [other for other in kept if other.label == found.label]
        if len(same) < MOST_WORN.get(found.label, 1) and not _taken(found, kept):
            kept.append(found)
    return sorted(kept, key=lambda f: (CATEGORIES.index(f.label), -f.score))


ASIDE = 0.3
"""Trousers whose middle lies this share of the torso's length beside the hips,"""

EDGE = 0.1
"""which hold neither the hips' nor the torso's middle within this share of their width, and no knee
or ankle, are someone else's."""


def beside_hips(found: Detection, keypoints: Sequence[Keypoint], least: float) -> bool:
    """Whether these are trousers or a skirt of somebody who stands beside the person.

    Nothing is said of a person who does not hold the torso upright. Key points below the score
    `least` are not believed.
    """
    torso = [keypoints[joint] for joint in TORSO]
    if found.label != "bottomwear" or min(point.score for point in torso) < least:
        return False
    shoulders, hips = torso[:2], torso[2:]
    middle = sum(point.x for point in hips) / 2
    lean = middle - sum(point.x for point in shoulders) / 2
    height = (sum(point.y for point in hips) - sum(point.y for point in shoulders)) / 2
    if abs(lean) > height / 2:
        return False
    box = found.box
    legs = [keypoints[joint] for joint in LEGS]
    if any(p.score >= least and box.x0 <= p.x <= box.x1 and box.y0 <= p.y <= box.y1 for p in legs):
        return False
    edge = EDGE * box.width
    held = (middle, sum(point.x for point in torso) / 4)
    outside = all(not box.x0 + edge <= x <= box.x1 - edge for x in held)
    return outside and abs(box.center[0] - middle) > ASIDE * math.hypot(lean, height)


def _belongs(box: Box, person: Box, bystanders: Sequence[Box]) -> bool:
    own = box.intersection(person.scaled(1.1)) / box.area
    others = max((box.intersection(other) / box.area for other in bystanders), default=0.0)
    inside = box.intersection(person) / box.area
    across = SPANNING < others < 1 - SPANNING and inside < 1 - SPANNING
    if own < 0.5 or across:
        return False
    if others <= own:
        return True
    # Inside both: the person whose middle is nearer wears it.
    return all(
        abs(box.center[0] - person.center[0]) <= abs(box.center[0] - other.center[0])
        for other in bystanders
        if box.intersection(other) / box.area > own
    )


def _taken(found: Detection, kept: Sequence[Detection]) -> bool:
    """Whether a better detection already is this article: nested in or around it, or the same
    garment under another category.
    """
    return any(_same(found, other) for other in kept)


def _same(one: Detection, other: Detection) -> bool:
    if one.label == other.label:
        smaller = min(one.box.area, other.box.area)
        return one.box.intersection(other.box) / smaller > NESTED
    garments = one.label in GARMENTS and other.label in GARMENTS
    return garments and one.box.iou(other.box) > SAME_GARMENT_IOU


def _article(image: Pixels, found: Detection, read: Embedded) -> Article:
    best = read.attributes(found.label)
    attributes = {name: label for name, (label, _) in best.items()}
    seen = seen_colors(image, found.box, found.mask)
    label, probability = best.get("color", ("", 0.0))
    attributes["color"] = joined_color(label, probability, seen)
    return Article(found.label, found.box, found.score, attributes, read.vector, found.mask)


def seen_colors(image: Pixels, box: Box, mask: Mask | None) -> dict[str, float]:
    """The color names of the article's pixels with their shares, most first.

    Pixels count by the mask; without one, by nearness to the middle of the box.
    """
    crop = cropped(image, box)
    small = resized(crop, (min(COLOR_PX, crop.shape[1]), min(COLOR_PX, crop.shape[0])))
    height, width = small.shape[:2]
    if mask is not None and mask.values.max() >= 128:
        grey = np.repeat(mask.values[..., None], 3, axis=2)
        weights = resized(grey, (width, height))[..., 0]
        return shares(small, np.where(weights >= 128, weights, 0).astype(np.uint8))
    ys, xs = np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]
    return shares(small, (np.outer(ys, xs) * 255).astype(np.uint8))


SURE_OF_COLOR = 0.5


def joined_color(label: str, probability: float, seen: dict[str, float]) -> str:
    """One color name from the network's and the pixels': the network's where it is sure or the
    pixels agree, else the one that most pixels have.
    """
    if label and (probability >= SURE_OF_COLOR or seen.get(label, 0.0) >= 0.25 or not seen):
        return label
    return next(iter(seen), label)
