"""Looks at every picture, in several processes, with or without the networks."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from thatlook.core.errors import FeedError, PhotoError
from thatlook.core.image import Pixels
from thatlook.core.records import Article, Described, Look, Person, Product
from thatlook.core.settings import Settings
from thatlook.quality.facts import PictureFacts, Seen, file_facts
from thatlook.vision.analyzer import Analyzer
from thatlook.vision.article_color import seen_colors

CHUNK = 16
"""Pictures that a process takes at a time."""

FACE_KEYPOINTS = 5
"""The first key points are nose, eyes and ears."""

FACE_SCORE = 0.8
"""From this score of one of them on there is a face. Where clothes are shown that nobody wears, the
network puts a head on them all the same, with 0.5 to 0.8; real faces have more."""


class Looks(Protocol):
    """What is needed of an analyzer; tests give a fake one."""

    def parse_image(self, image: Pixels, name: str) -> Look:
        """The look in a decoded photo."""
        ...

    def describe(self, items: Sequence[tuple[Pixels, Product]]) -> list[Described]:
        """What a catalog would keep of each product's picture."""
        ...


LooksFactory = Callable[[Settings], Looks]
"""Makes an analyzer in the process that calls it; is sent to worker processes by pickle."""


@dataclass(frozen=True, slots=True)
class Job:
    """A product, as much of it as a worker process needs, and the file of its main picture."""

    product_id: str
    category: str
    path: Path


def look_at(
    jobs: Sequence[Job],
    settings: Settings,
    *,
    factory: LooksFactory | None,
    workers: int,
) -> Iterator[tuple[str, PictureFacts]]:
    """The facts of each job's picture, by the product's id, in order.

    `factory` makes the analyzer of each process; without it no network looks. Raises
    ModelError where a network cannot be opened, FeedError where a process died.
    """
    settings = replace(settings, threads=1)
    if workers == 1:
        _begin(settings, factory)
        yield from (_facts(job) for job in jobs)
        return
    # Fresh processes: a forked one would share the parent's threads and locks.
    context = multiprocessing.get_context("spawn")
    if factory is not None:
        factory(settings)  # missing weights are told here, and not by a broken pool
    try:
        with ProcessPoolExecutor(workers, context, _begin, (settings, factory)) as pool:
            yield from pool.map(_facts, jobs, chunksize=CHUNK)
    except BrokenProcessPool as error:
        message = "a process that looks at pictures died; memory, or a picture that crashes it"
        raise FeedError(f"{message}; --workers 1 shows which") from error


def worker_count() -> int:
    """One process per core that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


_own: dict[str, Any] = {}
"""What a worker process keeps between jobs."""


def _end_with_parent(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _begin(settings: Settings, factory: LooksFactory | None) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A killed parent cannot end its workers, which would wait for it for ever.
        threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    _own["settings"] = settings
    _own["looks"] = factory(settings) if factory else None


def _facts(job: Job) -> tuple[str, PictureFacts]:
    facts, image = file_facts(job.path, _own["settings"])
    looks: Looks | None = _own["looks"]
    if image is not None and looks is not None:
        try:
            facts = replace(facts, seen=seen_in(image, job.category, looks))
        except PhotoError as error:
            facts = replace(facts, error=error.code, message=error.message)
    return job.product_id, facts


def seen_in(image: Pixels, category: str, looks: Looks) -> Seen:
    """What the networks see in a product's picture: as a catalog would describe it, and as
    if it were a photo that somebody asks about.
    """
    kept = looks.describe([(image, Product("-", category=category))])[0]
    look = looks.parse_image(image, "<picture>")
    own = own_article(look, category)
    articles: dict[str, float] = {}
    for article in look.articles:
        articles[article.category] = max(article.score, articles.get(article.category, 0.0))
    person = look.person if look.person and _shows_face(look.person) else None
    words = {name: label for name, (label, _) in kept.attributes.items()}
    return Seen(
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


def open_analyzer(settings: Settings) -> Looks:
    """The real networks."""
    return Analyzer.open(settings)
