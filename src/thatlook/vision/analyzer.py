"""Image to Look: the three stages composed, and whose article is whose."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from thatlook.core.color import shares
from thatlook.core.errors import SettingsError
from thatlook.core.image import (
    Bytes,
    PhotoSource,
    Pixels,
    decode,
    decode_photo,
    foreground,
    name_of,
    outline,
)
from thatlook.core.records import Article, Box, Described, Look, Person, Product, Vector
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import OTHER, PERSON_CLASS
from thatlook.core.type_words import words_tell_category
from thatlook.vision.article_color import cloth_of, color_of, joined_color
from thatlook.vision.assignment import (
    beside_hips,
    has_neighbour,
    person_prominence,
    without_merged_persons,
    worn_by,
)
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session
from thatlook.vision.pair.spec import PairSpec, image_stage
from thatlook.vision.stages.article import ArticleStage, Detection
from thatlook.vision.stages.embedding import Embedded, EmbeddingStage
from thatlook.vision.stages.person import PersonRules, PersonStage, is_somebody

OWN_THRESHOLD = 0.15
"""A product's own article is taken from this score on: that it is there is known."""


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


SURE: Final = 0.4
"""What the network is less sure of is not said of an article: a wrong word explains nothing."""


class Analyzer:
    """Understands photos with the three networks."""

    def __init__(
        self,
        articles: ArticleStage,
        person: PersonStage,
        embedding: EmbeddingStage,
        settings: Settings,
        pair: EmbeddingStage | None = None,
    ) -> None:
        self._articles = articles
        self._person = person
        self._embedding = embedding
        self._pair = pair
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
        stage = ArticleStage.of(article, settings)
        named = settings.text_image_model
        pair = image_stage(PairSpec.named(named).image, settings.threads) if named else None
        return cls(stage, PersonStage(person, rules), EmbeddingStage(embedding), settings, pair)

    @property
    def key(self) -> str:
        """Id and sha256 of the embedding network: what a catalog remembers."""
        return self._embedding.key

    @property
    def dim(self) -> int:
        """The vectors' length."""
        return self._embedding.dim

    @property
    def pair(self) -> tuple[str, int] | None:
        """The key and dim of the text-image pair that describes beside; None for none."""
        return None if self._pair is None else (self._pair.key, self._pair.dim)

    def pair_vector(self, image: Pixels, box: Box) -> Vector | None:
        """The pair's vector, float32 (dim,), of a box of an image; None without a pair."""
        return None if self._pair is None else self._pair.run(image, [box])[0].vector

    def parse(self, source: PhotoSource) -> Look:
        """The look of a photo: its main person, and what that person wears, embedded.

        Without a person, the articles seen are given all the same. Articles are ordered by
        category as in CATEGORIES, then by score. Raises PhotoError.
        """
        watch = Stopwatch()
        with watch.part("decode"):
            photo = decode_photo(source, self._settings)
        return self.parse_image(photo.image, name_of(source), watch).at_size(*photo.size)

    def parse_image(self, image: Pixels, name: str, watch: Stopwatch | None = None) -> Look:
        """The look of a decoded photo, as `parse`."""
        watch = watch or Stopwatch()
        with watch.part("article"):
            detections = self._articles.run(image)
        with watch.part("person"):
            person, worn = self._worn(image, detections)
        with watch.part("embedding"):
            embedded = self._embedding.run(image, [found.box for found in worn])
        with watch.part("attributes"):
            articles = tuple(
                self._article(image, found, read, worn=person is not None)
                for found, read in zip(worn, embedded, strict=True)
            )
        height, width = image.shape[:2]
        return Look(name, width, height, person, articles, watch.timing_ms)

    def _worn(
        self, image: Pixels, detections: Sequence[Detection]
    ) -> tuple[Person | None, list[Detection]]:
        """The main person, or None; and what that person wears, without one all articles."""
        person, bystanders = self._main_person(image, detections)
        if person:
            min_score = self._settings.torso_threshold
            detections = [f for f in detections if not beside_hips(f, person.keypoints, min_score)]
        return person, worn_by(person.box if person else None, bystanders, detections)

    def _main_person(
        self, image: Pixels, detections: Sequence[Detection]
    ) -> tuple[Person | None, list[Box]]:
        """The main person read, or None; and the boxes of the others."""
        height, width = image.shape[:2]
        min_score = self._settings.torso_threshold
        persons = without_merged_persons(
            [found for found in detections if found.label == PERSON_CLASS]
        )
        persons.sort(key=lambda found: person_prominence(found, width, height), reverse=True)
        for index, found in enumerate(persons):
            person = self._person.run(image, found.box, found.score)
            if not is_somebody(person, min_score):
                person = self._person.cut_short(image, person)
            if is_somebody(person, min_score):
                others = [other.box for other in persons[index + 1 :]]
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

    def article_in(self, image: Pixels, box: Box, category: str, *, worn: bool = False) -> Article:
        """The article that someone says is in this box of an image, `worn` by a person there."""
        return self.articles_in(image, [(category, box)], worn=worn)[0]

    def articles_in(
        self, image: Pixels, named: Sequence[tuple[str, Box]], *, worn: bool = False
    ) -> list[Article]:
        """As `article_in`, for several boxes with their categories; the article network, whose
        masks tell the color of what is worn, runs once.
        """
        cut = worn and self._embedding.worn_color is not None
        masks = self._articles.masks(image, named) if cut and named else [None] * len(named)
        found = []
        for (category, box), mask in zip(named, masks, strict=True):
            read = self._embedding.run(image, [box])[0]
            detection = Detection(category, box, 1.0, mask)
            article = self._article(image, detection, read, worn=worn)
            found.append(replace(article, mask=None))
        return found

    def _article(self, image: Pixels, found: Detection, read: Embedded, *, worn: bool) -> Article:
        cloth = cloth_of(image, found.box, found.mask)
        corrected = self._embedding.worn_color if worn else None
        if corrected is not None:
            colors = corrected.probabilities(read.probabilities["color"], *cloth)
            read = self._embedding.read_as(read, "color", colors)
        best = read.attributes(found.label)
        attributes = {name: label for name, (label, sure) in best.items() if sure >= SURE}
        color, sure = best.get("color", ("", 0.0))
        name = color if corrected is not None else joined_color(color, sure, shares(*cloth))
        pattern = attributes.get("pattern", "")
        attributes["color"] = color_of(image, found.box, found.mask, name, pattern)
        vector = self._embedding.worn(read.vector) if worn else read.vector
        return Article(found.label, found.box, found.score, attributes, vector, found.mask)

    def describe(self, items: Sequence[tuple[Pixels, Product]]) -> list[Described]:
        """What a catalog keeps of each product's picture, in order.

        The box is that of the product's own category where the article stage finds it, the
        foreground of the picture otherwise. A product whose words tell no category gets that of
        the article seen most clearly. What is said of a picture is the same to the last bit,
        whatever others come with it.
        """
        return [
            self._described(image, product, self._articles.run(image, OWN_THRESHOLD))
            for image, product in items
        ]

    def inspect(self, image: Pixels, product: Product) -> tuple[Described, Look]:
        """What a catalog keeps of a product's picture, and the look in it as in somebody's photo,
        its articles without attributes and vectors. The article network runs once for both.
        """
        low, seen = self._articles.run_at(image, (OWN_THRESHOLD, None))
        described = self._described(image, product, low)
        person, worn = self._worn(image, seen)
        articles = tuple(Article(f.label, f.box, f.score, mask=f.mask) for f in worn)
        height, width = image.shape[:2]
        return described, Look(product.id, width, height, person, articles)

    def _described(
        self, image: Pixels, product: Product, detections: Sequence[Detection]
    ) -> Described:
        found = self._shown(image, product, detections)
        # Alone: a batch changes the last digits by the place in it, and wins nothing on the
        # one thread that an index run has for it.
        read = self._embedding.run(image, [found.box])[0]
        return Described(
            self._embedding.told(read, _words(product)),
            found.box,
            read.attributes(found.category or product.category),
            found.score or 0.0,
            found.score is not None,
            found.category,
            read.category,
            outline(image, found.box).tobytes(),
            self.pair_vector(image, found.box),
            self.pair[0] if self.pair else "",
        )

    def _shown(self, image: Pixels, product: Product, detections: Sequence[Detection]) -> _Shown:
        """The product's own article; the clearest one where its words tell no category."""
        worn = [found for found in detections if found.label != PERSON_CLASS]
        if product.category == OTHER and not words_tell_category(product):
            clear = [f for f in worn if self._articles.counts(f.label, f.score)]
            if clear:
                best = max(clear, key=lambda found: found.score)
                return _Shown(best.box, best.score, best.label)
        own = [found for found in worn if found.label == product.category]
        if not own:
            return _Shown(foreground(image), None)
        best = max(own, key=lambda found: found.score)
        return _Shown(best.box, best.score)


def _words(product: Product) -> dict[str, str]:
    """What the shop says of a product, by the head that would guess it."""
    words = {"type": product.product_type, "color": product.color, "pattern": product.pattern}
    return {head: word for head, word in words.items() if word}


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
