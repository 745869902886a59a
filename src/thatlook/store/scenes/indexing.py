"""A folder of photos to scenes: only what is new is looked at, and it can be run again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from thatlook.core.errors import DataError, PhotoError
from thatlook.core.image import SUFFIXES
from thatlook.core.processes import Pool, available_cores
from thatlook.core.progress import Progress
from thatlook.core.records import Look
from thatlook.store.catalog import Row
from thatlook.store.ingest.turn import own_turn
from thatlook.store.scenes.rows import place_of, rows_of
from thatlook.store.scenes.shelf import SceneShelf

ID_DIGITS: Final = 16
"""Of the sha256 of a photo's bytes: its scene's id, wherever the file is moved to."""

GROUP: Final = 4
AHEAD: Final = 4
"""Groups of photos a process that wait to be looked at."""


class Parser(Protocol):
    """Understands photos of dressed people."""

    def parse(self, source: Path) -> Look:
        """The look of a photo. Raises PhotoError."""
        ...


@dataclass(frozen=True, slots=True)
class SceneJob:
    """A photo that is new, by its path, the sha256 of its bytes and the id of its scene."""

    path: str
    digest: str
    scene_id: str


@dataclass(frozen=True, slots=True, eq=False)
class SceneOutcome:
    """The rows of a photo; none where nobody is seen in it, or with the reason in `message`."""

    job: SceneJob
    rows: tuple[Row, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class Parsing:
    """Makes what looks at photos, in the process that does it."""

    factory: Callable[[], Parser]

    def __call__(self) -> Callable[[Sequence[SceneJob]], list[SceneOutcome]]:
        """Looks at groups of photos with one parser."""
        parser = self.factory()
        return lambda jobs: [_outcome(parser, job) for job in jobs]


def _outcome(parser: Parser, job: SceneJob) -> SceneOutcome:
    try:
        look = parser.parse(Path(job.path))
    except PhotoError as error:
        return SceneOutcome(job, message=str(error))
    return SceneOutcome(job, tuple(rows_of(job.scene_id, look, job.path, job.digest)))


def lost(job: SceneJob, why: str) -> SceneOutcome:
    """What becomes of a photo whose process died."""
    return SceneOutcome(job, message=f"{job.path}: {why}")


@dataclass(slots=True)
class ScenesReport:
    """Counts of photos.

    `moved` are known ones at another path, `again` those whose very bytes another file of the
    folder has, `nobody` those without a person or anything worn, `removed` scenes of this folder
    whose photo is gone, `failed` what could not be read, with the reasons in `problems`.
    """

    added: int = 0
    moved: int = 0
    unchanged: int = 0
    again: int = 0
    nobody: int = 0
    removed: int = 0
    failed: int = 0
    articles: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        names = ("added", "moved", "unchanged", "removed", "failed")
        counts = ", ".join(f"{getattr(self, name)} {name}" for name in names)
        more = f"; {self.articles} articles; nobody dressed in {self.nobody}"
        return f"{counts}{more}, in {self.seconds:.1f} s"

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook index-scenes`."""
        return asdict(self)


def index_scenes(
    folder: Path,
    shelf: SceneShelf,
    factory: Callable[[], Parser],
    *,
    workers: int | None = None,
    progress: bool = False,
) -> ScenesReport:
    """Brings the scenes up to date with the photos in a folder and the folders in it.

    May be stopped at any moment and run again. Scenes of other folders stay. `workers` processes
    look at the photos (default: one per core; 0: this one). Raises DataError where the folder holds
    no photo, CatalogError where something cannot be stored or another run is at work.
    """
    started = time.monotonic()
    photos = list(_photos(folder))
    if not photos:
        raise DataError(f"{folder}: no photos are there; expected {', '.join(SUFFIXES)}")
    count = available_cores() if workers is None else workers
    with ExitStack() as stack:
        stack.enter_context(own_turn(shelf.rows.home, str(folder)))
        pool = stack.enter_context(Pool(Parsing(factory), count, lost))
        bar = stack.enter_context(Progress(total=len(photos), unit="photo", disable=not progress))
        run = _Run(shelf, pool, bar, most_waiting=AHEAD * max(1, count))
        run.take(photos)
        run.report.removed = run.forget_gone(folder)
    shelf.rows.warm()
    run.report.seconds = round(time.monotonic() - started, 3)
    return run.report


def _photos(folder: Path) -> Iterator[Path]:
    """The photos in a folder, in order; those behind symbolic links are left alone."""
    root = folder.absolute()
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink():
            yield path


class _Run:
    """One run: what was seen, and what is under way."""

    def __init__(
        self,
        shelf: SceneShelf,
        pool: Pool[SceneJob, SceneOutcome],
        bar: Progress,
        most_waiting: int,
    ) -> None:
        self.report = ScenesReport()
        self._shelf = shelf
        self._pool = pool
        self._bar = bar
        self._most_waiting = most_waiting
        self._seen: set[str] = set()
        self._unread: set[str] = set()
        self._group: list[SceneJob] = []
        self._waiting: list[Any] = []

    def take(self, photos: Sequence[Path]) -> None:
        """Everything from the first photo to the last."""
        for path in photos:
            job = self._job(path)
            if job is not None:
                self._group.append(job)
            if len(self._group) == GROUP:
                self._submit()
                self._collect(self._most_waiting)
        self._submit()
        self._collect(0)

    def forget_gone(self, folder: Path) -> int:
        """Removes the scenes whose photos were in the folder and are not; how many."""
        root = str(folder.absolute())
        gone: dict[str, list[str]] = {}
        for stored in self._shelf.rows.all_stored():
            scene_id, _ = place_of(stored.product.id)
            inside = Path(stored.image).is_relative_to(root)
            there = scene_id in self._seen or stored.image in self._unread
            if inside and not there:
                gone.setdefault(scene_id, []).append(stored.product.id)
        for ids in gone.values():
            self._shelf.rows.remove(ids)
        return len(gone)

    def _job(self, path: Path) -> SceneJob | None:
        """What is to be done with a photo; None where nothing is."""
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            self._unread.add(str(path))
            self._fail(f"{path}: {error.strerror}")
            return None
        job = SceneJob(str(path), digest, digest[:ID_DIGITS])
        if job.scene_id in self._seen:
            self._count("again")
            return None
        self._seen.add(job.scene_id)
        known = self._shelf.rows_of(job.scene_id)
        if not known:
            return job
        if known[0].image == job.path:
            self._count("unchanged")
        else:
            moved = [Row(product=row.product, image=job.path) for row in known]
            self._shelf.rows.upsert(moved)
            self._count("moved")
        return None

    def _submit(self) -> None:
        if self._group:
            self._waiting.append(self._pool.submit(self._group))
        self._group = []

    def _collect(self, most_waiting: int) -> None:
        """Stores what the oldest groups gave while more than `most_waiting` are under way."""
        while len(self._waiting) > most_waiting:
            for done in self._waiting.pop(0).result():
                self._store(done)

    def _store(self, done: SceneOutcome) -> None:
        if done.message:
            self._fail(done.message)
        elif not done.rows:
            self._count("nobody")
        else:
            self._shelf.rows.upsert(done.rows)
            self.report.articles += len(done.rows)
            self._count("added")

    def _fail(self, message: str) -> None:
        self.report.problems.append(message)
        self._count("failed")

    def _count(self, name: str) -> None:
        setattr(self.report, name, getattr(self.report, name) + 1)
        self._bar.update(1)
