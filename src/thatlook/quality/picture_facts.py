"""Looks at every picture, in several processes, with or without the networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from thatlook.core.errors import PhotoError
from thatlook.core.image import Pixels
from thatlook.core.processes import Pool
from thatlook.core.records import Article, Described, Look, Person, Product
from thatlook.core.settings import Settings
from thatlook.quality.facts import PictureFacts, PictureSeen, file_facts
from thatlook.vision.analyzer import Analyzer
from thatlook.vision.article_color import seen_colors

CHUNK = 16
"""Pictures that a process takes at a time."""

FACE_KEYPOINTS = 5
"""The first key points are nose, eyes and ears."""

FACE_SCORE = 0.8
"""From this score of one of them on there is a face. Where clothes are shown that nobody wears, the
network puts a head on them all the same, with 0.5 to 0.8; real faces have more."""


class PictureAnalyzer(Protocol):
    """What is needed of an analyzer; tests give a fake one."""

    def inspect(self, image: Pixels, product: Product) -> tuple[Described, Look]:
        """What a catalog would keep of a product's picture, and the look in it as in a photo."""
        ...


PictureAnalyzerFactory = Callable[[Settings], PictureAnalyzer]
"""Makes an analyzer in the process that calls it; is sent to worker processes by pickle."""


@dataclass(frozen=True, slots=True)
class PictureJob:
    """A product, as much of it as a worker process needs, and the file of its main picture."""

    product_id: str
    category: str
    path: Path


def look_at(
    jobs: Sequence[PictureJob],
    settings: Settings,
    *,
    factory: PictureAnalyzerFactory | None,
    workers: int,
) -> Iterator[tuple[str, PictureFacts]]:
    """The facts of each job's picture, by the product's id, in order.

    `factory` makes the analyzer of each process; without it no network looks. A picture that
    ends the process that reads it is told as damaged. Raises ModelError where a network cannot be
    opened.
    """
    reader = PictureReader(replace(settings, threads=1), factory)
    if workers == 1:
        look = reader()
        for job in jobs:
            yield from look([job])
        return
    if factory is not None:
        factory(reader.settings)  # missing weights are told before a process is started
    groups = [jobs[start : start + CHUNK] for start in range(0, len(jobs), CHUNK)]
    with Pool(reader, workers, _lost) as pool:
        for future in [pool.submit(group) for group in groups]:
            yield from future.result()


@dataclass(frozen=True, slots=True)
class PictureReader:
    """Makes what looks at pictures, in the process that does it."""

    settings: Settings
    factory: PictureAnalyzerFactory | None

    def __call__(self) -> Callable[[Sequence[PictureJob]], list[tuple[str, PictureFacts]]]:
        """Looks at groups of pictures with one analyzer."""
        analyzer = self.factory(self.settings) if self.factory else None
        return lambda jobs: [_facts(job, self.settings, analyzer) for job in jobs]


def _lost(job: PictureJob, why: str) -> tuple[str, PictureFacts]:
    return job.product_id, PictureFacts(str(job.path), "damaged", why)


def _facts(
    job: PictureJob, settings: Settings, analyzer: PictureAnalyzer | None
) -> tuple[str, PictureFacts]:
    facts, image = file_facts(job.path, settings)
    if image is not None and analyzer is not None:
        try:
            facts = replace(facts, seen=seen_in(image, job.category, analyzer))
        except PhotoError as error:
            facts = replace(facts, error=error.code, message=error.message)
    return job.product_id, facts


def seen_in(image: Pixels, category: str, analyzer: PictureAnalyzer) -> PictureSeen:
    """What the networks see in a product's picture: as a catalog would describe it, and as
    if it were a photo that somebody asks about.
    """
    kept, look = analyzer.inspect(image, Product("-", category=category))
    own = own_article(look, category)
    articles: dict[str, float] = {}
    for article in look.articles:
        articles[article.category] = max(article.score, articles.get(article.category, 0.0))
    person = look.person if look.person and _shows_face(look.person) else None
    words = {name: label for name, (label, _) in kept.attributes.items()}
    return PictureSeen(
        articles=articles,
        own=kept.found,
        colors=seen_colors(image, own.box, own.mask) if own is not None else {},
        category=kept.looks_like,
        color=words.get("color", ""),
        pattern=words.get("pattern", ""),
        person=look.person is not None,
        gender=person.gender if person else "",
        gender_score=person.gender_score if person else 0.0,
        vector=kept.vector,
    )


def _shows_face(person: Person) -> bool:
    """Whether the head is in the picture: legs alone say little of a person's gender."""
    return any(point.score >= FACE_SCORE for point in person.keypoints[:FACE_KEYPOINTS])


def own_article(look: Look, category: str) -> Article | None:
    """The article of this category with the best score, or None."""
    own = [article for article in look.articles if article.category == category]
    return max(own, key=lambda article: article.score, default=None)


def open_analyzer(settings: Settings) -> PictureAnalyzer:
    """The real networks."""
    return Analyzer.open(settings)
